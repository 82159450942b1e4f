"""What a broker has to do, as tests: the definition of the contract, for your own brokers, too.

Derive a class in a test module, and give it a fixture ``make_broker``, which takes a lease in
seconds. The tests are asynchronous; they run under the pytest plugin of anyio::

    @pytest.mark.anyio
    class TestMyBroker(BrokerConformance):
        @pytest.fixture
        def make_broker(self):
            return lambda lease: MyBroker(url, lease=lease)

`BrokerConformance` is all of it; it expects a `asgi_routes.worker.SendingBroker` that is a
`CrashLedger` and has `DeadLetters` and `Depths`. A broker that delivers at most once, and keeps no dead letters,
passes `DeliveryConformance` and `WorkerConformance`.
"""

from asgi_routes.worker.conformance.deliveries import (
    DeliveryConformance,
    LeaseConformance,
    MakeBroker,
)
from asgi_routes.worker.conformance.letters import DeadLetterConformance
from asgi_routes.worker.conformance.waiting import WaitingConformance
from asgi_routes.worker.conformance.workers import RetryingConformance, WorkerConformance

__all__ = (
    "BrokerConformance",
    "DeadLetterConformance",
    "DeliveryConformance",
    "LeaseConformance",
    "MakeBroker",
    "RetryingConformance",
    "WaitingConformance",
    "WorkerConformance",
)


class BrokerConformance(
    DeliveryConformance,
    LeaseConformance,
    WaitingConformance,
    DeadLetterConformance,
    WorkerConformance,
    RetryingConformance,
):
    """All that a broker has to do that delivers at least once."""
