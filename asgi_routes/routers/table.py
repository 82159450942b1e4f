"""Declarations to rows: a table of routes with everything between them resolved.

Includes, and routers that were put under a prefix, are resolved away; what cannot be looked into
before it is asked stays the target of one row. Every prefix has a row too, for the question who
answers a miss. No converter sees `ENCODED_SLASH`: what a client wrote as ``%2F`` is a slash to it.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

from asgi_routes.apps import Kind, kind_of, matches_as_ours, routes_by_path
from asgi_routes.dispatch.levels import narrow_methods
from asgi_routes.engine import (
    Compile,
    CompiledRows,
    Hit,
    Kept,
    LaterHits,
    LinearMatcher,
    Matcher,
    Mode,
    Row,
    Search,
    Step,
    compile_rows,
    find_slow_regex,
)
from asgi_routes.errors import ImproperlyConfigured, SlowRegexWarning, raise_together
from asgi_routes.middleware import Layer, chain_layers
from asgi_routes.patterns import Parameter, Pattern
from asgi_routes.patterns.converters import Converter, IntConverter, TextConverter
from asgi_routes.routers.names import Names, collect_names
from asgi_routes.routes import (
    Include,
    Mounting,
    Route,
    expand_methods,
)
from asgi_routes.scopes import (
    ENCODED_SLASH,
    ChildRoute,
    PlainMounted,
    Policy,
    Settings,
    Template,
    join_templates,
    restore_slashes,
)
from asgi_routes.scopes.route import MatchedRoute
from asgi_routes.suspicions import is_silenced
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


Served: TypeAlias = tuple[App, App, Any]
"""The application to call, the endpoint, and what was passed behind the row; see `Found`."""

Mount: TypeAlias = tuple[ChildRoute | None, PlainMounted, int]
"""The route of what is mounted, or None where nobody is asked; where that is; how far is read."""

_MOST_LEVELS = 24
"""Declarations in one another that are put into one table; a router that stands deeper is asked.
The time for making a table grows with the square of it."""
_MOST_INCLUDES = 100

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
        order: the indexes of the declarations, from the outside in.
        first: the application to call: the first middleware, or the application itself.
        served: what serves every scope that the row has the path for, where nothing has to be done
            but to make the child scope; else None.
        served_by_method: the same by method, where nothing else has to be looked at; else None.
        mounting: how the application is mounted; None where it is not.
        below: the ``route`` of the child scope below routes of other routers, as far as it was
            asked for.
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
    below: dict[Any, ChildRoute] = field(default_factory=dict)
    mounts: "dict[tuple[str, int, str, str], Mount]" = field(default_factory=dict)

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

    def find_served(self, scope: Scope) -> "Served | None":
        """Return what serves a scope that the row has the path for, where that is plain."""
        by_method = self.served_by_method
        if by_method is None:
            return self.served
        # Only HTTP has methods, whatever else is in a scope that somebody made by hand.
        method = scope.get("method") if scope.get("type") == "http" else None
        return by_method.get(method) if type(method) is str else None

    def policy_in(self, policy: Policy) -> Policy:
        """Return what holds for the application, where this holds for the router of the table."""
        for settings in self.settings:
            policy = settings.within(policy)
        return policy


class Table:
    """The routes of a router; it never changes.

    It is compiled when somebody asks for the first path, or starts the application: a router whose
    routes stand in the table of the one around it is never asked.

    Attributes:
        routes: as declared.
        rows: one for every application that they lead to.
        matcher, literal, searches, splits, source, kept: see `CompiledRows`.
        may_want_variants: whether a router in it may want a slash more or less.
        is_closed: whether a path that no row matches is a miss, and a plain answer is the same
            whichever of its declarations gives it.

    Args:
        routes: as declared.
        nested_in: what nested routers are looked into by.
        compile_regex: the engine for regular expressions.
        layer: the middleware of the router itself, or None.

    Raises:
        ImproperlyConfigured: the engine for regular expressions does not accept some; all of them.
    """

    def __init__(
        self,
        routes: tuple[Route, ...],
        nested_in: NestedIn,
        compile_regex: Compile,
        layer: Layer | None = None,
    ) -> None:
        self.routes = routes
        ways = [*_chains(routes, nested_in)]
        self.rows = [
            _row(index, way, layer)
            for index, way in enumerate(way for way in ways if not way.is_place)
        ]
        _check_regexes(self.rows, compile_regex)
        self._compile_regex = compile_regex
        self._linear = LinearMatcher(self.rows, compile_regex)
        self._later_hits = LaterHits(self._linear)
        self._preserving: tuple[Matcher[Destination], LaterHits[Destination]] | None = None
        self._places = [way for way in ways if way.is_place]
        self._place_rows: LaterHits[Destination] | None = None
        self._layer = layer
        self._names: Names | None = None
        self.may_want_variants = any(
            row.target.kind is Kind.ROUTER
            or any(settings.want_variants for settings in row.target.settings)
            for row in self.rows
        )
        has_own_answers = any(way.layers or way.settings for way in self._places)
        self.is_closed = not (self.may_want_variants or has_own_answers)

    matcher: Matcher[Destination]
    literal: Matcher[Destination]
    searches: Sequence[Search[Destination]]
    splits: int
    source: str
    kept: Kept

    def __getattr__(self, name: str) -> Any:
        if name not in CompiledRows._fields:
            raise AttributeError(name)
        self.compile()
        return vars(self)[name]

    def compile(self) -> None:
        """Compile the table, if that has not been done."""
        if not self.is_compiled:
            vars(self).update(compile_rows(self.rows, self._linear)._asdict())

    @property
    def is_compiled(self) -> bool:
        """Whether it has been compiled."""
        return "matcher" in vars(self)

    @property
    def names(self) -> Names:
        """The names of the routes; read when somebody asks for the first."""
        if self._names is None:
            self._names = collect_names(self.routes)
        return self._names

    def hits(self, path: str) -> Iterator[Hit[Destination]]:
        """Yield everything that matches a path, in order."""
        if ENCODED_SLASH in path:
            matcher, later_hits = self._for_encoded_slashes()
        else:
            matcher, later_hits = self.matcher, self._later_hits
        hit = matcher(path)
        if hit is not None:
            yield hit
            yield from later_hits.find(path, hit[0].index)

    def places(self, path: str) -> Iterator[Hit[Destination]]:
        """Yield every prefix in the table that a path begins with."""
        if self._place_rows is None:
            rows = [_row(index, way, self._layer) for index, way in enumerate(self._places)]
            self._place_rows = LaterHits(LinearMatcher(rows, self._compile_regex))
        yield from self._place_rows.find(path, -1)

    def _for_encoded_slashes(self) -> tuple[Matcher[Destination], LaterHits[Destination]]:
        """Return the same for paths that hold `ENCODED_SLASH`; they are rare."""
        if self._preserving is None:
            rows = [*map(restore_slashes_before_conversion, self.rows)]
            linear = LinearMatcher(rows, self._compile_regex)
            self._preserving = compile_rows(rows, linear).matcher, LaterHits(linear)
        return self._preserving


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


def warn_of_slow_regexes(rows: Sequence[Row[Destination]], compile_regex: Compile) -> None:
    """Warn of what a client can keep busy, at the line of each declaration.

    Nested routers have done so for their own, by the engine that is theirs.
    """
    warned: set[Route] = set()
    for row in rows:
        for number, (route, step) in enumerate(
            zip(row.target.declarations, row.steps, strict=True)
        ):
            if number and step.is_level:
                break
            found = None if route in warned else find_slow_regex(step, compile_regex)
            warned.add(route)
            if found is not None and found.is_certain:
                place = route.declared
                if not is_silenced(place, "R301"):
                    warnings.warn_explicit(str(found), SlowRegexWarning, place.file, place.line)


class _Chain(NamedTuple):
    """The declarations that lead to an application.

    Attributes:
        routes: triples of level of routers, index and declaration.
        app: the application or router.
        layers: the middleware on the way.
        settings: what the routers on the way set for themselves.
        is_place: whether it ends at a prefix, behind which there are more declarations.
    """

    routes: tuple[tuple[int, int, Route], ...]
    app: Any
    layers: tuple[Layer, ...]
    settings: tuple[Settings, ...]
    is_place: bool = False

    def along(self, level: int, index: int, route: Route) -> "_Chain":
        """Return the way with one declaration more, and what it leads to."""
        layers = self.layers if route.layer is None else (*self.layers, route.layer)
        return _Chain((*self.routes, (level, index, route)), route.target, layers, self.settings)

    @property
    def route(self) -> Route:
        return self.routes[-1][2]


_START = _Chain((), None, (), ())


def make_rows(routes: Sequence[Route], nested_in: NestedIn) -> list[Row[Destination]]:
    """Return one row for every application that the routes lead to, in order."""
    ways = (way for way in _chains(routes, nested_in) if not way.is_place)
    return [_row(index, way, None) for index, way in enumerate(ways)]


def _chains(
    routes: Sequence[Route], nested_in: NestedIn, outer: _Chain = _START, level: int = 0
) -> Iterator[_Chain]:
    for index, route in enumerate(routes):
        way = outer.along(level, index, route)
        if isinstance(route.target, Include):
            included = route.target
            if included.layer is not None:
                way = way._replace(layers=(*way.layers, included.layer))
            if len(way.routes) > _MOST_INCLUDES:
                raise ImproperlyConfigured(
                    f"more than {_MOST_INCLUDES} include() in one another", declared=route.declared
                )
            yield way._replace(is_place=True)
            yield from _chains(included.routes, nested_in, way, level)
            continue
        # A router that contains itself is asked when it comes to that.
        is_known = any(route.target is other.target for _, _, other in outer.routes)
        is_asked = is_known or route.mounting is not None or len(outer.routes) >= _MOST_LEVELS
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
        yield from _chains(nested.routes, nested_in, way, level + 1)


def _row(index: int, way: _Chain, layer: Layer | None) -> Row[Destination]:
    routes = [route for _, _, route in way.routes]
    kind = Kind.ROUTER if way.is_place else kind_of(way.app)
    matched = ChildRoute(_template(way))
    matched.passed = tuple(routes)
    matched.published = MatchedRoute(matched.template)
    methods: frozenset[str] | None = None
    for route in routes:
        if route.methods:
            methods = narrow_methods(methods, expand_methods(route.methods))
    layers = way.layers if layer is None else (layer, *way.layers)
    first, matched.after = chain_layers(layers, way.app)
    mode = _mode(way, kind)
    leaves_rest = mode is not Mode.ENDPOINT or (
        way.route.pattern.syntax == "regex" and not way.route.pattern.source.endswith("$")
    )
    served = (first, way.app, None) if kind is Kind.ENDPOINT and not leaves_rest else None
    by_method = None if leaves_rest else _serve_by_method(way.app, served, methods, layers)
    destination = Destination(
        app=way.app,
        kind=kind,
        matched=matched,
        template=matched.template,
        route=way.route,
        declarations=tuple(routes),
        layers=way.layers,
        settings=way.settings,
        methods=methods,
        order=tuple(number for _, number, _ in way.routes),
        first=first,
        served=served if methods is None else None,
        served_by_method=by_method,
        mounting=way.route.mounting,
    )
    return Row(index, _steps(way, mode), destination)


def _serve_by_method(
    app: Any, served: Served | None, methods: frozenset[str] | None, layers: Sequence[Layer]
) -> dict[str, Served] | None:
    """Return what serves each method; None where that is no question, or more has to be asked."""
    if served is not None:
        return None if methods is None else dict.fromkeys(methods, served)
    if layers or not matches_as_ours(app) or not hasattr(type(app), "choices"):
        return None
    choices: dict[str, Any] = app.choices or {}
    return {
        method: (key.app, key.app, (app, key, None))
        for method, key in choices.items()
        if methods is None or method in methods
    }


def _mode(way: _Chain, kind: Kind) -> Mode:
    """Return how far the last pattern of a way has to reach."""
    if way.route.mounting is not None:
        return Mode.MOUNT
    if way.is_place:
        return Mode.PREFIX if isinstance(way.app, Include) else Mode.LEVEL
    if kind is Kind.ENDPOINT or not routes_by_path(way.app):
        return Mode.ENDPOINT
    return Mode.LEVEL


def _steps(way: _Chain, mode: Mode) -> tuple[Step, ...]:
    steps = []
    before = 0
    for number, (level, _, route) in enumerate(way.routes, 1):
        if number < len(way.routes):
            mode_here = Mode.PREFIX if isinstance(route.target, Include) else Mode.LEVEL
        else:
            mode_here = mode
        steps.append(Step(route.pattern, mode_here, route.kwargs, level != before))
        before = level
    return tuple(steps)


def _template(way: _Chain) -> Template:
    by_level: dict[int, list[Route]] = {}
    for level, _, route in way.routes:
        by_level.setdefault(level, []).append(route)
    return join_templates(tuple(_template_of(routes) for routes in by_level.values()))


def _template_of(routes: Sequence[Route]) -> Template:
    namespaces = [
        route.target.namespace
        for route in routes
        if isinstance(route.target, Include) and route.target.namespace
    ]
    name = routes[-1].name
    return Template(
        "/" + "".join(route.pattern.source for route in routes),
        "/" + "".join(route.pattern.path_format for route in routes),
        None if name is None else ":".join([*namespaces, name]),
    )


class _PlainSlashes:
    """A converter that gives another one slashes where the client wrote them in another way."""

    def __init__(self, converter: Converter) -> None:
        self.regex = converter.regex
        self.to_url = converter.to_url
        self._convert = converter.to_python

    def to_python(self, value: str) -> Any:
        return self._convert(restore_slashes(value))


def restore_slashes_before_conversion(row: Row[Destination]) -> Row[Destination]:
    """Return a row whose converters get slashes where `ENCODED_SLASH` stands in their text."""

    def converting(node: Any) -> Any:
        converter = node.converter if isinstance(node, Parameter) else None
        if converter is None or type(converter) in (IntConverter, TextConverter):
            return node  # A number has none; the router puts them into text.
        return replace(node, converter=_PlainSlashes(converter))

    def pattern(of: Pattern) -> Pattern:
        return replace(of, nodes=tuple(map(converting, of.nodes)))

    steps = tuple(replace(step, pattern=pattern(step.pattern)) for step in row.steps)
    return replace(row, steps=steps)


def restore_slashes_in(hit: Hit[Destination]) -> Hit[Destination]:
    """Return a hit with slashes where the path had `ENCODED_SLASH`."""
    row, args, kwargs, rest = hit
    plain = {name: restore_slashes(value) for name, value in kwargs.items()}
    return row, tuple(map(restore_slashes, args)), plain, restore_slashes(rest)
