"""Brokers by their name and by their URL.

Rule: a broker is imported when it is asked for, so that an engine that is not used need not be
installed. A URL, which may hold a password, is in no error.
"""

import functools
import importlib
from typing import Any

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.contract import Broker
from asgi_routes.worker.memory import MemoryBroker

LAZY_BROKERS = {"LayerBroker": "layer", "NatsBroker": "nats", "RedisBroker": "redis"}
"""Brokers that are imported on first use, and the module beside this one that has each."""

_SCHEMES = {
    "nats": "NatsBroker",
    "tls": "NatsBroker",
    "redis": "RedisBroker",
    "rediss": "RedisBroker",
    "unix": "RedisBroker",
}


def load_broker_class(name: str) -> Any:
    """Return the class of a broker in `LAZY_BROKERS`.

    Raises:
        ImportError: a package that it needs is not installed.
    """
    return getattr(importlib.import_module(f"asgi_routes.worker.{LAZY_BROKERS[name]}"), name)


def broker_from(url: str) -> Broker:
    """Return the broker that a URL names.

    Args:
        url: ``nats://…`` or ``tls://…`` for `NatsBroker`; ``redis://…``, ``rediss://…`` or
            ``unix://…`` for `RedisBroker`, each as its client library reads it. ``memory:`` is one
            `MemoryBroker` for the whole process; ``memory:name`` is another one.

    Raises:
        ImproperlyConfigured: no broker has that scheme, or its package is not installed.

    >>> broker_from("memory:") is broker_from("memory:")
    True
    """
    scheme, colon, rest = url.partition(":")
    if scheme == "memory" and colon:
        return _get_memory_broker(rest)
    if scheme not in _SCHEMES or not colon:
        known = ", ".join(f"{name}://…" for name in _SCHEMES)
        raise ImproperlyConfigured(
            f"no broker has URLs that begin with {scheme + colon!r}",
            hint=f"there are memory:, {known}",
        )
    name = _SCHEMES[scheme]
    try:
        broker_class = load_broker_class(name)
    except ImportError as error:
        hint = f"pip install 'asgi-routes[{LAZY_BROKERS[name]}]'"
        raise ImproperlyConfigured(f"{name} cannot be imported: {error}", hint=hint) from error
    broker: Broker = broker_class(url)
    return broker


@functools.cache
def _get_memory_broker(_name: str) -> MemoryBroker:
    return MemoryBroker()
