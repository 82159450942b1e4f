"""The client's channels, scopes of other types, and lifespans."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from asgi_routes import (
    ChannelNameRouter,
    LifespanError,
    ProtocolTypeRouter,
    URLRouter,
    mount,
    path,
)
from asgi_routes.testing import (
    Client,
)
from tests.testing.served import chat, show
from tests.testing.wrong import BODY, START, STARTED, STOPPED, sending, swallowing

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
            "channel 'a': the application sent 'x', which is not a message: it has no type"
        )

    async def swallowing_for_ever(scope: Any, receive: Any, send: Any) -> None:
        while True:
            await swallowing("x")(scope, receive, send)

    with pytest.raises(AssertionError, match="sent 'x', which is not a message"):
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


def living(
    *answers: Any, log: list[str] | None = None, state: Any = None, error: Any = None
) -> Callable[..., Any]:
    """Return an application with a lifespan: its two answers, and what it raises at the end."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            seen.append(scope.get("state"))
            await sending(START, BODY)(scope, receive, send)
            return
        for answer in answers:
            event = await receive()
            written.append(event["type"])
            scope["state"].update(state or {})
            await send(answer)
        if error is not None:
            raise error

    written = log if log is not None else []
    seen: list[Any] = []
    app.seen = seen  # type: ignore[attr-defined]
    return app


async def test_a_lifespan() -> None:
    """Startup, the body, shutdown; requests get a shallow copy of the state."""
    log: list[str] = []
    app: Any = living(STARTED, STOPPED, log=log, state={"pool": [1]})
    client = Client(app, state={"mine": 1})
    async with client.lifespan() as state:
        assert log == ["lifespan.startup"]
        assert state == {"mine": 1, "pool": [1]}
        await client.get("/")
        state["later"] = 2
        await client.get("/")
    assert log == ["lifespan.startup", "lifespan.shutdown"]
    await client.get("/")
    first, second, after = app.seen
    assert (first, second, after) == (
        {"mine": 1, "pool": [1]},
        {"mine": 1, "pool": [1], "later": 2},
        {"mine": 1},
    )
    assert first is not state
    assert first["pool"] is state["pool"]
    stateless: Any = living(STARTED, STOPPED)
    client = Client(stateless)
    async with client.lifespan() as state:
        assert state == {}
        await client.get("/")
    await client.get("/")
    assert stateless.seen == [{}, None]


async def test_the_lifespan_of_a_router() -> None:
    """Of all that it leads to."""

    @asynccontextmanager
    async def pool(router: Any) -> AsyncIterator[dict[str, Any]]:
        yield {"pool": "open"}

    app: Any = living(STARTED, STOPPED, state={"own": 1})
    client = Client(URLRouter([mount("shop", app), path("chat/", chat)], lifespan=pool))
    async with client.lifespan() as state:
        assert state == {"pool": "open"}
        await client.get("/shop/")
        async with client.websocket("/chat/") as socket:
            await socket.send_text("x")
            assert await socket.receive_text() == "x"
    assert app.seen == [{"pool": "open", "own": 1}]


FAILED = {"type": "lifespan.startup.failed", "message": "no database"}
NOT_STOPPED = {"type": "lifespan.shutdown.failed", "message": "still busy"}


@pytest.mark.parametrize(
    ("answers", "error", "phase", "problem"),
    [
        ((FAILED,), None, "startup", "no database"),
        ((FAILED,), RuntimeError("gone"), "startup", "no database"),
        (({**FAILED, "message": ""},), None, "startup", "startup failed"),
        ((STARTED, NOT_STOPPED), None, "shutdown", "still busy"),
        ((STARTED, {"type": "lifespan.shutdown.failed"}), None, "shutdown", "shutdown failed"),
    ],
)
async def test_lifespans_that_fail(answers: Any, error: Any, phase: str, problem: str) -> None:
    """The application says so; what it raises then is the cause."""
    ran = []
    client = Client(living(*answers, error=error))
    with pytest.raises(LifespanError) as caught:
        async with client.lifespan():
            ran.append(True)
    assert (caught.value.phase, caught.value.problems) == (phase, (problem,))
    assert caught.value.__cause__ is error
    assert bool(ran) is (phase == "shutdown")


STARTING = "'lifespan.startup.complete' or 'lifespan.startup.failed'"
STOPPING = "'lifespan.shutdown.complete' or 'lifespan.shutdown.failed'"


@pytest.mark.parametrize(
    ("app", "wrong"),
    [
        (living(), "returned without answering 'lifespan.startup'"),
        (living(STARTED), "returned without answering 'lifespan.shutdown'"),
        (living(START), f"sent 'http.response.start' where {STARTING} belongs"),
        (living(STOPPED), f"sent 'lifespan.shutdown.complete' where {STARTING} belongs"),
        (
            sending(STARTED, STARTED),
            "sent 'lifespan.startup.complete' where nothing belongs",
        ),
        (
            sending(STARTED, STOPPED),
            "sent 'lifespan.shutdown.complete' where nothing belongs",
        ),
        (
            living(STARTED, STARTED),
            f"sent 'lifespan.startup.complete' where {STOPPING} belongs",
        ),
        (living({}), "sent {}, which is not a message: it has no type"),
    ],
)
async def test_wrong_lifespans(app: Any, wrong: str) -> None:
    """Both answers have to come, each where it belongs."""
    with pytest.raises(AssertionError) as caught:
        async with Client(app).lifespan():
            await anyio.wait_all_tasks_blocked()
    assert str(caught.value) == f"lifespan: the application {wrong}"


@pytest.mark.parametrize("answers", [(), (STARTED,), (STARTED, STOPPED)])
async def test_lifespans_that_raise(answers: Any) -> None:
    """It comes through as it is."""
    error = KeyError("boom")
    with pytest.raises(KeyError) as caught:
        async with Client(living(*answers, error=error)).lifespan():
            pass
    assert caught.value is error


@pytest.mark.parametrize(
    ("app", "missing"),
    [
        (sending(then="stay"), "answered 'lifespan.startup' within 0.05 s"),
        (sending(then="read"), "answered 'lifespan.startup' within 0.05 s; it waits in receive()"),
        (sending(STARTED, then="stay"), "answered 'lifespan.shutdown' within 0.05 s"),
    ],
)
async def test_lifespans_that_take_too_long(app: Any, missing: str) -> None:
    """The error says which answer was waited for."""
    with pytest.raises(TimeoutError) as caught:
        async with Client(app, timeout=0.05).lifespan():
            pass
    assert str(caught.value) == f"lifespan: the application has not {missing}"


async def test_a_lifespan_that_does_not_return() -> None:
    """It has answered, but it would be left behind."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await living(STARTED, STOPPED)(scope, receive, send)
        await anyio.sleep_forever()

    with pytest.raises(TimeoutError) as caught:
        async with Client(app, timeout=0.05).lifespan():
            pass
    assert str(caught.value) == (
        "lifespan: the application has not returned after 'lifespan.shutdown.complete' "
        "within 0.05 s"
    )


async def test_a_test_that_fails_in_a_lifespan() -> None:
    """The application is stopped all the same; what goes wrong then is a note."""
    log: list[str] = []
    client = Client(living(STARTED, STOPPED, log=log))
    with pytest.raises(ZeroDivisionError):
        async with client.lifespan():
            raise ZeroDivisionError
    assert log == ["lifespan.startup", "lifespan.shutdown"]
    with pytest.raises(pytest.fail.Exception) as caught:
        async with Client(living(STARTED, NOT_STOPPED)).lifespan():
            pytest.fail("as tests do")
    assert caught.value.__notes__ == ["and then: LifespanError('still busy')"]
