"""The broker in memory, on both event loops, and in any order of what can happen to a message."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from asgi_routes.worker import BrokerFullError, LeaseLostError, MemoryBroker
from asgi_routes.worker.conformance import BrokerConformance
from asgi_routes.worker.memory import MemoryDelivery

pytestmark = pytest.mark.anyio


class TestMemoryBroker(BrokerConformance):
    """It fulfils the contract."""

    @pytest.fixture
    def make_broker(self) -> Callable[[float], MemoryBroker]:
        made: list[MemoryBroker] = []

        def make(lease: float) -> MemoryBroker:
            made[:] = made or [MemoryBroker(lease=lease)]
            return made[0]

        return make


async def test_capacity() -> None:
    """A full channel refuses a message; an acknowledged one makes room, one on loan does not."""
    async with MemoryBroker(capacity=1) as broker, broker.subscribe("mail") as subscription:
        await broker.send("mail", {"type": "x"})
        delivery = await subscription.receive(1)
        assert delivery is not None
        with pytest.raises(BrokerFullError, match="channel 'mail' already holds 1 messages"):
            await broker.send("mail", {"type": "x"})
        await broker.send("other", {"type": "x"})
        await delivery.ack()
        await broker.send("mail", {"type": "x"})
        assert broker.size("mail") == 1


async def test_settled_loans_do_not_pile_up() -> None:
    """What was acknowledged leaves nothing behind until its lease would have run out."""
    async with MemoryBroker() as broker, broker.subscribe("mail") as subscription:
        for _ in range(1000):
            await broker.send("mail", {"type": "x"})
            delivery = await subscription.receive(1)
            assert delivery is not None
            await delivery.extend()
            await delivery.ack()
    assert len(broker._queues["mail"]._later) < 100


LEASE = 10.0


class MemoryStates(RuleBasedStateMachine):
    """Sends, takes, settles, loses and forgets, in any order, beside a model of what must be so."""

    deliveries: Bundle[MemoryDelivery] = Bundle("deliveries")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.broker = MemoryBroker(lease=LEASE, clock=lambda: self.now)
        self.place: dict[str, str] = {}
        self.due: dict[str, float] = {}
        """When a message that is queued may be delivered."""
        self.attempts: dict[str, int] = {}
        self.holder: dict[str, MemoryDelivery] = {}

    def run(self, function: Any, *arguments: Any) -> Any:
        return anyio.run(function, *arguments, backend="asyncio")

    def holds(self, delivery: MemoryDelivery) -> bool:
        """Tell whether a delivery still is what settles its message."""
        return self.holder.get(delivery.id) is delivery

    @rule(channel=st.sampled_from("ab"))
    def send(self, channel: str) -> None:
        name = f"{channel}{len(self.place)}"
        self.run(self.broker.put, channel, b'{"type":"x"}', name, {})
        self.place[name], self.due[name], self.attempts[name] = "queued", self.now, 0

    @rule(target=deliveries, channel=st.sampled_from("ab"))
    def take(self, channel: str) -> Any:
        async def receive() -> MemoryDelivery | None:
            async with self.broker.subscribe(channel) as subscription:
                return await subscription.receive(0)

        delivery = self.run(receive)
        ready = {
            name
            for name, place in self.place.items()
            if place == "queued" and name[0] == channel and self.due[name] <= self.now
        }
        if delivery is None:
            assert not ready
            return None
        assert delivery.id in ready
        self.attempts[delivery.id] += 1
        assert delivery.attempt == self.attempts[delivery.id]
        self.due[delivery.id] = self.now + LEASE
        self.holder[delivery.id] = delivery
        return delivery

    @rule(delivery=deliveries)
    def ack(self, delivery: MemoryDelivery | None) -> None:
        if delivery is not None:
            self.run(delivery.ack)
            if self.holds(delivery):
                self.place[delivery.id] = "done"
                del self.holder[delivery.id]

    @rule(delivery=deliveries)
    def dead_letter(self, delivery: MemoryDelivery | None) -> None:
        if delivery is not None:
            self.run(delivery.dead_letter, "why not")
            if self.holds(delivery):
                self.place[delivery.id] = "dead"
                del self.holder[delivery.id]

    @rule(delivery=deliveries, delay=st.sampled_from([0.0, 3.0, 20.0]))
    def retry(self, delivery: MemoryDelivery | None, delay: float) -> None:
        if delivery is not None:
            self.run(delivery.retry, delay)
            if self.holds(delivery):
                self.due[delivery.id] = self.now + delay
                del self.holder[delivery.id]

    @rule(delivery=deliveries)
    def extend(self, delivery: MemoryDelivery | None) -> None:
        if delivery is None:
            return
        try:
            self.run(delivery.extend)
        except LeaseLostError:
            assert not self.holds(delivery)
        else:
            assert self.holds(delivery)
            self.due[delivery.id] = self.now + LEASE

    @rule(delivery=consumes(deliveries))
    def crash(self, delivery: MemoryDelivery | None) -> None:
        """Forget a delivery: its lease brings the message back."""

    @rule(seconds=st.sampled_from([1.0, 5.0, LEASE]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        # A lease that ran out stays lost only once somebody looked: who is first, settles.
        for name, due in self.due.items():
            if due <= self.now and self.place[name] == "queued":
                self.look(name[0])

    def look(self, channel: str) -> None:
        """Have the broker see the time; whoever held a message then, holds it no more."""
        queue = self.broker._get_queue(channel)
        kept = queue.take(LEASE)
        if kept is not None:
            # It was taken only to make the broker look: that counts as an attempt nobody works on.
            self.attempts[kept.id] += 1
            self.due[kept.id] = self.now + LEASE
        for name, delivery in [*self.holder.items()]:
            if delivery.is_lost:
                del self.holder[name]

    @rule(delivery=deliveries, replay=st.booleans())
    def look_after(self, delivery: MemoryDelivery | None, replay: bool) -> None:  # noqa: FBT001
        if delivery is None:
            return
        is_dead = self.place[delivery.id] == "dead"
        action = self.broker.replay if replay else self.broker.drop
        assert self.run(action, delivery.id) == int(is_dead)
        if is_dead and replay:
            self.place[delivery.id] = "queued"
            self.due[delivery.id], self.attempts[delivery.id] = self.now, 0
        elif is_dead:
            self.place[delivery.id] = "dropped"

    @invariant()
    def each_in_one_place(self) -> None:
        queued = [name for name, place in self.place.items() if place == "queued"]
        dead = [letter.id for letter in self.run(self.broker.dead_letters)]
        assert sorted(dead) == sorted(n for n, place in self.place.items() if place == "dead")
        for channel in "ab":
            assert self.broker.size(channel) == sum(name[0] == channel for name in queued)

    def teardown(self) -> None:
        """Drain: what is queued comes, and everything has ended in one place."""
        self.now += 10 * LEASE
        for channel in "ab":
            while self.broker.size(channel):
                delivery = self.take(channel)
                assert delivery is not None
                self.ack(delivery)
        assert set(self.place.values()) <= {"done", "dead", "dropped"}


TestMemoryStates = MemoryStates.TestCase
TestMemoryStates.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
