"""The broker on NATS: the contract, and what only NATS can do to it."""

import contextlib
import itertools
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import nats
import pytest
from nats.js.api import DiscardPolicy, RetentionPolicy

from asgi_routes import ImproperlyConfigured, not_found
from asgi_routes.worker import (
    BrokerClosedError,
    BrokerFullError,
    LeaseLostError,
    MessageTooLargeError,
    Worker,
    WorkerError,
)
from asgi_routes.worker.conformance import BrokerConformance, MakeBroker
from asgi_routes.worker.conformance.deliveries import LONG, receive_next, receive_nothing
from asgi_routes.worker.conformance.workers import count_ended, run_worker, wait_until
from asgi_routes.worker.nats import connection
from asgi_routes.worker.nats.broker import NatsBroker
from tests.ports import free_port
from tests.worker.engines import PATIENCE, NatsEngine

pytestmark = pytest.mark.anyio
PREFIXES = (f"test{number}" for number in itertools.count())


@pytest.fixture
def anyio_backend() -> str:
    """nats-py knows asyncio only."""
    return "asyncio"


@pytest.fixture(scope="module")
def engine() -> Iterator[NatsEngine]:
    with NatsEngine() as engine:
        yield engine


@pytest.fixture
def make_broker(engine: NatsEngine) -> MakeBroker:
    prefix = next(PREFIXES)
    return lambda lease: engine.broker(lease, prefix=prefix)


@pytest.fixture
async def broker(make_broker: MakeBroker) -> AsyncIterator[NatsBroker]:
    async with make_broker(LONG) as broker:
        yield broker


@pytest.fixture
def engine_of_its_own() -> Iterator[NatsEngine]:
    with NatsEngine() as engine:
        yield engine


class TestNatsBroker(BrokerConformance):
    """It fulfils the contract."""


async def test_server_comes_back(engine_of_its_own: NatsEngine) -> None:
    """What is asked while the server is away is answered when it is back."""
    engine = engine_of_its_own
    async with engine.broker(LONG) as broker, broker.subscribe("mail") as subscription:
        await broker.send("mail", {"type": "x"}, id="before")
        before = engine.loans("mail")
        delivery = await receive_next(subscription)
        await wait_until(lambda: engine.loans("mail") != before)
        engine.kill()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(delivery.extend)
            tasks.start_soon(delivery.ack)
            tasks.start_soon(partial(broker.send, "mail", {"type": "x"}, id="meanwhile"))
            await anyio.sleep(0.1)
            engine.start()
        assert (await receive_next(subscription)).id == "meanwhile"
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(receive_next, subscription)
            await anyio.sleep(0.1)  # It waits; the server will forget of it.
            engine.kill()
            engine.start()
            await broker.send("mail", {"type": "x"}, id="after")
        assert len(await broker.dead_letters()) == 0


async def test_server_that_lost_everything(engine_of_its_own: NatsEngine) -> None:
    """Streams and consumers that are gone are made again, whoever needs them first."""
    async with engine_of_its_own.broker(LONG) as broker:
        for _ in range(2):
            client = await nats.connect(engine_of_its_own.url)
            for stream in ("work", "dead", "marks"):
                await client.jetstream().delete_stream(f"asgi_routes-{stream}")
            await client.close()
            async with broker.subscribe("mail") as subscription:
                await broker.send("mail", {"type": "x"})
                await (await receive_next(subscription)).ack()
                assert not await broker.is_marked("x")
                await broker.unmark("x")
                await broker.mark("x")
                assert await broker.is_marked("x")


async def test_connection_that_was_given_up(broker: NatsBroker) -> None:
    """A client that nats-py has closed for good is replaced."""
    client = broker._connection._client
    assert client is not None
    await client.close()
    await broker.send("mail", {"type": "x"})


async def test_many_make_the_same(engine: NatsEngine) -> None:
    """Workers that start together, on an empty server, all find what they need."""
    prefix = next(PREFIXES)
    got = []

    async def work() -> None:
        async with engine.broker(LONG, prefix=prefix) as broker:
            await broker.send("mail", {"type": "x"})
            async with broker.subscribe("mail") as subscription:
                delivery = await receive_next(subscription)
                await delivery.ack()
                got.append(delivery.id)

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(work)
    assert len(set(got)) == 20


async def test_stream_of_an_operator(engine: NatsEngine) -> None:
    """A stream that is there is taken as it is; its bounds are the sender's."""
    prefix = next(PREFIXES)
    client = await nats.connect(engine.url)
    await client.jetstream().add_stream(
        name=f"{prefix}-work",
        subjects=[f"{prefix}.work.*"],
        retention=RetentionPolicy.WORK_QUEUE,
        max_msg_size=10_000,
        max_msgs_per_subject=1,
        discard=DiscardPolicy.NEW,
        discard_new_per_subject=True,
    )
    await client.close()
    async with engine.broker(LONG, prefix=prefix) as broker:
        await broker.send("mail", {"type": "x", "data": "x" * 5000})
        with pytest.raises(MessageTooLargeError):
            await broker.send("mail", {"type": "x", "data": "x" * 9000})
        with pytest.raises(BrokerFullError, match="channel 'mail' already holds 1 messages"):
            await broker.send("mail", {"type": "x"})
        await broker.send("other", {"type": "x"})


async def test_largest_message(broker: NatsBroker) -> None:
    """Headers count; and whatever was sent can become a dead letter, for whatever reason."""
    overhead = len('{"type":"x","data":""}')
    largest = {"type": "x", "data": "x" * (broker.largest - overhead)}
    with pytest.raises(MessageTooLargeError):
        await broker.send("mail", largest, headers={"k": "v" * 60_000})
    await broker.send("mail", largest, id="é" * 255)
    async with broker.subscribe("mail") as subscription:
        await (await receive_next(subscription)).dead_letter("\U0001f30d" * 1000)
        [letter] = await broker.dead_letters()
        assert letter.message == largest
        assert letter.reason == "\U0001f30d" * 500
        await broker.replay(letter.id)
        assert (await receive_next(subscription)).message == largest


async def test_same_id(broker: NatsBroker) -> None:
    """What is sent again with the same id is dropped; the same id of another channel is another message."""
    for channel in ("a", "b", "a"):
        await broker.send(channel, {"type": "x"}, id="1")
    for channel in ("a", "b"):
        async with broker.subscribe(channel) as subscription:
            await (await receive_next(subscription)).ack()
            await receive_nothing(subscription)


async def test_message_of_another_publisher(broker: NatsBroker, engine: NatsEngine) -> None:
    """Whoever publishes to the subject sends a message; nothing in its headers stops a slot."""
    client = await nats.connect(engine.url)
    subject = f"{broker._streams.prefix}.work.mail"
    messages: list[dict[str, str]] = [
        {"Status": "408", "Nats-Msg-Id": "one"},
        {"Asgi-Routes": "{"},
        {"Asgi-Routes": '{"id":1}'},
    ]
    async with broker.subscribe("mail") as subscription:
        for headers in messages:
            await client.jetstream().publish(subject, b'{"type":"x"}', headers=headers)
            delivery = await receive_next(subscription)
            assert delivery.message == {"type": "x"}
            expected = dict(headers)
            assert delivery.id == expected.pop("Nats-Msg-Id", delivery.id)
            assert dict(delivery.headers) == expected
            await delivery.dead_letter("why not")
    assert len(await broker.dead_letters()) == 3
    await client.close()


async def test_who_gave_up_takes_nothing(broker: NatsBroker) -> None:
    """A message goes to nobody who has stopped waiting for it."""
    async with broker.subscribe("mail") as subscription:
        for _ in range(20):
            with anyio.move_on_after(0.01):
                await subscription.receive(60)
            await receive_nothing(subscription, 0.001)
        await broker.send("mail", {"type": "x"})
        delivery = await receive_next(subscription)
        assert delivery.attempt == 1


async def test_late_retry_takes_nothing_away(make_broker: MakeBroker) -> None:
    """Who comes too late with a retry does not end the lease of who has the message now."""
    async with make_broker(1.0) as broker, broker.subscribe("mail") as subscription:
        await broker.send("mail", {"type": "x"})
        first = await receive_next(subscription)
        second = await receive_next(subscription)
        await first.retry(0)
        await first.dead_letter("too late")
        with pytest.raises(LeaseLostError):
            await first.extend()
        await second.extend()
        await receive_nothing(subscription, 0.5)
        await second.ack()
        assert len(await broker.dead_letters()) == 0


async def test_those_that_wait_block_nobody(broker: NatsBroker) -> None:
    """However many wait to be retried, the next message comes (JetStream stops at 1000 by itself)."""
    async with broker.subscribe("mail") as subscription:
        for _ in range(1001):
            await broker.send("mail", {"type": "x"})
            await (await receive_next(subscription)).retry(3600)
        await broker.send("mail", {"type": "x"}, id="last")
        assert (await receive_next(subscription)).id == "last"


async def test_leaves(engine: NatsEngine) -> None:
    """Outside of its context a broker says so, and may be opened again; also by another event loop."""
    broker = engine.broker(LONG, prefix=next(PREFIXES))
    for _ in range(2):
        with pytest.raises(BrokerClosedError):
            await broker.send("mail", {"type": "x"})
        async with broker:
            await broker.send("mail", {"type": "x"})


async def wait_until_open(broker: NatsBroker) -> None:
    """Wait until the leaf node has found its hub."""
    with anyio.fail_after(PATIENCE):
        while True:
            with contextlib.suppress(WorkerError):
                async with broker:
                    return
            await anyio.sleep(0.05)


async def test_domain(tmp_path: Path) -> None:
    """Behind a leaf node without JetStream, the one of the hub is reached by its domain."""
    port = free_port()
    hub, leaf = tmp_path / "hub.conf", tmp_path / "leaf.conf"
    hub.write_text(f'jetstream {{ domain: hub }}\nleafnodes {{ listen: "127.0.0.1:{port}" }}\n')
    leaf.write_text(f'leafnodes {{ remotes [ {{ url: "nats-leaf://127.0.0.1:{port}" }} ] }}\n')

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    with NatsEngine("-c", str(hub)) as engine, NatsEngine("-c", str(leaf)) as edge:
        broker = NatsBroker(edge.url, domain="hub", storage="memory", timeout=PATIENCE)
        await wait_until_open(broker)
        async with broker, run_worker(broker, {"mail": app}) as (worker, events):
            await broker.send("mail", {"type": "x"})
            await wait_until(lambda: count_ended(events) == 1)
            assert worker.status.counts["done"] == 1
            await broker.send("nobody", {"type": "x"})
            assert (await broker.depth("nobody")).waiting == 1
        client = await nats.connect(engine.url)
        info = await client.jetstream().stream_info("asgi_routes-work")
        assert (info.config.storage, info.state.messages) == ("memory", 1)
        await client.close()


async def test_what_a_server_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password, no JetStream and no server at all end soon, with an error that says which."""
    monkeypatch.setattr(connection, "PATIENCE", 3.0)
    with NatsEngine("--jetstream", "--user", "ann", "--pass", "right") as engine:
        options = {"user": "ann", "password": "right"}
        async with NatsBroker(engine.url, **options):
            pass
        url = engine.url.replace("//", "//ann:wrong@")
        with pytest.raises(WorkerError, match=r"at 127.0.0.1:\d+ took .*Authorization") as caught:
            await NatsBroker(url).__aenter__()
        assert "wrong" not in str(caught.value)
    with pytest.raises(WorkerError, match="took the connection: ConnectionRefusedError"):
        await NatsBroker(engine.url).__aenter__()
    with (
        NatsEngine("--name", "plain") as engine,
        pytest.raises(WorkerError, match="JetStream is not enabled"),
    ):
        await NatsBroker(engine.url).__aenter__()


async def test_heart_beats_while_a_server_is_silent(tmp_path: Path) -> None:
    """A server that takes the connection and says nothing is no reason to restart a worker."""
    alive, ready = tmp_path / "alive", tmp_path / "ready"
    beats = set()
    with socket.create_server(("127.0.0.1", 0)) as silent, anyio.fail_after(PATIENCE):
        broker = NatsBroker(f"nats://127.0.0.1:{silent.getsockname()[1]}")
        worker = Worker(not_found, broker, ["mail"], health_file=alive, ready_file=ready)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.run)
            while len(beats) < 3:
                await anyio.sleep(0.05)
                beats |= {alive.stat().st_mtime_ns} if alive.exists() else set()
            assert worker.status.state == "starting"
            assert worker.status.counts["broker_error"] == 0
            assert not ready.exists()
            worker.stop()


async def test_no_room(tmp_path: Path) -> None:
    """A quota that is used up is the error of the contract."""
    configuration = tmp_path / "nats.conf"
    configuration.write_text("jetstream { max_file_store: 2MB }\n")
    with NatsEngine("-c", str(configuration)) as engine:

        async def fill(broker: NatsBroker) -> None:
            while True:
                await broker.send("mail", {"type": "x", "data": "x" * 500_000})

        async with engine.broker(LONG) as broker:
            with pytest.raises(BrokerFullError, match="as many messages as its engine can hold"):
                await fill(broker)


@pytest.mark.parametrize("prefix", ["", "a.b", "a b", "a" * 65])
def test_prefix(prefix: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="prefix of NatsBroker"):
        NatsBroker(prefix=prefix)


def test_trio() -> None:
    """It says that it needs asyncio."""
    with pytest.raises(ImproperlyConfigured, match="NatsBroker needs asyncio"):
        anyio.run(NatsBroker().__aenter__, backend="trio")


def test_not_installed() -> None:
    """Where nats-py is missing, one line says what to install, and everything else works."""
    code = (
        "import sys; sys.modules['nats'] = None; from asgi_routes.worker import Worker, NatsBroker"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        "ImportError: NatsBroker needs nats-py: pip install 'asgi-routes[nats]'"
    )
