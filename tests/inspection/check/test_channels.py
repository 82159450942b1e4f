"""Channels that nobody serves, as far as that can be known."""

from typing import Any

import pytest

from asgi_routes import ChannelNameRouter, ProtocolTypeRouter
from asgi_routes.inspection.check import find_unserved_channels
from tests.inspection.sample import app
from tests.spec.driving import Wrapper, hidden

BY_NAME = ChannelNameRouter({"mail": app, "thumbnails-*": app})


@pytest.mark.parametrize(
    ("served", "hints"),
    [
        (BY_NAME, {"mial": "did you mean 'mail'?", "x": "it serves 'mail', 'thumbnails-*'"}),
        (ProtocolTypeRouter({"channel": BY_NAME}), {"mial": "did you mean 'mail'?", "x": None}),
        (ProtocolTypeRouter({"http": app}), {"mail": "there is no ChannelNameRouter in it"}),
        (ProtocolTypeRouter({"channel": app}), {}),
        (ChannelNameRouter({"mail": app}, default=app), {}),
        (hidden(BY_NAME), {}),
        (app, {}),
    ],
)
def test_unserved(served: Any, hints: dict[str, str | None]) -> None:
    """What is said of a name is certain."""
    names = ["mail", "thumbnails-small", "mial", "x"]
    unserved = [*find_unserved_channels(served, names)]
    assert all(one.is_certain for one in unserved)
    found = {one.channel: one.hint for one in unserved}
    assert found.keys() >= hints.keys()
    assert bool(found) is bool(hints)
    assert all(found[name] == hint for name, hint in hints.items() if hint is not None)
    assert "thumbnails-small" not in found or "mail" in hints


@pytest.mark.parametrize(
    "served",
    [
        Wrapper(BY_NAME),
        ProtocolTypeRouter({"channel": Wrapper(BY_NAME)}),
        Wrapper(ProtocolTypeRouter({"channel": BY_NAME})),
    ],
)
def test_behind_a_wrapper(served: Any) -> None:
    """What is around a router may give a channel another name: then it is not certain."""
    found = [*find_unserved_channels(served, ["mail", "thumbnails-small", "mial"])]
    assert found == [("mial", "did you mean 'mail'?", False)]
