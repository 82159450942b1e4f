"""Websockets of the client, those that go wrong and clients that leave among them."""

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
    START,
    STARTED,
    TEXT,
    sending,
    swallowing,
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


BEFORE = "'websocket.accept' or 'websocket.close' or 'websocket.http.response.start'"
AFTER = "'websocket.send' or 'websocket.close'"


@pytest.mark.parametrize(
    ("messages", "wrong"),
    [
        ((), "returned without accepting or refusing"),
        ((DENIAL,), "returned in the middle of its denial"),
        ((START,), f"sent 'http.response.start' where {BEFORE} belongs"),
        ((TEXT,), f"sent 'websocket.send' where {BEFORE} belongs"),
        ((DENIAL_BODY,), f"sent 'websocket.http.response.body' where {BEFORE} belongs"),
        ((ACCEPT, ACCEPT), f"sent 'websocket.accept' where {AFTER} belongs"),
        ((ACCEPT, DENIAL), f"sent 'websocket.http.response.start' where {AFTER} belongs"),
        ((ACCEPT, CLOSE, TEXT), "sent 'websocket.send' after 'websocket.close'"),
        ((ACCEPT, CLOSE, CLOSE), "sent 'websocket.close' after 'websocket.close'"),
        ((CLOSE, ACCEPT), "sent 'websocket.accept' after 'websocket.close'"),
        (
            (DENIAL, ACCEPT),
            "sent 'websocket.accept' where 'websocket.http.response.body' belongs",
        ),
        (
            (DENIAL, DENIAL_BODY, DENIAL_BODY),
            "sent 'websocket.http.response.body' after the end of its response",
        ),
        (
            ({**DENIAL, "status": None},),
            "sent 'websocket.http.response.start' with the status None, which is not an int",
        ),
        (
            ({**ACCEPT, "subprotocol": "v9"},),
            "accepted with the subprotocol 'v9'; the client offers ['v1']",
        ),
        (
            ({**ACCEPT, "headers": [(b"a", "b")]},),
            "sent 'websocket.accept' with the header (b'a', 'b'), which is not a pair of bytes",
        ),
        (
            (ACCEPT, {"type": "websocket.send"}),
            "sent 'websocket.send' with text None and bytes None",
        ),
        ((ACCEPT, {**TEXT, "text": b"x"}), "sent 'websocket.send' with text b'x' and bytes None"),
        ((ACCEPT, {**TEXT, "bytes": "x"}), "sent 'websocket.send' with text 'x' and bytes 'x'"),
        ((ACCEPT, "text"), "sent 'text', which is not a message: it has no type"),
    ],
)
async def test_wrong_websockets(messages: Any, wrong: str) -> None:
    """The error names the message, whether the application swallows it or not."""
    for app in (sending(*messages), swallowing(*messages)):
        with pytest.raises(AssertionError) as caught:
            async with Client(app).websocket("/", subprotocols=["v1"]):
                await anyio.wait_all_tasks_blocked()
        assert str(caught.value) == f"WEBSOCKET /: the application {wrong}"


async def test_the_application_returns_without_closing() -> None:
    """That is a mistake where the test waits for more, and none where it has heard enough."""
    async with Client(sending(ACCEPT, TEXT)).websocket("/") as socket:
        assert await socket.receive_text() == "x"
        for _ in range(2):
            with pytest.raises(AssertionError) as caught:
                await socket.receive_text()
            assert str(caught.value) == (
                "WEBSOCKET /: the application returned without closing the websocket"
            )


async def test_the_other_kind() -> None:
    """Text where bytes were expected, and bytes where text was."""
    async with Client(chat).websocket("/a") as socket:
        await socket.send_text("x")
        await socket.send_bytes(b"y")
        with pytest.raises(AssertionError) as caught:
            await socket.receive_bytes()
        assert str(caught.value) == (
            "WEBSOCKET /a: the application sent the text 'x' where bytes were expected"
        )
        with pytest.raises(AssertionError) as caught:
            await socket.receive_text()
        assert str(caught.value) == (
            "WEBSOCKET /a: the application sent the bytes b'y' where text was expected"
        )


async def test_websockets_that_take_too_long() -> None:
    """Each wait has its limit, and the error says what was waited for."""
    late = "WEBSOCKET /: the application has not {} within 0.05 s"

    def client(*messages: Any, then: str = "stay") -> Any:
        return Client(sending(*messages, then=then), timeout=0.05).websocket("/")

    for app, missing in [
        (client(), "accepted or refused the websocket"),
        (client(DENIAL), "ended its denial"),
        (client(DENIAL, DENIAL_BODY), "returned after its denial"),
        (client(CLOSE), "returned after 'websocket.close'"),
        (client(ACCEPT), "returned after 'websocket.disconnect'"),
    ]:
        with pytest.raises(TimeoutError) as caught:
            async with app:
                pass
        assert str(caught.value) == late.format(missing)
    with pytest.raises(TimeoutError) as caught:
        async with client(ACCEPT) as socket:
            await socket.receive()
    assert str(caught.value) == late.format("sent anything")
    with pytest.raises(TimeoutError) as caught:
        async with client(ACCEPT, then="read") as socket:
            await socket.receive()
    assert str(caught.value) == late.format("sent anything") + "; it waits in receive()"


async def test_sending_to_a_client_that_has_left() -> None:
    """It is an OSError for the application, as with a server, and none of the test's."""
    errors = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        await receive()
        try:
            await send(CLOSE)
        except OSError as error:
            errors.append(str(error))
            raise

    async with Client(app).websocket("/"):
        pass
    async with Client(app).websocket("/") as socket:
        await socket.close()
    assert errors == ["WEBSOCKET /: the client has left"] * 2


async def test_cancellation() -> None:
    """A test that is cancelled leaves nothing behind, and is not told of anything else."""
    ended = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await receive()
            await send(STARTED if scope["type"] == "lifespan" else ACCEPT)
            await anyio.sleep_forever()
        finally:
            ended.append(scope["type"])

    client = Client(app)
    with anyio.CancelScope() as scope:
        async with client.lifespan(), client.websocket("/"):
            scope.cancel()
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert sorted(ended) == ["lifespan", "websocket"]
    with anyio.move_on_after(0.05) as limit:
        await Client(sending(then="stay")).get("/")
    assert limit.cancelled_caught


async def test_two_websockets_at_once() -> None:
    """Each is an own conversation."""
    client = Client(chat)
    async with client.websocket("/a") as a, client.websocket("/b") as b:
        await a.send_text("to a")
        await b.send_text("to b")
        assert await b.receive_text() == "to b"
        assert await a.receive_text() == "to a"
