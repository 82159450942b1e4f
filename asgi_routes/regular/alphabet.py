"""Alphabets: the characters that some sets can tell apart, as a few symbols.

A symbol is a class of characters that belong to the very same sets; a set of symbols is an integer
with one bit for each. A newline at the very end of a text can be a symbol of its own: ``$`` matches
before it, and so has to look no further than one symbol ahead.

Rule: the classes are exact over all code points, and the lowest bit of a set is the symbol that
reads best.
"""

import string
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from asgi_routes.regular.characters import DIGITS, NEWLINE, SLASH, CharSet, unite

_UGLY = 300
_RANKS = [
    ("x" + string.ascii_lowercase.replace("x", ""), 10),
    ("1234567890", 11),
    ("X" + string.ascii_uppercase.replace("X", ""), 12),
    ("-_", 14),
    ("/", 15),
    ("~+@,:=!", 20),
    (".;&$'()*", 25),
    ('"#%<>?[\\]^`{|}', 30),
    (" ", 40),
]
_COSTS = {char: cost for chars, cost in reversed(_RANKS) for char in reversed(chars)}
"""What each character costs; those that read well in a text are cheap, and stand last."""
_ODD = 40
_SAMPLES = 64


class _Class(NamedTuple):
    """The characters of one symbol."""

    cost: int
    example: str
    ranges: list[tuple[int, int]]
    signature: int


class Alphabet:
    """The symbols that some sets of characters can tell apart.

    Attributes:
        every: all symbols.
        final: the newline at the end of a text; 0 if it has no symbol of its own.
        newline, slash, digits: the symbols of these characters, `final` among them.

    Args:
        sets: the sets of characters.
        has_final: whether the newline at the end of a text is a symbol of its own.
    """

    def __init__(self, sets: Iterable[CharSet], *, has_final: bool) -> None:
        distinct = [*dict.fromkeys([NEWLINE, SLASH, DIGITS, *sets])]
        starts, signatures = _split_code_points(distinct)
        self._classes = sorted(
            map(_make_class, *_group(starts, signatures)), key=lambda one: one[0]
        )
        self.final = 1 << len(self._classes) if has_final else 0
        bits = {one.signature: 1 << bit for bit, one in enumerate(self._classes)}
        self._starts = starts
        self._symbols = [bits[signature] for signature in signatures]
        masks = [0] * len(distinct)
        for signature, bit in bits.items():
            for index in list_bits(signature):
                masks[index] |= bit
        self._masks = dict(zip(distinct, masks, strict=True))
        self.every = (1 << len(self._classes)) - 1 | self.final
        self.slash = self.find_mask(SLASH)
        self.digits = self.find_mask(DIGITS)
        self.newline = self.find_mask(NEWLINE)

    def find_mask(self, chars: CharSet) -> int:
        """Return the symbols of one of the sets."""
        symbols = self._masks[chars]
        return symbols | self.final if symbols & self._masks[NEWLINE] else symbols

    def find_set(self, mask: int) -> CharSet:
        """Return the characters of some symbols."""
        return unite(tuple(self._classes[bit].ranges) for bit in list_bits(mask & ~self.final))

    def find_best(self, mask: int) -> tuple[int, str]:
        """Return the cost and the text of the symbol of a set that reads best."""
        bit = mask & -mask
        if bit == self.final:
            return _UGLY, "\n"
        found = self._classes[bit.bit_length() - 1]
        return found.cost, found.example

    def find_single(self, mask: int) -> str | None:
        """Return the character of a set that has only one; None for any other set."""
        if mask & (mask - 1) or mask == self.final:
            return None
        found = self._classes[mask.bit_length() - 1]
        [(first, last), *more] = found.ranges
        return found.example if first == last and not more else None

    def translate(self, text: str) -> list[int]:
        """Return a text as symbols."""
        symbols = [self._symbols[bisect_right(self._starts, ord(char)) - 1] for char in text]
        if self.final and text.endswith("\n"):
            symbols[-1] = self.final
        return symbols


def _split_code_points(sets: list[CharSet]) -> tuple[list[int], list[int]]:
    """Return where the code points change their sets, and in which sets those from there on are."""
    changes = {0: 0}
    for index, chars in enumerate(sets):
        for first, last in chars:
            changes[first] = changes.get(first, 0) ^ 1 << index
            changes[last + 1] = changes.get(last + 1, 0) ^ 1 << index
    changes.pop(sys.maxunicode + 1, None)
    starts = sorted(changes)
    signatures = []
    signature = 0
    for start in starts:
        signature ^= changes[start]
        signatures.append(signature)
    return starts, signatures


def list_bits(number: int) -> Iterator[int]:
    """Yield the places of the bits that are set; few of thousands are."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def _group(
    starts: list[int], signatures: list[int]
) -> tuple[Iterable[int], Iterable[list[tuple[int, int]]]]:
    ranges: dict[int, list[tuple[int, int]]] = {}
    ends = [*starts[1:], sys.maxunicode + 1]
    for start, end, signature in zip(starts, ends, signatures, strict=True):
        ranges.setdefault(signature, []).append((start, end - 1))
    return ranges.keys(), ranges.values()


def _make_class(signature: int, ranges: list[tuple[int, int]]) -> _Class:
    for char, cost in reversed(_COSTS.items()):
        if any(first <= ord(char) <= last for first, last in ranges):
            return _Class(cost, char, ranges, signature)
    for first, last in ranges:
        for code in range(first, min(last, first + _SAMPLES) + 1):
            if chr(code).isprintable():
                return _Class(_ODD, chr(code), ranges, signature)
    return _Class(_UGLY, chr(ranges[0][0]), ranges, signature)
