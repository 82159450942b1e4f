"""Declarations to rows: one for every application that they lead to, by every way to it.

Includes, and routers that were put under a prefix, are resolved away; what cannot be looked into
before it is asked stays the target of one row. Every prefix is a place, for the question who
answers a miss.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from asgi_routes.apps import Kind, kind_of, matches_as_ours, routes_by_path
from asgi_routes.dispatch.levels import narrow_methods
from asgi_routes.engine import Mode, Row, Step
from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.middleware import Layer, chain_layers
from asgi_routes.routers.numbering import NumberedLists, count_up, number
from asgi_routes.routes import (
    Include,
    Mounting,
    Route,
    expand_methods,
)
from asgi_routes.scopes import (
    ChildRoute,
    PlainMounted,
    Policy,
    Settings,
    Template,
    join_templates,
    method_of,
)
from asgi_routes.scopes.route import MatchedRoute
from asgi_routes.types import App, Scope


class Nested(NamedTuple):
    """A router whose routes stand in the table of the router around it.

    Attributes:
        routes: its declarations.
        settings: what it sets for itself.
        layer: its middleware, or None.
    """

    routes: tuple[Route, ...]
    settings: Settings
    layer: Layer | None


Served: TypeAlias = tuple[App, App, ChildRoute, Any, MatchedRoute | None]
"""The application to call, the endpoint, the ``route`` of the child scope where nothing else has to
be said in it, what was passed behind the row, and what is published; see `Found`."""

Mount: TypeAlias = tuple[ChildRoute | None, PlainMounted, int]
"""The route of what is mounted, or None where nobody is asked; where that is; how far is read."""

_MOST_LEVELS = 24
"""Declarations in one another that are put into one table; a router that stands deeper is asked.
The time for making a table grows with the square of it."""
_MOST_INCLUDES = 100

_NOWHERE: dict[Any, Any] = {}
"""For all that is not mounted: nothing is ever put into it."""

NestedIn: TypeAlias = Callable[[object], Nested | None]
"""From an application to the router in it, where that can be looked into; else None."""


@dataclass(frozen=True, slots=True, eq=False)
class Destination:
    """Where a row leads to.

    Attributes:
        app: the application or router.
        kind: what the search does with it.
        matched: the ``route`` of the child scope, where nothing else has to be said in it.
        template: the text of it.
        route: the declaration.
        declarations: the route, and before it those of the includes and routers around it.
        layers: the middleware of these, and of the routers that they lead to, the outermost first.
        settings: what the routers around it, below that of the table, set for themselves.
        methods: the HTTP methods that it serves; None for all.
        order: the numbers of the declarations in their lists, from the outside in.
        first: the application to call: the first middleware, or the application itself.
        served: what serves every scope that the row has the path for, where nothing has to be done
            but to make the child scope; else None.
        served_by_method: the same by method, where nothing else has to be looked at; else None.
        mounting: how the application is mounted; None where it is not.
        mounts: what is the same for all requests through a mount, as far as it was asked for.
    """

    app: App
    kind: Kind
    matched: ChildRoute
    template: Template
    route: Route
    declarations: tuple[Route, ...]
    layers: tuple[Layer, ...]
    settings: tuple[Settings, ...]
    methods: frozenset[str] | None
    order: tuple[int, ...]
    first: App
    served: "Served | None"
    served_by_method: "Mapping[str, Served] | None"
    mounting: Mounting | None
    mounts: "dict[tuple[str, int, str, str], Mount]"

    @property
    def passed(self) -> tuple[Route, ...]:
        """What a match passes on the way."""
        return self.declarations

    @property
    def key(self) -> str:
        """The text of the route, with those of the includes and routers around it."""
        return self.matched.path.removeprefix("/")

    @property
    def is_open(self) -> bool:
        """Whether the route says itself what may follow it."""
        return self.route.pattern.syntax == "regex"

    @property
    def may_want_variants(self) -> bool:
        """Whether a router on the way, or the one that it leads to, may want a slash more or less."""
        is_asked = self.kind is Kind.ROUTER and self.served_by_method is None
        return is_asked or any(settings.want_variants for settings in self.settings)

    def find_served(self, scope: Scope) -> "Served | None":
        """Return what serves a scope that the row has the path for, where that is plain."""
        by_method = self.served_by_method
        if by_method is None:
            return self.served
        method = method_of(scope)
        return None if method is None else by_method.get(method)

    def settle(self, origin: Any, policy: Policy) -> None:
        """Say in all routes of its child scopes what holds for the router of the table."""
        served = [] if self.served_by_method is None else self.served_by_method.values()
        for route in (self.matched, *(one[2] for one in served)):
            route.origin, route.static = origin, route
            route.policy = self.policy_in(policy)

    def policy_in(self, policy: Policy) -> Policy:
        """Return what holds for the application, where this holds for the router of the table."""
        for settings in self.settings:
            policy = settings.within(policy)
        return policy


class Way(NamedTuple):
    """The declarations that lead to an application.

    Attributes:
        declarations: the outermost first.
        order: their numbers in their lists.
        levels: how many routers there are around each.
        app: the application or router.
        layers: the middleware on the way.
        settings: what the routers on the way set for themselves.
        is_place: whether it ends at a prefix, behind which there are more declarations.
    """

    declarations: tuple[Route, ...]
    order: tuple[int, ...]
    levels: tuple[int, ...]
    app: Any
    layers: tuple[Layer, ...]
    settings: tuple[Settings, ...]
    is_place: bool = False

    def along(self, level: int, index: int, route: Route) -> "Way":
        """Return the way with one declaration more, and what it leads to."""
        return Way(
            (*self.declarations, route),
            (*self.order, index),
            (*self.levels, level),
            route.target,
            self.layers if route.layer is None else (*self.layers, route.layer),
            self.settings,
        )

    @property
    def route(self) -> Route:
        """The last declaration."""
        return self.declarations[-1]


_START = Way((), (), (), None, (), ())


def make_rows(routes: Sequence[Route], nested_in: NestedIn) -> list[Row[Destination]]:
    """Return one row for every application that the routes lead to, in order."""
    ways = (
        way for way in list_ways(tuple(routes), nested_in, NumberedLists({})) if not way.is_place
    )
    return [make_row(index, way, None) for index, way in enumerate(ways)]


def renew_rows(
    ways: Iterable[Way], layer: Layer | None, before: Sequence[Row[Destination]]
) -> tuple[list[Row[Destination]], list[Row[Destination]]]:
    """Return one row for each way, and those of them that were not among the rows before."""
    if not before:  # No way is kept then: many objects at once cost the garbage collection.
        made = [make_row(index, way, layer) for index, way in zip(count_up(), ways, strict=False)]
        return made, made
    ways = [*ways]
    known = {(row.target.order, row.target.declarations): row for row in before}
    keys = [(way.order, way.declarations) for way in ways]
    indexes = number(keys, {key: row.index for key, row in known.items()})
    rows = []
    new = []
    for key, way, index in zip(keys, ways, indexes, strict=True):
        row = known.get(key)
        if row is None or row.index != index:
            row = make_row(index, way, layer)
            new.append(row)
        rows.append(row)
    return rows, new


def list_ways(
    routes: tuple[Route, ...],
    nested_in: NestedIn,
    lists: NumberedLists,
    outer: Way = _START,
    level: int = 0,
) -> Iterator[Way]:
    """Yield the ways to all applications and places, in order.

    Args:
        routes: the declarations.
        nested_in: what nested routers are looked into by.
        lists: numbers the declarations.
        outer: the way to these.
        level: how many routers there are around them.
    """
    for index, route in zip(lists.number(outer.order, routes), routes, strict=True):
        way = outer.along(level, index, route)
        if isinstance(route.target, Include):
            included = route.target
            if included.layer is not None:
                way = way._replace(layers=(*way.layers, included.layer))
            if len(way.order) > _MOST_INCLUDES:
                raise ImproperlyConfigured(
                    f"more than {_MOST_INCLUDES} include() nested in one another",
                    declared=route.declared,
                )
            yield way._replace(is_place=True)
            yield from list_ways(included.routes, nested_in, lists, way, level)
            continue
        # A router that contains itself is asked when it comes to that.
        is_known = any(route.target is other.target for other in outer.declarations)
        is_asked = is_known or route.mounting is not None or len(outer.order) >= _MOST_LEVELS
        nested = None if is_asked else nested_in(route.target)
        if nested is None:
            yield way
            continue
        layers = way.layers if nested.layer is None else (*way.layers, nested.layer)
        settings = way.settings
        if nested.settings != Settings():
            settings = (*settings, nested.settings)
        way = way._replace(layers=layers, settings=settings)
        yield way._replace(is_place=True)
        yield from list_ways(nested.routes, nested_in, lists, way, level + 1)


def make_row(index: int, way: Way, layer: Layer | None) -> Row[Destination]:
    """Return the row of a way, in a table whose router has this middleware."""
    routes = way.declarations
    kind = Kind.ROUTER if way.is_place else kind_of(way.app)
    matched = ChildRoute(_template(way))
    matched.passed = routes
    matched.published = MatchedRoute(matched.template)
    methods: frozenset[str] | None = None
    for route in routes:
        if route.methods:
            methods = narrow_methods(methods, expand_methods(route.methods))
    layers = way.layers if layer is None else (layer, *way.layers)
    first, matched.after = chain_layers(layers, way.app) if layers else (way.app, None)
    mode = _mode(way, kind)
    leaves_rest = mode is not Mode.ENDPOINT or (
        way.route.pattern.syntax == "regex" and not way.route.pattern.source.endswith("$")
    )
    is_served = kind is Kind.ENDPOINT and not leaves_rest
    served = (first, way.app, matched, None, matched.published) if is_served else None
    by_method = None if leaves_rest else _serve_by_method(way, served, methods, layers, matched)
    destination = Destination(
        app=way.app,
        kind=kind,
        matched=matched,
        template=matched.template,
        route=way.route,
        declarations=routes,
        layers=way.layers,
        settings=way.settings,
        methods=methods,
        order=way.order,
        first=first,
        served=served if methods is None else None,
        served_by_method=by_method,
        mounting=way.route.mounting,
        mounts=_NOWHERE if way.route.mounting is None else {},
    )
    return Row(index, _steps(way, mode), destination)


def _serve_by_method(
    way: Way,
    served: Served | None,
    methods: frozenset[str] | None,
    layers: Sequence[Layer],
    matched: ChildRoute,
) -> dict[str, Served] | None:
    """Return what serves each method; None where that is no question, or more has to be asked."""
    if served is not None:
        return None if methods is None else dict.fromkeys(methods, served)
    app = way.app
    if not matches_as_ours(app) or not hasattr(type(app), "choices"):
        return None
    choices: dict[str, Any] | None = app.choices
    if choices is None:
        return None
    by_method: dict[str, Served] = {}
    for method, key in choices.items():
        if methods is None or method in methods:
            first, after = chain_layers(layers, key.app)
            route = matched
            if after is not None:
                route = ChildRoute(matched.template)
                route.take(matched)
                route.after = after
            by_method[method] = first, key.app, route, (app, key, None), matched.published
    return by_method


def _mode(way: Way, kind: Kind) -> Mode:
    """Return how far the last pattern of a way has to reach."""
    if way.route.mounting is not None:
        return Mode.MOUNT
    if way.is_place:
        return Mode.PREFIX if isinstance(way.app, Include) else Mode.LEVEL
    if kind is Kind.ENDPOINT or not routes_by_path(way.app):
        return Mode.ENDPOINT
    return Mode.LEVEL


def _steps(way: Way, mode: Mode) -> tuple[Step, ...]:
    steps: list[Step] = []
    before = 0
    for level, route in zip(way.levels, way.declarations, strict=True):
        if len(steps) + 1 < len(way.declarations):
            mode_here = Mode.PREFIX if isinstance(route.target, Include) else Mode.LEVEL
        else:
            mode_here = mode
        steps.append(Step(route.pattern, mode_here, route.kwargs, level != before))
        before = level
    return tuple(steps)


def _template(way: Way) -> Template:
    if way.levels[0] == way.levels[-1]:
        return _template_of(way.declarations)
    by_level: dict[int, list[Route]] = {}
    for level, route in zip(way.levels, way.declarations, strict=True):
        by_level.setdefault(level, []).append(route)
    return join_templates(tuple(map(_template_of, by_level.values())))


def _template_of(routes: Sequence[Route]) -> Template:
    path = path_format = "/"
    namespaces = ""
    for route in routes:
        path += route.pattern.source
        path_format += route.pattern.path_format
        if isinstance(route.target, Include) and route.target.namespace:
            namespaces += route.target.namespace + ":"
    name = routes[-1].name
    return Template(path, path_format, None if name is None else namespaces + name)
