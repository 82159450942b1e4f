"""From an application to the data that describes it.

In: an application, a router as a rule. Out: a tree of nodes. The rule kept here: nothing is called but
``children``; what cannot be looked into is an application.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from asgi_routes.apps import is_router, name_of, wrapped
from asgi_routes.dispatch import (
    NotFound,
)
from asgi_routes.inspection.nodes import Kind, Node, ParameterInfo
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
class _Way:
    """How one came here."""

    protocol: str | None = None
    host: str | None = None
    template: str | None = None
    path_format: str | None = None
    namespaces: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    around: tuple[object, ...] = ()


def inspect(app: Any) -> Node:
    """Return an application, and all that it leads to, as data.

    >>> from asgi_routes import URLRouter, path
    >>> async def user(scope, receive, send): ...
    >>> node = inspect(URLRouter([path("users/<int:id>/", user, name="user")]))
    >>> [(route.template, route.name) for route in node.routes()]
    [('/users/<int:id>/', 'user')]
    """
    return _read(app, "application", "", _Way())


def _read(app: Any, kind: Kind, key: str, way: _Way) -> Node:
    inner: Any
    *wrappers, inner = wrapped(app)
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


def _children(router: Any, way: _Way) -> Iterator[Node]:
    if isinstance(router, URLRouter):
        below = replace(
            way,
            template=(way.template or "").removesuffix("/") + "/",
            path_format=(way.path_format or "").removesuffix("/") + "/",
        )
        for route in router.declarations:
            yield _route(route, below)
        if router.default_of_misses is not None:
            yield _read(router.default_of_misses, "default", "default", way)
        return
    for child in router.children():
        if isinstance(child.app, NotFound):
            continue  # Nobody has written it.
        kind: Kind = "default" if child.key == "default" else "application"
        below = way
        if kind == "application" and isinstance(router, ProtocolTypeRouter):
            below = replace(way, protocol=child.key)
        elif kind == "application" and isinstance(router, HostRouter):
            below = replace(way, host=child.key)
        elif kind == "application" and isinstance(router, MethodRouter):
            below = replace(way, methods=(child.key,))
        yield _read(child.app, kind, str(child.key), below)


def _route(route: Route, way: _Way) -> Node:
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
        parameters=tuple(
            ParameterInfo(parameter.name, parameter.converter_name, parameter.regex)
            for parameter in pattern.parameters
        ),
        name=name,
        file=route.declared.file,
        line=route.declared.line,
    )
