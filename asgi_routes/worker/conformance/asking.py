"""How the tests ask a broker.

In: what makes brokers. Out: an open one, the next message, or that there is none. The rule kept here: a test
that fails, fails for what the broker did, never for a machine that was slow.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import anyio

from asgi_routes.worker.contract import Delivery

MakeBroker: TypeAlias = Callable[[float], Any]
"""Given a lease in seconds, returns a broker, not opened yet, on an engine that was empty when the
test began. Called again in the same test, it returns one on the same engine, or the very same broker."""

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


@asynccontextmanager
async def opened(make_broker: MakeBroker, lease: float = LONG) -> AsyncIterator[Any]:
    """Open a new broker for a test that must not take for ever."""
    with anyio.fail_after(PATIENCE):
        async with make_broker(lease) as broker:
            yield broker


async def next_of(subscription: Any) -> Delivery:
    """Return the next message; that there is none fails the test."""
    delivery: Delivery | None = await subscription.receive(PATIENCE)
    assert delivery is not None, "no message came"
    return delivery


async def nothing_of(subscription: Any, seconds: float = 0.2) -> None:
    """Fail if a message comes."""
    delivery = await subscription.receive(seconds)
    assert delivery is None, f"message {delivery.id} came, and none should"
