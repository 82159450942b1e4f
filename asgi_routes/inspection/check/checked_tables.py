"""The tables of an application: which rows are tried one after the other.

Rule: nested routers belong to the table of the router around them. A router that is mounted or
wrapped, that has an application as its default, or that is reached through another kind of router
has a table of its own.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from asgi_routes.apps import innermost, is_router, is_searched, walk
from asgi_routes.dispatch import (
    BASE,
)
from asgi_routes.engine import Compile, Row
from asgi_routes.routers import ProtocolTypeRouter, URLRouter
from asgi_routes.routers.table import Destination, Nested, make_rows
from asgi_routes.routes import (
    Include,
    Route,
)
from asgi_routes.scopes import (
    UNSET,
    Policy,
    Settings,
)

_DEEPEST = 32
_OVERRIDABLE = ("match", "branches", "hits")


class CheckedTable(NamedTuple):
    """Rows that are tried one after the other.

    Attributes:
        prefix: what all their templates begin with.
        router: the router by path.
        rows: in order.
        around: what holds for the router where it sets nothing itself; a wrapper that makes a scope
            of its own may undo it.
        is_outermost: whether nothing was tried before the rows.
        has_variants: whether a router anywhere in the application wants a slash more or less.
    """

    prefix: str
    router: URLRouter
    rows: list[Row[Destination]]
    around: Policy
    is_outermost: bool
    has_variants: bool

    @property
    def is_searched_as_ours(self) -> bool:
        """Whether the rows are tried in order, and nothing else is done."""
        own = type(self.router)
        return all(getattr(own, name) is getattr(URLRouter, name) for name in _OVERRIDABLE)

    def make_template(self, row: Row[Destination]) -> str:
        """Return the full template of a row, as declared."""
        return self.prefix.removesuffix("/") + row.target.matched.path

    def compile_regex(self) -> Compile:
        """Return the engine for regular expressions; where there are several, one but Python's."""
        nested = (innermost(route.target) for _, route in list_declarations(self.router))
        routers = [self.router, *(one for one in nested if isinstance(one, URLRouter))]
        engines = [router.compile_regex for router in routers]
        return next((one for one in engines if one is not re.compile), re.compile)

    def find_settings(self, row: Row[Destination]) -> Settings:
        """Return what was set for a row, by its router or one between; None where nobody did."""
        found = self.router.settings
        for inner in row.target.settings:
            found = Settings(
                UNSET,
                inner.slashes or found.slashes,
                inner.encoded_slashes or found.encoded_slashes,
            )
        return found


class _Around(NamedTuple):
    """What stands around an application, and what holds there."""

    routers: tuple[object, ...]
    prefix: str
    policy: Policy
    has_variants: bool


def find_tables(app: Any) -> Iterator[CheckedTable]:
    """Yield every table that an application leads to."""
    settings = (getattr(visit.router, "settings", None) for visit in walk(app))
    has_variants = any(isinstance(one, Settings) and one.want_variants for one in settings)
    yield from _find_tables(app, _Around((), "", BASE, has_variants))


def _find_tables(app: Any, around: _Around) -> Iterator[CheckedTable]:
    inner = innermost(app)
    routers = around.routers
    is_known = any(inner is router for router in routers)
    if not is_router(inner) or is_known or len(routers) > _DEEPEST:
        return
    policy = inner.policy_within(around.policy) if is_searched(inner) else around.policy
    within = around._replace(routers=(*routers, inner), policy=policy)
    if not isinstance(inner, URLRouter):
        for child in inner.children():
            yield from _find_tables(child.app, within)
        return
    table = CheckedTable(
        around.prefix,
        inner,
        make_rows(inner.declarations, _look_into),
        around.policy,
        is_outermost=all(type(router) is ProtocolTypeRouter for router in routers),
        has_variants=around.has_variants,
    )
    yield table
    for row in table.rows:
        policy = row.target.policy_in(within.policy)
        below = within._replace(prefix=table.make_template(row), policy=policy)
        yield from _find_tables(row.target.app, below)


def _look_into(app: object) -> Nested | None:
    """Return the router that an application is, where the search goes through it."""
    if isinstance(app, URLRouter) and is_searched(app) and app.default_of_misses is None:
        return Nested(app.declarations, app.settings, None)
    return None


def list_declarations(
    router: URLRouter, around: tuple[object, ...] = ()
) -> Iterator[tuple[str, Route]]:
    """Yield every declaration in a router's table, nested ones too, with its template."""
    yield from _list_declarations(router.declarations, "/", (*around, router))


def _list_declarations(
    routes: tuple[Route, ...], prefix: str, around: tuple[object, ...]
) -> Iterator[tuple[str, Route]]:
    for route in routes:
        template = prefix + route.pattern.source
        yield template, route
        if isinstance(route.target, Include):
            yield from _list_declarations(route.target.routes, template, around)
            continue
        inner = innermost(route.target)
        is_nested = isinstance(inner, URLRouter) and route.mounting is None
        if isinstance(inner, URLRouter) and is_nested and inner not in around:
            below = template.removesuffix("/") + "/"
            yield from _list_declarations(inner.declarations, below, (*around, inner))
