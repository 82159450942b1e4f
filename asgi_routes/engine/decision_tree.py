"""Decision trees: which segment of a path to look at next, and which rows are left then.

There is a tree for each number of segments, or for a range of them; the ranges follow one another
without a gap.

Rules: at every node the rows that are left stand in their order, so the first that matches is found
first. Rows are copied only so often that the tree grows with the table, not with its square; where
more copies would be needed, the rows that are left become sets.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias, assert_never

from asgi_routes.engine.row_sets import Leaf, RowSets, build_row_sets, find_leaves_in_sets
from asgi_routes.engine.shapes import Cell, Shape, list_columns
from asgi_routes.patterns import Parameter

_COPIES_A_ROW = 2
_COPIES_FREE = 64
_LOOKS_A_COPY = 8
_FEW_ROWS = 2
_MOST_COLUMNS = 32
"""Python reads no more than a hundred levels of indentation."""


@dataclass(frozen=True, slots=True)
class Compare:
    """Goes on if a segment is this text."""

    column: int
    text: str
    then: "Tree"


@dataclass(frozen=True, slots=True)
class Switch:
    """Goes on by the text of a segment, if it is one of these."""

    column: int
    cases: dict[str, "Tree"]


@dataclass(frozen=True, slots=True)
class InOrder:
    """Tries one after the other."""

    trees: tuple["Tree", ...]


Tree: TypeAlias = Leaf | Compare | Switch | InOrder | RowSets


class TreeBuilder:
    """Builds the trees of one table, and counts the copies of rows that they take."""

    def __init__(self, rows: int) -> None:
        self._copies = _COPIES_A_ROW * rows + _COPIES_FREE
        self._looks = self._copies * _LOOKS_A_COPY
        self._accepted: dict[tuple[str, str], bool] = {}

    def build(self, shapes: Sequence[Shape], known: frozenset[int] = frozenset()) -> Tree:
        """Return the tree for shapes of which the columns ``known`` have been decided."""
        chosen = _choose_column(shapes, known) if len(shapes) > _FEW_ROWS else None
        if chosen is None:
            return _build_in_order([_build_alone(shape, known) for shape in shapes])
        column, cells = chosen
        if not self._can_afford(cells):
            return _build_in_order([*build_row_sets(shapes, known)])
        texts, others = self._branch(shapes, cells)
        inside = known | {column}
        cases = {text: self.build(branch, inside) for text, branch in texts.items()}
        trees: list[Tree] = [Switch(column, cases)]
        if others:
            trees.append(self.build(others, known))
        return _build_in_order(trees)

    def _branch(
        self, shapes: Sequence[Shape], cells: Sequence[Cell]
    ) -> tuple[dict[str, list[Shape]], list[Shape]]:
        """Return the shapes by their text in a column, and those that have none.

        A shape without a text that stands before the last one of a branch is tried in that branch
        too, where it accepts the text. The others are tried behind all branches.
        """
        branches: dict[str, list[Shape]] = {}
        taken: dict[str, int] = {}
        others: list[Shape] = []
        asked: list[Cell] = []
        for shape, cell in zip(shapes, cells, strict=True):
            if not isinstance(cell, str):
                others.append(shape)
                asked.append(cell)
                continue
            branch = branches.setdefault(cell, [])
            for place in range(taken.get(cell, 0), len(others)):
                if self._accepts(asked[place], cell):
                    branch.append(others[place])
            taken[cell] = len(others)
            branch.append(shape)
        return branches, others

    def _accepts(self, cell: Cell, text: str) -> bool:
        if not isinstance(cell, Parameter):
            return True
        key = cell.regex, text
        if key not in self._accepted:
            self._accepted[key] = re.fullmatch(cell.regex, text) is not None
        return self._accepted[key]

    def _can_afford(self, cells: Sequence[Cell]) -> bool:
        # Whether a text is accepted is asked once for all shapes with the same regex.
        last: dict[str, int] = {}
        others: dict[str | None, tuple[Cell, list[int]]] = {}
        count = 0
        for cell in cells:
            if isinstance(cell, str):
                last[cell] = count
                continue
            regex = cell.regex if isinstance(cell, Parameter) else None
            others.setdefault(regex, (cell, []))[1].append(count)
            count += 1
        copies = 0
        for text, end in last.items():
            self._looks -= end
            for cell, places in others.values():
                if places[0] >= end:
                    break
                if self._accepts(cell, text):
                    copies += bisect_left(places, end)
            if copies > self._copies or self._looks < 0:
                return False
        self._copies -= copies
        return True


def find_leaves_in_tree(tree: Tree, segments: Sequence[str]) -> Iterator[Leaf]:
    """Yield the leaves whose texts are right for the segments of a path.

    A row comes before those behind it, unless it was copied and comes again.
    """
    match tree:
        case Leaf():
            yield tree
        case Compare(column=column, text=text, then=then):
            if segments[column] == text:
                yield from find_leaves_in_tree(then, segments)
        case Switch(column=column, cases=cases):
            if (found := cases.get(segments[column])) is not None:
                yield from find_leaves_in_tree(found, segments)
        case RowSets():
            yield from find_leaves_in_sets(tree, segments)
        case InOrder(trees=trees):
            for part in trees:
                yield from find_leaves_in_tree(part, segments)
        case _:
            assert_never(tree)


def _choose_column(
    shapes: Sequence[Shape], known: frozenset[int]
) -> tuple[int, Sequence[Cell]] | None:
    """Return the column that is a text in most shapes, and then the one with most texts.

    What the shapes ask of it is returned, too.
    """
    best, best_score = None, (1, 0)
    for column, cells in enumerate(list_columns(shapes)):
        if column in known:
            continue
        texts = [cell for cell in cells if isinstance(cell, str)]
        score = len(texts), len(set(texts))
        if score > best_score and score[0] > 1:
            best, best_score = (column, cells), score
    return best


def _build_alone(shape: Shape, known: frozenset[int]) -> Tree:
    columns = [column for column in range(len(shape.cells)) if column not in known]
    parameters = [column for column in columns if isinstance(shape.cells[column], Parameter)]
    tree: Tree = Leaf(shape, tuple(parameters))
    for column in reversed(columns):
        cell = shape.cells[column]
        if isinstance(cell, str):
            tree = Compare(column, cell, tree)
    return tree


def _build_in_order(trees: list[Tree]) -> Tree:
    flat = [
        part for tree in trees for part in (tree.trees if isinstance(tree, InOrder) else [tree])
    ]
    return flat[0] if len(flat) == 1 else InOrder(tuple(flat))


@dataclass(frozen=True, slots=True)
class LengthRange:
    """The tree for paths of ``least`` to ``most`` segments.

    Attributes:
        least: the fewest segments.
        most: the most of them; None for the last one, which has no end.
        columns: how many segments the tree looks at.
        tree: None where no row has so many segments.
    """

    least: int
    most: int | None
    columns: int
    tree: Tree | None


class ShapesOfLength(NamedTuple):
    """The shapes that paths of ``least`` to ``most`` segments can have, in order."""

    least: int
    most: int | None
    shapes: list[Shape]


def divide_by_length(shapes: Sequence[Shape]) -> list[ShapesOfLength]:
    """Return the shapes for all numbers of segments: from one on, without a gap, and to no end."""
    ends = [shape.most + 1 for shape in shapes if shape.most is not None]
    starts = sorted({1, *(max(shape.least, 1) for shape in shapes), *ends})
    places = {start: place for place, start in enumerate(starts)}
    divided: list[list[Shape]] = [[] for _ in starts]
    for shape in shapes:
        end = len(starts) if shape.most is None else places[shape.most + 1]
        for fitting in divided[places[max(shape.least, 1)] : end]:
            fitting.append(shape)
    mosts = [*(start - 1 for start in starts[1:]), None]
    return [ShapesOfLength(*one) for one in zip(starts, mosts, divided, strict=True)]


def count_columns(shapes: Sequence[Shape]) -> int:
    """Return how many segments the tree for some shapes looks at."""
    return max((min(len(shape.cells), _MOST_COLUMNS) for shape in shapes), default=0)


def build_ranges(shapes: Sequence[Shape], builder: TreeBuilder) -> list[LengthRange]:
    """Return the trees for all numbers of segments; none for no shapes."""
    return [
        LengthRange(
            least,
            most,
            count_columns(fitting),
            build_tree(fitting, builder) if fitting else None,
        )
        for least, most, fitting in (divide_by_length(shapes) if shapes else [])
    ]


def build_tree(shapes: Sequence[Shape], builder: TreeBuilder) -> Tree:
    """Return the tree for the shapes that paths of some numbers of segments can have."""
    return builder.build([*map(_cut, shapes)])


def _cut(shape: Shape) -> Shape:
    """Return a shape whose source Python can read; the row's own matcher knows of what is cut off."""
    if len(shape.cells) <= _MOST_COLUMNS:
        return shape
    return replace(shape, cells=shape.cells[:_MOST_COLUMNS], tail=None)


def find_leaves(ranges: Sequence[LengthRange], path: str) -> Iterator[Leaf]:
    """Yield the leaves of the trees that a path leads to, as far as texts can tell."""
    if not ranges:
        return
    # What is behind the longest row need not be told apart.
    segments = path.split("/", max(ranges[-1].least, ranges[-1].columns))
    for lengths in ranges:
        if len(segments) <= (lengths.most or len(segments)):
            if lengths.tree is not None:
                yield from find_leaves_in_tree(lengths.tree, segments)
            return
