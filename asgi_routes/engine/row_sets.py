"""Sets of rows as integers, for rows that overlap too much for a tree.

A bit stands for a row, the lowest for the first. For each segment there is the set of the rows that
accept its text; what all these sets have in common is what matches, and its lowest bit is the
answer.

Rule: a table of any kind takes time and memory in proportion to its rows. So one integer stands for
so many rows and no more, and few regular expressions are tried on a segment.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from asgi_routes.engine.rows import Hit, Row, Step
from asgi_routes.engine.shapes import Cell, Shape, list_columns
from asgi_routes.patterns import Parameter
from asgi_routes.patterns.converters import IntConverter, TextConverter, keep_text

_MOST_ROWS = 2048
_MOST_REGEXES = 16

Follow: TypeAlias = Callable[[Row[Any]], Callable[[str], Hit[Any] | None]]
"""From a row to its own matcher."""

MakeHit: TypeAlias = Callable[[str, Sequence[str]], Hit[Any] | None]
"""From a path and its segments to the hit of a row that their texts are right for."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A row whose texts are right; the parameters in the columns ``open`` have to be looked at."""

    shape: Shape
    open: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SetsOfColumn:
    """Which rows accept a segment.

    Attributes:
        column: which segment.
        by_text: all the rows that accept one of the texts that stand in the table.
        by_parameter: for other texts, the rows by what they ask; one parameter for each regex.
        any_text: the rows that accept every text.
    """

    column: int
    by_text: Mapping[str, int]
    by_parameter: tuple[tuple[Parameter, int], ...]
    any_text: int


@dataclass(frozen=True, slots=True, eq=False)
class RowSets:
    """Goes on with the rows that all segments leave, one after the other."""

    leaves: tuple[Leaf, ...]
    columns: tuple[SetsOfColumn, ...]


def build_row_sets(shapes: Sequence[Shape], known: frozenset[int]) -> list[RowSets]:
    """Return the sets for shapes of which the columns ``known`` have been decided."""
    return [
        _build(shapes[start : start + _MOST_ROWS], known)
        for start in range(0, len(shapes), _MOST_ROWS)
    ]


def _build(shapes: Sequence[Shape], known: frozenset[int]) -> RowSets:
    columns = []
    still_open: dict[int, tuple[int, ...]] = {}
    for column, cells in enumerate(list_columns(shapes)):
        if column not in known:
            sets, too_many = _build_column(column, cells)
            for number in too_many:
                still_open[number] = (*still_open.get(number, ()), column)
            if sets.by_text or sets.by_parameter:
                columns.append(sets)
    leaves = [Leaf(shape, still_open.get(number, ())) for number, shape in enumerate(shapes)]
    return RowSets(tuple(leaves), tuple(columns))


def _build_column(column: int, cells: Sequence[Cell]) -> tuple[SetsOfColumn, list[int]]:
    """Return the sets, and the rows whose parameter is one too many: they accept every text."""
    by_text: dict[str, int] = {}
    by_regex: dict[str, int] = {}
    parameters: dict[str, Parameter] = {}
    too_many = []
    any_text = 0
    for number, cell in enumerate(cells):
        if isinstance(cell, str):
            by_text[cell] = by_text.get(cell, 0) | 1 << number
        elif isinstance(cell, Parameter) and (
            cell.regex in parameters or len(parameters) < _MOST_REGEXES
        ):
            parameters.setdefault(cell.regex, cell)
            by_regex[cell.regex] = by_regex.get(cell.regex, 0) | 1 << number
        else:
            any_text |= 1 << number
            if isinstance(cell, Parameter):
                too_many.append(number)
    by_parameter = tuple((parameters[regex], rows) for regex, rows in by_regex.items())
    for text in by_text:
        by_text[text] |= any_text | _find_others(by_parameter, text)
    return SetsOfColumn(column, by_text, by_parameter, any_text), too_many


def _find_others(by_parameter: Sequence[tuple[Parameter, int]], text: str) -> int:
    found = 0
    for parameter, rows in by_parameter:
        if re.fullmatch(parameter.regex, text):
            found |= rows
    return found


def find_leaves_in_sets(sets: RowSets, segments: Sequence[str]) -> Iterator[Leaf]:
    """Yield the rows that the segments of a path leave, in order."""
    left = (1 << len(sets.leaves)) - 1
    for column in sets.columns:
        text = segments[column.column]
        rows = column.by_text.get(text)
        if rows is None:
            rows = column.any_text | _find_others(column.by_parameter, text)
        left &= rows
    while left:
        lowest = left & -left
        yield sets.leaves[lowest.bit_length() - 1]
        left ^= lowest


class Hits(dict[int, MakeHit]):
    """What makes the hits of the rows of some sets, by the number of the row, from one on.

    Each is prepared when a path comes to it for the first time: as a rule, few are ever asked for.
    """

    def __init__(self, leaves: Sequence[Leaf], follow: Follow) -> None:
        super().__init__()
        self._leaves = leaves
        self._follow = follow

    def __missing__(self, number: int) -> MakeHit:
        make = self[number] = _prepare_hit(self._leaves[number - 1], self._follow)
        return make


def _prepare_hit(leaf: Leaf, follow: Follow) -> MakeHit:
    """Return what makes the hit of a row, once the segments of a path have left it."""
    row, tail = leaf.shape.row, leaf.shape.tail
    if tail is None or leaf.open:
        own = follow(row)
        return lambda path, _: own(path)
    count = len(leaf.shape.cells)
    # A parameter that takes the tail stands behind the cells.
    columns = {id(cell): column for column, cell in enumerate((*leaf.shape.cells, tail))}
    items = [item for step in row.steps for item in _list_items(step, columns)]
    slashes = count - 1 if tail == "mount" and count else count

    def make(path: str, segments: Sequence[str]) -> Hit[Any] | None:
        rest = ""
        if tail:
            rest = path[sum(map(len, segments[:count])) + slashes :]
            if isinstance(tail, Parameter):
                # The class of "path" is every character but the line break.
                if not rest or "\n" in rest:
                    return None
                segments, rest = [*segments[:count], rest], ""
        kwargs: dict[str, Any] = {}
        try:
            for name, column, value in items:
                if column is None:
                    kwargs[name] = value
                elif value is None:
                    kwargs[name] = segments[column]
                else:
                    kwargs[name] = value(segments[column])
        except ValueError:
            return None
        return row, (), kwargs, rest

    return make


def _list_items(step: Step, columns: Mapping[int, int]) -> Iterator[tuple[Any, int | None, Any]]:
    """Yield names with their columns and what converts the text; or with None and the value."""
    for parameter in step.pattern.parameters:
        converter = parameter.converter
        convert: Any = None
        if type(converter) is IntConverter:
            convert = int
        elif type(converter) is not TextConverter and converter is not None:
            convert = None if converter.to_python is keep_text else converter.to_python
        yield parameter.name, columns[id(parameter)], convert
    for name, value in step.kwargs.items():
        yield name, None, value
