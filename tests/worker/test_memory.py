"""The broker in memory, on both event loops."""

from collections.abc import Callable

import pytest

from asgi_routes.worker import BrokerFullError, MemoryBroker
from asgi_routes.worker.conformance import BrokerConformance

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
    broker = MemoryBroker(capacity=1)
    await broker.send("mail", {"type": "x"})
    async with broker.subscribe("mail") as subscription:
        delivery = await subscription.receive(1)
        assert delivery is not None
        with pytest.raises(BrokerFullError, match="channel 'mail' holds 1 messages already"):
            await broker.send("mail", {"type": "x"})
        await broker.send("other", {"type": "x"})
        await delivery.ack()
        await broker.send("mail", {"type": "x"})
        assert broker.size("mail") == 1


async def test_settled_loans_do_not_pile_up() -> None:
    """What was acknowledged leaves nothing behind until its lease would have run out."""
    broker = MemoryBroker()
    async with broker.subscribe("mail") as subscription:
        for _ in range(1000):
            await broker.send("mail", {"type": "x"})
            delivery = await subscription.receive(1)
            assert delivery is not None
            await delivery.extend()
            await delivery.ack()
    assert len(broker._queues["mail"]._later) < 100
