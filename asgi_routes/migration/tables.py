"""Tables of routes as plain data, which both sides are built from, and how an application is read.

What is read are Channels' routers and ours alike; of an application, all that counts is its number.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any, NamedTuple

from asgi_routes.apps import content_of_cell, is_router, name_of, unwrap
from asgi_routes.dispatch import is_application
from asgi_routes.migration.examples import list_examples
from asgi_routes.patterns import Literal, Parameter, Pattern
from asgi_routes.patterns.converters import BUILT_IN, Converters
from asgi_routes.routers import ChannelNameRouter, ProtocolTypeRouter, URLRouter
from asgi_routes.routers.keyed import is_glob
from asgi_routes.routes import Include, Route, check_routes, expand_methods
from asgi_routes.scopes import RootPath


@dataclass(frozen=True)
class Declared:
    """A route.

    Attributes:
        function: ``path``, ``re_path``, ``format`` or ``mount``.
        text: its text.
        samples: paths that it matches.
        target: what it leads to.
        kwargs: default parameters, or None.
        methods: those that it serves; empty for all.
        as_path: the text that Django's ``path()`` has for it, if it is another.
    """

    function: str
    text: str
    samples: tuple[str, ...]
    target: "Target"
    kwargs: dict[str, Any] | None
    methods: tuple[str, ...] = ()
    as_path: str | None = None

    @property
    def their_text(self) -> str:
        """The text for a function of Django's."""
        return self.text if self.as_path is None else self.as_path


@dataclass(frozen=True)
class Target:
    """An application (``leaf``), the routes of an ``include``, or a router, behind a middleware perhaps."""

    kind: str
    number: int = 0
    routes: tuple[Declared, ...] = ()


class Table(NamedTuple):
    """The routes of an outermost router by path.

    Attributes:
        kind: the scope type; empty for any.
        place: the attribute that holds the router, where an application holds several.
        root_path: its option.
        routes: as data.
    """

    kind: str
    place: str
    root_path: RootPath
    routes: tuple[Declared, ...]


@dataclass
class Read:
    """What was read of an application.

    Attributes:
        tables: those of the outermost routers by path.
        channels: the names that have an application.
        types: the scope types that have one; None where no router goes by them.
        names: of the applications, by their numbers.
        left_out: what Channels has no counterpart for.
        converters: those that the texts of the tables name.
        registered: the same, for Django.
    """

    tables: list[Table] = field(default_factory=list)
    channels: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    names: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    converters: Converters = field(default_factory=Converters)
    registered: dict[str, Any] = field(default_factory=dict)


def read_application(app: Any) -> Read | None:
    """Return what an application routes; None where no router is found in it."""
    read = Read()
    inner = _innermost(app)
    if _is(inner, ProtocolTypeRouter):
        read.types = tuple(inner.application_mapping)
        if isinstance(inner, ProtocolTypeRouter) and is_application(inner.default):
            read.left_out.append(_DEFAULT)
            read.types += ("http", "websocket")
        for kind, value in inner.application_mapping.items():
            _read_value(read, kind, value)
        return read
    _read_value(read, "", app)
    return read if read.tables or read.channels is not None or read.left_out else None


_DEFAULT = "an application as default= is ours alone"


def _read_value(read: Read, kind: str, app: Any) -> None:
    inner = _innermost(app)
    if _is(inner, ChannelNameRouter):
        names = inner.application_mapping
        read.channels = tuple(name for name in names if not is_glob(name))
        read.left_out += [f"{name!r}: globs are ours alone" for name in filter(is_glob, names)]
    elif is_router(inner) and not _is(inner, URLRouter):
        where = f"{kind!r}: " if kind else ""
        read.left_out.append(f"{where}a {type(inner).__name__} is ours alone")
    else:
        for place, router in _find_routers(inner):
            routes = tuple(_read_router(read, router, ()))
            read.tables.append(Table(kind, place, getattr(router, "root_path", "auto"), routes))


def _find_routers(app: Any) -> Iterator[tuple[str, Any]]:
    """Yield a router by path; or those that an application holds, each with the attribute.

    One that goes by the tenant, say, has several, in a dict.
    """
    if _is(app, URLRouter):
        yield "", app
        return
    for name, held in getattr(app, "__dict__", {}).items():
        several = held.values() if isinstance(held, Mapping) else held
        for one in several if isinstance(several, Iterable) else (held,):
            if callable(one) and _is(router := _innermost(one), URLRouter):
                yield name, router


def take_method(table: tuple[Declared, ...], method: str | None) -> tuple[Declared, ...]:
    """Return the routes of a table that have a method; for None, those that have all."""
    return tuple(
        replace(
            route,
            target=replace(route.target, routes=take_method(route.target.routes, method)),
        )
        for route in table
        if not route.methods or method in expand_methods(route.methods)
    )


def methods_of(table: tuple[Declared, ...]) -> frozenset[str]:
    """Return the methods that the routes of a table name."""
    below = (methods_of(route.target.routes) for route in table)
    return frozenset().union(*(route.methods for route in table), *below)


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


def _read_router(read: Read, router: Any, around: tuple[object, ...]) -> Iterator[Declared]:
    """Yield the routes of a router by path, and name what its options add to them."""
    if isinstance(router, URLRouter):
        if is_application(router.default):
            read.left_out.append(_DEFAULT)
        options = router.settings
        for option, plain in (("slashes", "strict"), ("encoded_slashes", "decode")):
            if getattr(options, option) not in (None, plain):
                value = getattr(options, option)
                read.left_out.append(f"what {option}={value!r} adds is ours alone")
    yield from _read_routes(read, router.routes, around)


def _read_routes(read: Read, routes: Any, around: tuple[object, ...]) -> Iterator[Declared]:
    if any(routes is one for one in around) or len(around) > _DEEPEST:
        read.left_out.append("a router that contains itself")
        return
    for route in check_routes(routes, "the router"):
        if why := _find_no_counterpart(route):
            read.left_out.append(f"{route.pattern.source!r}: {why}")
            continue
        yield _read_route(read, route, (*around, routes))


def _read_route(read: Read, route: Route, around: tuple[object, ...]) -> Declared:
    pattern = route.pattern
    function, text, as_path = "re_path", _write_flags(pattern.flags) + pattern.source, None
    if pattern.syntax == "path":
        function, text = "path", _register(read, pattern)
    elif pattern.syntax == "format":
        function, as_path = "format", _write_as_path(read, pattern)
    if route.mounting is not None:
        function = "mount"
    target = _read_target(read, route.target, around)
    examples = tuple(list_examples(pattern))
    kwargs = dict(route.kwargs) or None
    return Declared(function, text, examples, target, kwargs, route.methods, as_path)


def _find_no_counterpart(route: Route) -> str | None:
    """Return why Channels has nothing like a route, or None."""
    if route.mounting is not None and route.mounting.at_prefix != "serve":
        return f"mount(at_prefix={route.mounting.at_prefix!r}) is ours alone"
    if route.pattern.syntax == "format" and any(
        isinstance(node, Literal) and set(node.text) & {"<", ">"} for node in route.pattern.nodes
    ):
        return "Django's path() cannot have a < or > of its own"
    if not isinstance(route.target, Include):
        inner = _innermost(route.target)
        if is_router(inner) and not _is(inner, URLRouter):
            return f"a {type(inner).__name__} below a path is ours alone"
    return None


_DEEPEST = 16


def _read_target(read: Read, app: Any, around: tuple[object, ...]) -> Target:
    if isinstance(app, Include):
        return Target("include", 0, tuple(_read_routes(read, app.routes, around)))
    inner = _innermost(app)
    if not _is(inner, URLRouter):
        read.names.append(name_of(app))
        return Target("leaf", len(read.names) - 1)
    routes = tuple(_read_router(read, inner, around))
    chain = [*unwrap(app)]
    if inner is app:
        kind = "router"
    elif any(getattr(one, "_path_routing", None) is True for one in chain[:-1] or chain):
        kind = "marked"
    else:
        kind = "wrapped" if chain[-1] is inner else "hidden"
    return Target(kind, 0, routes)


def _write_flags(flags: int) -> str:
    """Return the flags of a compiled expression as they stand in front of its text."""
    found = "".join(letter for letter in "aimsx" if flags & re.RegexFlag[letter.upper()])
    return f"(?{found})" if found else ""


def _write_as_path(read: Read, pattern: Pattern) -> str:
    """Return a format as a text of Django's ``path()``, with a converter for each of its fields."""
    return "".join(
        f"<{_name_of_converter(read, Field(node.regex, node.converter))}:{node.name}>"
        if isinstance(node, Parameter)
        else getattr(node, "text", "")
        for node in pattern.nodes
    )


class Field:
    """A field of a format as a converter of Django's."""

    def __init__(self, regex: str, converter: Any) -> None:
        self.regex = regex
        self._converter = converter

    def to_python(self, value: str) -> Any:
        return value if self._converter is None else self._converter.to_python(value)

    def to_url(self, value: Any) -> str:
        return str(value)


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
    name = f"migration{len(read.registered)}"
    name = next((known for known, one in read.registered.items() if one is converter), name)
    if name not in read.registered:
        read.registered[name] = converter
        read.converters.register(converter, name)
    return name
