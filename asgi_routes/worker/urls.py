"""Brokers by their URL.

In: a URL. Out: the broker that it means, not opened yet. The rule kept here: a broker is imported when its scheme
is asked for; and a URL, which may hold a password, is in no error.
"""

import functools
import importlib
from typing import Any

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.contract import Broker
from asgi_routes.worker.memory import MemoryBroker

_NATS, _REDIS = ("nats", "NatsBroker"), ("redis", "RedisBroker")
_ROOMS = {"nats": _NATS, "tls": _NATS, "redis": _REDIS, "rediss": _REDIS, "unix": _REDIS}


def broker_from(url: str) -> Broker:
    """Return the broker that a URL means.

    Args:
        url: ``nats://…`` or ``tls://…`` for `NatsBroker`; ``redis://…``, ``rediss://…`` or ``unix://…`` for
            `RedisBroker`, each as its client library reads it. ``memory:`` is the one `MemoryBroker`
            of the process, the same for everybody who asks; ``memory:name`` is another one.

    Raises:
        ImproperlyConfigured: no broker has that scheme, or its package is not installed.

    >>> broker_from("memory:") is broker_from("memory:")
    True
    """
    scheme, colon, rest = url.partition(":")
    if scheme == "memory" and colon:
        return _in_memory(rest)
    if scheme not in _ROOMS or not colon:
        known = ", ".join(f"{name}://…" for name in _ROOMS)
        raise ImproperlyConfigured(
            f"no broker has URLs that begin with {scheme + colon!r}",
            hint=f"there are memory:, {known}",
        )
    extra, name = _ROOMS[scheme]
    try:
        room: Any = importlib.import_module(f"asgi_routes.worker.{extra}")
    except ImportError as error:
        hint = f"pip install 'asgi-routes[{extra}]'"
        raise ImproperlyConfigured(f"{name} cannot be imported: {error}", hint=hint) from error
    broker: Broker = getattr(room, name)(url)
    return broker


@functools.cache
def _in_memory(_name: str) -> MemoryBroker:
    return MemoryBroker()
