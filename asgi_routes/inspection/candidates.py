"""Every route of an application as something that a request may have meant.

In: an application and a scope. Out: the rows of all its routers by path, each with how one would have come
there. The rule kept here: middleware is looked through; nothing is called.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from asgi_routes.apps import innermost, is_router, name_of
from asgi_routes.engine import LinearMatcher, Mode, Row, split_of
from asgi_routes.routers import HostRouter, MethodRouter, ProtocolTypeRouter, URLRouter
from asgi_routes.routers.host import host_of
from asgi_routes.routers.table import Destination, Nested, rows_of
from asgi_routes.scopes import (
    Settings,
    read,
    text_of,
)

_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route, and what a request would have had to be to be served by it.

    Attributes:
        row: the route as it is matched; its target says where it was written.
        text: the part of the request's path that it is matched against.
        template: the full path over all levels, as declared.
        protocol: the scope type, or None for any.
        host: as written, where the request asks for another one; else None.
        methods: the http methods; empty for all.
        application: ``module:name`` of what it leads to.
    """

    row: Row[Destination]
    text: str
    template: str
    protocol: str | None
    host: str | None
    methods: tuple[str, ...]
    application: str

    def matches(self, text: str) -> bool:
        """Tell whether the route itself matches a text."""
        return LinearMatcher([self.row]).follow(self.row)(text) is not None


@dataclass(frozen=True, slots=True)
class _Way:
    text: str
    template: str = ""
    protocol: str | None = None
    host: str | None = None
    methods: tuple[str, ...] = ()


def candidates(app: Any, scope: Any) -> Iterator[Candidate]:
    """Yield every route that an application leads to."""
    yield from _below(app, scope, _Way(text_of(read(scope))), 0)


def _below(app: Any, scope: Any, way: _Way, depth: int) -> Iterator[Candidate]:
    inner = innermost(app)
    if not is_router(inner) or depth > _DEEPEST:
        return
    if isinstance(inner, URLRouter):
        for row in rows_of(inner.declarations, _nested_behind):
            yield from _of_row(row, scope, way, depth)
        return
    for child in inner.children():
        if child.key == "default":
            continue
        below = way
        if isinstance(inner, ProtocolTypeRouter):
            below = replace(way, protocol=child.key)
        elif isinstance(inner, HostRouter) and not _is_host(inner, child.key, scope):
            below = replace(way, host=child.key)
        yield from _below(child.app, scope, below, depth + 1)


def _nested_behind(app: object) -> Nested | None:
    """Return the router by path that an application is or wraps, or None."""
    inner = innermost(app)
    return Nested(inner.declarations, Settings(), None) if isinstance(inner, URLRouter) else None


def _is_host(router: HostRouter, key: str, scope: Any) -> bool:
    host = (host_of(scope) or "").replace(".", "/")
    pattern = router.host_patterns[key]
    return split_of(pattern, Mode.ENDPOINT)(host) is not None or key == host_of(scope)


def _of_row(row: Row[Destination], scope: Any, way: _Way, depth: int) -> Iterator[Candidate]:
    target = row.target
    inner = innermost(target.app)
    template = way.template.removesuffix("/") + target.matched.path
    methods: Sequence[str] = way.methods if target.methods is None else sorted(target.methods)
    if isinstance(inner, MethodRouter):
        methods = sorted(inner.methods)
    elif is_router(inner):
        hit = LinearMatcher([row]).follow(row)(way.text)
        if hit is not None:
            rest = hit[3].removeprefix("/")
            yield from _below(
                target.app, scope, replace(way, text=rest, template=template), depth + 1
            )
        return
    yield Candidate(
        row, way.text, template, way.protocol, way.host, tuple(methods), name_of(target.app)
    )
