"""The compiled matcher: a table of rows as one Python function.

Rules: it gives the same answer as the linear matcher. What a path has to do with which rows is
decided when the table is built; a request only looks things up. Whole paths are never remembered,
because a scan for paths that do not exist would fill the memory.
"""

import itertools
import linecache
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from inspect import CO_NESTED
from types import CodeType, FunctionType, MappingProxyType
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from asgi_routes.engine.decision_tree import (
    LengthRange,
    ShapesOfLength,
    TreeBuilder,
    build_range,
    build_ranges,
    count_splits,
    divide_by_length,
    find_leaves,
    find_leaves_in_tree,
)
from asgi_routes.engine.linear import LinearMatcher
from asgi_routes.engine.rows import Hit, Matcher, Row
from asgi_routes.engine.shapes import Shape, read_shape
from asgi_routes.engine.source import SourceWriter

Target = TypeVar("Target")
_Made = TypeVar("_Made")

Search: TypeAlias = Callable[[str, Sequence[str]], Hit[Target] | None]
"""From a path and its segments to the first row that matches."""

_NUMBERS = itertools.count(1)
_FORGOTTEN: deque[str] = deque()
"""Sources of matchers that are gone. The next one drops them: a garbage collection may come in the
middle of `linecache.checkcache`, which must find what it has listed."""
_NO_KWARGS: Any = MappingProxyType({})


class Part(NamedTuple):
    """What finds the rows for paths of some numbers of segments, as code.

    Attributes:
        search: the function.
        source: its Python source; empty where there are no rows.
        splits: how often a path has to be split for it.
    """

    search: Search[Any]
    source: str
    splits: int


class CompiledRows(NamedTuple):
    """A matcher, and what it is made of.

    Attributes:
        matcher: finds the first row that matches a path.
        literal: from a path to its hit, for those that can simply be looked up.
        searches: find all others, by the number of segments. Code in Python that calls them is
            faster than the matcher.
        splits: how often a path is split for them.
        source: the Python source of the searches.
        kept: what can serve again where the same rows come again.
    """

    matcher: Matcher[Any]
    literal: Matcher[Any]
    searches: Sequence[Search[Any]]
    splits: int
    source: str
    kept: "Kept"


Kept: TypeAlias = Mapping[Hashable, Any]


def compile_rows(
    rows: Sequence[Row[Target]], linear: LinearMatcher[Target], kept: Kept = MappingProxyType({})
) -> CompiledRows:
    """Return the function that finds the first of the rows that matches a path.

    Args:
        rows: in order.
        linear: the matcher that defines what they mean.
        kept: of a table that was compiled before; what depends on the same rows is taken from it.
    """
    compiler = _Compiler(linear, kept)
    shapes, literals = compiler.read_shapes(rows)
    lengths = _merge([compiler.leave_others(one, literals) for one in divide_by_length(shapes)])
    parts = [compiler.make_part(one) for one in lengths]
    splits = parts[-1].splits
    searches = [parts[0].search]
    for one, part in zip(lengths, parts, strict=True):
        searches += [part.search] * ((one.most or splits + 1) + 1 - one.least)
    hits = {path: (shape.row, (), _NO_KWARGS, "") for path, shape in literals.items()}
    matcher: Matcher[Any] = _make_matcher(searches, splits)
    if hits:
        has_others = any(part.source for part in parts)
        matcher = _Literals(hits, matcher).__getitem__ if has_others else hits.get
    source = "\n\n".join(part.source for part in parts if part.source)
    return CompiledRows(matcher, hits.get, searches, splits, source, compiler.made)


class _Compiler:
    """Makes what a table consists of, or takes what was made of the same rows before.

    Attributes:
        made: all of it, by what it was made of.
    """

    def __init__(self, linear: LinearMatcher[Any], kept: Kept) -> None:
        self.made: dict[Hashable, Any] = {}
        self._kept = kept
        self._linear = linear
        self._ranges: dict[Hashable, LengthRange] = {}

    def read_shapes(self, rows: Sequence[Row[Any]]) -> tuple[list[Shape], dict[str, Shape]]:
        """Return the shapes, and by their paths those of them that can be looked up, so far."""
        literals: dict[str, Shape] = {}
        shapes = []
        for row in rows:
            shape = self._make(row, lambda row=row: read_shape(row))
            path = None if shape.has_kwargs else shape.literal
            if path is None or literals.setdefault(path, shape) is shape:
                shapes.append(shape)
        return shapes, literals

    def leave_others(self, fitting: ShapesOfLength, literals: dict[str, Shape]) -> ShapesOfLength:
        """Return the shapes that have to be searched, and take their paths from the literal ones.

        A literal path that an earlier row might match too is looked for in its order.
        """
        others = self._make(("others", *fitting.shapes), lambda: self._find_others(fitting))
        for shape in others:
            if literals.get(shape.literal) is shape:
                del literals[shape.literal]
        return ShapesOfLength(fitting.least, fitting.most, others)

    def _find_others(self, fitting: ShapesOfLength) -> list[Shape]:
        literal = {
            shape
            for shape in fitting.shapes
            if shape.literal is not None and not shape.has_kwargs
        }
        others = [shape for shape in fitting.shapes if shape not in literal]
        if not others or not literal:
            return others
        lengths = self._build(fitting._replace(shapes=others))
        hidden = {shape for shape in literal if self._is_hidden(shape, lengths)}
        if not hidden:
            return others
        return [shape for shape in fitting.shapes if shape not in literal or shape in hidden]

    def _is_hidden(self, shape: Shape, lengths: LengthRange) -> bool:
        path = shape.literal or ""
        assert lengths.tree is not None
        return any(
            leaf.shape.row.index < shape.row.index and self._linear.could_match(leaf.shape.row, path)
            for leaf in find_leaves_in_tree(lengths.tree, path.split("/"))
        )

    def make_part(self, fitting: ShapesOfLength) -> Part:
        """Return what finds these shapes."""
        key = ("part", fitting.least, fitting.most, *fitting.shapes)
        return self._make(key, lambda: self._compile(fitting))

    def _compile(self, fitting: ShapesOfLength) -> Part:
        lengths = self._build(fitting)
        if lengths.tree is None:
            return Part(_find_nothing, "", count_splits(lengths))
        writer = SourceWriter(self._linear.follow)
        writer.write_function(lengths)
        search, source = _execute(writer)
        return Part(search, source, count_splits(lengths))

    def _build(self, fitting: ShapesOfLength) -> LengthRange:
        key = (fitting.least, fitting.most, *fitting.shapes)
        found = self._ranges.get(key)
        if found is None:
            builder = TreeBuilder(len(fitting.shapes))
            found = self._ranges[key] = build_range(fitting, builder)
        return found

    def _make(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """Return what was made by a key, or make it."""
        found: _Made | None = self._kept.get(key)
        if found is None:
            found = make()
        self.made[key] = found
        return found


def _merge(lengths: list[ShapesOfLength]) -> list[ShapesOfLength]:
    """Return the shapes by length, those that stand one behind the other and are the same as one."""
    merged: list[ShapesOfLength] = []
    for one in lengths:
        if merged and merged[-1].shapes == one.shapes:
            merged[-1] = merged[-1]._replace(most=one.most)
        else:
            merged.append(one)
    return merged


def _find_nothing(_path: str, _segments: Sequence[str]) -> None:
    return None


def _make_matcher(searches: Sequence[Search[Any]], splits: int) -> Matcher[Any]:
    def match(path: str) -> Hit[Any] | None:
        segments = path.split("/", splits)
        return searches[len(segments)](path, segments)

    return match


class LaterHits(Generic[Target]):
    """Finds the hits behind one that was declined.

    Only rows whose texts are right are tried, and nothing is built before a row declines for the
    first time.
    """

    def __init__(self, linear: LinearMatcher[Target]) -> None:
        self._linear = linear
        self._ranges: list[LengthRange] | None = None

    def find(self, path: str, index: int) -> Iterator[Hit[Target]]:
        """Yield every hit of a row behind the one of this index, in order."""
        leaves = find_leaves(self._build_trees(), path)
        rows = {leaf.shape.row.index: leaf.shape.row for leaf in leaves}
        for number in sorted(rows):
            if number > index:
                hit = self._linear.follow(rows[number])(path)
                if hit is not None:
                    yield hit

    def _build_trees(self) -> list[LengthRange]:
        if self._ranges is None:
            # Two threads may both build them; they build the same.
            shapes = [read_shape(row) for row in self._linear.rows]
            self._ranges = build_ranges(shapes, TreeBuilder(len(shapes)))
        return self._ranges


class _Literals(dict[str, Hit[Any]]):
    """Looks a path up, and searches for it where it is not there.

    A dict does both in one call, by `__missing__`, and is twice as fast at it as a function. As a
    slot it belongs to the one object, and is freed with it.
    """

    __slots__ = ("__missing__",)

    def __init__(self, hits: dict[str, Hit[Any]], search: Matcher[Any]) -> None:
        super().__init__(hits)
        self.__missing__ = search


def _execute(writer: SourceWriter) -> tuple[Search[Any], str]:
    """Run the source, and let tracebacks and debuggers find it for as long as the matcher lives."""
    source = "\n".join(writer.lines) + "\n"
    file = f"<asgi_routes matcher {next(_NUMBERS)}>"
    namespace = {"__name__": __name__, **writer.namespace.objects}
    module = compile(source, file, "exec")
    (code,) = (one for one in module.co_consts if isinstance(one, CodeType))
    # CPython 3.13 without a GIL frees only what is nested in another function.
    match = FunctionType(code.replace(co_flags=code.co_flags | CO_NESTED), namespace)
    while _FORGOTTEN:
        linecache.cache.pop(_FORGOTTEN.popleft(), None)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    weakref.finalize(match, _FORGOTTEN.append, file)
    return match, source
