"""Declarations to rows: a table of routes with everything between them resolved.

In: routes, includes among them. Out: rows, each with the place that it leads to. The rule kept here:
includes, and routers that were put under a prefix of text, are resolved away; what cannot be looked
into before it is asked stays the target of one row.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from typing import NamedTuple, TypeAlias

from asgi_routes.apps import is_router, leads_to_router, routes_by_path
from asgi_routes.declarations import Include, Route
from asgi_routes.dispatch import answer_of, own_default
from asgi_routes.encoded_slashes import with_plain_converters
from asgi_routes.engine import (
    Candidates,
    Compile,
    Hit,
    LinearMatcher,
    Matcher,
    Mode,
    Row,
    Step,
    compiled,
)
from asgi_routes.errors import ImproperlyConfigured, raise_together
from asgi_routes.matches import Match, NoMatch
from asgi_routes.methods import ByMethod
from asgi_routes.mounting import Mounting
from asgi_routes.names import Names, names_of
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
        is_plain: whether nothing has to be done but to make the child scope: no mount, and nothing
            is hidden behind the application, or behind those in ``by_method``.
        by_method: the applications that serve some methods, where these decide; else None.
        declarations: the route, and before it those of the includes and routers around it.
    """

    app: App
    answer: Callable[[ChildScope], Match | NoMatch] | None
    matched: ChildRoute
    route: Route
    key: str
    is_plain: bool
    by_method: Mapping[str, App] | None
    declarations: tuple[Route, ...]

    @property
    def mounting(self) -> Mounting | None:
        """How the application is mounted; None where it is not."""
        return self.route.mounting


class Table:
    """The routes of a router, compiled; it never changes.

    Attributes:
        routes: as declared.
        rows: one for every application that they lead to.
        matcher, literal, search, source: see `Compiled`.

    Args:
        routes: as declared.
        routes_of: what nested routers are looked into by.
        compile_regex: the engine for regular expressions.
        has_encoded_slashes: whether the paths to match may hold `ENCODED_SLASH`.

    Raises:
        ImproperlyConfigured: the engine for regular expressions does not accept some; all of them.
    """

    __slots__ = (
        "_candidates",
        "_names",
        "literal",
        "matcher",
        "routes",
        "rows",
        "search",
        "source",
    )

    def __init__(
        self,
        routes: tuple[Route, ...],
        routes_of: RoutesOf,
        compile_regex: Compile,
        *,
        has_encoded_slashes: bool = False,
    ) -> None:
        self.routes = routes
        self.rows = resolved(routes, routes_of)
        if has_encoded_slashes:
            self.rows = [*map(with_plain_converters, self.rows)]
        _check_regexes(self.rows, compile_regex)
        linear = LinearMatcher(self.rows, compile_regex)
        self.matcher: Matcher[Destination]
        self.matcher, self.literal, self.search, self.source = compiled(self.rows, linear)
        self._candidates = Candidates(linear)
        self._names: Names | None = None

    @property
    def names(self) -> Names:
        """The names of the routes; read when somebody asks for the first."""
        if self._names is None:
            self._names = names_of(self.routes)
        return self._names

    def hits_from(self, path: str, hit: Hit[Destination]) -> Iterator[Hit[Destination]]:
        """Yield a hit of the matcher, and those behind it."""
        yield hit
        yield from self._candidates.behind(path, hit[0].index)


def _check_regexes(rows: Sequence[Row[Destination]], compile_regex: Compile) -> None:
    if compile_regex is re.compile:
        return  # It was what the patterns were parsed with.
    mistakes = []
    for row in rows:
        for step in row.steps:
            if step.pattern.syntax != "regex":
                continue
            try:
                compile_regex(step.pattern.regex, step.pattern.flags)
            except ImproperlyConfigured as mistake:
                mistake.declared = row.target.route.declared
                mistakes.append(mistake)
    raise_together(mistakes, "the regular expressions")


class _Way(NamedTuple):
    """The declarations that lead to an application, each with its level of routers.

    Attributes:
        routes: pairs of level and declaration.
        app: the application or router.
        is_default: whether it is the default of the last router on the way.
        asked: whether it is a router, which has to be asked.
        leads: whether it leads to a router that cannot be asked without calling it.
        is_prefix: whether it goes on with what is left of the path.
    """

    routes: tuple[tuple[int, Route], ...]
    app: App
    is_default: bool
    asked: bool
    leads: bool
    is_prefix: bool

    @classmethod
    def to(
        cls, routes: tuple[tuple[int, Route], ...], app: App, *, is_default: bool = False
    ) -> "_Way":
        asked = is_router(app)
        leads = not asked and leads_to_router(app)
        is_prefix = is_default or ((asked or leads) and routes_by_path(app))
        return cls(routes, app, is_default, asked, leads, is_prefix)

    @property
    def route(self) -> Route:
        return self.routes[-1][1]

    @property
    def is_hiding(self) -> bool:
        """Whether a router may be behind the application that has to be called to be asked."""
        pattern = self.route.pattern
        if pattern.syntax != "regex" or pattern.source.endswith("$") or self.is_default:
            return self.leads
        return not self.asked  # The regex may leave a rest, for whoever is behind.

    @property
    def mode(self) -> Mode:
        """How far the last pattern has to reach."""
        if self.route.mounting is not None:
            return Mode.MOUNT
        return Mode.PREFIX if self.is_prefix else Mode.ENDPOINT


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
    is_opaque = is_known or route.mounting is not None or route.methods
    nested = None if is_opaque else routes_of(route.target)
    if nested is None:
        yield _Way.to(way, route.target)
        return
    for inner in nested:
        yield from _ways(way, level + 1, inner, routes_of)
    default = own_default(route.target)
    if default is not None:
        yield _Way.to(way, default, is_default=True)


def _row(index: int, way: _Way) -> Row[Destination]:
    is_hiding = way.is_hiding
    template = _template([route for _, route in way.routes])
    if way.routes[-1][0] > 0:
        levels = groupby(way.routes, lambda item: item[0])
        templates = [_template([route for _, route in routes]) for _, routes in levels]
        template = reduce(lambda outer, inner: inner.below(outer), templates)
    answer, by_method = _answer(way)
    destination = Destination(
        app=way.app,
        answer=answer,
        matched=ChildRoute(template.path, template.path_format, template.name, is_open=is_hiding),
        route=way.route,
        key=template.path.removeprefix("/"),
        is_plain=not (is_hiding or way.route.mounting)
        and (answer is None or by_method is not None),
        by_method=by_method,
        declarations=tuple(route for _, route in way.routes),
    )
    return Row(index, _steps(way), destination)


def _answer(
    way: _Way,
) -> tuple[Callable[[ChildScope], Match | NoMatch] | None, Mapping[str, App] | None]:
    """Return what a router answers for an application, and which methods decide that alone."""
    if way.route.methods and not way.is_default:
        choice = ByMethod(dict.fromkeys(way.route.methods, way.app))
        return choice.match, choice.plain
    if not way.asked:
        return None, None
    is_by_method = isinstance(way.app, ByMethod) and type(way.app).match is ByMethod.match
    return answer_of(way.app), way.app.plain if is_by_method else None  # type: ignore[attr-defined]


def _steps(way: _Way) -> tuple[Step, ...]:
    steps = []
    level = 0
    for number, (its_level, route) in enumerate(way.routes, 1):
        mode = way.mode if number == len(way.routes) else Mode.PREFIX
        steps.append(Step(route.pattern, mode, route.kwargs, its_level != level))
        level = its_level
    return tuple(steps)


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
