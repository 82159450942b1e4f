"""Declarations to rows: a table of routes with everything between them resolved.

In: routes, includes among them. Out: rows, each with the place that it leads to. The rule kept here:
includes, and routers that were put under a prefix of text, are resolved away; what cannot be looked
into before it is asked stays the target of one row.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from typing import TypeAlias

from asgi_routes.apps import is_router, leads_to_router
from asgi_routes.declarations import Include, Kind, Route
from asgi_routes.dispatch import Match, NoMatch, answer_of, own_default
from asgi_routes.engine import Mode, Row, Step
from asgi_routes.scopes import ChildRoute
from asgi_routes.types import App, ChildScope

RoutesOf: TypeAlias = Callable[[object], tuple[Route, ...] | None]
"""From a nested router to its routes, or None for an application that cannot be looked into."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a row leads to.

    Attributes:
        app: the application or router.
        answer: from the child scope to what serves it, behind a router; None for an application.
        matched: the ``route`` of the child scope.
        route: the declaration; for a nested router's default, that of the router.
        key: the text of the route, with those of the includes and routers around it.
        is_plain: whether it is an application behind which nothing is hidden, and no mount.
    """

    app: App
    answer: Callable[[ChildScope], Match | NoMatch] | None
    matched: ChildRoute
    route: Route
    key: str
    is_plain: bool

    @property
    def is_mount(self) -> bool:
        """Whether the child scope is one for a whole application."""
        return self.route.kind is Kind.MOUNT


@dataclass(frozen=True, slots=True)
class _Way:
    """The declarations that lead to an application, each with its level of routers."""

    routes: tuple[tuple[int, Route], ...]
    app: App
    is_default: bool = False

    @property
    def route(self) -> Route:
        return self.routes[-1][1]

    @property
    def is_hiding(self) -> bool:
        """Whether a router may be behind the application that has to be called to be asked."""
        if is_router(self.app):
            return False
        pattern = self.route.pattern
        may_leave_a_rest = pattern.syntax == "regex" and not pattern.source.endswith("$")
        return leads_to_router(self.app) or (may_leave_a_rest and not self.is_default)


def resolved(routes: Sequence[Route], routes_of: RoutesOf) -> list[Row[Destination]]:
    """Return one row for every application that the routes lead to, in order."""
    ways = (way for route in routes for way in _ways((), 0, route, routes_of))
    return [_row(index, way) for index, way in enumerate(ways)]


def _ways(
    outer: tuple[tuple[int, Route], ...], level: int, route: Route, routes_of: RoutesOf
) -> Iterator[_Way]:
    way = (*outer, (level, route))
    if isinstance(route.target, Include):
        for inner in route.target.routes:
            yield from _ways(way, level, inner, routes_of)
        return
    # A router that contains itself is asked when it comes to that.
    is_known = any(route.target is other.target for _, other in outer)
    nested = None if route.kind is Kind.MOUNT or is_known else routes_of(route.target)
    if nested is None:
        yield _Way(way, route.target)
        return
    for inner in nested:
        yield from _ways(way, level + 1, inner, routes_of)
    default = own_default(route.target)
    if default is not None:
        yield _Way(way, default, is_default=True)


def _row(index: int, way: _Way) -> Row[Destination]:
    matched = reduce(
        lambda outer, inner: inner.below(outer),
        [
            _template([route for _, route in routes])
            for _, routes in groupby(way.routes, lambda item: item[0])
        ],
    )
    matched = ChildRoute(matched.path, matched.path_format, matched.name, is_open=way.is_hiding)
    destination = Destination(
        app=way.app,
        answer=answer_of(way.app) if is_router(way.app) else None,
        matched=matched,
        route=way.route,
        key=matched.path.removeprefix("/"),
        is_plain=not (is_router(way.app) or way.is_hiding or way.route.kind is Kind.MOUNT),
    )
    return Row(index, _steps(way), destination)


def _steps(way: _Way) -> tuple[Step, ...]:
    steps = []
    level = 0
    for number, (its_level, route) in enumerate(way.routes, 1):
        mode = _last_mode(way) if number == len(way.routes) else Mode.PREFIX
        steps.append(Step(route.pattern, mode, route.kwargs, its_level != level))
        level = its_level
    return tuple(steps)


def _last_mode(way: _Way) -> Mode:
    if way.route.kind is Kind.MOUNT:
        return Mode.MOUNT
    is_prefix = way.is_default or is_router(way.app) or leads_to_router(way.app)
    return Mode.PREFIX if is_prefix else Mode.ENDPOINT


def _template(routes: Sequence[Route]) -> ChildRoute:
    namespaces = [
        route.target.namespace
        for route in routes
        if isinstance(route.target, Include) and route.target.namespace
    ]
    name = routes[-1].name
    return ChildRoute(
        "/" + "".join(route.pattern.source for route in routes),
        "/" + "".join(route.pattern.path_format for route in routes),
        None if name is None else ":".join([*namespaces, name]),
    )
