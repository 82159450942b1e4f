"""The broker on Redis, with real servers that are killed, emptied and full."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest
import redis
from redis.asyncio import Redis

from asgi_routes import ImproperlyConfigured
from asgi_routes.worker import (
    BrokerClosedError,
    BrokerFullError,
    BrokerUnavailableError,
    LeaseLostError,
)
from asgi_routes.worker.conformance import BrokerConformance
from asgi_routes.worker.conformance.deliveries import LONG, receive_next, receive_nothing
from asgi_routes.worker.conformance.workers import count_ended, run_worker, wait_until
from asgi_routes.worker.redis.broker import RedisBroker
from tests.ports import free_port
from tests.worker.engines import REDIS_PROGRAMS, RedisEngine

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def shared() -> Iterator[RedisEngine]:
    """One engine for many tests, each with a prefix of its own."""
    with RedisEngine() as engine:
        yield engine


@pytest.fixture(scope="module", params=REDIS_PROGRAMS)
def server(request: pytest.FixtureRequest) -> Iterator[RedisEngine]:
    """One of each kind of server."""
    with RedisEngine(find_program=REDIS_PROGRAMS[request.param]) as engine:
        yield engine


@pytest.fixture
def engine() -> Iterator[RedisEngine]:
    """An engine for one test, to be killed."""
    with RedisEngine() as engine:
        yield engine


@pytest.fixture
def prefix() -> str:
    return uuid.uuid4().hex


class TestRedisBroker(BrokerConformance):
    """It fulfils the contract, on whatever server."""

    @pytest.fixture
    def make_broker(self, server: RedisEngine, prefix: str) -> Callable[[float], RedisBroker]:
        return lambda lease: server.broker(lease, prefix=prefix)


_REPLIES = ["protocol=2", "protocol=3"]
if int(redis.__version__.partition(".")[0]) >= 8:
    _REPLIES.append("legacy_responses=false")


@pytest.mark.parametrize("options", _REPLIES)
async def test_replies(shared: RedisEngine, prefix: str, options: str) -> None:
    """Redis' two protocols, and its client's ways of reading them, all do."""
    broker = RedisBroker(f"{shared.url}?{options}", prefix=prefix)
    async with broker, broker.subscribe("mail") as subscription:
        await broker.send("mail", {"type": "x"}, id="one", headers={"k": "v"})
        first = await receive_next(subscription)
        assert (first.id, first.headers, first.attempt) == ("one", {"k": "v"}, 1)
        await first.retry(0)
        second = await receive_next(subscription)
        assert (second.message, second.attempt) == ({"type": "x"}, 2)
        await second.dead_letter("why")
        [letter] = await broker.dead_letters()
        assert (letter.id, letter.attempts, letter.message) == ("one", 2, {"type": "x"})


async def test_retry_later_than_the_lease(shared: RedisEngine, prefix: str) -> None:
    """A pause may be longer than a lease, and nobody gets the message before its end."""
    broker = RedisBroker(shared.url, lease=0.2, prefix=prefix)
    async with broker, broker.subscribe("mail") as subscription:
        await broker.send("mail", {"type": "x"})
        first = await receive_next(subscription)
        begun = anyio.current_time()
        await first.retry(1.5)
        with pytest.raises(LeaseLostError):
            await first.extend()
        second = await receive_next(subscription)
        assert anyio.current_time() - begun > 1.4
        assert second.attempt == 2


async def test_nothing_is_left_over(shared: RedisEngine, prefix: str) -> None:
    """What is done, dead and dropped leaves no key behind but the streams, and these are empty."""
    broker = RedisBroker(shared.url, prefix=prefix)
    async with broker, broker.subscribe("mail") as subscription:
        for settle in ("ack", "retry", "dead_letter"):
            await broker.send("mail", {"type": "x"}, id=settle)
        await (await receive_next(subscription)).ack()
        await (await receive_next(subscription)).retry(0)
        await (await receive_next(subscription)).ack()
        await (await receive_next(subscription)).dead_letter("why")
        await broker.drop("dead_letter")
        streams = broker._streams
        stream, _, dead, _ = streams.name_keys("mail")
        keys = await streams.client.keys(f"*{prefix}*")
        assert sorted(keys) == sorted(map(str.encode, [streams.channels, stream, dead]))
        assert [await streams.client.xlen(key) for key in (stream, dead)] == [0, 0]
        assert (await streams.client.xpending(stream, "workers"))["pending"] == 0


async def test_capacity(shared: RedisEngine, prefix: str) -> None:
    """A full channel refuses a message; an acknowledged one makes room, one on loan does not."""
    broker = RedisBroker(shared.url, capacity=1, prefix=prefix)
    async with broker, broker.subscribe("mail") as subscription:
        await broker.send("mail", {"type": "x"})
        delivery = await receive_next(subscription)
        with pytest.raises(BrokerFullError, match="channel 'mail' already holds 1 messages"):
            await broker.send("mail", {"type": "x"})
        await broker.send("other", {"type": "x"})
        await delivery.ack()
        await broker.send("mail", {"type": "x"})


async def test_no_memory() -> None:
    """A server whose memory is full refuses messages, and those that it has can be settled."""
    with RedisEngine("--maxmemory", "6mb", "--maxmemory-policy", "noeviction") as engine:
        async with RedisBroker(engine.url) as broker, broker.subscribe("mail") as subscription:
            await receive_nothing(
                subscription, 0.01
            )  # Now there is a group, which needs memory too.

            async def fill() -> None:
                while True:
                    await broker.send("mail", {"type": "x", "data": "x" * 500_000})

            with pytest.raises(BrokerFullError, match="as many messages as its engine can hold"):
                await fill()
            await (await receive_next(subscription)).ack()


async def test_emptied(shared: RedisEngine, prefix: str) -> None:
    """Where the server has forgotten everything, nothing raises, and what comes next is delivered."""
    broker = RedisBroker(shared.url, prefix=prefix)
    async with broker, broker.subscribe("mail") as subscription:
        loans = []
        for _ in range(4):
            await broker.send("mail", {"type": "x"})
            loans.append(await receive_next(subscription))
        await broker._streams.client.delete(*await broker._streams.client.keys(f"*{prefix}*"))
        await loans[0].ack()
        await loans[1].retry(0)
        await loans[2].dead_letter("why")
        with pytest.raises(LeaseLostError):
            await loans[3].extend()
        await receive_nothing(subscription)
        await broker.send("mail", {"type": "x"}, id="next")
        assert (await receive_next(subscription)).id == "next"


async def test_restarted(engine: RedisEngine) -> None:
    """A server that is killed and started again has what it had, for whoever is still connected."""
    async with engine.broker(LONG) as broker, broker.subscribe("mail") as subscription:
        for name in ("done", "again", "kept"):
            await broker.send("mail", {"type": "x"}, id=name)
        done, again = await receive_next(subscription), await receive_next(subscription)
        await broker.mark("alone done")
        engine.kill()
        engine.start()
        await done.ack()
        await again.retry(0)
        assert await broker.is_marked("alone done")
        assert {(await receive_next(subscription)).id for _ in range(2)} == {"again", "kept"}
        await receive_nothing(subscription)


async def test_worker_while_the_server_is_away(engine: RedisEngine) -> None:
    """A worker outlives its server, and goes on when it is back."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    async with engine.broker(LONG) as broker, run_worker(broker, {"mail": app}) as (_, events):
        await broker.send("mail", {"type": "x"})
        await wait_until(lambda: count_ended(events) == 1)
        engine.kill()
        await wait_until(lambda: any(event.kind == "broker_error" for event in events))
        engine.start()
        await broker.send("mail", {"type": "x"})
        await wait_until(lambda: count_ended(events) == 2)


async def test_all_begin_at_once(shared: RedisEngine, prefix: str) -> None:
    """Many who are the first to ask for a channel do not disturb each other."""
    got: list[str] = []

    async def take() -> None:
        async with (
            RedisBroker(shared.url, prefix=prefix) as broker,
            broker.subscribe("mail") as subscription,
        ):
            await broker.send("mail", {"type": "x"})
            got.append((await receive_next(subscription)).id)

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(take)
    assert len(set(got)) == 20


async def test_what_others_write(shared: RedisEngine, prefix: str) -> None:
    """An entry without any of our fields is a message that nobody can read, not the end of a slot."""
    broker = RedisBroker(shared.url, prefix=prefix)
    async with broker, broker.subscribe("mail") as subscription:
        stream = broker._streams.name_keys("mail")[0]
        await broker._streams.client.xadd(stream, {"id": b"\xff", "headers": "[]", "channel": "no"})
        delivery = await receive_next(subscription)
        assert (delivery.id, delivery.message, delivery.headers) == ("\ufffd", None, {})
        await delivery.dead_letter("undecodable")
        [letter] = await broker.dead_letters()
        assert (letter.id, letter.channel, letter.message) == ("\ufffd", "mail", None)


async def test_deleted_by_others(shared: RedisEngine, prefix: str) -> None:
    """What an operator deletes while it is on loan, or waits, does not come again."""
    broker = RedisBroker(shared.url, lease=0.2, prefix=prefix)
    async with broker, broker.subscribe("mail") as subscription:
        await broker.send("mail", {"type": "x"})
        await broker.send("mail", {"type": "x"})
        await receive_next(subscription)
        await (await receive_next(subscription)).retry(0)
        stream = broker._streams.name_keys("mail")[0]
        for entry, _ in await broker._streams.client.xrange(stream):
            await broker._streams.client.xdel(stream, entry)
        await receive_nothing(subscription, 1.0)
        assert (await broker._streams.client.xpending(stream, "workers"))["pending"] == 0


async def test_on_a_port() -> None:
    """A host and a port do as well as a socket."""
    with RedisEngine() as engine:
        async with Redis.from_url(engine.url) as client:
            await client.config_set("port", port := free_port())
        async with (
            RedisBroker(f"redis://127.0.0.1:{port}/0") as broker,
            broker.subscribe("mail") as subscription,
        ):
            await broker.send("mail", {"type": "x"})
            assert (await receive_next(subscription)).message == {"type": "x"}


async def test_what_a_server_refuses(engine: RedisEngine) -> None:
    """Who cannot open a broker, or send, reads which server it was, and why; no client's error."""
    away = f"redis://127.0.0.1:{free_port()}"
    with pytest.raises(BrokerUnavailableError, match=r"^Redis at 127\.\S+ refused the connection$"):
        await RedisBroker(away).__aenter__()
    async with Redis.from_url(engine.url) as client:
        await client.execute_command("ACL", "SETUSER", "ann", "on", ">right", "~*", "+ping")
        for user in ("ann:wrong", "ann:right"):
            name, _, password = user.partition(":")
            with pytest.raises(BrokerUnavailableError, match="denies the broker access") as caught:
                async with RedisBroker(
                    f"{engine.url}?username={name}&password={password}"
                ) as broker:
                    await broker.send("mail", {"type": "x"})
            assert password not in str(caught.value)
            assert not caught.value.will_pass
        await client.execute_command("REPLICAOF", "127.0.0.1", free_port())
        async with RedisBroker(engine.url) as broker:
            with pytest.raises(BrokerUnavailableError, match="is a replica"):
                await broker.send("mail", {"type": "x"})


async def test_not_in_use() -> None:
    with pytest.raises(BrokerClosedError, match="outside of 'async with broker'"):
        await RedisBroker().send("mail", {"type": "x"})


def test_not_on_trio() -> None:
    async def main() -> None:
        async with RedisBroker():
            pass

    with pytest.raises(ImproperlyConfigured, match="RedisBroker needs asyncio"):
        anyio.run(main, backend="trio")


def test_url() -> None:
    with pytest.raises(ImproperlyConfigured, match="starts with redis://, rediss://, unix://"):
        RedisBroker("localhost:6379")


def test_without_redis() -> None:
    """Who has not installed the extra is told how."""
    code = (
        "import sys; sys.modules['redis'] = None\n"
        "try:\n    from asgi_routes.worker import RedisBroker\n"
        "except ImportError as error:\n    print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "RedisBroker needs redis-py: pip install 'asgi-routes[redis]'\n"
