r"""Counting: how many steps a backtracking engine takes for a text.

It does what Python's ``re`` does, in the same order, so it finds the same match; the steps are
counted, and it ends where there are too many of them.
"""

from typing import NamedTuple, TypeAlias

from asgi_routes.regular.attempts import (
    Again,
    Attempt,
    Begin,
    Choose,
    Inside,
    Refer,
    Save,
)
from asgi_routes.regular.programs import Char, Code, Fork, Look
from asgi_routes.regular.surroundings import Seen

_Places: TypeAlias = tuple[int, ...]
_UNSET = -1


class Counted(NamedTuple):
    """What came out.

    Attributes:
        steps: how many were taken.
        end: where the match ends; None where nothing matches.
    """

    steps: int
    end: int | None


class TooManyStepsError(Exception):
    """More steps were taken than may be."""


class Counter:
    """Matches texts by one program.

    Args:
        attempt: the program.
        most: how many steps a text may take.
    """

    def __init__(self, attempt: Attempt, most: int) -> None:
        self._codes = attempt.program.codes
        self._start = attempt.program.start
        self._slots = attempt.slots
        self._most = most
        self._alphabet = alphabet = attempt.alphabet
        self._holds = attempt.surroundings.holds
        self._groups = attempt.surroundings.groups
        self._masks = [
            alphabet.find_mask(code.chars) if isinstance(code, Char) else 0 for code in self._codes
        ]
        self._text: list[int] = []
        self._seen: list[Seen] = []
        self._steps = 0

    def count(self, text: str) -> Counted:
        """Return how many steps a text takes.

        Raises:
            TooManyStepsError: too many.
        """
        self._text = self._alphabet.translate(text)
        self._seen = [Seen.NOTHING, *map(self._see, self._text), Seen.NOTHING]
        self._steps = 0
        found = self._run(self._start, 0, (_UNSET,) * self._slots)
        return Counted(self._steps, found and found[0])

    def _see(self, symbol: int) -> Seen:
        return next(group.seen for group in self._groups if group.mask & symbol)

    def _run(  # noqa: C901 - the steps that are taken most stand here
        self, start: int, position: int, places: _Places
    ) -> tuple[int, _Places] | None:
        """Return where a match ends, and the places then."""
        todo = [(start, position, places)]
        size = len(self._text)
        while todo:
            at, position, places = todo.pop()
            while True:
                self._steps += 1
                if self._steps > self._most:
                    raise TooManyStepsError
                code = self._codes[at]
                if isinstance(code, Char):
                    if position == size or not self._masks[at] & self._text[position]:
                        break
                    at, position = code.then, position + 1
                elif isinstance(code, Fork):
                    todo.append((code.second, position, places))
                    at = code.first
                elif isinstance(code, Again):
                    at, other = code.more, code.then
                    if places[code.slot] == position or not code.is_greedy:
                        at, other = other, at
                    if places[code.slot] != position:
                        todo.append((other, position, places))
                else:
                    moved = self._move(code, position, places)
                    if moved is None:
                        break
                    at, position, places = moved
                    if at < 0:
                        return position, places
        return None

    def _move(  # noqa: PLR0911 - one for each kind
        self, code: Code, position: int, places: _Places
    ) -> tuple[int, int, _Places] | None:
        """Return where to go on; -1 as the place in the program where it ends."""
        match code:
            case Look(assertion=asked, then=then):
                holds = self._holds(asked, self._seen[position], self._seen[position + 1])
                return (then, position, places) if holds else None
            case Begin(slot=slot, then=then) | Save(slot=slot, then=then):
                return then, position, (*places[:slot], position, *places[slot + 1 :])
            case Inside():
                return self._look_inside(code, position, places)
            case Refer(slot=slot, then=then):
                first, last = places[slot : slot + 2]
                size = last - first
                if (
                    last == _UNSET
                    or self._text[first:last] != self._text[position : position + size]
                ):
                    return None
                self._steps += size
                return then, position + size, places
            case Choose(slot=slot, yes=yes, no=no):
                return (no if places[slot + 1] == _UNSET else yes), position, places
            case _:  # It is the end of the program, or that of something inside.
                return -1, position, places

    def _look_inside(
        self, code: Inside, position: int, places: _Places
    ) -> tuple[int, int, _Places] | None:
        first = position - code.back
        found = None if first < 0 else self._run(code.start, first, places)
        if code.is_unwanted:
            return (code.then, position, places) if found is None else None
        if found is None:
            return None
        return code.then, position if code.is_look else found[0], found[1]
