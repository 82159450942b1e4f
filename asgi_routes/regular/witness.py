"""Witnesses: the text that reads best among those that some automata match and others do not.

Rule: there is no witness only if every state that the automata can reach together was looked at.
Where that takes too much, `TooLargeError` says so.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple, TypeAlias

from asgi_routes.regular.alphabet import Alphabet
from asgi_routes.regular.automata import Automaton, Effort, State
from asgi_routes.regular.numbers import Growth, find_growth, grow, is_counting


class _Together(NamedTuple):
    """A state of all automata.

    Attributes:
        wanted: the states of those that shall match.
        unwanted: which of those that shall not still may, and their states.
        tail: 0; 1 behind a newline that must not be the last; 2 behind the one that is.
    """

    wanted: tuple[State, ...]
    unwanted: tuple[tuple[int, State], ...]
    tail: int


_Move: TypeAlias = tuple[int, str, _Together]
"""What a text costs, the text, and where it leads to."""

_ANYWHERE, _NOT_LAST, _LAST = range(3)


class WitnessSearch:
    """Looks for a text.

    Args:
        alphabet: that of the automata.
        wanted: what has to match it; at least one.
        unwanted: what must not match it.
        effort: counts what the search takes.
    """

    def __init__(
        self,
        alphabet: Alphabet,
        wanted: Sequence[Automaton],
        unwanted: Sequence[Automaton],
        *,
        effort: Effort,
    ) -> None:
        self._alphabet = alphabet
        self._wanted = wanted
        self._unwanted = unwanted
        self._effort = effort
        self._has_numbers = any(one.has_numbers for one in (*wanted, *unwanted))

    def find(self) -> str | None:
        """Return the text that reads best, or None if there is none.

        Raises:
            TooLargeError: it would take too much to look at everything.
        """
        self._effort.begin()
        start = _Together(
            tuple(one.start for one in self._wanted),
            tuple((which, one.start) for which, one in enumerate(self._unwanted)),
            _ANYWHERE,
        )
        order = count()
        todo: list[tuple[int, int, str, _Together, _Together | None]] = []
        heappush(todo, (0, next(order), "", start, None))
        came: dict[_Together, tuple[str, _Together | None]] = {}
        while todo:
            cost, _, text, state, before = heappop(todo)
            if state in came:
                continue
            came[state] = text, before
            if self._is_found(state):
                return _trace(came, state)
            moves = self._list_moves(state)
            self._effort.spend((len(moves) + 1) * (len(state.wanted) + len(state.unwanted)))
            self._effort.check()
            for more, piece, after in moves:
                if after not in came:
                    heappush(todo, (cost + more, next(order), piece, after, state))
        return None

    def _is_found(self, state: _Together) -> bool:
        return (
            state.tail != _NOT_LAST
            and all(map(Automaton.accepts, self._wanted, state.wanted))
            and not any(self._unwanted[which].accepts(one) for which, one in state.unwanted)
        )

    def _list_moves(self, state: _Together) -> list[_Move]:
        if state.tail == _LAST or any(
            self._unwanted[which].takes_all(one) for which, one in state.unwanted
        ):
            return []
        symbols = self._alphabet.every
        moves = []
        if self._has_numbers and (long := self._skip_long_number(state)):
            moves.append(long)
            symbols &= ~self._alphabet.digits
        for mask, wanted, unwanted in self._follow_wanted(state, symbols):
            moves += [
                (*self._alphabet.find_best(part), _Together(wanted, unwanted, tail))
                for part, tail in self._split_tails(mask)
            ]
        return moves

    def _split_tails(self, mask: int) -> list[tuple[int, int]]:
        final = self._alphabet.final
        newline = self._alphabet.newline & ~final
        if not final or not mask & (newline | final):
            return [(mask, _ANYWHERE)]
        parts = [
            (mask & ~(newline | final), _ANYWHERE),
            (mask & newline, _NOT_LAST),
            (mask & final, _LAST),
        ]
        return [part for part in parts if part[0]]

    def _follow_wanted(
        self, state: _Together, symbols: int
    ) -> list[tuple[int, tuple[State, ...], tuple[tuple[int, State], ...]]]:
        """Return what symbols lead to which states."""
        both: list[tuple[int, tuple[State, ...]]] = [(symbols, ())]
        for automaton, one in zip(self._wanted, state.wanted, strict=True):
            arcs = automaton.find_arcs(one)
            both = [
                (mask & taken, (*wanted, after))
                for mask, wanted in both
                for taken, after in arcs
                if mask & taken
            ]
        found = []
        for mask, wanted in both:
            found += [(part, wanted, others) for part, others in self._follow_unwanted(state, mask)]
        return found

    def _follow_unwanted(
        self, state: _Together, symbols: int
    ) -> list[tuple[int, tuple[tuple[int, State], ...]]]:
        parts: list[tuple[int, tuple[tuple[int, State], ...]]] = [(symbols, ())]
        for which, one in state.unwanted:
            arcs = self._unwanted[which].find_arcs(one)
            split = []
            for mask, others in parts:
                left = mask
                for taken, after in arcs:
                    if left & taken:
                        split.append((left & taken, (*others, (which, after))))
                        left &= ~taken
                if left:
                    split.append((left, others))
            parts = split
        return parts

    def _skip_long_number(self, state: _Together) -> _Move | None:
        """Return the digits that do nothing but let numbers grow, until one is full."""
        automata = [*self._wanted, *(self._unwanted[which] for which, _ in state.unwanted)]
        states = [*state.wanted, *(one for _, one in state.unwanted)]
        if not any(map(is_counting, automata, states)):
            return None
        growths: list[Growth] = []
        for automaton, one in zip(automata, states, strict=True):
            found = find_growth(automaton, one, self._alphabet.digits)
            if found is None:
                return None
            growths.append(found)
        rooms = [found.room for found in growths if found.room is not None]
        if not rooms or min(rooms) < 1:
            return None
        room = min(rooms)
        after = [
            grow(automaton, one, found, room)
            for automaton, one, found in zip(automata, states, growths, strict=True)
        ]
        wanted = tuple(after[: len(self._wanted)])
        others = zip((which for which, _ in state.unwanted), after[len(wanted) :], strict=True)
        cost, digit = self._alphabet.find_best(self._alphabet.digits)
        return cost * room, digit * room, _Together(wanted, tuple(others), _ANYWHERE)


def _trace(came: dict[_Together, tuple[str, _Together | None]], state: _Together) -> str:
    texts = []
    at: _Together | None = state
    while at is not None:
        text, at = came[at]
        texts.append(text)
    return "".join(reversed(texts))
