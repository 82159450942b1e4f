"""The tables of an application: which rows compete for the same paths.

In: an application. Out: the rows of each of its routers by path, in order. The rule kept here: routers that are
nested, plainly or behind middleware, stand in the table of the router around them; a router that is
mounted, or stands behind another kind of router, has one of its own.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from asgi_routes.apps import innermost, is_router
from asgi_routes.declarations import Include, Route
from asgi_routes.engine import Compile, Row
from asgi_routes.inspection.candidates import routes_behind
from asgi_routes.methods import ByMethod
from asgi_routes.routers import URLRouter
from asgi_routes.table import Destination, resolved

_DEEPEST = 32


class Competing(NamedTuple):
    """Rows that are tried one after the other.

    Attributes:
        prefix: what all their templates begin with.
        router: the router by path.
        rows: in order.
    """

    prefix: str
    router: URLRouter
    rows: list[Row[Destination]]

    def template(self, row: Row[Destination]) -> str:
        """Return the full template of a row, as declared."""
        return self.prefix.removesuffix("/") + row.target.matched.path

    def compile_regex(self) -> Compile:
        """Return the engine for regular expressions; where there are several, one but Python's."""
        nested = (innermost(route.target) for _, route in declarations(self.router))
        routers = [self.router, *(one for one in nested if isinstance(one, URLRouter))]
        engines = [router.compile_regex for router in routers]
        return next((one for one in engines if one is not re.compile), re.compile)


def tables(app: Any, prefix: str = "", around: tuple[object, ...] = ()) -> Iterator[Competing]:
    """Yield every table that an application leads to."""
    inner = innermost(app)
    is_known = any(inner is router for router in around)
    if not is_router(inner) or is_known or len(around) > _DEEPEST:
        return
    around = (*around, inner)
    if isinstance(inner, URLRouter):
        table = Competing(prefix, inner, resolved(inner.declarations, routes_behind))
        yield table
        for row in table.rows:
            yield from tables(row.target.app, table.template(row), around)
        return
    for child in inner.children():
        yield from tables(child.app, prefix, around)


def methods_of(row: Row[Destination]) -> frozenset[str] | None:
    """Return the methods that a row serves; None for every request."""
    target = row.target
    inner = innermost(target.app)
    if target.route.methods:
        return ByMethod(dict.fromkeys(target.route.methods, target.app), options=False).allowed
    if isinstance(inner, ByMethod):
        return inner.allowed - {"OPTIONS"}
    return None


def may_decline(row: Row[Destination]) -> bool:
    """Tell whether the search may go on behind a row that matches, methods apart."""
    target = row.target
    mounting = target.mounting
    inner = innermost(target.app)
    is_asked = is_router(inner) and not isinstance(inner, ByMethod)
    return (
        is_asked or target.matched.open or (mounting is not None and mounting.at_prefix != "serve")
    )


def declarations(router: URLRouter, around: tuple[object, ...] = ()) -> Iterator[tuple[str, Route]]:
    """Yield every declaration in a router's table with its template, includes and nested ones too."""
    yield from _declarations(router.declarations, "/", (*around, router))


def _declarations(
    routes: tuple[Route, ...], prefix: str, around: tuple[object, ...]
) -> Iterator[tuple[str, Route]]:
    for route in routes:
        template = prefix + route.pattern.source
        yield template, route
        if isinstance(route.target, Include):
            yield from _declarations(route.target.routes, template, around)
            continue
        inner = innermost(route.target)
        is_nested = isinstance(inner, URLRouter) and route.mounting is None
        if isinstance(inner, URLRouter) and is_nested and inner not in around:
            below = template.removesuffix("/") + "/"
            yield from _declarations(inner.declarations, below, (*around, inner))
