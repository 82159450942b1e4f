"""What a broker has to do, as tests, and how tests ask it.

`DeliveryConformance` holds for every broker, one that delivers at most once among them;
`LeaseConformance` for brokers that deliver at least once.

Rule: a test knows a broker by its contract alone; and one that fails, fails for what the broker
did, never because a machine was slow.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import anyio

from asgi_routes.worker.contract import Delivery
from asgi_routes.worker.messages import InvalidMessageError, MessageTooLargeError

MakeBroker: TypeAlias = Callable[[float], Any]
"""Given a lease in seconds, returns a broker, not opened yet, on an engine that was empty when the
test began. Called again in a test, it returns one on the same engine, or the very same broker."""

PATIENCE = 60.0
"""Seconds that anything may take before a test fails."""

LONG = 120.0
SHORT = 0.4
"""Seconds of a lease that must not run out in a test, and of one that shall."""

EVERYTHING: dict[str, Any] = {
    "type": "generate",
    "none": None,
    "bool": True,
    "int": -(2**62),
    "float": 0.1,
    "text": "Grüße, 世界 \U0001f30d \x00 \n",
    "bytes": bytes(range(256)),
    "list": [1, [2, {"three": b""}], ""],
    "mapping": {"": {}, "key with spaces": []},
}
"""A message with all that one can hold."""


@asynccontextmanager
async def open_broker(make_broker: MakeBroker, lease: float = LONG) -> AsyncIterator[Any]:
    """Open a new broker for a test that must not take for ever."""
    with anyio.fail_after(PATIENCE):
        async with make_broker(lease) as broker:
            yield broker


async def receive_next(subscription: Any) -> Delivery:
    """Return the next message; that there is none fails the test."""
    delivery: Delivery | None = await subscription.receive(PATIENCE)
    assert delivery is not None, "no message came"
    return delivery


async def receive_nothing(subscription: Any, seconds: float = 0.2) -> None:
    """Fail if a message comes."""
    delivery = await subscription.receive(seconds)
    assert delivery is None, f"message {delivery.id} came, and none should"


class DeliveryConformance:
    """Every message that was sent reaches one slot, as it was."""

    async def test_message_before_worker(self, make_broker: MakeBroker) -> None:
        """A message waits for a worker that does not exist yet."""
        async with open_broker(make_broker) as broker:
            await broker.send("mail", {"type": "welcome"})
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            delivery = await receive_next(subscription)
            assert (delivery.message, delivery.channel) == ({"type": "welcome"}, "mail")
            assert delivery.attempt == 1
            await delivery.ack()

    async def test_everything_in_a_message(self, make_broker: MakeBroker) -> None:
        """What comes out equals what went in."""
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            await broker.send("mail", EVERYTHING)
            delivery = await receive_next(subscription)
            assert delivery.message == EVERYTHING
            await delivery.ack()

    async def test_order(self, make_broker: MakeBroker) -> None:
        """One slot gets the messages in the order in which they were sent."""
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            messages = [{"type": "x", "n": number} for number in range(5)]
            for message in messages:
                await broker.send("mail", message)
            for message in messages:
                delivery = await receive_next(subscription)
                assert delivery.message == message
                await delivery.ack()

    async def test_no_message(self, make_broker: MakeBroker) -> None:
        """Where there is nothing, the answer is None, and the next message is not missed."""
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            for number in range(3):
                await receive_nothing(subscription, 0.1)
                await broker.send("mail", {"type": "x", "n": number})
                delivery = await receive_next(subscription)
                assert delivery.message == {"type": "x", "n": number}
                await delivery.ack()

    async def test_waiting(self, make_broker: MakeBroker) -> None:
        """A slot that waits already gets a message that comes later."""
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            got: list[Any] = []

            async def wait() -> None:
                got.append(await receive_next(subscription))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait)
                await anyio.sleep(0.1)
                await broker.send("mail", {"type": "x"})
            assert [delivery.message for delivery in got] == [{"type": "x"}]
            await got[0].ack()

    async def test_who_stops_waiting(self, make_broker: MakeBroker) -> None:
        """A message that comes while a worker stops is not lost, nor left to its lease."""
        async with open_broker(make_broker) as broker:
            for number in range(5):
                got: list[Any] = []
                async with broker.subscribe("mail") as subscription:

                    async def wait(subscription: Any = subscription, got: list[Any] = got) -> None:
                        got.append(await receive_next(subscription))

                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(wait)
                        await anyio.sleep(0.02)
                        if number:
                            await broker.send("mail", {"type": "x", "n": number})
                            await anyio.sleep(number * 0.0003)
                        tasks.cancel_scope.cancel()
                    if not number:
                        await broker.send("mail", {"type": "x", "n": number})
                if not got:
                    async with broker.subscribe("mail") as subscription:
                        got.append(await receive_next(subscription))
                assert got[0].message == {"type": "x", "n": number}
                await got[0].ack()

    async def test_each_to_one(self, make_broker: MakeBroker) -> None:
        """Two slots share the messages of a channel."""
        async with (
            open_broker(make_broker) as broker,
            broker.subscribe("mail") as one,
            broker.subscribe("mail") as other,
        ):
            for number in range(10):
                await broker.send("mail", {"type": "x", "n": number})
            got: list[int] = []

            async def take(subscription: Any) -> None:
                while len(got) < 10:  # noqa: PLR2004 - as many as were sent
                    if (delivery := await subscription.receive(0.1)) is not None:
                        got.append(delivery.message["n"])
                        await delivery.ack()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(take, one)
                tasks.start_soon(take, other)
            assert sorted(got) == [*range(10)]

    async def test_more(self, make_broker: MakeBroker) -> None:
        """More of them at once are at most as many as were asked for, and each comes once."""
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            for number in range(8):
                await broker.send("mail", {"type": "x", "n": number})
            got: list[int] = []
            while len(got) < 8:  # noqa: PLR2004 - as many as were sent
                deliveries = [
                    await receive_next(subscription),
                    *await subscription.receive_more(3),
                ]
                assert len(deliveries) <= 4  # noqa: PLR2004 - one and three
                for delivery in deliveries:
                    got.append(delivery.message["n"] if delivery.message else -1)
                    await delivery.ack()
            assert sorted(got) == [*range(8)]
            await receive_nothing(subscription)

    async def test_what_is_no_message(self, make_broker: MakeBroker) -> None:
        """A sender's mistake is an error of the sender."""
        loop: list[Any] = []
        loop.append(loop)
        wrong: list[Any] = [
            None,
            [],
            {},
            {"type": 1},
            {"type": ""},
            {"type": "x", 1: 2},
            {"type": "x", "set": {1}},
            {"type": "x", "loop": loop},
            {"type": "x", "nan": float("nan")},
            {"type": "x", "surrogate": "\ud800"},
            {"type": "x", "__asgi_channel__": "y"},
        ]
        async with open_broker(make_broker) as broker:
            for message in wrong:
                await assert_refused(broker, InvalidMessageError, "mail", message)
            for name in ("", 1, "x" * 256):
                await assert_refused(broker, InvalidMessageError, name, {"type": "x"})
            for headers in ({"k": 1}, {"k": "v\r\nk2: v"}, {"": "v"}, {"k:": "v"}):
                await assert_refused(
                    broker, InvalidMessageError, "mail", {"type": "x"}, headers=headers
                )
            large = {"type": "x", "data": "x" * broker.largest}
            await assert_refused(broker, MessageTooLargeError, "mail", large)
            async with broker.subscribe("mail") as subscription:
                await receive_nothing(subscription)


class LeaseConformance:
    """A message stays until it is settled, and comes again when nobody settles it."""

    async def test_id_and_headers(self, make_broker: MakeBroker) -> None:
        """They come out as they went in; an id is made where none is given."""
        headers = {"traceparent": "00-ab-cd-01", "tracestate": "a=ü, b=世界"}
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            for given in (None, "any id: ü / * > .", "x" * 255):
                sent = await broker.send("mail", {"type": "x"}, id=given, headers=headers)
                assert given in (None, sent)
                delivery = await receive_next(subscription)
                assert delivery.id == sent
                assert dict(delivery.headers) == headers
                await delivery.ack()

    async def test_names(self, make_broker: MakeBroker) -> None:
        """Channels whose names look alike are different ones."""
        names = [
            "a.b",
            "a_b",
            "a-b",
            "a b",
            "a_2eb",
            "a__b",
            "A.b",
            "a>b",
            "a*b",
            "é",
            "a:b",
            "a/b",
        ]
        async with open_broker(make_broker) as broker:
            for name in names:
                await broker.send(name, {"type": "x", "name": name})
            for name in names:
                async with broker.subscribe(name) as subscription:
                    delivery = await receive_next(subscription)
                    assert delivery.channel == name
                    assert delivery.message == {"type": "x", "name": name}
                    await delivery.ack()
                    await receive_nothing(subscription, 0.05)

    async def test_acknowledged(self, make_broker: MakeBroker) -> None:
        """What was acknowledged does not come again, even after its lease."""
        async with (
            open_broker(make_broker, SHORT) as broker,
            broker.subscribe("mail") as subscription,
        ):
            await broker.send("mail", {"type": "x"})
            await (await receive_next(subscription)).ack()
            await receive_nothing(subscription, 3 * SHORT)

    async def test_lease_runs_out(self, make_broker: MakeBroker) -> None:
        """What nobody settles comes again, with the same id and the next attempt."""
        async with open_broker(make_broker, SHORT) as broker, broker.subscribe("mail") as lost:
            sent = await broker.send("mail", {"type": "x"})
            first = await receive_next(lost)
            assert first.lease is not None
            async with broker.subscribe("mail") as subscription:
                second = await receive_next(subscription)
                assert (second.id, second.attempt) == (sent, first.attempt + 1)
                await second.ack()

    async def test_settled_too_late(self, make_broker: MakeBroker) -> None:
        """Settling what another worker has by now raises nothing, and takes nothing from it."""
        async with (
            open_broker(make_broker, 1.0) as broker,
            broker.subscribe("mail") as subscription,
        ):
            late: dict[str, list[Any]] = {"ack": [], "retry": [0], "dead_letter": ["why"]}
            for settle, arguments in late.items():
                await broker.send("mail", {"type": "x"})
                first = await receive_next(subscription)
                second = await receive_next(subscription)
                assert second.id == first.id
                await second.ack()
                await second.ack()
                await getattr(first, settle)(*arguments)
                await receive_nothing(subscription)
            assert len(await broker.dead_letters()) == 0

    async def test_lease_is_extended(self, make_broker: MakeBroker) -> None:
        """What is extended in time stays with who has it."""
        async with (
            open_broker(make_broker, 2.0) as broker,
            broker.subscribe("mail") as subscription,
        ):
            await broker.send("mail", {"type": "x"})
            delivery = await receive_next(subscription)
            for _ in range(15):
                await delivery.extend()
                await receive_nothing(subscription, 0.2)
            await delivery.ack()
            await receive_nothing(subscription)

    async def test_retry(self, make_broker: MakeBroker) -> None:
        """What is put back comes again, with the next attempt, and not before its time."""
        async with (
            open_broker(make_broker, 5.0) as broker,
            broker.subscribe("mail") as subscription,
        ):
            sent = await broker.send("mail", {"type": "x"})
            await (await receive_next(subscription)).retry(0)
            second = await receive_next(subscription)
            assert (second.id, second.attempt) == (sent, 2)
            begun = anyio.current_time()
            await second.retry(0.5)
            third = await receive_next(subscription)
            # The engine's clock is not ours, and it may round.
            assert anyio.current_time() - begun > 0.4, "it came before its time"  # noqa: PLR2004
            assert (third.id, third.attempt) == (sent, 3)
            await third.ack()


async def assert_refused(
    broker: Any, error: type[Exception], channel: Any, message: Any, **options: Any
) -> None:
    """Fail if a broker sends what it should refuse."""
    try:
        await broker.send(channel, message, **options)
    except error:
        return
    raise AssertionError(f"{message!r} was sent to {channel!r}, and no {error.__name__} was raised")
