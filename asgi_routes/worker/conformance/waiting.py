"""What waits in a broker, as tests: messages for later, and how many there are."""

# Tests compare with the very number they mean.
# ruff: noqa: PLR2004

from typing import Any

import anyio

from asgi_routes.worker.conformance.deliveries import (
    MakeBroker,
    assert_refused,
    open_broker,
    receive_next,
    receive_nothing,
)
from asgi_routes.worker.messages import InvalidMessageError


class WaitingConformance:
    """A message may wait for its time, and all that wait are counted."""

    async def test_delay(self, make_broker: MakeBroker) -> None:
        """What is sent for later comes later, as its first attempt, and holds up nobody."""
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            begun = anyio.current_time()
            await broker.send("mail", {"type": "x"}, id="late", headers={"k": "v"}, delay=0.8)
            await broker.send("mail", {"type": "x"}, id="soon")
            soon = await receive_next(subscription)
            assert soon.id == "soon"
            await soon.ack()
            await receive_nothing(subscription)
            late = await receive_next(subscription)
            # The engine's clock is not ours, and it may round.
            assert anyio.current_time() - begun > 0.7, "it came before its time"
            assert (late.id, late.attempt, late.message) == ("late", 1, {"type": "x"})
            assert dict(late.headers) == {"k": "v"}
            await late.retry(0)
            again = await receive_next(subscription)
            assert (again.id, again.attempt) == ("late", 2)
            await again.ack()
            await receive_nothing(subscription)

    async def test_delay_outlives_the_broker(self, make_broker: MakeBroker) -> None:
        """The engine keeps what is for later, whoever sent it; and there is no worker yet."""
        async with open_broker(make_broker) as broker:
            await broker.send("mail", {"type": "x", "n": 1}, delay=0.3)
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            delivery = await receive_next(subscription)
            assert (delivery.message, delivery.attempt) == ({"type": "x", "n": 1}, 1)
            await delivery.ack()

    async def test_delay_of_what_is_no_message(self, make_broker: MakeBroker) -> None:
        """Bytes that stand for nothing may wait too."""
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            await broker.put("mail", b"\xff\x00", "bad", {}, 0.2)
            delivery = await receive_next(subscription)
            assert (delivery.id, delivery.message) == ("bad", None)
            await delivery.ack()

    async def test_what_is_no_delay(self, make_broker: MakeBroker) -> None:
        """It is an error of the sender."""
        async with open_broker(make_broker) as broker:
            for wrong in (-1, float("nan"), float("inf"), True, "1", None, 366 * 86_400):
                await assert_refused(
                    broker, InvalidMessageError, "mail", {"type": "x"}, delay=wrong
                )
            assert (await broker.depth("mail")).waiting == 0

    async def test_depth(self, make_broker: MakeBroker) -> None:
        """It is known how many wait, are on loan, wait for their time, and are dead."""
        async with open_broker(make_broker) as broker, broker.subscribe("a.b") as subscription:
            assert await _depth(broker) == (0, 0, 0)
            for number in range(6):
                await broker.send("a.b", {"type": "x"}, id=str(number))
            assert await _depth(broker) == (6, 0, 0)
            loans = [await receive_next(subscription) for _ in range(4)]
            assert await _depth(broker) == (2, 4, 0)
            await loans[0].ack()
            await loans[1].retry(100)
            await loans[2].dead_letter("why not")
            assert await _depth(broker) == (2, 2, 1)
            depth = await broker.depth("a.b")
            assert (depth.on_loan, depth.later) in ((1, 1), (2, None))
            other = await broker.depth("other")
            assert (other.waiting, other.on_loan, other.later or 0, other.dead) == (0, 0, 0, 0)
            await loans[3].ack()
            for _ in range(2):
                await (await receive_next(subscription)).ack()
            assert await _depth(broker) == (0, 1, 1)

    async def test_depth_of_what_is_for_later(self, make_broker: MakeBroker) -> None:
        """What its sender wants later is not waiting for a slot, once a slot has looked."""
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            await broker.send("mail", {"type": "x"}, delay=100)
            await receive_nothing(subscription)
            assert await _depth(broker, "mail") == (0, 1, 0)


async def _depth(broker: Any, channel: str = "a.b") -> tuple[int, int, int]:
    """Return how many wait, are not done otherwise, and are dead."""
    depth = await broker.depth(channel)
    return depth.waiting, depth.on_loan + (depth.later or 0), depth.dead
