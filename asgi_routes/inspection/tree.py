"""A whole application as data.

The values are frozen, and hold what was written, not what a request makes of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias

from asgi_routes.apps import is_router, name_of, unwrap
from asgi_routes.engine import Compile, find_engine
from asgi_routes.errors import Place
from asgi_routes.routers import (
    ChannelNameRouter,
    HostRouter,
    MethodRouter,
    ProtocolTypeRouter,
    SubprotocolRouter,
    URLRouter,
)
from asgi_routes.routers.names import SEPARATOR
from asgi_routes.routes import (
    Include,
    Route,
)

Kind: TypeAlias = Literal["router", "include", "route", "mount", "application", "default"]


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """A parameter of a route.

    Attributes:
        name: its key among the named parameters; None for a positional one.
        converter: as written, ``int``; empty where none was written.
        regex: the text that it takes.
    """

    name: str | None
    converter: str
    regex: str


@dataclass(frozen=True, slots=True)
class Node:
    """A router, a route, or an application, and what it leads to.

    Attributes:
        kind: ``router``, ``include`` (more routes under a prefix), ``route``, ``mount``,
            ``application`` (what a key of another router leads to), or ``default``.
        key: what the scope has to have for it, as written: ``http``, ``users/<int:id>/``, ``GET``.
        router: the class of the router that stands here, or None.
        by: what that router goes by: ``type``, ``path``, ``host``, ``method``, ``channel``,
            ``subprotocols``; empty for a router of somebody's own.
        protocol: the scope type that one comes here with, or None for any.
        host: the host that one comes here with, as written, or None for any.
        template: the full path over all levels, as declared; None before the first router by path.
        path_format: the same with every parameter as ``{name}``.
        syntax: of the route's text: ``path``, ``regex`` or ``format``; None where there is none.
        engine: what matches that text: ``table``, which looks up and splits in linear time, or
            ``re`` or ``re2``; None where there is none.
        parameters: of the route's own text.
        name: with its namespaces, or None.
        namespace: the name of an inclusion, or None.
        methods: the HTTP methods; empty for all.
        wrappers: the middleware between the key and the router, the outermost first.
        application: ``module:name`` of the application or router that it leads to.
        file, line: where a route was declared; None for all else.
        app: the application itself.
        children: what it leads to, in order.
    """

    kind: Kind
    key: str
    application: str
    router: str | None = None
    by: str = ""
    protocol: str | None = None
    host: str | None = None
    template: str | None = None
    path_format: str | None = None
    syntax: str | None = None
    engine: str | None = None
    parameters: tuple[ParameterInfo, ...] = ()
    name: str | None = None
    namespace: str | None = None
    methods: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()
    file: str | None = None
    line: int | None = None
    app: Any = field(default=None, repr=False, compare=False)
    children: tuple["Node", ...] = ()

    @property
    def place(self) -> str | None:
        """``file:line`` of the declaration, relative to the working directory where it is below."""
        return None if self.file is None else str(Place(self.file, self.line or 0))

    def walk(self) -> Iterator["Node"]:
        """Yield this node and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def routes(self) -> Iterator["Node"]:
        """Yield the routes and mounts that lead to an application, not to more routes, in order."""
        below = [route for child in self.children for route in child.routes()]
        if below or self.kind not in ("route", "mount"):
            yield from below
        else:
            yield self

    def as_dict(self) -> dict[str, Any]:
        """Return the node as plain data for JSON, without ``app``."""
        plain: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name == "children":
                plain["children"] = [child.as_dict() for child in value]
            elif one.name == "parameters":
                plain["parameters"] = [
                    {"name": each.name, "converter": each.converter, "regex": each.regex}
                    for each in value
                ]
            elif one.name != "app":
                plain[one.name] = list(value) if isinstance(value, tuple) else value
        return plain


_BY: dict[type, str] = {
    ProtocolTypeRouter: "type",
    URLRouter: "path",
    HostRouter: "host",
    MethodRouter: "method",
    ChannelNameRouter: "channel",
    SubprotocolRouter: "subprotocols",
}
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class _Context:
    """How one came here."""

    protocol: str | None = None
    host: str | None = None
    template: str | None = None
    path_format: str | None = None
    namespaces: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    around: tuple[object, ...] = ()
    compile_regex: Compile = re.compile


def inspect(app: Any) -> Node:
    """Return an application, and everything it leads to, as data.

    >>> from asgi_routes import URLRouter, path
    >>> async def user(scope, receive, send): ...
    >>> node = inspect(URLRouter([path("users/<int:id>/", user, name="user")]))
    >>> [(route.template, route.name) for route in node.routes()]
    [('/users/<int:id>/', 'user')]
    """
    return _read(app, "application", "", _Context())


def _read(app: Any, kind: Kind, key: str, way: _Context) -> Node:
    inner: Any
    *wrappers, inner = unwrap(app)
    if not is_router(inner):
        wrappers, inner = [], app
    node = Node(
        kind=kind,
        key=key,
        application=name_of(inner),
        protocol=way.protocol,
        host=way.host,
        template=way.template,
        path_format=way.path_format,
        methods=way.methods,
        wrappers=tuple(map(name_of, wrappers)),
        app=inner,
    )
    if not is_router(inner) or len(way.around) > _DEEPEST:
        return node
    if any(inner is router for router in way.around):
        return replace(node, router=type(inner).__qualname__)
    children = tuple(_children(inner, replace(way, around=(*way.around, inner))))
    by = next((by for router, by in _BY.items() if issubclass(type(inner), router)), "")
    # What stands alone as a router is one; a route stays a route, whatever it leads to.
    own: Kind = "router" if kind == "application" and not key else kind
    return replace(node, kind=own, router=type(inner).__qualname__, by=by, children=children)


def _children(router: Any, way: _Context) -> Iterator[Node]:
    if isinstance(router, URLRouter):
        below = replace(
            way,
            template=(way.template or "").removesuffix("/") + "/",
            path_format=(way.path_format or "").removesuffix("/") + "/",
            compile_regex=router.compile_regex,
        )
        for route in router.declarations:
            yield _route(route, below)
        if router.default_of_misses is not None:
            yield _read(router.default_of_misses, "default", "default", way)
        return
    for child in router.children():
        kind: Kind = "default" if child.is_default else "application"
        below = way
        if kind == "application" and isinstance(router, ProtocolTypeRouter):
            below = replace(way, protocol=child.key)
        elif kind == "application" and isinstance(router, HostRouter):
            below = replace(way, host=child.key)
        elif kind == "application" and isinstance(router, MethodRouter):
            below = replace(way, methods=(child.key,))
        yield _read(child.app, kind, str(child.key), below)


def _route(route: Route, way: _Context) -> Node:
    pattern, target = route.pattern, route.target
    below = replace(
        way,
        template=f"{way.template}{pattern.source}",
        path_format=f"{way.path_format}{pattern.path_format}",
        methods=route.methods or way.methods,
    )
    if isinstance(target, Include):
        below = replace(
            below, namespaces=(*way.namespaces, *([target.namespace] if target.namespace else []))
        )
        children = tuple(_route(inner, below) for inner in target.routes)
        node = Node(
            "include",
            pattern.source,
            "",
            protocol=way.protocol,
            host=way.host,
            template=below.template,
            path_format=below.path_format,
            methods=below.methods,
            namespace=target.namespace,
            children=children,
        )
    else:
        kind: Kind = "route" if route.mounting is None else "mount"
        node = _read(target, kind, pattern.source, below)
    name = route.name and SEPARATOR.join([*way.namespaces, route.name])
    return replace(
        node,
        syntax=pattern.syntax,
        engine=find_engine(pattern, way.compile_regex),
        parameters=tuple(
            ParameterInfo(parameter.name, parameter.converter_name, parameter.regex)
            for parameter in pattern.parameters
        ),
        name=name,
        file=route.declared.file,
        line=route.declared.line,
    )
