"""Small copies of real projects with the routers of Channels and with ours, driven by its communicators.

They are asked for their routes, for near misses, other protocols and channels, at the top and below a root path.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import channels.routing
import django.urls
import pytest
from channels.testing import ApplicationCommunicator, WebsocketCommunicator
from django.test.utils import override_settings

import asgi_routes
from asgi_routes.migration.rules import Rule
from tests.parity import sides  # noqa: F401 - it sets Django up
from tests.parity.projects import PROJECTS, Kit
from tests.parity.told import TOLD, Told

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

MISSED, CLOSED = "missed", "closed"
THEIRS = Kit(
    channels.routing.ProtocolTypeRouter,
    channels.routing.URLRouter,
    channels.routing.ChannelNameRouter,
    django.urls.path,
    django.urls.re_path,
)
OURS = Kit(
    asgi_routes.ProtocolTypeRouter,
    asgi_routes.URLRouter,
    asgi_routes.ChannelNameRouter,
    asgi_routes.path,
    asgi_routes.re_path,
)


async def ask(app: Any, kind: str, path: str, root_path: str) -> Told | str:
    """Return what an application of a project was called with; or how it went without one."""
    TOLD.clear()
    communicator, messages = asking(app, kind, path, root_path)
    for message in messages:
        await communicator.send_input({"type": message, "code": 1000})
    try:
        await communicator.wait(timeout=10)
    except ValueError as error:
        assert str(error).startswith("No "), error  # noqa: PT017
        return MISSED
    if TOLD:
        (told,) = TOLD
        return told
    answer = await communicator.receive_output()
    if kind == "http":
        assert answer["status"] == 404
        return MISSED
    assert answer["type"] == "websocket.close"
    return CLOSED


def asking(app: Any, kind: str, path: str, root_path: str) -> tuple[Any, list[str]]:
    """Return a communicator, and the types of the messages that are sent with it."""
    communicator: Any = ApplicationCommunicator
    if kind == "channel":
        return communicator(app, {"type": kind, "channel": path}), ["job.do"]
    host = b"other.test" if kind == "other" else b"www.example.org"
    more = {"path": path, "root_path": root_path, "headers": [(b"origin", b"http://" + host)]}
    if kind == "http":
        return communicator(app, {"type": kind, "method": "GET", **more}), ["http.request"]
    communicator = WebsocketCommunicator(app, "/")
    communicator.scope.update(more)
    return communicator, ["websocket.connect", "websocket.disconnect"]


@pytest.fixture(autouse=True, scope="module")
def settings() -> Iterator[None]:
    """Give Django what sessions and users need, and no database."""
    with override_settings(
        ALLOWED_HOSTS=[".example.org"],
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
    ):
        yield


@pytest.mark.parametrize("root_path", ["", "/site"], ids=["top", "below"])
@pytest.mark.parametrize("name", PROJECTS)
async def test_project(name: str, root_path: str, anyio_backend: str) -> None:
    """The same application gets the same, save where one of the rules says otherwise."""
    build, answers = PROJECTS[name]
    theirs, ours = build(THEIRS), build(OURS)
    numbers = {rule.split()[0] for rule in Rule}
    for line in answers.strip().splitlines():
        kind, text, their_name, *differs = line.split()
        path = text if kind == "channel" else root_path + unquote(text)
        their = await ask(theirs, kind, path, root_path)
        our = await ask(ours, kind, path, root_path)
        told = f"{line}\ntheirs {their}\nours   {our}"
        assert name_of(their) == their_name, told
        if differs:
            assert differs[0] != their_name, told
            assert differs[1:], told
            assert set(differs[1:]) <= numbers, told
            assert name_of(our) == answered(kind, differs[0]), told
        else:
            assert our == answered(kind, their), told


def name_of(outcome: Told | str) -> str:
    return outcome.name if isinstance(outcome, Told) else outcome


def answered(kind: str, outcome: Told | str) -> Told | str:
    """Return what a client sees: ours answers a miss where Channels raises, which is item 1."""
    return CLOSED if outcome == MISSED and kind in ("ws", "other") else outcome
