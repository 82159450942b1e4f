"""What a worker does over a broker, as tests.

Rule: tests wait for events, never for time.
"""

# Applications take three arguments, needed or not; tests compare with the very number they mean.
# ruff: noqa: ARG001, PLR2004

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio

from asgi_routes.routers import ChannelNameRouter
from asgi_routes.worker.attempts import Backoff
from asgi_routes.worker.conformance.deliveries import LONG, PATIENCE, MakeBroker
from asgi_routes.worker.worker import Worker

QUICK = Backoff(first=0.01, longest=0.05)


async def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it is not, after `PATIENCE`.
    """
    with anyio.fail_after(PATIENCE):
        while not condition():  # noqa: ASYNC110 - it may be about another process
            await anyio.sleep(0.005)


@asynccontextmanager
async def run_worker(
    broker: Any, apps: dict[str, Any], **options: Any
) -> AsyncIterator[tuple[Worker, list[Any]]]:
    """Keep a worker at work; yield it, and its events as they come. It is drained at the end."""
    events: list[Any] = []
    options = {"poll": 0.05, "backoff": QUICK, "on_event": events.append, **options}
    with anyio.fail_after(PATIENCE):
        async with Worker(ChannelNameRouter(apps), broker, **options) as worker:
            yield worker, events


def count_ended(events: list[Any]) -> int:
    """Return how many messages are done or dead."""
    return sum(event.kind in ("done", "dead") for event in events)


class WorkerConformance:
    """What holds over every broker, one that delivers at most once among them."""

    async def test_every_message_once(self, make_broker: MakeBroker) -> None:
        """All that was sent is handled, and an application may send itself."""
        seen: Counter[int] = Counter()

        async def first(scope: Any, receive: Any, send: Any) -> None:
            message = await receive()
            passed = {"type": "second", "n": message["n"]}
            await send({"type": "channel.send", "channel": "second", "message": passed})

        async def second(scope: Any, receive: Any, send: Any) -> None:
            seen[(await receive())["n"]] += 1

        async with (
            make_broker(LONG) as broker,
            run_worker(broker, {"first": first, "second": second}) as (_, events),
        ):
            for number in range(30):
                await broker.send("first", {"type": "first", "n": number})
            await wait_until(lambda: count_ended(events) == 2 * 30)
        assert seen == Counter(range(30))

    async def test_concurrency(self, make_broker: MakeBroker) -> None:
        """As many as allowed work at once, and never more."""
        now = peak = 0
        full = anyio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            nonlocal now, peak
            now += 1
            peak = max(peak, now)
            if now == 3:
                full.set()
            await full.wait()
            await anyio.sleep(0.01)
            now -= 1

        async with (
            make_broker(LONG) as broker,
            run_worker(broker, {"mail": app}, concurrency=3) as (_, events),
        ):
            for _ in range(12):
                await broker.send("mail", {"type": "x"})
            await wait_until(lambda: count_ended(events) == 12)
        assert peak == 3

    async def test_fairness(self, make_broker: MakeBroker) -> None:
        """A channel whose messages never end holds up no other."""
        free = anyio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            await free.wait()

        async def fast(scope: Any, receive: Any, send: Any) -> None:
            await receive()

        async with make_broker(LONG) as broker:
            apps = {"slow": slow, "fast": fast}
            async with run_worker(broker, apps, concurrency=2) as (worker, events):
                for _ in range(6):
                    await broker.send("slow", {"type": "x"})
                    await broker.send("fast", {"type": "x"})
                await wait_until(lambda: count_ended(events) == 6)
                assert {event.channel for event in events if event.kind == "done"} == {"fast"}
                await wait_until(lambda: worker.status.in_flight == 2)
                free.set()
                await wait_until(lambda: count_ended(events) == 2 * 6)

    async def test_drain(self, make_broker: MakeBroker) -> None:
        """A worker that is to stop ends what it has begun, and begins nothing else."""
        free, begun = anyio.Event(), anyio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            begun.set()
            await free.wait()

        async with make_broker(LONG) as broker:
            async with run_worker(broker, {"mail": app}, concurrency=1) as (worker, events):
                for _ in range(3):
                    await broker.send("mail", {"type": "x"})
                await begun.wait()
                worker.stop()
                assert str(worker.status.state) == "draining"
                await anyio.sleep(0.1)
                free.set()
            assert [event.kind for event in events if event.id] == ["start", "done"]
            assert str(worker.status.state) == "stopped"


class RetryingConformance:
    """What holds over a broker that delivers at least once and keeps dead letters."""

    async def test_retry_and_dead_letter(self, make_broker: MakeBroker) -> None:
        """What fails is tried again; what fails too often is a dead letter, with the reason."""
        attempts: Counter[str] = Counter()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            message = await receive()
            attempts[message["name"]] += 1
            facts = scope["extensions"]["channel.delivery"]
            assert facts["attempt"] == attempts[message["name"]]
            assert facts["id"] == message["name"]
            if attempts[message["name"]] < message["fails"]:
                raise ValueError(message["name"])

        async with make_broker(LONG) as broker:
            async with run_worker(broker, {"mail": app}, max_attempts=3) as (worker, events):
                for name, fails in (("good", 1), ("late", 3), ("never", 99), ("fine", 1)):
                    await broker.send("mail", {"type": "x", "name": name, "fails": fails}, id=name)
                await wait_until(lambda: count_ended(events) == 4)
            [letter] = await broker.dead_letters()
            assert (letter.id, letter.attempts) == ("never", 3)
            assert letter.reason.startswith("attempt 3: ValueError: never (raised at ")
            assert attempts == {"good": 1, "late": 3, "never": 3, "fine": 1}
            assert worker.status.counts["retry"] == 2 * 2

    async def test_what_nobody_could_handle(self, make_broker: MakeBroker) -> None:
        """What nobody could handle is a dead letter at once, and harms nobody else."""
        done: list[int] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            done.append((await receive())["n"])

        channels = ["mail", "nobody"]
        async with make_broker(LONG) as broker:
            async with run_worker(broker, {"mail": app}, channels=channels) as (_, events):
                for name, data in enumerate((b"", b"\xff", b"[]", b"{}", b'{"type": 1}', b'"x"')):
                    await broker.put("mail", data, f"bad{name}", {})
                    await broker.send("mail", {"type": "x", "n": len(done)})
                    await broker.send("nobody", {"type": "x"})
                await wait_until(lambda: count_ended(events) == 3 * 6)
            assert len(done) == 6
            reasons = {letter.reason for letter in await broker.dead_letters("mail")}
            assert reasons == {
                "it cannot be decoded: it is not a JSON object",
                "a message must have a 'type' that is a str, not None",
                "a message must have a 'type' that is a str, not 1",
            }
            for letter in await broker.dead_letters("nobody"):
                assert "No application configured for channel name 'nobody'" in letter.reason

    async def test_stopped_at_once(self, make_broker: MakeBroker) -> None:
        """What a worker has not ended when it has to stop is handed to the next one at once."""
        begun = 0

        async def app(scope: Any, receive: Any, send: Any) -> None:
            nonlocal begun
            begun += 1
            await anyio.sleep_forever()

        async def next_app(scope: Any, receive: Any, send: Any) -> None:
            await receive()

        async with make_broker(LONG) as broker:
            async with run_worker(broker, {"mail": app}, concurrency=3) as (worker, events):
                for _ in range(3):
                    await broker.send("mail", {"type": "x"})
                await wait_until(lambda: begun == 3)
                worker.stop_now()
            assert worker.status.counts["handed_back"] == 3
            # The lease is longer than the patience: nothing but being handed back brings them here.
            async with run_worker(broker, {"mail": next_app}) as (_, events):
                await wait_until(lambda: count_ended(events) == 3)
                assert {event.attempt for event in events if event.kind == "done"} == {2}

    async def test_longer_than_its_lease(self, make_broker: MakeBroker) -> None:
        """What takes longer than its lease is not handed to somebody else."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await anyio.sleep(3.2)

        async with (
            make_broker(2.0) as broker,
            run_worker(broker, {"mail": app}, concurrency=2) as (_, events),
        ):
            await broker.send("mail", {"type": "x"})
            await wait_until(lambda: count_ended(events) == 1)
            kinds = [event.kind for event in events if event.id]
            assert [kind for kind in kinds if kind != "blocked"] == ["start", "done"]

    async def test_alone_before_condemned(self, make_broker: MakeBroker) -> None:
        """What was delivered too often, and nobody knows why, runs alone."""
        inside: set[str] = set()
        beside: dict[str, set[str]] = {}

        async def app(scope: Any, receive: Any, send: Any) -> None:
            name = (await receive())["name"]
            inside.add(name)
            await anyio.sleep(0.02)
            beside[name] = set(inside)
            inside.discard(name)

        async with make_broker(LONG) as broker:
            async with broker.subscribe("mail") as subscription:
                await broker.send("mail", {"type": "x", "name": "suspect"}, id="suspect")
                delivery = await subscription.receive(PATIENCE)
                assert delivery is not None
                await delivery.retry(0)  # Nothing is written down: as if its worker had died.
            for name in ("a", "b", "c", "d", "e", "f", "g"):
                await broker.send("mail", {"type": "x", "name": name})
            async with run_worker(broker, {"mail": app}, max_attempts=2, concurrency=4) as (
                _,
                events,
            ):
                await wait_until(lambda: count_ended(events) == 8)
            assert beside["suspect"] == {"suspect"}
            assert not await broker.is_marked("alone suspect")
            assert len(await broker.dead_letters()) == 0

    async def test_failing_holds_up_nobody(self, make_broker: MakeBroker) -> None:
        """What only failed does not run alone: it and all others would wait for each other."""
        free, begun = anyio.Event(), anyio.Event()

        async def long(scope: Any, receive: Any, send: Any) -> None:
            begun.set()
            await free.wait()

        async def fails(scope: Any, receive: Any, send: Any) -> None:
            await begun.wait()
            raise ValueError

        async with make_broker(LONG) as broker:
            async with run_worker(broker, {"long": long, "fails": fails}, max_attempts=3) as (
                _,
                events,
            ):
                await broker.send("long", {"type": "x"})
                await broker.send("fails", {"type": "x"})
                await wait_until(lambda: count_ended(events) == 1)
                free.set()
                await wait_until(lambda: count_ended(events) == 2)
            [letter] = await broker.dead_letters()
            assert (letter.channel, letter.attempts) == ("fails", 3)

    async def test_condemned(self, make_broker: MakeBroker) -> None:
        """A message that ran alone and did not come to an end does not run again."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            raise AssertionError("it ran")

        async with make_broker(LONG) as broker:
            async with broker.subscribe("mail") as subscription:
                await broker.send("mail", {"type": "x"}, id="killer")
                delivery = await subscription.receive(PATIENCE)
                assert delivery is not None
                await broker.mark("alone killer")
                await delivery.retry(0)
            async with run_worker(broker, {"mail": app}, max_attempts=2) as (_, events):
                await wait_until(lambda: count_ended(events) == 1)
            [letter] = await broker.dead_letters()
            assert letter.reason == "attempt 1 ran alone, and its worker died or lost it"
            assert not await broker.is_marked("alone killer")
