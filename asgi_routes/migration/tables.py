"""Tables of routes as plain data, which both sides are built from, and how an application is read.

What is read are Channels' routers and ours alike; of an application, all that counts is its number.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from asgi_routes.apps import content_of_cell, name_of, unwrap
from asgi_routes.migration.examples import list_examples
from asgi_routes.patterns import Parameter, Pattern
from asgi_routes.patterns.converters import BUILT_IN, Converters
from asgi_routes.routers import ChannelNameRouter, ProtocolTypeRouter, URLRouter
from asgi_routes.routes import Include, Route, check_routes


@dataclass(frozen=True)
class Declared:
    """A route: ``path`` or ``re_path``, its text, paths that it matches, what it leads to."""

    function: str
    text: str
    samples: tuple[str, ...]
    target: "Target"
    kwargs: dict[str, Any] | None


@dataclass(frozen=True)
class Target:
    """An application (``leaf``), more routes in a router, or a router behind a middleware."""

    kind: str
    number: int = 0
    routes: tuple[Declared, ...] = ()


@dataclass
class Read:
    """What was read of an application.

    Attributes:
        tables: by scope type, the table of the router by path; by an empty text for any type.
        channels: the names that have an application.
        types: the scope types that have one; None where no router goes by them.
        names: of the applications, by their numbers.
        left_out: what Channels has no counterpart for, each with the number of the difference.
        converters: those that the texts of the tables name.
    """

    tables: dict[str, tuple[Declared, ...]] = field(default_factory=dict)
    channels: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    names: list[str] = field(default_factory=list)
    left_out: list[tuple[str, int | None]] = field(default_factory=list)
    converters: Converters = field(default_factory=Converters)
    registered: dict[str, Any] = field(default_factory=dict)


def read_application(app: Any) -> Read | None:
    """Return what an application routes; None where no router is found in it."""
    read = Read()
    inner = _innermost(app)
    if _is(inner, ProtocolTypeRouter):
        read.types = tuple(inner.application_mapping)
        for kind, value in inner.application_mapping.items():
            _read_value(read, kind, value)
        return read
    _read_value(read, "", app)
    return read if read.tables or read.channels is not None else None


def _read_value(read: Read, kind: str, app: Any) -> None:
    inner = _innermost(app)
    if _is(inner, ChannelNameRouter):
        read.channels = tuple(inner.application_mapping)
    elif _is(inner, URLRouter):
        read.tables[kind] = tuple(_read_routes(read, inner.routes, ()))


def _is(app: object, router: type) -> bool:
    """Tell whether an application is a router of ours, or the one of Channels with that name."""
    of_channels = any(
        one.__module__ == "channels.routing" and one.__name__ == router.__name__
        for one in type(app).__mro__
    )
    return isinstance(app, router) or of_channels


def _innermost(app: Any) -> Any:
    """Return the router in an application, in the closure of a function, too; else what it holds."""
    *_, inner = unwrap(app) if app is not None else (None,)
    cells = inner.__closure__ if isinstance(inner, FunctionType) else None
    for held in filter(callable, map(content_of_cell, cells or ())):
        behind = _innermost(held)
        if any(_is(behind, one) for one in (URLRouter, ProtocolTypeRouter, ChannelNameRouter)):
            return behind
    return inner


def _read_routes(read: Read, routes: Any, around: tuple[object, ...]) -> Iterator[Declared]:
    if any(routes is one for one in around) or len(around) > _DEEPEST:
        read.left_out.append(("a router that contains itself", None))
        return
    for route in check_routes(routes, "the router"):
        text = route.pattern.source
        if why := _find_no_counterpart(route):
            read.left_out.append((f"{text!r}: {why[0]}", why[1]))
            continue
        function = "path" if route.pattern.syntax == "path" else "re_path"
        if function == "path":
            text = _register(read, route.pattern)
        target = _read_target(read, route.target, (*around, routes))
        examples = tuple(list_examples(route.pattern))
        yield Declared(function, text, examples, target, dict(route.kwargs) or None)


def _find_no_counterpart(route: Route) -> tuple[str, int | None] | None:
    """Return why Channels has nothing like a route, and the number of the difference; or None."""
    if isinstance(route.target, Include):
        return "include() is refused by Channels", 11
    if route.mounting is not None or route.pattern.syntax == "format" or route.methods:
        return "mount(), format_path() and methods= are ours alone", None
    if route.pattern.syntax == "regex" and route.pattern.flags:
        return "a compiled regular expression", 7
    return None


_DEEPEST = 16


def _read_target(read: Read, app: Any, around: tuple[object, ...]) -> Target:
    inner = _innermost(app)
    if not _is(inner, URLRouter):
        read.names.append(name_of(app))
        return Target("leaf", len(read.names) - 1)
    routes = tuple(_read_routes(read, inner.routes, around))
    chain = [*unwrap(app)]
    if inner is app:
        kind = "router"
    elif any(getattr(one, "_path_routing", None) is True for one in chain[:-1] or chain):
        kind = "marked"
    else:
        kind = "wrapped" if chain[-1] is inner else "hidden"
    return Target(kind, 0, routes)


def _register(read: Read, pattern: Pattern) -> str:
    """Return the text of a path, with converters that both sides know by the same names."""
    parts, position = [], 0
    for node in pattern.nodes:
        if isinstance(node, Parameter) and node.converter_name:
            start, end = node.span
            name = _name_of_converter(read, node.converter)
            parts += [pattern.source[position:start], f"<{name}:{node.name}>"]
            position = end
    return "".join(parts) + pattern.source[position:]


def _name_of_converter(read: Read, converter: Any) -> str:
    for name, known in BUILT_IN.items():
        if known is converter:
            return name
    name = f"migration{id(converter)}"
    if name not in read.registered:
        read.registered[name] = converter
        read.converters.register(converter, name)
    return name
