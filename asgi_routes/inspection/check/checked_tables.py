"""The tables of an application: which rows are tried one after the other.

Rule: nested routers belong to the table of the router around them. A router that is mounted or
wrapped, that has an application as its default, or that is reached through another kind of router
has a table of its own.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from asgi_routes.apps import (
    Kind,
    innermost,
    is_called_as_router,
    is_router,
    is_searched,
    kind_of,
    matches_as_ours,
    name_of,
    unwrap,
    walk,
)
from asgi_routes.dispatch import (
    BASE,
)
from asgi_routes.engine import Compile, Row, Step
from asgi_routes.inspection.check.findings import Subject, make_subject
from asgi_routes.routers import HostRouter, ProtocolTypeRouter, URLRouter
from asgi_routes.routers.rows import Destination, Nested, make_rows
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


class Taken(NamedTuple):
    """A parameter that is there, and the declaration that it comes from."""

    name: str
    subject: Subject


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
        protocol: the scope type that comes here, if no wrapper makes another of it; None where that
            is not known.
        taken: the parameters that were taken on the way, and where.
        through: ``module:name`` of what stands around it by hand, the outermost first.
    """

    prefix: str
    router: URLRouter
    rows: list[Row[Destination]]
    around: Policy
    is_outermost: bool
    has_variants: bool
    protocol: str | None
    taken: tuple[Taken, ...]
    through: tuple[str, ...]

    @property
    def is_searched_as_ours(self) -> bool:
        """Whether the rows are tried in order, and nothing else is done."""
        own = type(self.router)
        return all(getattr(own, name) is getattr(URLRouter, name) for name in _OVERRIDABLE)

    def make_template(self, row: Row[Destination]) -> str:
        """Return the full template of a row, as declared."""
        return self.prefix.removesuffix("/") + row.target.matched.path

    def list_steps(self, row: Row[Destination]) -> Iterator[tuple[Step, Route, str]]:
        """Yield the steps of a row, each with its declaration and the template up to there."""
        full = self.prefix
        for step, route in zip(row.steps, row.target.declarations, strict=True):
            if step is row.steps[0] or step.is_level:
                full = full.removesuffix("/") + "/"
            full += route.pattern.source
            yield step, route, full

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
    protocol: str | None = None
    taken: tuple[Taken, ...] = ()
    through: tuple[str, ...] = ()


def find_tables(app: Any) -> Iterator[CheckedTable]:
    """Yield every table that an application leads to."""
    settings = (getattr(visit.router, "settings", None) for visit in walk(app))
    has_variants = any(isinstance(one, Settings) and one.want_variants for one in settings)
    yield from _find_tables(app, _Around((), "", BASE, has_variants))


def _find_tables(app: Any, around: _Around) -> Iterator[CheckedTable]:
    inner: Any
    *wrappers, inner = unwrap(app)
    routers = around.routers
    is_known = any(inner is router for router in routers)
    if not is_router(inner) or is_known or len(routers) > _DEEPEST:
        return
    policy = inner.policy_within(around.policy) if is_searched(inner) else around.policy
    if not is_called_as_router(inner):
        wrappers.append(inner)
    around = around._replace(through=(*around.through, *map(name_of, wrappers)))
    if not matches_as_ours(inner):  # It may name another scope.
        around = around._replace(protocol=None)
    within = around._replace(routers=(*routers, inner), policy=policy)
    if not isinstance(inner, URLRouter):
        for child in inner.children():
            yield from _find_tables(child.app, _go_by_key(inner, child, within))
        return
    table = CheckedTable(
        around.prefix,
        inner,
        make_rows(inner.declarations, _look_into),
        around.policy,
        is_outermost=all(type(router) is ProtocolTypeRouter for router in routers),
        has_variants=around.has_variants,
        protocol=around.protocol,
        taken=around.taken,
        through=around.through,
    )
    yield table
    for row in table.rows:
        target = row.target
        below = within._replace(
            prefix=table.make_template(row),
            policy=target.policy_in(within.policy),
            taken=(*within.taken, *_list_taken(table, row)),
        )
        yield from _find_tables(target.app, below)


def _go_by_key(router: Any, child: Any, within: _Around) -> _Around:
    """Return what stands around what a router leads to by a key."""
    if isinstance(router, ProtocolTypeRouter):
        return within._replace(protocol=None if child.is_default else child.key)
    if isinstance(router, HostRouter) and not child.is_default:
        subject = Subject(child.key, router.declared)
        parameters = router.host_patterns[child.key].parameters
        taken = (Taken(one.name, subject) for one in parameters if one.name)
        return within._replace(taken=(*within.taken, *taken))
    return within


def _list_taken(table: CheckedTable, row: Row[Destination]) -> Iterator[Taken]:
    for step, route, template in table.list_steps(row):
        subject = make_subject(template, route)
        for name in (*(one.name for one in step.pattern.parameters), *step.kwargs):
            if name:
                yield Taken(name, subject)


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
        inner = route.target
        is_nested = kind_of(inner) is Kind.ROUTER and route.mounting is None
        if isinstance(inner, URLRouter) and is_nested and inner not in around:
            below = template.removesuffix("/") + "/"
            yield from _list_declarations(inner.declarations, below, (*around, inner))
