"""What a worker does with one message: the scope, the receives, and how it can end."""

from typing import Any

import anyio
import pytest

from asgi_routes.worker import Backoff, MemoryBroker
from asgi_routes.worker.conformance.workers import QUICK, count_ended, run_worker, wait_until

pytestmark = pytest.mark.anyio


async def handle_one(
    app: Any, message: Any = None, **options: Any
) -> tuple[list[Any], MemoryBroker]:
    """Send one message, and wait until it has ended; return the events of messages."""
    broker = MemoryBroker()
    async with run_worker(broker, {"mail": app}, **options) as (_, events):
        await broker.send("mail", message or {"type": "x"}, id="one")
        await wait_until(lambda: count_ended(events) == 1)
    return [event for event in events if event.id], broker


def kinds(events: list[Any]) -> list[str]:
    return [event.kind for event in events]


async def test_scope() -> None:
    """It is that of Channels, with more in it."""
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    broker = MemoryBroker()
    async with run_worker(broker, {"mail": app}, max_attempts=7) as (_, events):
        await broker.send("mail", {"type": "x"}, id="one", headers={"k": "v"})
        await wait_until(lambda: count_ended(events) == 1)
    [scope] = scopes
    assert {key: scope[key] for key in ("type", "channel", "asgi", "state")} == {
        "type": "channel",
        "channel": "mail",
        "asgi": {"version": "3.0"},
        "state": {},
    }
    facts = scope["extensions"]["channel.delivery"]
    assert facts.pop("sends")
    assert facts == {"id": "one", "attempt": 1, "max_attempts": 7, "headers": {"k": "v"}}


async def test_second_receive_ends_the_call() -> None:
    """Who asks for another message has handled this one, and is cancelled there."""
    left: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            while True:
                try:
                    await receive()
                except Exception:  # noqa: BLE001 - as such loops do
                    left.append(False)
        finally:
            left.append(True)

    events, broker = await handle_one(app)
    assert kinds(events) == ["start", "done"]
    assert left == [True]
    assert broker.size("mail") == 0


async def test_failure_after_the_second_receive() -> None:
    """What goes wrong while it is cancelled changes nothing: the message was done."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        try:
            await receive()
        finally:
            raise ValueError("too late")

    events, _ = await handle_one(app)
    assert kinds(events) == ["start", "done"]


async def test_two_receives_at_once() -> None:
    """A call of receive() beside one that is pending is a mistake, and said to be one."""
    errors: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(receive)
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
                try:
                    await receive()
                except RuntimeError as error:
                    errors.append(str(error))

    await handle_one(app)
    assert errors == ["receive() was called while an earlier call is pending"]


async def test_acknowledged_early() -> None:
    """What is acknowledged by send() is done, whatever happens afterwards."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "channel.ack"})
        raise ValueError("too late")

    events, broker = await handle_one(app)
    assert kinds(events) == ["start", "done"]
    assert broker.size("mail") == 0


async def test_asked_for_retry() -> None:
    """An application that knows when to try again, says so."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["extensions"]["channel.delivery"]["attempt"] == 1:
            await send({"type": "channel.retry", "delay": 0.01, "reason": "not yet"})

    events, _ = await handle_one(app)
    assert kinds(events) == ["start", "retry", "start", "done"]
    assert (events[1].delay, events[1].reason) == (0.01, "not yet")


async def test_rejected() -> None:
    """An application that knows that it is hopeless, says so."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "channel.reject", "reason": "no such user"})

    events, broker = await handle_one(app)
    assert kinds(events) == ["start", "dead"]
    [letter] = await broker.dead_letters()
    assert letter.reason == "no such user"


@pytest.mark.parametrize(
    "message",
    [
        {"type": "http.response.start"},
        {"type": "channel.retry", "delay": -1},
        {"type": "channel.retry", "delay": "soon"},
        {"no": "type"},
        None,
    ],
)
async def test_sent_what_means_nothing(message: Any) -> None:
    """It raises ValueError where the application can see it."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with pytest.raises(ValueError, match=r"."):
            await send(message)

    events, _ = await handle_one(app)
    assert kinds(events) == ["start", "done"]


async def test_said_twice_how_it_ended() -> None:
    """The first word counts."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "channel.reject"})
        with pytest.raises(ValueError, match="already"):
            await send({"type": "channel.ack"})

    events, _ = await handle_one(app)
    assert kinds(events) == ["start", "dead"]


async def test_timeout() -> None:
    """What takes too long is cancelled, and has failed."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await anyio.sleep_forever()

    events, _ = await handle_one(app, timeout=0.01, max_attempts=1)
    assert kinds(events) == ["start", "dead"]
    assert "more than 0.01 s" in events[-1].reason


@pytest.mark.parametrize(
    "error", [SystemExit(3), ExceptionGroup("two", [ValueError(1), ValueError(2)]), StopIteration]
)
async def test_unusual_exceptions(error: Any) -> None:
    """Whatever an application raises, it is its message that has failed."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise error

    events, _ = await handle_one(app, max_attempts=2)
    assert kinds(events) == ["start", "retry", "start", "dead"]


async def test_cancelled_by_itself(anyio_backend: str) -> None:
    """An application that raises the exception of being cancelled stops no slot."""
    if anyio_backend == "trio":
        return  # There, nobody can make one.
    import asyncio  # noqa: PLC0415 - of interest here only

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise asyncio.CancelledError

    events, _ = await handle_one(app, max_attempts=2, concurrency=1)
    assert kinds(events) == ["start", "retry", "start", "dead"]


async def test_reason_of_a_group_of_one() -> None:
    """A task group around an error does not hide it."""

    async def fail() -> None:
        raise ValueError("inside")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fail)

    events, _ = await handle_one(app, max_attempts=1)
    assert events[-1].reason == "attempt 1: ValueError: inside"


def test_backoff() -> None:
    """It grows, has an end, and is not the same twice."""
    backoff = Backoff(first=1, longest=10, jitter=0.5)
    pauses = [backoff.delay(number) for number in range(1, 10)]
    assert all(0.5 <= pause <= 10 for pause in pauses)
    assert len({backoff.delay(1) for _ in range(20)}) > 1
    assert QUICK.delay(10_000) <= QUICK.longest
