"""Long numbers: how an automaton takes thousands of digits in one step.

Rule: nothing is assumed. Two digits are tried, whichever they are; if both lead to the same state
except for counts that have grown by the same, so does every further digit until a number is full,
because only then does a count decide what a digit does.
"""

from collections.abc import Iterator
from typing import NamedTuple

from asgi_routes.regular.automata import ALL, Automaton, State


class Growth(NamedTuple):
    """What further digits do in a state.

    Attributes:
        room: how many of them change nothing but the counts; None for any number.
        counts: the digits of each number so far.
        growing: for each number, 1 if it grows with each digit, or 0.
    """

    room: int | None
    counts: tuple[int, ...]
    growing: tuple[int, ...]


def is_counting(automaton: Automaton, state: State) -> bool:
    """Tell whether a number has begun and not ended."""
    if not automaton.has_numbers:
        return False
    ways = automaton.get_ways(state)
    if any(count > 0 for count in ways.digits):
        return True
    return (
        automaton.rest is not None and ways.rest >= ALL and is_counting(automaton.rest, ways.rest)
    )


def find_growth(automaton: Automaton, state: State, digits: int) -> Growth | None:
    """Return what further digits do, or None where they do more than let numbers grow."""
    once = _follow_any_digit(automaton, state, digits)
    twice = None if once is None else _follow_any_digit(automaton, once, digits)
    if once is None or twice is None:
        return None
    if (
        not _forget_counts(automaton, state)
        == _forget_counts(automaton, once)
        == _forget_counts(automaton, twice)
    ):
        return None
    counts, then, later = (_list_counts(automaton, one) for one in (state, once, twice))
    growing = tuple(after - count for count, after in zip(counts, then, strict=True))
    if growing != tuple(after - count for count, after in zip(then, later, strict=True)):
        return None
    if not {*growing} <= {0, 1}:
        return None
    full = [count for count, grows in zip(counts, growing, strict=True) if grows]
    return Growth(automaton.most_digits - max(full) if full else None, counts, growing)


def grow(automaton: Automaton, state: State, growth: Growth, digits: int) -> State:
    """Return the state behind so many further digits."""
    counts = zip(growth.counts, growth.growing, strict=True)
    return _replace_counts(automaton, state, (count + digits * grows for count, grows in counts))


def _follow_any_digit(automaton: Automaton, state: State, digits: int) -> State | None:
    """Return the state behind a digit, if it is the same for all of them."""
    arcs = [(mask & digits, after) for mask, after in automaton.find_arcs(state) if mask & digits]
    if len(arcs) != 1 or arcs[0][0] != digits:
        return None
    return arcs[0][1]


def _list_counts(automaton: Automaton, state: State) -> tuple[int, ...]:
    ways = automaton.get_ways(state)
    if automaton.rest is None or ways.rest < ALL:
        return ways.digits
    return ways.digits + _list_counts(automaton.rest, ways.rest)


def _forget_counts(automaton: Automaton, state: State) -> object:
    ways = automaton.get_ways(state)
    rest: object = ways.rest
    if automaton.rest is not None and ways.rest >= ALL:
        rest = (_forget_counts(automaton.rest, ways.rest),)
    return ways.positions, tuple(min(count, 0) for count in ways.digits), ways.before, rest


def _replace_counts(automaton: Automaton, state: State, counts: Iterator[int]) -> State:
    ways = automaton.get_ways(state)
    digits = tuple(next(counts) for _ in ways.digits)
    rest = ways.rest
    if automaton.rest is not None and rest >= ALL:
        rest = _replace_counts(automaton.rest, rest, counts)
    return automaton.add_state(ways._replace(digits=digits, rest=rest))
