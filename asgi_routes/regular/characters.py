r"""Sets of characters, as ranges of code points.

Rule: where more than the code points themselves decides (``\w``, upper and lower case), Python's
own ``re`` is asked about every character there is, once.
"""

import functools
import re
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from asgi_routes.regular.parsing import spell_category, spell_member

CharSet: TypeAlias = tuple[tuple[int, int], ...]
"""Ranges of code points, both ends included; in order, and none touches the next."""

EVERY: CharSet = ((0, sys.maxunicode),)
DIGITS: CharSet = ((ord("0"), ord("9")),)
NEWLINE: CharSet = ((ord("\n"), ord("\n")),)
SLASH: CharSet = ((ord("/"), ord("/")),)


def make_set(char: str) -> CharSet:
    """Return the set of one character."""
    return ((ord(char), ord(char)),)


@functools.cache
def _list_characters() -> str:
    codes = array("I", range(sys.maxunicode + 1)).tobytes()
    coding = "utf-32-le" if sys.byteorder == "little" else "utf-32-be"
    return codes.decode(coding, "surrogatepass")


@functools.cache
def _list_cased() -> str:
    """Return all characters for which upper and lower case may matter."""
    return "".join(char for char in _list_characters() if not char.lower() == char == char.upper())


@functools.cache
def _make_cased_set() -> CharSet:
    return unite(map(make_set, _list_cased()))


@functools.lru_cache(maxsize=1024)
def find_set(regex: str, flags: int = 0) -> CharSet:
    r"""Return the characters that a regex for one character matches.

    >>> find_set(r"\d", re.ASCII)
    ((48, 57),)
    """
    runs = re.compile(f"(?:{regex})+", flags).finditer(_list_characters())
    return tuple((run.start(), run.end() - 1) for run in runs)


def complement(chars: CharSet) -> CharSet:
    """Return all other characters.

    >>> complement(complement(DIGITS)) == DIGITS, complement(EVERY)
    (True, ())
    """
    ranges = []
    start = 0
    for first, last in chars:
        if start < first:
            ranges.append((start, first - 1))
        start = last + 1
    if start <= sys.maxunicode:
        ranges.append((start, sys.maxunicode))
    return tuple(ranges)


def unite(sets: Iterable[CharSet]) -> CharSet:
    """Return the characters of all sets.

    >>> unite([((5, 7),), ((1, 2), (6, 9)), ((3, 3),)])
    ((1, 3), (5, 9))
    """
    ranges: list[tuple[int, int]] = []
    for first, last in sorted(one for chars in sets for one in chars):
        if ranges and first <= ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], max(last, ranges[-1][1]))
        else:
            ranges.append((first, last))
    return tuple(ranges)


def read_set(kind: str, argument: Any, flags: int) -> CharSet:
    """Return the characters that an item of a parsed regex takes.

    ``kind`` is LITERAL, NOT_LITERAL, ANY or IN.

    >>> read_set("LITERAL", ord("k"), re.IGNORECASE)
    ((75, 75), (107, 107), (8490, 8490))
    """
    if kind == "ANY":
        return EVERY if flags & re.DOTALL else complement(NEWLINE)
    if kind == "LITERAL":
        members: Sequence[Any] = [("LITERAL", argument)]
    elif kind == "NOT_LITERAL":
        members = [("NEGATE", None), ("LITERAL", argument)]
    else:
        members = argument
    is_negated = str(members[0][0]) == "NEGATE"
    chars = unite(_read_member(str(name), value, flags) for name, value in members[is_negated:])
    if is_negated:
        chars = complement(chars)
    if not flags & re.IGNORECASE:
        return chars
    members_as_text = "".join(spell_member(str(name), value) for name, value in members)
    found = re.findall(f"[{members_as_text}]", _list_cased(), flags & (re.IGNORECASE | re.ASCII))
    others = complement(unite([complement(chars), _make_cased_set()]))
    return unite([others, *map(make_set, found)])


def _read_member(name: str, value: Any, flags: int) -> CharSet:
    if name == "LITERAL":
        return ((value, value),)
    if name == "RANGE":
        return (tuple(value),)
    return find_set(spell_category(value), flags & re.ASCII)
