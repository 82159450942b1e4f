"""Engines of several servers, one of which is killed while messages come and go.

Rule: whatever a test asks of a cluster, it waits for; no server is given a second that it may not
need.
"""

import subprocess
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count, pairwise
from pathlib import Path
from typing import Any, Self

import anyio
import redis
from nats.js.errors import Error as JetStreamError
from redis.asyncio import RedisCluster
from redis.asyncio.sentinel import Sentinel

from asgi_routes.worker import BrokerUnavailableError
from asgi_routes.worker.nats.broker import NatsBroker
from asgi_routes.worker.redis.broker import RedisBroker
from tests.ports import free_port
from tests.worker.engines import PATIENCE, EngineProcess, NatsEngine, RedisEngine, find_redis_server

_SLOTS = 16384
_HOST = "127.0.0.1"
_TIMEOUT = 2.0
"""Seconds for the clients of brokers."""


class Servers(ABC):
    """Several servers that are started together; each is an `EngineProcess`."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @abstractmethod
    def start(self) -> None:
        """Start them; return when they know each other."""

    def add(self, server: Any) -> Any:
        """Start one, which ends with the others."""
        return self._stack.enter_context(server)


class NatsCluster(Servers):
    """Three servers of NATS, each with a part of JetStream."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: dict[str, NatsEngine] = {}

    def start(self) -> None:
        ports = [free_port() for _ in range(3)]
        routes = ",".join(f"nats://{_HOST}:{port}" for port in ports)
        for number, port in enumerate(ports):
            options = ("--jetstream", "--server_name", f"n{number}", "--cluster_name", "three")
            options += ("--cluster", f"nats://{_HOST}:{port}", "--routes", routes)
            self.nodes[f"n{number}"] = self.add(NatsEngine(*options))

    def broker(self, **options: Any) -> NatsBroker:
        """Return a broker on all of them, whose streams each of them has."""
        urls = [node.url for node in self.nodes.values()]
        return NatsBroker(urls, **{"replicas": 3, **options})

    async def wait(self, **options: Any) -> None:
        """Wait until they have a leader, and the streams are made, by a broker with options."""
        while True:
            try:
                async with self.broker(**options):
                    return
            except (BrokerUnavailableError, JetStreamError):
                await anyio.sleep(0.1)

    async def find_leader(self, broker: NatsBroker) -> NatsEngine:
        """Return the server that takes the messages."""
        client = await broker._connection.get_client()
        info = await client.jetstream().stream_info(broker._streams.work)
        assert info.cluster is not None
        assert info.cluster.leader is not None
        return self.nodes[info.cluster.leader]


class RedisNode(RedisEngine):
    """A server of Redis on a port, of which others know."""

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        super().__init__("--port", str(self.port), *options)

    def ask(self, *words: object) -> str:
        """Return the answer to a command, as text."""
        return _ask(self.port, *words)

    def wait_for_replica(self, key: str) -> None:
        """Wait until a replica has all that was written here before; a key is written for that."""
        with redis.Redis(port=self.port, socket_timeout=PATIENCE) as client:
            client.set(key, "")  # Redis waits for what this connection has written last.
            assert client.wait(1, 0) == 1

    def pause(self) -> None:
        """Have it hear nothing of its master any more, though it lives."""
        self.ask("CONFIG", "SET", "masteruser", "nobody")
        self.ask("CONFIG", "SET", "masterauth", "wrong")
        self.ask("CLIENT", "KILL", "TYPE", "MASTER")


class SentinelNode(EngineProcess):
    """One of those that watch a master.

    Args:
        master: its port.
        patience: milliseconds without an answer after which it counts as dead.
    """

    def __init__(self, master: int, patience: int = 2000) -> None:
        super().__init__()
        self.port = free_port()
        self._file = Path(self._folder.name, "sentinel.conf")
        self._file.write_text(
            f"port {self.port}\n"
            f"bind {_HOST}\n"
            f"sentinel monitor main {_HOST} {master} 2\n"
            f"sentinel down-after-milliseconds main {patience}\n"
            "sentinel failover-timeout main 3000\n"
        )

    def start(self) -> None:
        command = [find_redis_server(), str(self._file), "--sentinel"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _wait_until(lambda: "main" in self.ask("MASTERS"))

    def ask(self, *words: str) -> str:
        """Return the answer to a command; an error, too, as text."""
        try:
            return _ask(self.port, "SENTINEL", *words)
        except redis.RedisError as error:
            return f"error: {error}"


class SentinelServers(Servers):
    """A master, its replica, and three sentinels, which wait so many milliseconds."""

    def __init__(self, patience: int = 2000) -> None:
        super().__init__()
        self._patience = patience
        self.sentinels: list[SentinelNode] = []

    def start(self) -> None:
        self.master: RedisNode = self.add(RedisNode())
        replicaof = ("--replicaof", _HOST, str(self.master.port))
        self.replica: RedisNode = self.add(RedisNode(*replicaof))
        _wait_until(lambda: "state=online" in self.master.ask("INFO", "replication"))
        self.sentinels = [
            self.add(SentinelNode(self.master.port, self._patience)) for _ in range(3)
        ]
        _wait_until(lambda: all(self._is_ready(sentinel) for sentinel in self.sentinels))

    def broker(self, **options: Any) -> RedisBroker:
        """Return a broker on whoever is the master."""
        places = [(_HOST, sentinel.port) for sentinel in self.sentinels]

        def make() -> Any:
            sentinel = Sentinel(places, socket_timeout=_TIMEOUT)
            return sentinel.master_for("main", socket_timeout=_TIMEOUT)

        return RedisBroker(client=make, **options)

    def _is_ready(self, sentinel: SentinelNode) -> bool:
        quorum = sentinel.ask("CKQUORUM", "main")
        return "3 usable Sentinels" in quorum and str(self.replica.port) in sentinel.ask(
            "REPLICAS", "main"
        )


class RedisClusterServers(Servers):
    """Three masters that share the slots, and a replica of each."""

    def start(self) -> None:
        self.masters = [self._add_node() for _ in range(3)]
        self.replicas = [self._add_node() for _ in range(3)]
        for index, node in enumerate(self.masters):
            first, last = _SLOTS * index // 3, _SLOTS * (index + 1) // 3 - 1
            node.ask("CLUSTER", "ADDSLOTSRANGE", first, last)
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", index + 1)
        for node in self.nodes[1:]:
            bus = node.ask("CONFIG", "GET", "cluster-port").split("'")[3]
            self.nodes[0].ask("CLUSTER", "MEET", _HOST, node.port, bus)
        _wait_until(lambda: all("known_nodes:6" in self._tell(node) for node in self.nodes))
        for master, replica in zip(self.masters, self.replicas, strict=True):
            replica.ask("CLUSTER", "REPLICATE", master.ask("CLUSTER", "MYID"))
        self.wait()

    @property
    def nodes(self) -> list[RedisNode]:
        return [*self.masters, *self.replicas]

    def wait(self) -> None:
        """Wait until all are there, and each replica has what its master has."""
        _wait_until(lambda: all("state:ok" in self._tell(node) for node in self.nodes))
        _wait_until(
            lambda: (
                sum(
                    "master_link_status:up" in node.ask("INFO", "replication")
                    for node in self.nodes
                )
                == len(self.replicas)
            )
        )
        _wait_until(lambda: all(self._count_replicas(node) == 3 for node in self.nodes))

    def broker(self, node: RedisNode, **options: Any) -> RedisBroker:
        """Return a broker that is told of one of them."""
        return RedisBroker(client=lambda: RedisCluster(host=_HOST, port=node.port), **options)

    def find_master(self, key: str) -> tuple[RedisNode, RedisNode]:
        """Return the master that has a key, and its replica."""
        slot = int(self.nodes[0].ask("CLUSTER", "KEYSLOT", key))
        index = next(index for index in range(3) if slot < _SLOTS * (index + 1) // 3)
        return self.masters[index], self.replicas[index]

    def move(self, key: str) -> None:
        """Have another master take the slot of a key, with all that is in it."""
        source, _ = self.find_master(key)
        target = next(master for master in self.masters if master is not source)
        slot, new = int(source.ask("CLUSTER", "KEYSLOT", key)), target.ask("CLUSTER", "MYID")
        target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.ask("CLUSTER", "MYID"))
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", new)
        with redis.Redis(port=source.port, socket_timeout=PATIENCE, protocol=2) as client:
            if keys := client.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100):
                options = ("MIGRATE", _HOST, target.port, "", 0, 10_000, "KEYS", *keys)
                assert client.execute_command(*options) == b"OK"
        for node in (target, source):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", new)

    def note_failover(self, master: RedisNode, replica: RedisNode) -> None:
        """Note that the two have changed places."""
        index = self.masters.index(master)
        self.masters[index], self.replicas[index] = replica, master

    def _add_node(self) -> RedisNode:
        node: RedisNode = self.add(
            RedisNode(
                *("--cluster-enabled", "yes", "--cluster-port", str(free_port())),
                *("--cluster-node-timeout", "3000", "--cluster-replica-validity-factor", "0"),
            )
        )
        return node

    def _tell(self, node: RedisNode) -> str:
        return node.ask("CLUSTER", "INFO")

    def _count_replicas(self, node: RedisNode) -> int:
        return node.ask("CLUSTER", "NODES").count("slave")


class Trial:
    """Messages that come and go while a server dies.

    Attributes:
        confirmed: the messages whose sending was confirmed, in order.
        handled: how often each was handled.
    """

    def __init__(self) -> None:
        self.confirmed: list[int] = []
        self.handled: Counter[int] = Counter()
        self._times: list[float] = []
        self._numbers = count()

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle a message."""
        self.handled[(await receive())["n"]] += 1
        self._times.append(time.monotonic())

    async def send(self, broker: Any, number: int, senders: int = 4) -> None:
        """Send so many messages; one whose sending failed is sent again under the same id."""
        end = len(self.confirmed) + number

        async def send() -> None:
            while len(self.confirmed) < end:
                current = next(self._numbers)
                while not await _try_to_send(broker, current):  # noqa: ASYNC110 - nobody tells
                    await anyio.sleep(0.05)
                self.confirmed.append(current)
                await anyio.sleep(0.002)

        async with anyio.create_task_group() as tasks:
            for _ in range(senders):
                tasks.start_soon(send)

    @property
    def lost(self) -> list[int]:
        """The messages that were confirmed, and that nobody has handled."""
        return [number for number in self.confirmed if number not in self.handled]

    def tell(self, what: str) -> str:
        """Return the figures of the trial in a line."""
        gap = max((later - earlier for earlier, later in pairwise(self._times)), default=0.0)
        twice = sum(times > 1 for times in self.handled.values())
        return (
            f"{what}: {len(self.confirmed)} confirmed, {len(self.lost)} lost, "
            f"{twice} handled twice, nothing handled for {gap:.2f} s"
        )


async def _try_to_send(broker: Any, number: int) -> bool:
    try:
        await broker.send("work", {"type": "x", "n": number}, id=str(number))
    except Exception:  # noqa: BLE001 - whatever is said while a server is away
        return False
    return True


def _ask(port: int, *words: object) -> str:
    with redis.Redis(port=port, socket_timeout=PATIENCE, protocol=2) as client:
        client.response_callbacks.clear()  # They make something else of it for each command.
        answer = client.execute_command(*words)
    return answer.decode() if isinstance(answer, bytes) else str(answer)


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if condition():
                return
        except (redis.RedisError, OSError):
            pass
        assert time.monotonic() < end, "the servers do not find each other"
        time.sleep(0.2)
