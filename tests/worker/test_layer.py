"""The broker over channel layers, with the real ones of Channels and channels_redis."""

import logging
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import anyio
import django
import pytest
from channels.layers import InMemoryChannelLayer
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings
from redis.exceptions import ConnectionError as RedisConnectionError

from asgi_routes import ImproperlyConfigured
from asgi_routes.worker import (
    BrokerClosedError,
    BrokerFullError,
    InvalidMessageError,
    MessageTooLargeError,
)
from asgi_routes.worker.conformance import (
    BrokerConformance,
    DeliveryConformance,
    LeaseConformance,
    MakeBroker,
    RetryingConformance,
    WorkerConformance,
)
from asgi_routes.worker.conformance.deliveries import receive_next, receive_nothing
from asgi_routes.worker.conformance.workers import count_ended, run_worker, wait_until
from asgi_routes.worker.layer import LayerBroker
from tests.worker.engines import RedisEngine

if not settings.configured:
    # A layer asks Django for settings, though there are none.
    settings.configure()
    django.setup()

pytestmark = pytest.mark.anyio

_NO_LEASE = "a layer forgets a message when it hands it out"
_NO_PLACE = "a layer has no place for dead letters"
_NO_LEDGER = "nobody knows what a dead process had in hand"
NOT_PROMISED = {
    "test_alone_before_condemned": _NO_LEDGER,
    "test_bytes_that_are_no_message": "a layer takes mappings only",
    "test_condemned": _NO_LEDGER,
    "test_dead_letter": _NO_PLACE,
    "test_drop": _NO_PLACE,
    "test_failing_holds_up_nobody": _NO_PLACE,
    "test_id_and_headers": "a layer carries the message and nothing else",
    "test_lease_is_extended": _NO_LEASE,
    "test_lease_runs_out": _NO_LEASE,
    "test_ledger": _NO_LEDGER,
    "test_names": "a layer takes ASCII letters, digits, '-', '_' and '.'",
    "test_replay": _NO_PLACE,
    "test_retry": "an id stays with the sender; but see the tests below",
    "test_retry_and_dead_letter": _NO_PLACE,
    "test_settled_too_late": _NO_LEASE,
    "test_stopped_at_once": "what is handed back is a new message to the layer, its first attempt",
    "test_what_nobody_could_handle": _NO_PLACE,
    **dict.fromkeys(["test_count", "test_filters", "test_pages", "test_this_one"], _NO_PLACE),
    **dict.fromkeys(
        [
            "test_delay",
            "test_delay_of_what_is_no_message",
            "test_delay_outlives_the_broker",
            "test_what_is_no_delay",
        ],
        "a layer has nobody who would keep a message for later",
    ),
    **dict.fromkeys(
        ["test_depth", "test_depth_of_what_is_for_later"], "a layer does not say what is in it"
    ),
}
"""Which tests of the contract do not hold over a layer, and why."""


@pytest.fixture
def anyio_backend() -> str:
    """Channels knows no other event loop."""
    return "asyncio"


class AtMostOnce(DeliveryConformance, WorkerConformance):
    """What a layer can promise: all of the contract but `NOT_PROMISED`."""

    test_acknowledged = LeaseConformance.test_acknowledged
    test_longer_than_its_lease = RetryingConformance.test_longer_than_its_lease


class TestInMemoryChannelLayer(AtMostOnce):
    """Channels' own layer."""

    @pytest.fixture
    def make_broker(self) -> Callable[[float], LayerBroker]:
        layer = InMemoryChannelLayer()
        return lambda lease: LayerBroker(layer)


@pytest.fixture(scope="module")
def engine() -> Iterator[RedisEngine]:
    with RedisEngine() as engine:
        yield engine


class TestRedisChannelLayer(AtMostOnce):
    """That of channels_redis."""

    @pytest.fixture
    async def make_broker(self, engine: RedisEngine) -> AsyncIterator[MakeBroker]:
        layer = RedisChannelLayer([engine.url], prefix=uuid.uuid4().hex)
        yield lambda lease: LayerBroker(layer)
        await layer.close_pools()


def test_what_is_not_promised() -> None:
    """Every test of the contract is run, or is declared with the reason."""
    whole, run = (
        {name for name in dir(suite) if name.startswith("test")}
        for suite in (BrokerConformance, AtMostOnce)
    )
    assert whole - run == set(NOT_PROMISED)


@pytest.fixture
def layer() -> InMemoryChannelLayer:
    return InMemoryChannelLayer(capacity=3)


async def test_at_most_once(layer: Any) -> None:
    """A message that nobody settled does not come again: this is what a dead worker loses."""
    async with LayerBroker(layer) as broker, broker.subscribe("mail") as subscription:
        await broker.send("mail", {"type": "x"})
        assert (await receive_next(subscription)).lease is None
    async with LayerBroker(layer) as broker, broker.subscribe("mail") as subscription:
        await receive_nothing(subscription)


async def test_what_is_left_goes_back(layer: Any) -> None:
    """What was handed back, waits for another attempt or was fetched for nobody is in the layer again."""
    async with LayerBroker(layer) as broker, broker.subscribe("mail") as subscription:
        for number in range(2):
            await broker.send("mail", {"type": "x", "n": number})
        first, second = await receive_next(subscription), await receive_next(subscription)
        await receive_nothing(subscription)  # From here on the layer is being asked.
        await first.retry(0)
        await second.retry(1000)
        await broker.send("mail", {"type": "x", "n": 2})
        await anyio.wait_all_tasks_blocked()
    async with LayerBroker(layer) as broker, broker.subscribe("mail") as subscription:
        left = [await receive_next(subscription) for _ in range(3)]
        assert {delivery.attempt for delivery in left} == {1}
        numbers = [delivery.message["n"] for delivery in left if delivery.message]
        assert sorted(numbers) == [0, 1, 2]


async def test_again(layer: Any) -> None:
    """What failed comes again with its id and what was sent, whatever the application did to that."""
    async with LayerBroker(layer) as broker, broker.subscribe("mail") as subscription:
        await broker.send("mail", {"type": "x", "list": [1]})
        first: Any = await receive_next(subscription)
        first.message["list"].append(2)
        await first.retry(0)
        await first.retry(0)
        second = await receive_next(subscription)
        assert (second.id, second.attempt) == (first.id, 2)
        assert second.message == {"type": "x", "list": [1]}
        await receive_nothing(subscription)


async def test_given_up(layer: Any, caplog: pytest.LogCaptureFixture) -> None:
    """What fails too often is logged, and the others are done."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if (await receive())["type"] == "bad":
            raise ValueError("no image")

    broker = LayerBroker(layer)
    with caplog.at_level(logging.ERROR):
        async with broker, run_worker(broker, {"mail": app}, max_attempts=3) as (_, events):
            for kind in ("bad", "good"):
                await broker.send("mail", {"type": kind})
            await layer.send("mail", {"no": "type"})
            await wait_until(lambda: count_ended(events) == 3)
    assert sorted(event.kind for event in events if event.kind in ("done", "dead")) == [
        *("dead", "dead", "done")
    ]
    dropped = [line for line in caplog.messages if "is dropped" in line]
    assert len(dropped) == 2
    assert any("attempt 3: ValueError: no image" in line for line in dropped)


async def test_sent_by_channels(layer: Any) -> None:
    """What others send by the layer is delivered, and the layer gets what is sent here."""
    async with LayerBroker(layer) as broker, broker.subscribe("mail") as subscription:
        await layer.send("mail", {"type": "x", "tuple": (1, 2)})
        assert (await receive_next(subscription)).message == {"type": "x", "tuple": (1, 2)}
        name = await layer.new_channel()
        await broker.send(name, {"type": "reply"})
        assert await layer.receive(name) == {"type": "reply"}


async def test_full_and_refused(layer: Any) -> None:
    """The layer's errors are those of the contract."""

    class MessageTooLarge(Exception):  # noqa: N818 - the specification's name
        pass

    class Small(InMemoryChannelLayer):
        async def send(self, channel: str, message: Any) -> None:
            raise MessageTooLarge

    async with LayerBroker(layer) as broker, LayerBroker(Small()) as small:
        for _ in range(3):
            await broker.send("mail", {"type": "x"})
        with pytest.raises(
            BrokerFullError, match="'mail' already holds as many messages as its engine"
        ):
            await broker.send("mail", {"type": "x"})
        for name in ("a b", "x" * 100, "é"):
            with pytest.raises(InvalidMessageError, match="up to 99 letters"):
                await broker.send(name, {"type": "x"})
        with pytest.raises(MessageTooLargeError):
            await small.send("mail", {"type": "x"})


async def test_layer_that_is_away() -> None:
    """A worker outlives the server of its layer, and goes on when it is back."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    with RedisEngine() as engine:
        layer = RedisChannelLayer([engine.url])
        broker = LayerBroker(layer)
        async with broker, run_worker(broker, {"mail": app}) as (_, events):
            await broker.send("mail", {"type": "x"})
            await wait_until(lambda: count_ended(events) == 1)
            engine.kill()
            await wait_until(lambda: any(event.kind == "broker_error" for event in events))
            engine.start()
            while True:
                # Its pool may still have a connection to the server of before.
                with suppress(RedisConnectionError):
                    await layer.send("mail", {"type": "x"})
                    break
            await wait_until(lambda: count_ended(events) == 2)
        await layer.close_pools()


async def test_not_in_use(layer: Any) -> None:
    with pytest.raises(BrokerClosedError, match="outside of 'async with broker'"):
        await LayerBroker(layer).send("mail", {"type": "x"})


def test_not_on_trio(layer: Any) -> None:
    async def main() -> None:
        async with LayerBroker(layer):
            pass

    with pytest.raises(ImproperlyConfigured, match="LayerBroker needs asyncio"):
        anyio.run(main, backend="trio")


@pytest.mark.parametrize(
    ("make_layer", "says"),
    [
        (lambda: None, r"get_channel_layer\(\) is None if CHANNEL_LAYERS is not set"),
        (object, "takes a channel layer, not <object"),
        (RedisPubSubChannelLayer, "two workers both get every message"),
    ],
)
def test_what_is_no_layer(make_layer: Callable[[], Any], says: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=says):
        LayerBroker(make_layer())
