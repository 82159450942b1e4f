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
from contextlib import suppress
from functools import partial
from inspect import CO_NESTED
from types import CodeType, FunctionType, MappingProxyType
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from asgi_routes.engine.decision_tree import (
    LengthRange,
    Tree,
    TreeBuilder,
    build_ranges,
    build_tree,
    count_columns,
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
_CODE: "weakref.WeakValueDictionary[str, CodeType]" = weakref.WeakValueDictionary()
"""Code by its source, for as long as a matcher has it: tables that differ only in their applications
share it."""
_FORGOTTEN: deque[str] = deque()
"""Sources of matchers that are gone. The next one drops them: a garbage collection may come in the
middle of `linecache.checkcache`, which must find what it has listed."""
_NO_KWARGS: Any = MappingProxyType({})


class Part(NamedTuple):
    """What finds the rows that paths of some numbers of segments can have.

    Attributes:
        search: the function.
        source: its Python source.
    """

    search: Search[Any]
    source: str


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
    shapes, paths = compiler.read_shapes(rows)
    searches: list[Search[Any]] = [_find_nothing]
    sources: dict[str, None] = {}
    for least, most, fitting in divide_by_length(shapes):
        others = compiler.leave_others(fitting, paths)
        part = compiler.make_part(others)
        last = max(least, count_columns(others)) + 1
        searches += [part.search] * ((most or last) + 1 - least)
        sources[part.source] = None
    splits = len(searches) - 2
    matcher: Matcher[Any] = _make_matcher(searches, splits)
    hits = {path: (shape.row, (), _NO_KWARGS, "") for shape, path in paths.items()}
    if hits:
        has_others = any(search is not _find_nothing for search in searches)
        matcher = _Literals(hits, matcher).__getitem__ if has_others else hits.get
    source = "\n\n".join(filter(None, sources))
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
        self._trees: dict[Hashable, Tree] = {}

    def read_shapes(self, rows: Sequence[Row[Any]]) -> tuple[list[Shape], dict[Shape, str]]:
        """Return the shapes, and of those that might simply be looked up the paths."""
        shapes = []
        paths: dict[Shape, str] = {}
        known: set[str] = set()
        for row in rows:
            shape = self._make(row, partial(read_shape, row))
            path = shape.literal
            if path is not None and not shape.has_kwargs:
                if path in known:
                    continue
                known.add(path)
                paths[shape] = path
            shapes.append(shape)
        return shapes, paths

    def leave_others(self, shapes: list[Shape], paths: dict[Shape, str]) -> tuple[Shape, ...]:
        """Return the shapes that have to be searched, and take those of them from the paths.

        A literal path that an earlier row might match too is looked for in its order.
        """
        others = self._make(("others", *shapes), lambda: self._find_others(shapes, paths))
        for shape in others:
            paths.pop(shape, None)
        return others

    def _find_others(self, shapes: list[Shape], paths: dict[Shape, str]) -> tuple[Shape, ...]:
        others = tuple(shape for shape in shapes if shape not in paths)
        if not others or len(others) == len(shapes):
            return others
        tree = self._build(others)
        hidden = {
            shape
            for shape in shapes
            if shape in paths and self._is_hidden(shape.row.index, paths[shape], tree)
        }
        if not hidden:
            return others
        return tuple(shape for shape in shapes if shape not in paths or shape in hidden)

    def _is_hidden(self, index: int, path: str, tree: Tree) -> bool:
        return any(
            leaf.shape.row.index < index and self._linear.could_match(leaf.shape.row, path)
            for leaf in find_leaves_in_tree(tree, path.split("/"))
        )

    def make_part(self, shapes: tuple[Shape, ...]) -> Part:
        """Return what finds these shapes."""
        return self._make(("part", *shapes), lambda: self._compile(shapes))

    def _compile(self, shapes: tuple[Shape, ...]) -> Part:
        if not shapes:
            return Part(_find_nothing, "")
        writer = SourceWriter(self._linear.make_follow)
        writer.write_function(shapes, self._build(shapes))
        return _execute(writer)

    def _build(self, shapes: tuple[Shape, ...]) -> Tree:
        tree = self._trees.get(shapes)
        if tree is None:
            tree = self._trees[shapes] = build_tree(shapes, TreeBuilder(len(shapes)))
        return tree

    def _make(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """Return what was made by a key, or make it."""
        found: _Made | None = self.made.get(key) or self._kept.get(key)
        if found is None:
            found = make()
        self.made[key] = found
        return found


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


def _execute(writer: SourceWriter) -> Part:
    """Return the function of the source that was written."""
    source = "\n".join(writer.lines) + "\n"
    code = _CODE.get(source)
    if code is None:  # Two threads may both compile it; they compile the same.
        code = _CODE[source] = _compile_source(source)
    namespace = {"__name__": __name__, **writer.namespace.objects}
    return Part(FunctionType(code, namespace), source)


def _compile_source(source: str) -> CodeType:
    """Compile a function, and let tracebacks and debuggers find its source for as long as it lives."""
    file = f"<asgi_routes matcher {next(_NUMBERS)}>"
    module = compile(source, file, "exec")
    (code,) = (one for one in module.co_consts if isinstance(one, CodeType))
    # CPython 3.13 without a GIL frees only what is nested in another function.
    code = code.replace(co_flags=code.co_flags | CO_NESTED)
    with suppress(IndexError):  # Another thread may take the last one.
        while True:
            linecache.cache.pop(_FORGOTTEN.popleft(), None)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    weakref.finalize(code, _FORGOTTEN.append, file)
    return code
