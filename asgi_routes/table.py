"""Declarations to rows: a table of routes with everything between them resolved.

In: routes, includes among them. Out: rows, each with the place that it leads to. The rule kept here:
includes are resolved away; a router stays the target of one row, because it has a default of its own
and may be changed while it runs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from asgi_routes.apps import is_router, leads_to_router
from asgi_routes.dispatch import Match, NoMatch, answer_of
from asgi_routes.engine import Mode, Row, Step
from asgi_routes.routes import Include, Kind, Route
from asgi_routes.scopes import ChildRoute
from asgi_routes.types import App, ChildScope


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a row leads to.

    Attributes:
        app: the application or router.
        answer: from the child scope to what serves it.
        matched: the ``route`` of the child scope.
        is_mount: whether the child scope is one for a whole application.
        may_resume: whether another row may still serve after this one was asked.
        route: the declaration.
        key: the text of the route, with those of the includes around it.
    """

    app: App
    answer: Callable[[ChildScope], Match | NoMatch]
    matched: ChildRoute
    is_mount: bool
    may_resume: bool
    route: Route
    key: str


def resolved(routes: Sequence[Route]) -> list[Row[Destination]]:
    """Return one row for every route that leads to an application, in order."""
    return [
        Row(index, tuple(_step(route) for route in way), _destination(way))
        for index, way in enumerate(way for route in routes for way in _ways((), route))
    ]


def _ways(outer: tuple[Route, ...], route: Route) -> Iterator[tuple[Route, ...]]:
    way = (*outer, route)
    if not isinstance(route.target, Include):
        yield way
        return
    for inner in route.target.routes:
        yield from _ways(way, inner)


def _step(route: Route) -> Step:
    if route.kind is Kind.MOUNT:
        mode = Mode.MOUNT
    elif isinstance(route.target, Include) or leads_to_router(route.target):
        mode = Mode.PREFIX
    else:
        mode = Mode.ENDPOINT
    return Step(route.pattern, mode, route.kwargs)


def _destination(way: tuple[Route, ...]) -> Destination:
    route = way[-1]
    app = route.target
    assert not isinstance(app, Include)
    is_opaque = not is_router(app)
    is_open = is_opaque and (leads_to_router(app) or _may_leave_a_rest(route))
    key = "".join(step.pattern.source for step in way)
    path_format = "".join(step.pattern.path_format for step in way)
    matched = ChildRoute("/" + key, "/" + path_format, _full_name(way), is_open=is_open)
    return Destination(
        app=app,
        answer=answer_of(app),
        matched=matched,
        is_mount=route.kind is Kind.MOUNT,
        may_resume=is_open or not is_opaque,
        route=route,
        key=key,
    )


def _may_leave_a_rest(route: Route) -> bool:
    """Tell whether a router could be hidden behind an opaque application and be asked for more."""
    return route.pattern.syntax == "regex" and not route.pattern.source.endswith("$")


def _full_name(way: tuple[Route, ...]) -> str | None:
    *prefixes, route = way
    if route.name is None:
        return None
    namespaces = [
        prefix.target.namespace
        for prefix in prefixes
        if isinstance(prefix.target, Include) and prefix.target.namespace
    ]
    return ":".join([*namespaces, route.name])
