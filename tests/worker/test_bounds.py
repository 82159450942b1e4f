"""What brokers are told when they are made: bounds of dead letters, and how NATS keeps and connects."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import nats
import pytest
from nats.js.api import Placement

from asgi_routes import ImproperlyConfigured
from asgi_routes.worker import MemoryBroker, NatsBroker
from asgi_routes.worker.conformance.deliveries import LONG, PATIENCE, receive_next
from tests.worker.engines import NatsEngine, RedisEngine

pytestmark = pytest.mark.anyio
MakeBroker: TypeAlias = Callable[..., Any]
PREFIXES = iter(range(10**6))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def nats_engine() -> Iterator[NatsEngine]:
    with NatsEngine() as engine:
        yield engine


@pytest.fixture(scope="module")
def redis_engine() -> Iterator[RedisEngine]:
    with RedisEngine() as engine:
        yield engine


@pytest.fixture(params=["memory", "nats", "redis"])
def make_broker(request: pytest.FixtureRequest) -> MakeBroker:
    """Return what makes brokers of a kind, all on the same engine but those in memory."""
    if request.param == "memory":
        return lambda **options: MemoryBroker(lease=LONG, **options)
    engine = request.getfixturevalue(f"{request.param}_engine")
    prefix = f"test{next(PREFIXES)}"
    return lambda **options: engine.broker(LONG, prefix=prefix, **options)


async def give_up(broker: Any, channel: str, *names: str) -> None:
    """Make dead letters."""
    async with broker.subscribe(channel) as subscription:
        for name in names:
            await broker.send(channel, {"type": "x"}, id=name)
            await (await receive_next(subscription)).dead_letter("why not")


async def test_max_dead(make_broker: MakeBroker) -> None:
    """The oldest of a channel make room; those of others stay."""
    async with make_broker(max_dead=2) as broker:
        await give_up(broker, "other", "0")
        await give_up(broker, "mail", "1", "2", "3", "4")
        assert [letter.id for letter in await broker.dead_letters("mail")] == ["3", "4"]
        assert dict(await broker.count_dead_letters()) == {"mail": 2, "other": 1}
        assert (await broker.depth("mail")).dead == 2


async def test_dead_lifetime(make_broker: MakeBroker) -> None:
    """What is old enough is forgotten, and nothing else."""
    async with make_broker(dead_lifetime=3600) as broker:
        await give_up(broker, "mail", "1", "2")
        assert [letter.id for letter in await broker.dead_letters()] == ["1", "2"]
    async with make_broker(dead_lifetime=0.2) as broker:
        await give_up(broker, "mail", "3")
        with anyio.fail_after(PATIENCE):
            while await broker.dead_letters():  # noqa: ASYNC110 - the engine tells nobody
                await anyio.sleep(0.05)
        assert dict(await broker.count_dead_letters()) == {}
        assert (await broker.depth("mail")).dead == 0


@pytest.mark.parametrize("options", [{"max_dead": 0}, {"max_dead": -1}, {"dead_lifetime": 0}])
def test_what_is_no_bound(make_broker: MakeBroker, options: dict[str, Any]) -> None:
    """It is said where it is written."""
    with pytest.raises(ImproperlyConfigured, match=next(iter(options))):
        make_broker(**options)


async def test_nats_connected_by_others() -> None:
    """A function connects, with a password that only it knows, and the broker's options reach it."""
    given: list[dict[str, Any]] = []
    with NatsEngine("--jetstream", "--user", "ann", "--pass", "right") as engine:

        async def connect(**options: Any) -> Any:
            given.append(options)
            return await nats.connect(engine.url, user="ann", password="right", **options)  # noqa: S106

        async with NatsBroker(connect=connect, lease=LONG) as broker:
            await broker.send("mail", {"type": "x"}, id="before")
            engine.kill()
            engine.start()
            async with broker.subscribe("mail") as subscription:
                assert (await receive_next(subscription)).id == "before"
        assert [{"disconnected_cb", "error_cb"} <= options.keys() for options in given] == [True]
        for wrong in ({"url": engine.url}, {"user": "ann"}):
            with pytest.raises(ImproperlyConfigured, match="or connect=…"):
                NatsBroker(connect=connect, **wrong)


async def test_how_nats_keeps(tmp_path: Path) -> None:
    """Storage and placement are those of each stream that is made; one that is there stays."""
    configuration = tmp_path / "nats.conf"
    configuration.write_text('server_tags: ["ssd"]\njetstream {}\n')
    placement = Placement(tags=["ssd"])
    with NatsEngine("-c", str(configuration)) as engine:
        broker = engine.broker(LONG, storage="memory", placement=placement)
        async with broker, engine.broker(LONG):
            await broker.send("mail", {"type": "x"})
        client = await nats.connect(engine.url)
        found = [one.config for one in await client.jetstream().streams_info()]
        await client.close()
    assert len(found) == 3
    assert {config.storage for config in found} == {"memory"}
    assert [config.placement and config.placement.tags for config in found] == [["ssd"]] * 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"storage": "disk"}, "storage of NatsBroker must be 'file' or 'memory'"),
        ({"replicas": 0}, "replicas 1 to 5"),
        ({"timeout": 0}, "timeout of NatsBroker must be more than 0"),
    ],
)
def test_what_nats_cannot_keep(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        NatsBroker(**options)


def test_what_is_no_option() -> None:
    """A name that nats.connect does not have is told at once, with what comes closest."""
    with pytest.raises(TypeError, match=r"no option 'pasword', .*did you mean 'password'"):
        NatsBroker(pasword="x")  # noqa: S106
