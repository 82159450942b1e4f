"""The table of a router: its rows, compiled when somebody asks for the first path.

No converter sees `ENCODED_SLASH`: what a client wrote as ``%2F`` is a slash to it.
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from asgi_routes.engine import (
    Compile,
    CompiledRows,
    Hit,
    Kept,
    LaterHits,
    LinearMatcher,
    Matcher,
    Row,
    Search,
    compile_rows,
    find_slow_regex,
)
from asgi_routes.errors import ImproperlyConfigured, SlowRegexWarning, raise_together
from asgi_routes.middleware import Layer
from asgi_routes.patterns import Parameter, Pattern
from asgi_routes.patterns.converters import Converter, IntConverter, TextConverter
from asgi_routes.routers.names import Names, collect_names
from asgi_routes.routers.numbering import Lists, NumberedLists
from asgi_routes.routers.rows import Destination, NestedIn, Way, list_ways, make_row, renew_rows
from asgi_routes.routes import Route
from asgi_routes.scopes import ENCODED_SLASH, restore_slashes
from asgi_routes.suspicions import is_silenced


class Table:
    """The routes of a router; it never changes.

    It is compiled when somebody asks for the first path, or starts the application: a router whose
    routes stand in the table of the one around it is never asked.

    Attributes:
        routes: as declared.
        rows: one for every application that they lead to.
        new_rows: those of them that the router did not have before.
        matcher, literal, searches, splits, source: see `CompiledRows`.
        numbers: of the declarations, in the order that they have.
        kept: see `CompiledRows`; before it is compiled, that of the table before.
        may_want_variants: whether a router in it may want a slash more or less.
        has_own_answers: whether it matters which of its declarations answers a miss.

    Args:
        routes: as declared.
        nested_in: what nested routers are looked into by.
        compile_regex: the engine for regular expressions.
        layer: the middleware of the router itself, or None.
        before: the table that the router had. What was made of declarations that are there again is
            taken from it, and not looked at again.

    Raises:
        ImproperlyConfigured: the engine for regular expressions does not accept some; all of them.
    """

    def __init__(
        self,
        routes: tuple[Route, ...],
        nested_in: NestedIn,
        compile_regex: Compile,
        layer: Layer | None = None,
        before: "Table | None" = None,
    ) -> None:
        self.routes = routes
        lists = NumberedLists({} if before is None else before.numbers)
        self._places: list[Way] = []
        self.rows: list[Row[Destination]]
        self.rows, self.new_rows = renew_rows(
            _put_places_aside(list_ways(routes, nested_in, lists), self._places),
            layer,
            [] if before is None else before.rows,
        )
        self.numbers: Lists = lists.made
        _check_regexes(self.new_rows, compile_regex)
        self._compile_regex = compile_regex
        self.kept: Kept = {} if before is None else before.kept
        self._linear = LinearMatcher(self.rows, compile_regex)
        self._later_hits = LaterHits(self._linear)
        self._preserving: tuple[Matcher[Destination], LaterHits[Destination]] | None = None
        self._place_rows: LaterHits[Destination] | None = None
        self._layer = layer
        self._names: Names | None = None
        self.may_want_variants = any(row.target.may_want_variants for row in self.rows)
        self.has_own_answers = any(way.layers or way.settings for way in self._places)

    matcher: Matcher[Destination]
    literal: Matcher[Destination]
    searches: Sequence[Search[Destination]]
    splits: int
    source: str

    def __getattr__(self, name: str) -> Any:
        if name not in CompiledRows._fields:
            raise AttributeError(name)
        self.compile()
        return vars(self)[name]

    def compile(self) -> None:
        """Compile the table, if that has not been done."""
        if not self.is_compiled:
            compiled = compile_rows(self.rows, self._linear, self.kept)
            self.kept = compiled.kept
            vars(self).update(compiled._asdict())

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

    def find_next(self, path: str, hit: Hit[Destination]) -> Hit[Destination] | None:
        """Return what matches a path next, behind what has matched it; no slash in it is encoded."""
        return next(self._later_hits.find(path, hit[0].index), None)

    def places(self, path: str) -> Iterator[Hit[Destination]]:
        """Yield every prefix in the table that a path begins with."""
        if self._place_rows is None:
            rows = [make_row(index, way, self._layer) for index, way in enumerate(self._places)]
            self._place_rows = LaterHits(LinearMatcher(rows, self._compile_regex))
        yield from self._place_rows.find(path, -1)

    def _for_encoded_slashes(self) -> tuple[Matcher[Destination], LaterHits[Destination]]:
        """Return the same for paths that hold `ENCODED_SLASH`; they are rare."""
        if self._preserving is None:
            rows = [*map(restore_slashes_before_conversion, self.rows)]
            linear = LinearMatcher(rows, self._compile_regex)
            self._preserving = compile_rows(rows, linear).matcher, LaterHits(linear)
        return self._preserving


def _put_places_aside(ways: Iterator[Way], places: list[Way]) -> Iterator[Way]:
    for way in ways:
        if way.is_place:
            places.append(way)
        else:
            yield way


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
