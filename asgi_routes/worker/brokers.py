"""Brokers by their name, by their URL, and by where a module has them.

Rule: a broker is imported when it is asked for, so that an engine that is not used need not be
installed. A URL, which may hold a password, is in no error.
"""

import functools
import importlib
import importlib.metadata
from typing import Any

from asgi_routes.errors import ImproperlyConfigured, did_you_mean
from asgi_routes.worker.contract import Broker
from asgi_routes.worker.memory import MemoryBroker

LAZY_BROKERS = {"LayerBroker": "layer", "NatsBroker": "nats", "RedisBroker": "redis"}
"""Brokers that are imported on first use, and the module beside this one that has each."""

GROUP = "asgi_routes.brokers"
"""The group of entry points under which packages have brokers of their own, by their scheme."""

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


def broker_from(name: str) -> Broker:
    """Return the broker that a string names.

    Args:
        name: a URL: ``nats://…`` or ``tls://…`` for `NatsBroker`; ``redis://…``, ``rediss://…`` or
            ``unix://…`` for `RedisBroker`, each as its client library reads it. ``memory:`` is one
            `MemoryBroker` for the whole process; ``memory:name`` is another one. A package may have
            other schemes: entry points of the group ``asgi_routes.brokers``, by the scheme, that
            make a broker of the URL.

            Or ``module:attribute``: a broker, or a function without arguments that makes one. With
            ``layer:module:attribute`` it is a channel layer, for `LayerBroker`.

    Raises:
        ImproperlyConfigured: the string names no broker, or a package is not installed.

    >>> broker_from("memory:") is broker_from("memory:")
    True
    """
    scheme, colon, rest = name.partition(":")
    if scheme == "memory" and colon:
        return _get_memory_broker(rest)
    if scheme == "layer" and colon:
        layer = load_attribute(rest)
        made: Broker = _load("LayerBroker")(layer() if _is_factory(layer, "receive") else layer)
        return made
    if scheme in _SCHEMES and rest.startswith("//"):
        ours: Broker = _load(_SCHEMES[scheme])(name)
        return ours
    if colon and (make := _find_entry_point(scheme)) is not None:
        return _check_broker(make(name), f"the entry point {scheme!r} of {GROUP}")
    if not all(map(str.isidentifier, rest.split("."))):
        known = ", ".join(f"{name}://…" for name in _SCHEMES)
        raise ImproperlyConfigured(
            f"no broker has URLs that start with {scheme + colon!r}",
            hint=f"there are memory:, {known}, layer:module:attribute, and module:attribute",
        )
    found = load_attribute(name)
    return _check_broker(found() if _is_factory(found, "subscribe") else found, repr(name))


def load_attribute(name: str, default: str = "") -> Any:
    """Return what ``module:attribute`` names.

    Args:
        name: the text.
        default: the attribute, where none is named.

    Raises:
        ImproperlyConfigured: there is no such module or attribute. What the module itself raises is
            raised.
    """
    module_name, _, attribute = name.partition(":")
    attribute = attribute or default
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name + ".").startswith(error.name + "."):
            raise
        raise ImproperlyConfigured(f"no module named {module_name!r}") from None
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name!r} is not of the form module:attribute: {error}"
        ) from None
    try:
        return functools.reduce(getattr, attribute.split("."), module)
    except AttributeError as error:
        hint = did_you_mean(str(error.name), vars(module))
        raise ImproperlyConfigured(
            f"module {module_name!r} has no {attribute!r}", hint=hint
        ) from None


def _load(name: str) -> Any:
    try:
        return load_broker_class(name)
    except ImportError as error:
        hint = f"pip install 'asgi-routes[{LAZY_BROKERS[name]}]'"
        raise ImproperlyConfigured(f"{name} cannot be imported: {error}", hint=hint) from error


def _find_entry_point(scheme: str) -> Any:
    """Return what makes a broker of a URL with that scheme, or None."""
    found = [*importlib.metadata.entry_points(group=GROUP, name=scheme)]
    if len(found) > 1:
        places = ", ".join(sorted(one.value for one in found))
        raise ImproperlyConfigured(f"several packages have brokers for {scheme!r}: {places}")
    return found[0].load() if found else None


def _is_factory(found: Any, method: str) -> bool:
    """Tell whether something is called for what it makes: a class has the method, too."""
    return callable(found) and (isinstance(found, type) or not hasattr(found, method))


def _check_broker(broker: Any, name: str) -> Broker:
    if all(callable(getattr(broker, method, None)) for method in ("send", "subscribe")):
        checked: Broker = broker
        return checked
    raise ImproperlyConfigured(
        f"{name} is neither a broker nor a function that returns one, but {type(broker).__qualname__}"
    )


@functools.cache
def _get_memory_broker(_name: str) -> MemoryBroker:
    return MemoryBroker()
