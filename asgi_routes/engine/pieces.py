"""Regular expressions that are read as pieces: runs of characters of a class, one after another.

Rule: a regex is read whole or not at all, and what was read takes the same texts as Python's ``re``
does, the likeliest first.
"""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from asgi_routes.patterns import Literal, Node, Parameter

_CHARS = r"\[\^?\]?(?:\\.|[^\\\]])*\]|\\[dDwWsS]|\\[^0-9A-Za-z]|\.|[^\\\[\](){}.*+?^$|]"
_COUNT = re.compile(
    r"(?:(?P<sign>[+*?])|\{(?P<least>\d+)(?P<comma>,(?P<most>\d*))?\})?(?P<lazy>\?)?(?![+*?{])"
)
_CHAR = re.compile(_CHARS, re.DOTALL)
_MOST_REPEATS = 1024
_MOST_NESTED = 20


@dataclass(frozen=True, slots=True)
class Text:
    """A literal."""

    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one class, at least and at most so many of them.

    There are as many of them as there can be; as few, where it is short.
    """

    chars: str
    least: int
    most: int | None
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Fixed:
    """What always has the same number of characters."""

    regex: str
    width: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Pieces one after another."""

    pieces: tuple["Piece", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The first of several pieces that fits."""

    pieces: tuple["Piece", ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """A piece as often as it can be, or not at all; it always has the same number of characters."""

    piece: "Piece"
    width: int


Piece: TypeAlias = Text | Run | Fixed | Chain | Choice | Loop
_NOTHING = Chain(())


def read_pieces(nodes: Iterable[Node]) -> list[Piece] | None:
    """Return the nodes as pieces, or None if there is one that only ``re`` can match."""
    pieces: list[Piece] = []
    for node in nodes:
        piece: Piece | None = None
        if isinstance(node, Literal):
            piece = Text(node.text)
        elif isinstance(node, Parameter):
            piece = read_piece(node.regex)
        if piece is None:
            return None
        pieces.append(piece)
    return pieces


@functools.lru_cache
def read_piece(regex: str) -> Piece | None:
    r"""Return the piece that a parameter's regex takes, or None if only ``re`` can read it.

    >>> read_piece("[^/]+"), read_piece("[0-9]{4}")
    (Run(chars='[^/]', least=1, most=None, is_short=False), Fixed(regex='[0-9]{4}', width=4))
    >>> read_piece("a|b")
    Choice(pieces=(Fixed(regex='a', width=1), Fixed(regex='b', width=1)))
    >>> read_piece(r"(a|b)\1")
    """
    try:
        reader = _Reader(regex)
        piece = reader.read_choice(0)
    except ValueError:
        return None
    return piece if reader.position == len(regex) else None


class _Reader:
    """Reads a regex from left to right; `ValueError` where it is more than pieces."""

    def __init__(self, regex: str) -> None:
        self.regex = regex
        self.position = 0

    def read_choice(self, depth: int) -> Piece:
        if depth > _MOST_NESTED:
            raise ValueError(self.regex)
        choices = [self._read_chain(depth)]
        while self.regex.startswith("|", self.position):
            self.position += 1
            choices.append(self._read_chain(depth))
        return choices[0] if len(choices) == 1 else Choice(tuple(choices))

    def _read_chain(self, depth: int) -> Piece:
        pieces: list[Piece] = []
        start = self.position
        while self.position < len(self.regex) and self.regex[self.position] not in "|)":
            pieces.append(self._read_one(depth))
        widths = [measure(piece) for piece in pieces]
        is_flat = pieces and all(isinstance(piece, Run | Fixed) for piece in pieces)
        if is_flat and all(least == most for least, most in widths):
            return Fixed(self.regex[start : self.position], sum(least for least, _ in widths))
        return pieces[0] if len(pieces) == 1 else Chain(tuple(pieces))

    def _read_one(self, depth: int) -> Piece:
        if self.regex.startswith("(?:", self.position):
            self.position += 3
            piece = self.read_choice(depth + 1)
            if not self.regex.startswith(")", self.position):
                raise ValueError(self.regex)
            self.position += 1
            return _repeat_group(piece, *self._read_count())
        found = _CHAR.match(self.regex, self.position)
        if found is None:
            raise ValueError(self.regex)
        self.position = found.end()
        least, most, is_short = self._read_count()
        if (most or least) > _MOST_REPEATS and least != most:
            raise ValueError(self.regex)
        return Run(found[0], least, most, is_short and least != most)

    def _read_count(self) -> tuple[int, int | None, bool]:
        found = _COUNT.match(self.regex, self.position)
        if found is None:
            raise ValueError(self.regex)
        self.position = found.end()
        least, most = _read_counts(found)
        if found["lazy"] and not (found["sign"] or found["least"]):
            raise ValueError(self.regex)
        return least, most, bool(found["lazy"])


def _read_counts(found: re.Match[str]) -> tuple[int, int | None]:
    match found["sign"]:
        case "+":
            return 1, None
        case "*":
            return 0, None
        case "?":
            return 0, 1
    if found["least"] is None:
        return 1, 1
    least = int(found["least"])
    if found["comma"] is None:
        return least, least
    return least, int(found["most"]) if found["most"] else None


def _repeat_group(piece: Piece, least: int, most: int | None, is_short: bool) -> Piece:  # noqa: FBT001
    match least, most:
        case 1, 1:
            return piece
        case 0, 1:
            return Choice((_NOTHING, piece) if is_short else (piece, _NOTHING))
        case 0, None if not is_short:
            width, widest = measure(piece)
            if width and width == widest:
                return Loop(piece, width)
    raise ValueError("a group that is repeated")


def measure(piece: Piece) -> tuple[int, int | None]:
    """Return the fewest and the most characters of a piece, None for any number of them."""
    match piece:
        case Text(text=text):
            return len(text), len(text)
        case Run(least=least, most=most):
            return least, most
        case Fixed(width=width):
            return width, width
        case Loop():
            return 0, None
        case Chain(pieces=pieces):
            widths = [measure(one) for one in pieces]
            mosts = [most for _, most in widths if most is not None]
            most = sum(mosts) if len(mosts) == len(widths) else None
            return sum(least for least, _ in widths), most
        case Choice(pieces=pieces):
            widths = [measure(one) for one in pieces]
            mosts = [most for _, most in widths if most is not None]
            most = max(mosts) if len(mosts) == len(widths) else None
            return min(least for least, _ in widths), most


def list_classes(piece: Piece) -> list[str]:
    """Return the classes of characters that a piece has in it."""
    match piece:
        case Text(text=text):
            return [re.escape(char) for char in text]
        case Run(chars=chars):
            return [chars]
        case Fixed(regex=regex):
            return [found[0] for found in _CHAR.finditer(regex)]
        case Loop(piece=one):
            return list_classes(one)
        case Chain(pieces=pieces) | Choice(pieces=pieces):
            return [chars for one in pieces for chars in list_classes(one)]


@functools.lru_cache
def is_within_segment(regex: str) -> bool:
    """Tell whether a parameter is made of characters of which none is a slash.

    >>> is_within_segment("[0-9]+"), is_within_segment(".+"), is_within_segment("a|b")
    (True, False, True)
    """
    piece = read_piece(regex)
    if piece is None:
        return False
    return not any(re.match(chars, "/") for chars in list_classes(piece))
