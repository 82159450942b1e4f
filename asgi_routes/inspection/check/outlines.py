"""Outlines of rows, which tell the pairs of rows that need not be compared.

Rule: an outline promises too much, never too little: rows whose outlines do not meet have no path
in common.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from asgi_routes.engine import Mode, Row, Step, is_within_segment
from asgi_routes.patterns import Literal, Parameter

_MOST_WAYS = 8


class Outline(NamedTuple):
    """The segments of a path.

    Attributes:
        segments: the text of each, or None where it is not known.
        is_open: whether more may follow.
    """

    segments: tuple[str | None, ...]
    is_open: bool

    def meets(self, other: "Outline") -> bool:
        """Tell whether one path may have both outlines."""
        mine, others = self.segments, other.segments
        if len(mine) != len(others) and not (
            self.is_open if len(mine) < len(others) else other.is_open
        ):
            return False
        return all(
            one == another or one is None or another is None
            for one, another in zip(mine, others, strict=False)
        )


def meet(outlines: Iterable[Outline], others: Iterable[Outline]) -> bool:
    """Tell whether one path may have one of some outlines and one of others."""
    return any(one.meets(other) for one in outlines for other in others)


_Piece: TypeAlias = str | None
"""A text, or None for something without a slash."""


def list_outlines(row: Row[Any]) -> list[Outline]:
    """Return the outlines of a row; each of its paths has one of them.

    >>> from asgi_routes.patterns.converters import get_registered_converters
    >>> from asgi_routes.patterns import parse_path
    >>> pattern = parse_path("users/<int:id>/x<y>", get_registered_converters())
    >>> list_outlines(Row(0, (Step(pattern, Mode.ENDPOINT, {}),), None))
    [Outline(segments=('users', None, None), is_open=False)]
    """
    ways: list[list[_Piece]] = [[]]
    is_whole = is_open = False
    for number, step in enumerate(row.steps, 1):
        pieces, is_told = _read_pieces(step)
        ways = [[*way, *pieces] for way in ways]
        is_whole = is_told and _ends_a_segment(step.mode, pieces)
        if is_whole and step.mode is Mode.LEVEL and number < len(row.steps):
            # The slash that is taken off may be there, or the end of the path.
            ways += [[*way, "/"] for way in ways]
        is_open = not is_told or step.mode is not Mode.ENDPOINT
        if not is_told or len(ways) > _MOST_WAYS:
            is_whole, is_open = False, True
            break
    return [_make_outline(way, is_whole=is_whole, is_open=is_open) for way in ways]


def _read_pieces(step: Step) -> tuple[list[_Piece], bool]:
    """Return the pieces of a pattern, and whether they are all of it."""
    pieces: list[_Piece] = []
    if step.pattern.syntax == "regex":
        return pieces, False
    for node in step.pattern.nodes:
        match node:
            case Literal(text=text):
                pieces.append(text)
            case Parameter(regex=regex) if is_within_segment(regex):
                pieces.append(None)
            case _:
                return pieces, False
    return pieces, True


def _ends_a_segment(mode: Mode, pieces: Sequence[_Piece]) -> bool:
    """Tell whether a segment ends behind the pieces of a step, or the path."""
    if mode is Mode.ENDPOINT:
        return True
    if mode is Mode.PREFIX or not pieces:
        return False
    return mode is Mode.MOUNT or pieces[-1] is None or not pieces[-1].endswith("/")


def _make_outline(pieces: Iterable[_Piece], *, is_whole: bool, is_open: bool) -> Outline:
    """Return the outline; where it is not whole, the last segment is not known to have ended."""
    segments: list[str | None] = []
    last: str | None = ""
    for piece in pieces:
        if piece is None:
            last = None
            continue
        first, *more = piece.split("/")
        last = None if last is None else last + first
        for segment in more:
            segments.append(last)
            last = segment
    return Outline((*segments, *((last,) if is_whole else ())), is_open)
