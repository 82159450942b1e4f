"""Clusters: what becomes of messages when a server dies, and the clients that know of several.

``CLUSTER_MESSAGES=5000 pytest -s tests/worker/test_clusters.py`` prints the figures of a longer run.
"""

import contextlib
import gc
import itertools
import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import anyio.to_thread
import pytest
import redis
from redis.asyncio import Redis, RedisCluster

from asgi_routes import ImproperlyConfigured
from asgi_routes.worker import BrokerUnavailableError, Depth, NatsBroker
from asgi_routes.worker.conformance import DeadLetterConformance, WaitingConformance
from asgi_routes.worker.conformance.deliveries import receive_next
from asgi_routes.worker.conformance.workers import WorkerConformance, run_worker, wait_until
from asgi_routes.worker.nats import subscription
from asgi_routes.worker.redis.broker import RedisBroker
from tests.worker.clusters import (
    NatsCluster,
    RedisClusterServers,
    RedisNode,
    SentinelNode,
    SentinelServers,
    Trial,
)
from tests.worker.engines import PATIENCE, RedisEngine
from tests.worker.page import run_block

pytestmark = pytest.mark.anyio
MESSAGES = int(os.environ.get("CLUSTER_MESSAGES", "400"))
"""That are sent while a server dies; more show more, and take longer."""

LEASE = 3.0
POLL = 30.0
"""Seconds that a worker waits before it asks once more, as by default."""

_LEAVES_OPEN = "ignore::pytest.PytestUnraisableExceptionWarning"
"""redis-py forgets the connections to a node that is gone, and Python says so."""

_NODES = itertools.cycle(range(6))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisClusterServers]:
    with RedisClusterServers() as cluster:
        yield cluster


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Collect what redis-py has forgotten, while that is still this test's."""
    yield
    gc.collect()


class TestRedisCluster(DeadLetterConformance, WaitingConformance):
    """The nodes of a cluster share the channels; a broker may be told of any of them."""

    test_every_message_once = WorkerConformance.test_every_message_once

    @pytest.fixture
    def make_broker(self, cluster: RedisClusterServers) -> Callable[[float], RedisBroker]:
        prefix = uuid.uuid4().hex
        return lambda lease: cluster.broker(cluster.nodes[next(_NODES)], lease=lease, prefix=prefix)


async def test_every_channel_from_every_node(
    cluster: RedisClusterServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever node a broker is told of, it reaches all channels, and they are not all on one."""
    channels = [f"channel{number}" for number in range(9)]
    make = run_block("redis-clients")["in_a_cluster"]
    for node in cluster.nodes:
        monkeypatch.setenv("REDIS_NODES", f"127.0.0.1:{node.port}")
        async with make() as broker:
            for channel in channels:
                await broker.send(channel, {"type": "x"}, id=channel)
    async with cluster.broker(cluster.replicas[0]) as broker:
        keys = [broker._streams.name_keys(channel)[0] for channel in channels]
        assert len({cluster.find_master(key) for key in keys}) == 3
        for channel in channels:
            assert (await broker.depth(channel)).waiting == 6
            async with broker.subscribe(channel) as subscription:
                for _ in range(6):
                    delivery = await receive_next(subscription)
                    assert delivery.id == channel
                    await delivery.ack()


async def test_idle_channels_of_a_cluster(cluster: RedisClusterServers) -> None:
    """What came back is looked for by one question to each master, and is found."""
    looked: list[int] = []

    class Counting(RedisCluster):
        async def execute_command(self, *arguments: Any, **options: Any) -> Any:
            if arguments[0] == "EVALSHA":
                looked.append(sum(str(argument).count(":stream") for argument in arguments))
            return await super().execute_command(*arguments, **options)

    port = cluster.nodes[0].port
    broker = RedisBroker(
        client=lambda: Counting(host="127.0.0.1", port=port), prefix="idle", lease=LEASE
    )
    channels = [f"channel{number}" for number in range(20)]
    trial = Trial()
    async with (
        broker,
        run_worker(broker, dict.fromkeys(channels, trial.app), poll=POLL),
        cluster.broker(cluster.nodes[1], prefix="idle", lease=LEASE) as other,
    ):
        # Two rounds, each of three questions.
        await wait_until(lambda: sum(looked[-6:]) == 2 * len(channels))
        for number, channel in enumerate(channels):
            await other.send(channel, {"type": "x", "n": number}, delay=0.3 * (number % 2))
        await wait_until(lambda: trial.handled.keys() == {*range(20)})


async def test_channel_moves_to_another_master(cluster: RedisClusterServers) -> None:
    """Its worker finds what comes there, and what comes back, in it and in all others."""
    channels = [f"channel{number}" for number in range(9)]
    trial = Trial()
    async with (
        cluster.broker(cluster.nodes[0], prefix="moving", lease=LEASE) as broker,
        run_worker(broker, dict.fromkeys(channels, trial.app), poll=POLL) as (worker, _),
        cluster.broker(cluster.nodes[0], prefix="moving", lease=LEASE) as other,
    ):
        await wait_until(lambda: worker.status.polled.keys() >= {*channels})
        await anyio.to_thread.run_sync(cluster.move, other._streams.name_keys(channels[0])[0])
        for number, channel in enumerate(2 * channels):
            await other.send(channel, {"type": "x", "n": number}, delay=0.5 * (number // 9))
        await wait_until(lambda: trial.handled.keys() == {*range(18)})


@pytest.mark.filterwarnings(_LEAVES_OPEN)
async def test_master_of_a_cluster_is_killed(
    cluster: RedisClusterServers, forgotten: None, record_property: Any
) -> None:
    """Its replica takes over, and what that had is handled."""
    trial = Trial()
    with anyio.fail_after(PATIENCE):
        async with (
            cluster.broker(cluster.nodes[0], lease=LEASE) as broker,
            run_worker(broker, {"work": trial.app}, poll=POLL),
        ):
            master, replica = cluster.find_master(broker._streams.name_keys("work")[0])
            await lose_master(trial, broker, master)
            assert "role:master" in replica.ask("INFO", "replication")
            cluster.note_failover(master, replica)
            # It comes back as a replica, and takes nothing by itself.
            master.start()
            await anyio.to_thread.run_sync(cluster.wait)
            assert "role:slave" in master.ask("INFO", "replication")
            await trial.send(broker, 20)
            await wait_until_done(broker)
    record_property("figures", report(trial, "Redis Cluster, master killed"))


@pytest.mark.filterwarnings(_LEAVES_OPEN)
async def test_master_of_sentinels_is_killed(forgotten: None, record_property: Any) -> None:
    """A worker goes on at the new master; what the replica had is handled."""
    trial = Trial()
    with SentinelServers() as servers, anyio.fail_after(PATIENCE):
        async with (
            servers.broker(lease=LEASE) as broker,
            run_worker(broker, {"work": trial.app}, poll=POLL),
        ):
            await lose_master(trial, broker, servers.master)
            # Who was the master comes back as one, until it is told otherwise; nobody uses it.
            servers.master.start()
            before = len(trial.confirmed)
            await trial.send(broker, 20)
            await wait_until_done(broker)
            assert not {*trial.confirmed[before:]} & {*trial.lost}
    record_property("figures", report(trial, "Redis Sentinel, master killed"))


@pytest.mark.filterwarnings(_LEAVES_OPEN)
async def test_what_a_failover_loses(forgotten: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the replica did not have is gone, as documented; unless the master asks for replicas."""
    # A replica that has heard nothing for ten times as long is not promoted.
    with SentinelServers(patience=3000) as servers, anyio.fail_after(PATIENCE):
        places = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in servers.sentinels)
        monkeypatch.setenv("REDIS_SENTINELS", places)
        async with run_block("redis-clients")["behind_sentinel"]() as broker:
            await broker.send("work", {"type": "x"}, id="replicated")
            servers.master.wait_for_replica("barrier")
            servers.replica.pause()
            await broker.send("work", {"type": "x"}, id="lost")
            servers.master.ask("CONFIG", "SET", "min-replicas-to-write", 1)
            with pytest.raises(BrokerUnavailableError, match="NOREPLICAS"):
                await broker.send("work", {"type": "x"}, id="refused")
            servers.master.kill()
            async with reopened(broker) as subscription:
                delivery = await receive_next(subscription)
                assert delivery.id == "replicated"
                await delivery.ack()
            assert (await broker.depth("work")) == Depth(0, 0, 0, 0)


async def test_connections_to_sentinels_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a function of the user's has made is closed, with all that it has made on the way."""
    with RedisNode() as master, SentinelNode(master.port) as sentinel:
        monkeypatch.setenv("REDIS_SENTINELS", f"127.0.0.1:{sentinel.port}")
        async with run_block("redis-clients")["behind_sentinel"]() as broker:
            await broker.send("work", {"type": "x"})
        del broker
        gc.collect()  # Python says of a connection that is open: here that is an error.


async def test_leader_of_nats_is_killed(
    monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    """What a cluster with three replicas has confirmed outlives any of its servers.

    Channels that wait are told that their leader is no more, long before they would ask again.
    """
    monkeypatch.setattr(subscription, "_LONGEST_QUESTION", 10 * PATIENCE)
    monkeypatch.setattr(subscription, "_SIGN_OF_LIFE", 5 * PATIENCE)
    trial = Trial()
    idle = [f"idle-{number}" for number in range(8)]  # Some of them have the same leader.
    apps = dict.fromkeys(("work", *idle), trial.app)
    with NatsCluster() as cluster, anyio.fail_after(PATIENCE):
        await cluster.wait()
        async with (
            cluster.broker(lease=LEASE) as broker,
            run_worker(broker, apps, poll=20 * PATIENCE) as (worker, _),
            anyio.create_task_group() as tasks,
        ):
            await wait_until(lambda: worker.status.polled.keys() >= apps.keys())
            tasks.start_soon(trial.send, broker, MESSAGES)
            leader = await cluster.find_leader(broker)
            await wait_until(lambda: len(trial.confirmed) >= MESSAGES // 2)
            leader.kill()
            await wait_until(lambda: len(trial.confirmed) >= MESSAGES)
            await wait_until_done(broker)
            assert await cluster.find_leader(broker) is not leader
            for number, channel in enumerate(idle):
                await broker.send(channel, {"type": "x", "n": -1 - number})
            await wait_until(lambda: sum(number < 0 for number in trial.handled) == len(idle))
    assert trial.lost == []
    record_property("figures", report(trial, "NATS, 3 replicas, leader killed"))


async def test_server_of_nats_forgets_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that alone has a channel, and comes back, is asked again for want of signs of life."""
    monkeypatch.setattr(subscription, "_LONGEST_QUESTION", 10 * PATIENCE)
    monkeypatch.setattr(subscription, "_SIGN_OF_LIFE", 1.0)
    trial = Trial()
    with NatsCluster() as cluster, anyio.fail_after(PATIENCE):
        await cluster.wait(replicas=1)
        async with cluster.broker(replicas=1) as broker:
            leader = await cluster.find_leader(broker)
        url = next(node.url for node in cluster.nodes.values() if node is not leader)
        async with (
            NatsBroker(url) as broker,
            run_worker(broker, {"work": trial.app}, poll=20 * PATIENCE) as (worker, _),
        ):
            await wait_until(lambda: "work" in worker.status.polled)
            # So it asks for long.
            await trial.send(broker, 1, senders=1)
            await wait_until(lambda: len(trial.handled) == 1)
            await anyio.to_thread.run_sync(leader.kill)
            await anyio.to_thread.run_sync(leader.start)
            await trial.send(broker, 1, senders=1)
            await wait_until(lambda: len(trial.handled) == 2)


async def lose_master(trial: Trial, broker: RedisBroker, master: RedisNode) -> None:
    """Kill a master while messages come and go; what is lost, the replica did not have."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(trial.send, broker, MESSAGES)
        await wait_until(lambda: len(trial.confirmed) >= MESSAGES // 2)
        safe = [*trial.confirmed]
        barrier = "{asgi_routes:work}:barrier"
        await anyio.to_thread.run_sync(master.wait_for_replica, barrier)
        master.kill()
    await wait_until_done(broker)
    assert len(trial.confirmed) >= MESSAGES
    assert not {*safe} & {*trial.lost}


async def wait_until_done(broker: Any) -> None:
    """Wait until no message is left; what a client says on the way is no matter."""
    while True:
        with contextlib.suppress(redis.RedisError, OSError, BrokerUnavailableError):
            depth = await broker.depth("work")
            if not (depth.waiting or depth.on_loan or depth.later):
                return
        await anyio.sleep(0.05)


@contextlib.asynccontextmanager
async def reopened(broker: RedisBroker) -> AsyncIterator[Any]:
    """Subscribe as soon as there is somebody who answers."""
    while True:
        with contextlib.suppress(redis.RedisError, OSError):
            await broker.depth("work")
            break
        await anyio.sleep(0.05)
    async with broker.subscribe("work") as subscription:
        yield subscription


def report(trial: Trial, what: str) -> str:
    """Print the figures of a trial, for those who ask for them."""
    print(text := trial.tell(what))
    return text


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
        (
            redis.Redis(),
            "must be a client of redis.asyncio, or a function that returns one, not redis",
        ),
        ("redis://localhost", "or a function that returns one, not builtins.str"),
        (Redis(decode_responses=True), "decodes responses, but messages are bytes"),
    ],
)
def test_what_is_no_client(client: Any, said: str) -> None:
    """It is said where it is written."""
    with pytest.raises(ImproperlyConfigured, match=said):
        RedisBroker(client=client)
    with pytest.raises(ImproperlyConfigured, match="either a URL or a client"):
        RedisBroker("redis://localhost", client=Redis())
