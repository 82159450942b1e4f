"""Numbers that say which of several things comes first, and stay when others come and go.

Rule: a number is given once. What was there before keeps its own wherever the order allows it, so
that whatever was made of it still stands in the right place.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import count, pairwise
from typing import TypeAlias

_STEP = 2**20


Lists: TypeAlias = Mapping[tuple[int, ...], tuple[tuple[Hashable, ...], Sequence[int]]]
"""Lists, with their numbers, by where they stand."""


class NumberedLists:
    """Lists in lists, whose items are numbered.

    Attributes:
        made: those that were numbered.

    Args:
        before: what was ``made`` the last time.
    """

    def __init__(self, before: Lists) -> None:
        self.made: dict[tuple[int, ...], tuple[tuple[Hashable, ...], Sequence[int]]] = {}
        self._before = before

    def number(self, place: tuple[int, ...], items: tuple[Hashable, ...]) -> Sequence[int]:
        """Return the numbers of the items of the list at a place."""
        known, numbers = self._before.get(place, ((), ()))
        if known is not items:
            numbers = number(items, dict(zip(known, numbers, strict=True)))
        self.made[place] = items, numbers
        return numbers


def count_up() -> Iterator[int]:
    """Return the numbers that `number` gives to items of which none had one before.

    >>> [*zip(count_up(), number("abc", {}))]
    [(1048576, 1048576), (2097152, 2097152), (3145728, 3145728)]
    """
    return count(_STEP, _STEP)


def number(items: Sequence[Hashable], before: Mapping[Hashable, int]) -> list[int]:
    """Return rising numbers for items, of which some had numbers before.

    >>> first = number("abc", {})
    >>> again = number("abxc", dict(zip("abc", first)))
    >>> [again[0], again[1], again[3]] == first, sorted(again) == again
    (True, True)
    """
    numbers = [before.get(item) for item in items]
    kept = _find_rising(numbers)
    end = len(items), (kept[-1][1] if kept else 0) + (len(items) + 1) * _STEP
    filled: list[int] = []
    for (place, low), (next_place, high) in pairwise([(-1, 0), *kept, end]):
        between = next_place - place - 1
        step = min((high - low) // (between + 1), _STEP)
        if not step:  # Too much was put in between.
            return [(one + 1) * _STEP for one in range(len(items))]
        filled += [low + step * one for one in range(1, between + 1)]
        filled.append(high)
    return filled[:-1]


def _find_rising(numbers: Sequence[int | None]) -> list[tuple[int, int]]:
    """Return the longest rising run among numbers, with gaps, each with its place."""
    lasts: list[int] = []
    chains: list[tuple[int, int, int]] = []
    """For each number: its place, itself, and where that before it in the longest run stands."""
    tops: list[int] = []
    for place, one in enumerate(numbers):
        if one is None:
            continue
        length = bisect_left(lasts, one)
        chains.append((place, one, tops[length - 1] if length else -1))
        if length == len(lasts):
            lasts.append(one)
            tops.append(len(chains) - 1)
        else:
            lasts[length], tops[length] = one, len(chains) - 1
    rising = []
    at = tops[-1] if tops else -1
    while at >= 0:
        place, one, at = chains[at]
        rising.append((place, one))
    rising.reverse()
    return rising
