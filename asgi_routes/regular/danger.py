r"""Regular expressions that a client can keep busy.

Python's ``re`` goes back and tries again wherever two repeats can share characters. What is
reported is that for some text these attempts multiply.

Rule: this is a warning, not a proof.
"""

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from asgi_routes.regular.parsing import constants, parse_items, spell_category

_SAMPLE = "".join(map(chr, range(128))) + "é٣\u2028"
_MANY = 16
"""A repeat that may go on this often counts as unbounded."""
_POLYNOMIAL = 3

_Chars = frozenset[str]


@functools.lru_cache
def find_danger(regex: str, flags: int = 0) -> str | None:
    r"""Return why a regex may take very long on some text, or None.

    >>> find_danger(r"^(\w+/)*$")
    >>> find_danger(r"^(\w+)*$")
    'a repeat inside a repeat of the same characters: the time doubles with each character'
    >>> find_danger(r"^(.*)-(.*)-(.*)x$")
    '3 repeats of the same characters in a row: the time grows with the power 3 of the length'
    """
    items = parse_items(regex, flags)
    return None if items is None else _find_in(list(items))


def _find_in(items: list[Any]) -> str | None:
    for kind, argument in _walk(items):
        if not _is_repeat(kind, argument):
            continue
        body = list(argument[2])
        inner = [
            part for part in _flatten(body) if _is_repeat(*part) and _others_can_vanish(part, body)
        ]
        if inner:
            return (
                "a repeat inside a repeat of the same characters: "
                "the time doubles with each character"
            )
    count = _count_longest_chain(items)
    if count >= _POLYNOMIAL:
        return (
            f"{count} repeats of the same characters in a row: "
            f"the time grows with the power {count} of the length"
        )
    return None


def _is_repeat(kind: Any, argument: Any) -> bool:
    return kind in (constants.MAX_REPEAT, constants.MIN_REPEAT) and argument[1] >= _MANY


def _list_inner(kind: Any, argument: Any) -> Iterator[list[Any]]:
    """Yield the sequences that an item is made of."""
    if kind in (constants.MAX_REPEAT, constants.MIN_REPEAT):
        yield list(argument[2])
    elif kind is constants.SUBPATTERN:
        yield list(argument[3])
    elif kind is constants.BRANCH:
        yield from map(list, argument[1])


def _walk(items: list[Any]) -> Iterator[Any]:
    for item in items:
        yield item
        for inner in _list_inner(*item):
            yield from _walk(inner)


def _flatten(items: list[Any]) -> Iterator[Any]:
    """Yield the items of a sequence, and those of the groups in it."""
    for kind, argument in items:
        if kind is constants.SUBPATTERN:
            yield from _flatten(list(argument[3]))
        else:
            yield kind, argument


def _others_can_vanish(part: Any, body: list[Any]) -> bool:
    """Tell whether a whole round of the outer repeat can be one inner repeat, or look like it."""
    chars = _collect_chars([part])
    return all(
        other is part or _can_vanish(*other) or _collect_chars([other]) & chars
        for other in _flatten(body)
    )


def _can_vanish(kind: Any, argument: Any) -> bool:
    if kind in (constants.MAX_REPEAT, constants.MIN_REPEAT):
        return argument[0] == 0 or all(_can_vanish(*item) for item in argument[2])
    if kind is constants.BRANCH:
        return any(all(_can_vanish(*item) for item in branch) for branch in argument[1])
    if kind is constants.SUBPATTERN:
        return all(_can_vanish(*item) for item in argument[3])
    return kind in (constants.AT, constants.ASSERT, constants.ASSERT_NOT)


def _count_longest_chain(items: list[Any]) -> int:
    """Return how many repeats stand in a row whose characters also take what is between them."""
    longest = count = 0
    shared: _Chars = frozenset()
    for item in _flatten(items):
        chars = _collect_chars([item])
        if _is_repeat(*item):
            count, shared = (count + 1, shared & chars) if shared & chars else (1, chars)
            longest = max(longest, count)
        elif not _can_vanish(*item):
            shared &= chars
    return longest


def _collect_chars(items: Iterable[Any]) -> _Chars:
    """Return the characters of the sample that stand somewhere in what the items match."""
    found: set[str] = set()
    for kind, argument in items:
        inner = list(_list_inner(kind, argument))
        if inner:
            found.update(*(_collect_chars(sequence) for sequence in inner))
        elif kind is constants.LITERAL:
            found.add(chr(argument))
        elif kind in (constants.NOT_LITERAL, constants.ANY, constants.IN):
            found.update(_list_members(kind, argument))
    return frozenset(found)


def _list_members(kind: Any, argument: Any) -> Iterator[str]:
    if kind is constants.ANY:
        yield from _SAMPLE.replace("\n", "")
    elif kind is constants.NOT_LITERAL:
        yield from _SAMPLE.replace(chr(argument), "")
    else:
        is_negated = argument[0][0] is constants.NEGATE
        for char in _SAMPLE:
            if any(_is_in(char, *part) for part in argument) is not is_negated:
                yield char


def _is_in(char: str, kind: Any, argument: Any) -> bool:
    if kind is constants.LITERAL:
        return bool(char == chr(argument))
    if kind is constants.RANGE:
        return bool(argument[0] <= ord(char) <= argument[1])
    if kind is constants.CATEGORY:
        return re.match(spell_category(argument), char) is not None
    return False
