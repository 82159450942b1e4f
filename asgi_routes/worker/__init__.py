"""The worker behind a `ChannelNameRouter`, and the brokers that it takes messages from.

Delivery is at least once: a message is acknowledged after the application has returned.
`NatsBroker`, `RedisBroker` and `LayerBroker` are imported on first use.
"""

from typing import Any

from asgi_routes.worker.attempts import Backoff
from asgi_routes.worker.brokers import LAZY_BROKERS, broker_from, load_broker_class
from asgi_routes.worker.contract import (
    Broker,
    BrokerClosedError,
    BrokerFullError,
    BrokerUnavailableError,
    CrashLedger,
    DeadLetter,
    DeadLetters,
    Delivery,
    Depth,
    Depths,
    LeaseLostError,
    Subscription,
)
from asgi_routes.worker.events import Status, WorkerEvent
from asgi_routes.worker.letters import LetterBox
from asgi_routes.worker.memory import MemoryBroker
from asgi_routes.worker.messages import InvalidMessageError, MessageTooLargeError, WorkerError
from asgi_routes.worker.sending import SendingBroker
from asgi_routes.worker.worker import Worker

__all__ = (
    "Backoff",
    "Broker",
    "BrokerClosedError",
    "BrokerFullError",
    "BrokerUnavailableError",
    "CrashLedger",
    "DeadLetter",
    "DeadLetters",
    "Delivery",
    "Depth",
    "Depths",
    "InvalidMessageError",
    "LeaseLostError",
    "LetterBox",
    "MemoryBroker",
    "MessageTooLargeError",
    "SendingBroker",
    "Status",
    "Subscription",
    "Worker",
    "WorkerError",
    "WorkerEvent",
    "broker_from",
)


def __getattr__(name: str) -> Any:
    if name not in LAZY_BROKERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return load_broker_class(name)
