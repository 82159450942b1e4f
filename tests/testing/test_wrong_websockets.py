"""Websocket applications that go wrong, and clients that leave."""

from typing import Any

import anyio
import anyio.lowlevel
import pytest

from asgi_routes.testing import (
    Client,
)
from tests.testing.served import LEFT, chat
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
            "sent 'websocket.http.response.body' after the end of its answer",
        ),
        (
            ({**DENIAL, "status": None},),
            "sent 'websocket.http.response.start' with the status None, which is no int",
        ),
        (
            ({**ACCEPT, "subprotocol": "v9"},),
            "accepted with the subprotocol 'v9'; the client offers ['v1']",
        ),
        (
            ({**ACCEPT, "headers": [(b"a", "b")]},),
            "sent 'websocket.accept' with the header (b'a', 'b'), which is no pair of bytes",
        ),
        (
            (ACCEPT, {"type": "websocket.send"}),
            "sent 'websocket.send' with text None and bytes None",
        ),
        ((ACCEPT, {**TEXT, "text": b"x"}), "sent 'websocket.send' with text b'x' and bytes None"),
        ((ACCEPT, {**TEXT, "bytes": "x"}), "sent 'websocket.send' with text 'x' and bytes 'x'"),
        ((ACCEPT, "text"), "sent 'text', which is no message: it has no type"),
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
    """Text where bytes were waited for, and bytes where text was."""
    async with Client(chat).websocket("/a") as socket:
        await socket.send_text("x")
        await socket.send_bytes(b"y")
        with pytest.raises(AssertionError) as caught:
            await socket.receive_bytes()
        assert str(caught.value) == (
            "WEBSOCKET /a: the application sent the text 'x' where bytes were waited for"
        )
        with pytest.raises(AssertionError) as caught:
            await socket.receive_text()
        assert str(caught.value) == (
            "WEBSOCKET /a: the application sent the bytes b'y' where text was waited for"
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
