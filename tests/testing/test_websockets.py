"""The client's websockets."""

from typing import Any

import anyio
import anyio.lowlevel
import pytest

from asgi_routes.testing import (
    Client,
    WebSocket,
    WebSocketClosed,
    WebSocketDenied,
)
from tests.testing.served import LEFT, ROUTER, chat
from tests.testing.wrong import (
    ACCEPT,
    CLOSE,
    DENIAL,
    DENIAL_BODY,
    TEXT,
    sending,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def nobody_has_left() -> None:
    """Forget how the last clients left."""
    LEFT.clear()


async def test_a_websocket() -> None:
    """Text and bytes go both ways; at the end the client leaves."""
    client = Client(chat, headers={"a": "b"})
    async with client.websocket("/chat?x", subprotocols=iter(["v1", "v2"])) as socket:
        assert (socket.accepted, socket.subprotocol) == (True, "v2")
        assert socket.headers["X"] == "y"
        await socket.send_text("hello")
        await socket.send_bytes(b"\x00")
        assert await socket.receive_text() == "hello"
        assert await socket.receive_bytes() == b"\x00"
        await socket.send_text("")
        assert await socket.receive() == {"type": "websocket.send", "text": "", "bytes": None}
    assert LEFT == [(1000, "")]
    async with client.websocket("/chat") as socket:
        assert socket.subprotocol is None
        await socket.close(4000, "bye")
        await socket.close(4001)
        with pytest.raises(WebSocketClosed, match=r"^closed: code 4000, reason 'bye'$"):
            await socket.send_text("x")
        with pytest.raises(WebSocketClosed):
            await socket.receive()
    assert LEFT == [(1000, ""), (4000, "bye")]


async def test_the_scope_of_a_websocket() -> None:
    """As a server makes it."""
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await chat(scope, receive, send)

    client = Client(app, root_path="/api", headers={"a": "b"}, state={"n": 1})
    async with client.websocket("/a%20b?x", subprotocols=["v1", "v2"], headers={"c": "d"}):
        pass
    assert scopes == [
        {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.5"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": "/a b",
            "raw_path": b"/a%20b",
            "query_string": b"x",
            "root_path": "/api",
            "headers": [
                (b"host", b"testserver"),
                (b"sec-websocket-protocol", b"v1, v2"),
                (b"a", b"b"),
                (b"c", b"d"),
            ],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 80),
            "subprotocols": ["v1", "v2"],
            "extensions": {"websocket.http.response": {}},
            "state": {"n": 1},
        }
    ]


async def test_the_application_closes() -> None:
    """What it sent before is received first; then nothing more can be sent or received."""
    async with Client(chat).websocket("/") as socket:
        await socket.send_text("one")
        await socket.send_text("close")
        assert await socket.receive_text() == "one"
        for _ in range(2):
            with pytest.raises(WebSocketClosed) as caught:
                await socket.receive_text()
            found = caught.value.code, caught.value.reason, caught.value.accepted
            assert found == (4001, "told so", True)
        with pytest.raises(WebSocketClosed, match=r"^closed: code 4001, reason 'told so'$"):
            await socket.send_bytes(b"")
    assert LEFT == [(4001, "told so")]


async def test_a_close_that_nobody_reads() -> None:
    """It does no harm, and neither does one right after the accept."""
    async with Client(sending(ACCEPT, TEXT, CLOSE)).websocket("/") as socket:
        assert await socket.receive_text() == "x"
    async with Client(sending(ACCEPT, CLOSE)).websocket("/") as socket:
        with pytest.raises(WebSocketClosed, match=r"^closed: code 1000, reason ''$"):
            await socket.receive()


async def answer_to(text: str, socket: WebSocket) -> Any:
    """Send a text, and return what comes back."""
    await socket.send_text(text)
    return await socket.receive()


async def test_the_application_raises_beside_the_test() -> None:
    """It comes through where the test waits, once, and by itself."""
    with pytest.raises(KeyError, match="boom"):
        async with Client(chat).websocket("/") as socket:
            assert await answer_to("raise", socket)
    with pytest.raises(KeyError, match="boom"):
        async with Client(chat).websocket("/") as socket:
            await socket.send_text("raise")
    async with Client(chat).websocket("/") as socket:
        await socket.send_text("raise")
        with pytest.raises(KeyError, match="boom"):
            await socket.receive()
        with pytest.raises(AssertionError, match="returned without closing the websocket"):
            await socket.receive()
    with pytest.raises(KeyError, match="boom"):
        async with Client(sending(then="raise")).websocket("/"):
            raise AssertionError("the body must not run")


async def test_the_test_raises() -> None:
    """Its own error is what is shown, not a group, and the application is cancelled."""
    ended = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await chat(scope, receive, send)
        finally:
            ended.append(True)

    with pytest.raises(ZeroDivisionError):
        async with Client(app).websocket("/"):
            raise ZeroDivisionError
    with pytest.raises(pytest.fail.Exception):
        async with Client(app).websocket("/"):
            pytest.fail("as tests do")
    assert ended == [True, True]

    async def fail_when_the_application_has(socket: WebSocket) -> None:
        await socket.send_text("raise")
        await anyio.wait_all_tasks_blocked()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        async with Client(app).websocket("/") as socket:
            await fail_when_the_application_has(socket)
    assert caught.value.__notes__ == ["WEBSOCKET /: the application raised KeyError('boom')"]


async def test_denials() -> None:
    """A response, in as many parts as it has, or the default of a router."""
    app = sending(DENIAL, {**DENIAL_BODY, "more_body": True}, DENIAL_BODY)
    with pytest.raises(WebSocketDenied) as caught:
        async with Client(app).websocket("/"):
            raise AssertionError("the body must not run")
    denied = caught.value
    assert (denied.status, dict(denied.headers), denied.body) == (401, {"a": "b"}, b"nono")
    assert str(denied) == "denied with status 401: b'nono'"
    with pytest.raises(WebSocketDenied, match="denied with status 404: b'Not Found'"):
        async with Client(ROUTER).websocket("/nowhere"):
            pass


async def test_closed_before_accepted() -> None:
    """The code and the reason are told, although no client would see them."""
    app = sending({**CLOSE, "code": 4404, "reason": "Not Found"})
    with pytest.raises(WebSocketClosed) as caught:
        async with Client(app).websocket("/"):
            raise AssertionError("the body must not run")
    closed = caught.value
    assert (closed.code, closed.reason, closed.accepted) == (4404, "Not Found", False)
    assert str(closed) == "closed before it was accepted: code 4404, reason 'Not Found'"
    with pytest.raises(WebSocketClosed, match=r"code 1000, reason ''$"):
        async with Client(sending({**CLOSE, "reason": None})).websocket("/"):
            pass
