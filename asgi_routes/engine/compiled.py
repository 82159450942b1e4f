"""The compiled matcher: a table of rows as one Python function.

Rules: it gives the same answer as the linear matcher. What a path has to do with which rows is
decided when the table is built; a request only looks things up. Whole paths are never remembered,
because a scan for paths that do not exist would fill the memory.
"""

import itertools
import linecache
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from inspect import CO_NESTED
from types import CodeType, FunctionType, MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from asgi_routes.engine.decision_tree import LengthRange, TreeBuilder, build_ranges, find_leaves
from asgi_routes.engine.linear import LinearMatcher
from asgi_routes.engine.rows import Hit, Matcher, Mode, Row
from asgi_routes.engine.shapes import Shape, read_shape
from asgi_routes.engine.source import SourceWriter

Target = TypeVar("Target")

_NUMBERS = itertools.count(1)
_FORGOTTEN: deque[str] = deque()
"""Sources of matchers that are gone. The next one drops them: a garbage collection may come in the
middle of `linecache.checkcache`, which must find what it has listed."""
_NO_KWARGS: Any = MappingProxyType({})


class CompiledRows(NamedTuple):
    """A matcher, and what it is made of.

    Attributes:
        matcher: finds the first row that matches a path.
        literal: from a path to its hit, for those that can simply be looked up.
        search: finds all others. Code in Python calls these two faster than the matcher.
        source: the Python source of the search.
    """

    matcher: Matcher[Any]
    literal: Matcher[Any]
    search: Matcher[Any]
    source: str


def compile_rows(rows: Sequence[Row[Target]], linear: LinearMatcher[Target]) -> CompiledRows:
    """Return the function that finds the first of the rows that matches a path."""
    shapes = [read_shape(row) for row in rows]
    literals, ranges = _divide(shapes, linear)
    writer = SourceWriter(linear.follow)
    writer.write_line(0, "def match(path):")
    if ranges:
        most = ""
        if any(row.steps[-1].mode is Mode.LEVEL for row in rows):
            # A router that leads to itself comes here for each segment of a path.
            most = f", {max(ranges[-1].least, ranges[-1].columns)}"
        writer.write_line(1, f"segments = path.split('/'{most})")
        writer.write_line(1, "count = len(segments)")
        writer.write_ranges(ranges, 1)
    writer.write_line(1, "return None")
    search, source = _execute(writer)
    hits = {path: (shape.row, (), _NO_KWARGS, "") for path, shape in literals.items()}
    if not ranges:
        return CompiledRows(hits.get, hits.get, search, source)
    matcher = _Literals(hits, search).__getitem__ if hits else search
    return CompiledRows(matcher, hits.get, search, source)


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
        indexes = sorted({leaf.shape.row.index for leaf in leaves})
        for number in indexes:
            if number > index:
                hit = self._linear.follow(self._linear.rows[number])(path)
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


def _divide(
    shapes: Sequence[Shape], linear: LinearMatcher[Any]
) -> tuple[dict[str, Shape], list[LengthRange]]:
    """Return the literal paths that can simply be looked up, and the trees for all other shapes.

    A literal path that an earlier row might match too is looked for in its order.
    """
    literals: dict[str, Shape] = {}
    others: list[Shape] = []
    for shape in shapes:
        path = shape.literal
        if path is None or shape.has_kwargs:
            others.append(shape)
        else:
            literals.setdefault(path, shape)
    ranges = build_ranges(others, TreeBuilder(len(shapes)))
    if not others or not literals:
        return literals, ranges
    hidden = [
        shape
        for path, shape in literals.items()
        if any(
            leaf.shape.row.index < shape.row.index and linear.could_match(leaf.shape.row, path)
            for leaf in find_leaves(ranges, path)
        )
    ]
    if hidden:
        for shape in hidden:
            del literals[str(shape.literal)]
        others = sorted([*others, *hidden], key=lambda shape: shape.row.index)
        ranges = build_ranges(others, TreeBuilder(len(shapes)))
    return literals, ranges


def _execute(writer: SourceWriter) -> tuple[Matcher[Any], str]:
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
