"""The client's channels, and scopes of other types."""

from typing import Any

import anyio
import anyio.lowlevel
import pytest

from asgi_routes import (
    ChannelNameRouter,
    ProtocolTypeRouter,
    URLRouter,
    path,
)
from asgi_routes.testing import (
    Client,
    Headers,
)
from tests.testing.served import show
from tests.testing.wrong import sending, swallowing

pytestmark = pytest.mark.anyio


async def test_channels() -> None:
    """Messages come one after the other; a consumer that asks for ever is cancelled then."""
    ended = []

    async def once(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "done", "of": scope, "message": await receive()})

    async def for_ever(scope: Any, receive: Any, send: Any) -> None:
        try:
            while True:
                message = await receive()
                await anyio.lowlevel.checkpoint()
                await send({"type": "done", "n": message["n"]})
        finally:
            ended.append(True)

    router = ChannelNameRouter({"once": once, "ever-*": for_ever})
    client = Client(ProtocolTypeRouter({"channel": router}))
    scope = {"type": "channel", "channel": "once"}
    message = {"type": "make", "n": 1}
    assert await client.send_to_channel("once", message) == [
        {"type": "done", "of": scope, "message": message}
    ]
    sent = await client.send_to_channel("ever-x", message, {**message, "n": 2})
    assert sent == [{"type": "done", "n": 1}, {"type": "done", "n": 2}]
    assert ended == [True]
    assert await client.send_to_channel("ever-x") == []
    with pytest.raises(LookupError, match="No application configured for channel name 'no'"):
        await client.send_to_channel("no", message)


async def test_channels_that_go_wrong() -> None:
    """As with a request."""
    message = {"type": "make"}
    with pytest.raises(KeyError, match="boom"):
        await Client(sending(then="raise")).send_to_channel("a", message)
    with pytest.raises(TimeoutError) as caught:
        await Client(sending(then="stay"), timeout=0.05).send_to_channel("a", message)
    assert str(caught.value) == "channel 'a': the application has not returned within 0.05 s"
    for app in (sending("x"), swallowing("x")):
        with pytest.raises(AssertionError) as wrong:
            await Client(app).send_to_channel("a", message)
        assert str(wrong.value) == (
            "channel 'a': the application sent 'x', which is no message: it has no type"
        )

    async def swallowing_for_ever(scope: Any, receive: Any, send: Any) -> None:
        while True:
            await swallowing("x")(scope, receive, send)

    with pytest.raises(AssertionError, match="sent 'x', which is no message"):
        await Client(swallowing_for_ever).send_to_channel("a", message)


async def test_calls() -> None:
    """A scope of any type, and its messages; the application has to return by itself."""
    scope: dict[str, Any] = {"type": "aprs", "path": "/users/7/"}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (event := await receive())["type"] != "aprs.end":
            await send({"type": "aprs.echo", "event": event, "args": scope["path_params"]})

    client = Client(URLRouter([path("users/<int:id>/", app)]))
    events = [{"type": "aprs.report"}, {"type": "aprs.end"}]
    assert await client.call(scope, events) == [
        {"type": "aprs.echo", "event": {"type": "aprs.report"}, "args": {"id": 7}}
    ]
    assert scope["route"].path == "/users/<int:id>/"
    assert await Client(show).call({"type": "x"}) == []
    with pytest.raises(KeyError, match="boom"):
        await Client(sending(then="raise")).call({"type": "x"}, events)
    with pytest.raises(TimeoutError) as caught:
        await Client(sending(then="read"), timeout=0.05).call({"type": "x"}, events)
    assert str(caught.value) == (
        "scope of type 'x': the application has not returned within 0.05 s; it waits in receive()"
    )


def test_headers() -> None:
    """A mapping."""
    assert Headers([(b"A", b"1")]) == {"a": "1"}
    assert Headers([(b"A", b"1")]).get_all("b") == []
    with pytest.raises(KeyError, match="B"):
        Headers()["B"]
