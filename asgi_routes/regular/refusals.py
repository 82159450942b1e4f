"""Texts that are taken, of which some have no value: then the whole match is refused.

Rule: a text is taken as long as it can be, whether it has a value or not.
"""

from typing import TypeAlias

from asgi_routes.regular.alphabet import Alphabet
from asgi_routes.regular.automata import Arcs, Automaton, Effort, State
from asgi_routes.regular.parsing import read_items
from asgi_routes.regular.programs import (
    ACCEPT,
    Assertion,
    Char,
    Code,
    Entry,
    Fork,
    Look,
    Program,
    ProgramWriter,
    Refuse,
)

_Pair: TypeAlias = tuple[State, State | None]
"""A state of the texts that are taken, and one of those with a value; None where there is none."""


def write_valued(writer: ProgramWriter, taken: str, valued: str, then: int) -> int:
    """Write what takes the texts of a regex, and refuses those that are not of another one.

    Raises:
        UnreadableError: they are too large, or not regular.
    """
    return _ValuedWriter(writer, taken, valued, then).write()


class _ValuedWriter:
    """Walks through two automata together, and writes a place for each pair of their states."""

    def __init__(self, writer: ProgramWriter, taken: str, valued: str, then: int) -> None:
        programs = _make_program(taken), _make_program(valued)
        self._alphabet = Alphabet(
            [chars for program in programs for chars in program.sets], has_final=False
        )
        effort = Effort()
        self._taken, self._valued = (
            Automaton(program, self._alphabet, None, effort, most_digits=0) for program in programs
        )
        self._writer = writer
        self._then = then
        self._refused = writer.add(Refuse(then))
        self._places: dict[_Pair, int] = {}
        self._todo: list[_Pair] = []

    def write(self) -> int:
        start = self._find_place((self._taken.start, self._valued.start))
        while self._todo:
            pair = self._todo.pop()
            self._writer.close_loop(self._places[pair], self._make_code(pair))
        return start

    def _find_place(self, pair: _Pair) -> int:
        if pair not in self._places:
            self._places[pair] = self._writer.add_loop()
            self._todo.append(pair)
        return self._places[pair]

    def _make_code(self, pair: _Pair) -> Code:
        taken, valued = pair
        is_end = self._taken.accepts(taken)
        has_value = valued is not None and self._valued.accepts(valued)
        ways = [
            self._writer.add(Char(self._alphabet.find_set(mask), self._find_place(after)))
            for mask, after in self._list_arcs(taken, valued)
        ]
        if is_end:
            ways.append(self._then if has_value else self._refused)
        last = ways.pop()
        for way in reversed(ways):
            last = self._writer.add(Fork(way, last))
        return Fork(last, last)

    def _list_arcs(self, taken: State, valued: State | None) -> list[tuple[int, _Pair]]:
        arcs: list[tuple[int, _Pair]] = []
        others: Arcs = [] if valued is None else self._valued.find_arcs(valued)
        for mask, after in self._taken.find_arcs(taken):
            left = mask
            for symbols, other in others:
                if left & symbols:
                    arcs.append((left & symbols, (after, other)))
                    left &= ~symbols
            if left:
                arcs.append((left, (after, None)))
        return arcs


def _make_program(regex: str) -> Program:
    writer = ProgramWriter()
    end = writer.add(Look(Assertion.END, ACCEPT))
    return writer.finish(writer.write_regex(*read_items(regex, 0), end), Entry.HERE)
