"""Leases while applications work: extended in time, of one message independently of another."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import anyio
import pytest

from asgi_routes.worker import LeaseLostError, MemoryBroker
from asgi_routes.worker.conformance.workers import count_ended, run_worker, wait_until
from asgi_routes.worker.memory import MemoryDelivery, MemorySubscription

pytestmark = pytest.mark.anyio

LEASE = 1.5
LONG = 3600.0
Extend: TypeAlias = Callable[[MemoryDelivery], Awaitable[None]]


async def noop(scope: Any, receive: Any, send: Any) -> None:
    """Handle anything."""


@pytest.fixture
def extended(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return how often the lease of each message was extended."""
    counted: Counter[str] = Counter()
    extend = MemoryDelivery.extend

    async def counting(delivery: MemoryDelivery) -> None:
        await extend(delivery)
        counted[delivery.id] += 1

    monkeypatch.setattr(MemoryDelivery, "extend", counting)
    return counted


@pytest.fixture
def failing_first(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Extend], None]:
    """Return a function that has the first extension of a message do something else."""

    def fail(message_id: str, instead: Extend) -> None:
        extend = MemoryDelivery.extend
        failed: set[str] = set()

        async def extending(delivery: MemoryDelivery) -> None:
            is_first = delivery.id == message_id and message_id not in failed
            failed.add(delivery.id)
            await (instead if is_first else extend)(delivery)

        monkeypatch.setattr(MemoryDelivery, "extend", extending)

    return fail


async def test_lost() -> None:
    """Who lost its lease is told so, and settles nothing any more."""
    ahead = [0.0]
    broker = MemoryBroker(lease=LEASE, clock=lambda: time.monotonic() + ahead[0])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["extensions"]["channel.delivery"]["attempt"] == 1:
            ahead[0] += 2 * LEASE
            await wait_until(lambda: any(event.kind == "lease_lost" for event in events))

    async with run_worker(broker, {"mail": app}, concurrency=2) as (_, events):
        await broker.send("mail", {"type": "x"})
        await wait_until(lambda: count_ended(events) >= 1)
    assert broker.size("mail") == 0
    assert await broker.dead_letters() == []


async def test_many_at_once(extended: Counter[str]) -> None:
    """All that take long are extended again and again; what is done at once never is."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await wait_until(lambda: len(extended) == 5 and min(extended.values()) >= 2)

    broker = MemoryBroker(lease=LEASE)
    async with run_worker(broker, {"long": app, "quick": noop}, concurrency=5) as (_, events):
        for number in range(50):
            await broker.send("quick", {"type": "x"}, id=f"quick {number}")
        for number in range(5):
            await broker.send("long", {"type": "x"}, id=f"long {number}")
        await wait_until(lambda: count_ended(events) == 55)
    assert set(extended) == {f"long {number}" for number in range(5)}
    assert {event.attempt for event in events if event.id} == {1}


async def test_a_shorter_one(extended: Counter[str]) -> None:
    """A lease that ends sooner than the one that is waited for is extended in time."""

    class Differing(MemoryBroker):
        @asynccontextmanager
        async def subscribe(self, channel: str) -> AsyncIterator[MemorySubscription]:
            lease = LONG if channel == "long" else LEASE
            yield MemorySubscription(self._get_queue(channel), lease, self._dead)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await wait_until(lambda: extended["short"] >= 2)

    broker = Differing()
    async with run_worker(broker, {"long": app, "short": app}) as (worker, events):
        await broker.send("long", {"type": "x"})
        await wait_until(lambda: worker.status.in_flight == 1)
        await broker.send("short", {"type": "x"}, id="short")
        await wait_until(lambda: count_ended(events) == 2)
    assert set(extended) == {"short"}


async def test_an_extension_that_hangs(
    failing_first: Callable[[str, Extend], None], extended: Counter[str]
) -> None:
    """It holds up neither other leases nor the end of its own message, and is cancelled there."""
    seen = []

    async def hang(delivery: MemoryDelivery) -> None:
        seen.append("begun")
        try:
            await anyio.sleep_forever()
        finally:
            seen.append("cancelled")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await wait_until(lambda: "begun" in seen and extended["other"] >= 2)

    failing_first("hangs", hang)
    broker = MemoryBroker(lease=LEASE)
    async with run_worker(broker, {"mail": app}, concurrency=2) as (_, events):
        await broker.send("mail", {"type": "x"}, id="hangs")
        await broker.send("mail", {"type": "x"}, id="other")
        await wait_until(lambda: count_ended(events) == 2 and seen == ["begun", "cancelled"])
    assert {event.attempt for event in events if event.id} == {1}


async def test_an_extension_that_fails(
    failing_first: Callable[[str, Extend], None],
    extended: Counter[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The next one may go through."""

    async def fail(delivery: MemoryDelivery) -> None:
        raise ConnectionError("away")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await wait_until(lambda: extended["1"] >= 1)

    failing_first("1", fail)
    broker = MemoryBroker(lease=LEASE)
    async with run_worker(broker, {"mail": app}) as (_, events):
        await broker.send("mail", {"type": "x"}, id="1")
        await wait_until(lambda: count_ended(events) == 1)
    said = "the lease of message 1 was not extended: ConnectionError: away"
    assert said in caplog.messages
    assert {event.attempt for event in events if event.id} == {1}


async def test_lost_and_done_at_once(failing_first: Callable[[str, Extend], None]) -> None:
    """A message that is done while its extension is under way is not said to be lost."""
    asked = anyio.Event()

    async def lose(delivery: MemoryDelivery) -> None:
        asked.set()
        with anyio.CancelScope(shield=True):
            await wait_until(lambda: delivery.is_lost)
        raise LeaseLostError("it is settled")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asked.wait()

    failing_first("1", lose)
    broker = MemoryBroker(lease=LEASE)
    async with run_worker(broker, {"mail": app}) as (worker, events):
        await broker.send("mail", {"type": "x"}, id="1")
        await wait_until(lambda: count_ended(events) == 1)
    assert worker.status.counts["lease_lost"] == 0


async def test_what_keeps_the_event_loop() -> None:
    """It is told: leases may run out meanwhile."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        time.sleep(0.9 * LEASE)  # noqa: ASYNC251 - that is what is tested
        await wait_until(lambda: any(event.kind == "blocked" for event in events))

    broker = MemoryBroker(lease=LEASE)
    async with run_worker(broker, {"mail": app}) as (_, events):
        await broker.send("mail", {"type": "x"}, id="1")
        await wait_until(lambda: count_ended(events) == 1)
    blocked = next(event for event in events if event.kind == "blocked")
    assert (blocked.id, blocked.reason[:27]) == ("1", "the event loop was blocked ")
    assert blocked.seconds > LEASE / 3
