"""The broker on clients of one's own: a Redis Cluster, and what is no client."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import redis
from redis.asyncio import Redis, RedisCluster

from asgi_routes import ImproperlyConfigured
from asgi_routes.worker.conformance import DeadLetterConformance, WaitingConformance
from asgi_routes.worker.conformance.deliveries import receive_next
from asgi_routes.worker.conformance.workers import WorkerConformance
from asgi_routes.worker.redis.broker import RedisBroker
from tests.ports import free_port
from tests.worker.engines import PATIENCE, RedisEngine

pytestmark = pytest.mark.anyio
_SLOTS = 16384


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Return the port of one of three masters that share the slots."""
    with ExitStack() as stack:
        ports = [free_port() for _ in range(3)]
        for number in ports:
            options = ("--port", str(number), "--cluster-enabled", "yes")
            options += ("--cluster-port", str(free_port()))
            stack.enter_context(RedisEngine(*options))
        clients = [stack.enter_context(redis.Redis(port=number)) for number in ports]
        for index, client in enumerate(clients):
            first, last = _SLOTS * index // 3, _SLOTS * (index + 1) // 3 - 1
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", index + 1)
        for other in clients[1:]:
            bus = other.config_get("cluster-port")["cluster-port"]
            clients[0].execute_command(
                "CLUSTER", "MEET", "127.0.0.1", ports[clients.index(other)], bus
            )
        end = time.monotonic() + PATIENCE
        while any(b"cluster_state:ok" not in _ask_state(client) for client in clients):
            assert time.monotonic() < end, "the nodes do not meet"
            time.sleep(0.05)
        yield ports[0]


def _ask_state(client: Any) -> bytes:
    state = client.execute_command("CLUSTER", "INFO")
    text = str(state)
    known = "cluster_known_nodes:3" in text or "'cluster_known_nodes': '3'" in text
    good = "cluster_state:ok" in text or "'cluster_state': 'ok'" in text
    return b"cluster_state:ok" if known and good else b""


class TestRedisCluster(DeadLetterConformance, WaitingConformance):
    """The nodes of a cluster share the channels."""

    test_every_message_once = WorkerConformance.test_every_message_once

    @pytest.fixture
    def make_broker(self, port: int) -> Callable[[float], RedisBroker]:
        prefix = uuid.uuid4().hex
        return lambda lease: RedisBroker(
            client=lambda: RedisCluster(host="127.0.0.1", port=port), lease=lease, prefix=prefix
        )


async def test_client_stays_open() -> None:
    """A client that is handed over is not closed, and reads as it did before."""
    with RedisEngine() as engine:
        async with Redis.from_url(engine.url) as client:
            for _ in range(2):
                async with RedisBroker(client=client) as broker:
                    await broker.send("mail", {"type": "x"})
                    async with broker.subscribe("mail") as subscription:
                        await (await receive_next(subscription)).ack()
            assert await client.ping()


@pytest.mark.parametrize(
    ("client", "said"),
    [
        (redis.Redis(), "is a client of redis.asyncio, or a function that makes one, not redis"),
        ("redis://localhost", "or a function that makes one, not builtins.str"),
        (Redis(decode_responses=True), "makes text of what it reads, and messages are bytes"),
    ],
)
def test_what_is_no_client(client: Any, said: str) -> None:
    """It is said where it is written."""
    with pytest.raises(ImproperlyConfigured, match=said):
        RedisBroker(client=client)
    with pytest.raises(ImproperlyConfigured, match="a URL or a client, not both"):
        RedisBroker("redis://localhost", client=Redis())
