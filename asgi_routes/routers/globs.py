"""Globs, found by the texts that they begin and end with.

Rule: the first glob in order that matches wins, as if they were tried one by one.
"""

import fnmatch
import re
from collections.abc import Callable, Iterable
from typing import Generic, TypeAlias, TypeVar

Value = TypeVar("Value")

_Tried: TypeAlias = tuple[int, Callable[[str], object], Value]

_SPECIAL = re.compile(r"[*?[\]]")


class Globs(Generic[Value]):
    """From a text to the value of the first glob that matches it; minds case.

    >>> globs = Globs([("mail-*", 1), ("*-small", 2), ("mail-?", 3)])
    >>> globs.find("mail-a"), globs.find("thumbnails-small"), globs.find("other")
    (1, 2, None)
    """

    def __init__(self, globs: Iterable[tuple[str, Value]]) -> None:
        # By the lengths of both ends, then by the ends: so one lookup finds all that share them.
        self._by_lengths: dict[tuple[int, int], dict[tuple[str, str], list[_Tried[Value]]]] = {}
        for number, (glob, value) in enumerate(globs):
            # Between the first and the last character that is special, anything may stand.
            pieces = _SPECIAL.split(glob)
            first, last = pieces[0], pieces[-1]
            by_ends = self._by_lengths.setdefault((len(first), len(last)), {})
            is_match = re.compile(fnmatch.translate(glob)).match
            by_ends.setdefault((first, last), []).append((number, is_match, value))

    def find(self, text: str) -> Value | None:
        """Return the value of the first glob that matches, or None."""
        best: _Tried[Value] | None = None
        for (first, last), by_ends in self._by_lengths.items():
            for tried in by_ends.get((text[:first], text[max(len(text) - last, 0) :]), ()):
                if best is not None and best[0] < tried[0]:
                    break
                if tried[1](text):
                    best = tried
                    break
        return None if best is None else best[2]
