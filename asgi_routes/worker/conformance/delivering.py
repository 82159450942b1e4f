"""What any broker has to do, one that delivers at most once among them.

In: a broker. Out: tests that pass. The rule kept here: a test knows a broker by its contract alone.
"""

from typing import Any

import anyio

from asgi_routes.worker.conformance.asking import (
    EVERYTHING,
    MakeBroker,
    next_of,
    nothing_of,
    opened,
)
from asgi_routes.worker.messages import InvalidMessageError, MessageTooLargeError


class DeliveryConformance:
    """Every message that was sent reaches one slot, as it was."""

    async def test_message_before_worker(self, make_broker: MakeBroker) -> None:
        """A message waits for a worker that does not exist yet."""
        async with opened(make_broker) as broker:
            await broker.send("mail", {"type": "welcome"})
        async with opened(make_broker) as broker, broker.subscribe("mail") as subscription:
            delivery = await next_of(subscription)
            assert (delivery.message, delivery.channel) == ({"type": "welcome"}, "mail")
            assert delivery.attempt == 1
            await delivery.ack()

    async def test_everything_in_a_message(self, make_broker: MakeBroker) -> None:
        """What comes out equals what went in."""
        async with opened(make_broker) as broker, broker.subscribe("mail") as subscription:
            await broker.send("mail", EVERYTHING)
            delivery = await next_of(subscription)
            assert delivery.message == EVERYTHING
            await delivery.ack()

    async def test_order(self, make_broker: MakeBroker) -> None:
        """One slot gets the messages in the order in which they were sent."""
        async with opened(make_broker) as broker, broker.subscribe("mail") as subscription:
            messages = [{"type": "x", "n": number} for number in range(5)]
            for message in messages:
                await broker.send("mail", message)
            for message in messages:
                delivery = await next_of(subscription)
                assert delivery.message == message
                await delivery.ack()

    async def test_no_message(self, make_broker: MakeBroker) -> None:
        """Where there is nothing, the answer is None, and the next message is not missed."""
        async with opened(make_broker) as broker, broker.subscribe("mail") as subscription:
            for number in range(3):
                await nothing_of(subscription, 0.1)
                await broker.send("mail", {"type": "x", "n": number})
                delivery = await next_of(subscription)
                assert delivery.message == {"type": "x", "n": number}
                await delivery.ack()

    async def test_waiting(self, make_broker: MakeBroker) -> None:
        """Who waits already gets a message that comes later."""
        async with opened(make_broker) as broker, broker.subscribe("mail") as subscription:
            got: list[Any] = []

            async def wait() -> None:
                got.append(await next_of(subscription))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait)
                await anyio.sleep(0.1)
                await broker.send("mail", {"type": "x"})
            assert [delivery.message for delivery in got] == [{"type": "x"}]
            await got[0].ack()

    async def test_each_to_one(self, make_broker: MakeBroker) -> None:
        """Two slots share the messages of a channel."""
        async with (
            opened(make_broker) as broker,
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
        async with opened(make_broker) as broker:
            for message in wrong:
                await _refused(broker, InvalidMessageError, "mail", message)
            for name in ("", 1, "x" * 256):
                await _refused(broker, InvalidMessageError, name, {"type": "x"})
            for headers in ({"k": 1}, {"k": "v\r\nk2: v"}, {"": "v"}, {"k:": "v"}):
                await _refused(broker, InvalidMessageError, "mail", {"type": "x"}, headers=headers)
            large = {"type": "x", "data": "x" * broker.largest}
            await _refused(broker, MessageTooLargeError, "mail", large)
            async with broker.subscribe("mail") as subscription:
                await nothing_of(subscription)


async def _refused(
    broker: Any, error: type[Exception], channel: Any, message: Any, **options: Any
) -> None:
    try:
        await broker.send(channel, message, **options)
    except error:
        return
    raise AssertionError(f"{message!r} was sent to {channel!r}, and no {error.__name__} was raised")
