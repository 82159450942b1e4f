"""Shapes: what a row asks of each segment of a path.

Rule: a shape stands for the very paths that its row matches. What cannot be told segment by segment
is left to the row's own matcher.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeAlias

from asgi_routes.engine.pieces import is_within_segment, measure, read_piece
from asgi_routes.engine.rows import Mode, Row, Step
from asgi_routes.patterns import Literal, Node, Parameter


@dataclass(frozen=True, slots=True)
class AnySegment:
    """A segment that the row's own matcher looks at."""


Cell: TypeAlias = str | Parameter | AnySegment
"""What a row asks of one segment: a text, a parameter that fills it, or `ANY`."""

ANY = AnySegment()


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A row, segment by segment.

    Attributes:
        row: the row.
        cells: what it asks of the segments that it begins with.
        least: the fewest segments that it can match.
        most: the most of them, or None.
        tail: what follows the cells: nothing; ``"rest"``, which is handed on; ``"mount"``, the same
            with its slash; a parameter that takes all of it; or None where only the row's own
            matcher knows.
    """

    row: Row[Any]
    cells: tuple[Cell, ...]
    least: int
    most: int | None
    tail: str | Parameter | None

    @property
    def literal(self) -> str | None:
        """The one path that it matches, or None."""
        if self.tail == "" and all(isinstance(cell, str) for cell in self.cells):
            return "/".join(str(cell) for cell in self.cells)
        return None

    @property
    def has_kwargs(self) -> bool:
        """Whether there are default kwargs."""
        return any(step.kwargs for step in self.row.steps)


def list_columns(shapes: Iterable[Shape]) -> Iterator[tuple[Cell, ...]]:
    """Yield for each segment what the shapes ask of it, in their order.

    Nothing can be said of segments behind the cells of a shape.
    """
    return zip_longest(*(shape.cells for shape in shapes), fillvalue=ANY)


def read_shape(row: Row[Any]) -> Shape:
    """Return the shape of a row."""
    reader = _Reader()
    for number, step in enumerate(row.steps, 1):
        if not reader.read(step, is_last=number == len(row.steps)):
            break
    return reader.make_shape(row)


class _Reader:
    """Reads the steps of a row from the left, for as long as they are plain."""

    def __init__(self) -> None:
        self.cells: list[Cell] = []
        self.segment: list[str | Parameter] = []
        self.is_plain = True
        self.tail: str | Parameter | None = None
        self.most: int | None = None
        self.least_behind = 1
        self.takes_slash = False

    def make_shape(self, row: Row[Any]) -> Shape:
        least = len(self.cells) + self.least_behind
        tail = self.tail if self.is_plain else None
        return Shape(row, tuple(self.cells), least, self.most, tail)

    def read(self, step: Step, *, is_last: bool) -> bool:
        """Read one step; return whether the next one can be read too."""
        if self.segment:
            if not (self.takes_slash and _takes_text(step.pattern.nodes[:1])):
                return False  # The step before may end inside of a segment, or be the last.
            self._close()
        if step.pattern.syntax == "regex":
            self._read_regex(step)
            return False
        nodes = step.pattern.nodes
        last = nodes[-1] if is_last and step.mode is Mode.ENDPOINT and nodes else None
        if isinstance(last, Parameter) and last.regex == ".+":
            if self._read_nodes(nodes[:-1]) and not self.segment:
                self.tail = last
            return False
        if not self._read_nodes(nodes):
            return False
        self.takes_slash = step.mode is Mode.LEVEL and _takes_text(self.segment)
        if is_last:
            self._finish(step)
        return True

    def _finish(self, step: Step) -> None:
        is_open = step.mode in (Mode.PREFIX, Mode.LEVEL)
        if is_open or (not step.pattern.source and step.mode is Mode.MOUNT):
            self.tail = None if self.segment else "rest"
            return
        self._close()
        self.least_behind = 0
        self.tail = "mount"
        if step.mode is Mode.ENDPOINT:
            self.tail = ""
            self.most = len(self.cells)

    def _read_nodes(self, nodes: tuple[Node, ...]) -> bool:
        for node in nodes:
            if isinstance(node, Literal):
                self._read_text(node.text)
            elif isinstance(node, Parameter) and is_within_segment(node.regex):
                self.segment.append(node)
            else:
                return False
        return True

    def _read_text(self, text: str) -> None:
        first, *others = text.split("/")
        if first:
            self.segment.append(first)
        if others:
            self._close()
            *whole, last = others
            self.cells += whole
            if last:
                self.segment.append(last)

    def _close(self) -> None:
        count = len(self.segment)
        if count > 1:
            self.cells.append(ANY)
            self.is_plain = False
        else:
            self.cells.append(self.segment[0] if count else "")
        self.segment = []

    def _read_regex(self, step: Step) -> None:
        pattern = step.pattern
        if not pattern.source.startswith(("^", r"\A")) or not pattern.nodes:
            return
        first = pattern.nodes[0]
        if isinstance(first, Literal):
            self.cells += first.text.split("/")[:-1]


def _takes_text(nodes: Sequence[Node | str]) -> bool:
    """Tell whether nodes take something of the path in any case.

    At the end of a segment such nodes end without a slash, so that a level takes one off; at the
    start of a level they do not match the end of a path.
    """
    for node in nodes:
        piece = read_piece(node.regex) if isinstance(node, Parameter) else None
        if piece is not None and measure(piece)[0]:
            return True
        if (isinstance(node, Literal) and node.text) or isinstance(node, str):
            return True
    return False
