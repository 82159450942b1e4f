"""What of the examples no browser can reach."""

from typing import Any

import pytest

from asgi_routes.inspection.check import check
from board import app as board
from examples import from_channels, hosts_and_methods, own_router, quickstart
from tests.spec.driving import call

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("channel", ["thumbnails-big", "thumbnails-small"])
async def test_channel(channel: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A message is handed to the application of its channel, by its name or a glob."""
    await call(quickstart.app, {"type": "channel", "channel": channel}, [{"image": "a.png"}])
    assert capsys.readouterr().out == f"{channel}: a thumbnail of a.png\n"


@pytest.mark.parametrize(
    "app",
    [from_channels.application, hosts_and_methods.app, own_router.app, quickstart.app, board.app],
    ids=["from_channels", "hosts_and_methods", "own_router", "quickstart", "tutorial"],
)
def test_nothing_is_found(app: Any) -> None:
    """They are as one should write."""
    assert [one for one in check(app) if one.level != "info"] == []


async def test_custom_scope_type() -> None:
    """A protocol that ASGI does not know is served like any other."""
    report: Any = {"type": "aprs.report", "id": 7}
    outcome = await call(quickstart.app, {"type": "aprs", "call": "OE1ABC"}, [report])
    assert outcome.sent == [{"type": "aprs.ack", "call": "OE1ABC", "id": 7}]


async def test_channel_from_channels() -> None:
    """The consumer of a channel gets its message."""
    scope = {"type": "channel", "channel": "thumbnails-generate"}
    outcome = await call(from_channels.application, scope, [{"type": "generate", "id": 3}])
    assert outcome.sent == [{"type": "generated", "id": 3}]


def test_main(capsys: pytest.CaptureFixture[str]) -> None:
    """Run as a program, the quickstart sends both itself."""
    import asyncio  # noqa: PLC0415 - the tests around run on trio, too

    asyncio.run(quickstart.send_what_no_browser_can())
    assert len(capsys.readouterr().out.splitlines()) == 2
