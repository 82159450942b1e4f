"""What a worker asks of a server: next to nothing while it is idle, and little for each message."""

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from redis.asyncio import Redis

from asgi_routes.worker import Backoff, NatsBroker, RedisBroker
from asgi_routes.worker.conformance.deliveries import LONG, PATIENCE, receive_next
from asgi_routes.worker.conformance.workers import count_ended, run_worker, wait_until
from tests.worker.engines import NatsEngine, RedisEngine

pytestmark = pytest.mark.anyio
CHANNELS = 20
IDLE = 30.0
"""Seconds that a worker waits before it asks once more, as by default."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisEngine]:
    with RedisEngine() as engine:
        yield engine


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    await receive()


def count_asked(
    redis: RedisEngine, asked: list[tuple[str, int]], prefix: str, lease: float
) -> RedisBroker:
    """Return a broker whose questions are written down: the command, and how many streams."""

    class Counting(Redis):
        async def execute_command(self, *arguments: Any, **options: Any) -> Any:
            texts = [str(argument) for argument in arguments]
            asked.append((texts[0], sum(":stream" in text for text in texts)))
            return await super().execute_command(*arguments, **options)

    return RedisBroker(
        client=lambda: Counting.from_url(redis.url, socket_timeout=PATIENCE, max_connections=2**31),
        prefix=prefix,
        lease=lease,
    )


async def test_all_idle_channels_are_one_question(redis: RedisEngine) -> None:
    """However many they are, one connection waits for all of them; a message ends nothing but its own wait."""
    asked: list[tuple[str, int]] = []
    apps = dict.fromkeys(map(str, range(CHANNELS)), nothing)
    broker = count_asked(redis, asked, "idle", 1.0)
    async with broker, run_worker(broker, apps, poll=IDLE) as (_, events):
        for sent in range(2):
            asked.clear()
            # Two questions each time, on the streams of all: what came back, and what is new.
            await wait_until(
                lambda: [streams for _, streams in asked[-6:] if streams] == 6 * [CHANNELS]
            )
            await broker.send("7", {"type": "x"})
            await wait_until(lambda sent=sent: count_ended(events) > sent)


async def test_two_questions_a_message(redis: RedisEngine) -> None:
    """One for taking it and one for acknowledging it, and fewer where there are many."""
    asked: list[tuple[str, int]] = []
    broker = count_asked(redis, asked, "many", LONG)
    async with broker:
        for count, concurrency in ((100, 1), (300, 10)):
            for _ in range(count):
                await broker.send("mail", {"type": "x"})
            asked.clear()
            options: dict[str, Any] = {"poll": IDLE, "concurrency": concurrency}
            async with run_worker(broker, {"mail": nothing}, **options) as (_, events):
                await wait_until(lambda events=events, count=count: count_ended(events) == count)
                questions = [name for name, streams in asked if streams]
            # And some before the first, and after the last.
            assert len(questions) <= 2 * count / min(concurrency, 3) + 10


async def test_what_others_leave_to_an_idle_worker(redis: RedisEngine) -> None:
    """It finds what is for later, what is retried, and what a dead worker had, sent by whomever."""
    apps = dict.fromkeys(map(str, range(CHANNELS)), nothing)
    options: dict[str, Any] = {"lease": 0.5, "prefix": "left"}
    mine, other = redis.broker(**options), redis.broker(**options)
    async with mine, other, run_worker(mine, apps, poll=IDLE, wait=1) as (worker, events):
        await other.send("0", {"type": "x"}, id="later", delay=0.5)
        await wait_until(lambda: [one.id for one in events if one.kind == "done"] == ["later"])
        worker.stop()
    async with other:
        for name in ("again", "dead"):
            await other.send(name, {"type": "x"}, id=name)
        async with other.subscribe("again") as again, other.subscribe("dead") as dead:
            left = await receive_next(again)
            await receive_next(dead)
        apps = dict.fromkeys(("again", "dead", *apps), nothing)
        async with (
            redis.broker(**options) as mine,
            run_worker(mine, apps, poll=IDLE) as (_, events),
        ):
            await left.retry(0.2)
            await wait_until(lambda: {"again", "dead"} <= {one.id for one in events if one.id})
            await wait_until(lambda: count_ended(events) == 2)
        assert {one.attempt for one in events if one.kind == "done"} == {2}


async def test_idle_on_nats() -> None:
    """A single server keeps the question for half a minute; and a worker that stops ends its wait."""
    apps = dict.fromkeys(map(str, range(CHANNELS)), nothing)
    with NatsEngine() as engine:
        async with (
            NatsBroker(engine.url, lease=LONG) as broker,
            run_worker(broker, apps, poll=IDLE, backoff=Backoff()) as (worker, events),
        ):
            await wait_until(lambda: worker.status.polled.keys() >= apps.keys())
            client = await broker._connection.get_client()
            with anyio.fail_after(PATIENCE):
                while True:
                    before = client.stats["out_msgs"]
                    await anyio.sleep(2)
                    # The supervisor may have asked whether the server is there.
                    if client.stats["out_msgs"] - before <= 2:
                        break
            await broker.send("7", {"type": "x"})
            await wait_until(lambda: count_ended(events) == 1)
            begun = anyio.current_time()
        assert anyio.current_time() - begun < IDLE / 2
