r"""Attempts: what Python's ``re`` does with a text, one step after the other, and counted.

A program for this has everything that ``re`` has, back-references and look-around too. It goes back
and tries again as ``re`` does, so that the number of its steps grows as the time of ``re`` does.

Rule: counting is bounded. Nothing here can be kept busy, whatever the regex and the text.
"""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from asgi_routes.regular.alphabet import Alphabet
from asgi_routes.regular.parsing import walk_items
from asgi_routes.regular.programs import (
    ACCEPT,
    Assertion,
    Code,
    Entry,
    Fork,
    Look,
    Program,
    ProgramWriter,
    is_anchored,
)
from asgi_routes.regular.samples import Sample
from asgi_routes.regular.surroundings import Surroundings, list_sets

_MANY = 16
"""A repeat that may go on this often counts as one without an end where it is read loosely."""
_UNORDERED = {"GROUPREF": "a back-reference", "GROUPREF_EXISTS": "a conditional group"}


@dataclass(frozen=True, slots=True)
class Begin(Code):
    """A round of a repeat begins that may take nothing."""

    slot: int
    then: int


@dataclass(frozen=True, slots=True)
class Again(Code):
    """The round ends: another one, unless it has taken nothing; and then what follows."""

    slot: int
    more: int
    then: int
    is_greedy: bool


@dataclass(frozen=True, slots=True)
class Inside(Code):
    """Match something by itself, without going back into it; then go on.

    It goes on where that ended; for look-around where it began, if it ``is_look``, and only if it
    did not match, if it ``is_unwanted``. It begins ``back`` characters before.
    """

    start: int
    then: int
    is_look: bool = False
    is_unwanted: bool = False
    back: int = 0


@dataclass(frozen=True, slots=True)
class Stop(Code):
    """What is matched by itself ends here; ``then`` is where the whole goes on, unless it looks."""

    then: int | None


@dataclass(frozen=True, slots=True)
class Save(Code):
    """A group begins or ends."""

    slot: int
    then: int


@dataclass(frozen=True, slots=True)
class Refer(Code):
    """The text of a group once more. ``like`` is the group, written once more."""

    slot: int
    like: int
    then: int


@dataclass(frozen=True, slots=True)
class Choose(Code):
    """One way if a group has matched, and another if it has not."""

    slot: int
    yes: int
    no: int


class Attempt(NamedTuple):
    """A program for counting, and what its characters mean.

    Attributes:
        program: the program.
        slots: how many places it remembers.
        alphabet: its characters.
        known: the symbols that texts are made of.
        surroundings: what its assertions look at.
        doubt: why its threads may not be all that it does; empty where they are.
        is_looking: whether it matches something by itself, so that it does less than its threads.
    """

    program: Program
    slots: int
    alphabet: Alphabet
    known: int
    surroundings: Surroundings
    doubt: str
    is_looking: bool


class _Writer(ProgramWriter):
    """Writes programs that remember places, and that match some things by themselves."""

    def __init__(self, sample: Sample, items: Any, *, is_loose: bool) -> None:
        super().__init__(sample.read_set)
        self.slots = 0
        self._is_loose = is_loose
        self._groups: dict[int, tuple[int, Any]] = {}
        self._open: set[int] = set()
        asked = {
            argument if kind == "GROUPREF" else argument[0]
            for kind, argument in walk_items(items)
            if kind in _UNORDERED
        }
        for kind, argument in walk_items(items):
            if kind == "SUBPATTERN" and argument[0] in asked:
                self._groups[argument[0]] = self._take_slots(2), argument[3]

    def _take_slots(self, count: int) -> int:
        self.slots += count
        return self.slots - count

    def _write_item(self, kind: str, argument: Any, flags: int, then: int) -> int:
        match kind:
            case "ASSERT" | "ASSERT_NOT" | "ATOMIC_GROUP" | "POSSESSIVE_REPEAT":
                return self._write_inside(kind, argument, flags, then)
            case "GROUPREF":
                return self._write_reference(argument, flags, then)
            case "GROUPREF_EXISTS":
                group, items, others = argument
                no = self.write_regex(others or (), flags, then)
                yes = self.write_regex(items, flags, then)
                return self.add(Choose(self._groups[group][0], yes, no))
            case "SUBPATTERN" if argument[0] in self._groups:
                slot, _ = self._groups[argument[0]]
                end = self.add(Save(slot + 1, then))
                return self.add(Save(slot, super()._write_item(kind, argument, flags, end)))
            case _:
                return super()._write_item(kind, argument, flags, then)

    def _write_inside(self, kind: str, argument: Any, flags: int, then: int) -> int:
        if kind == "ATOMIC_GROUP":
            return self.add(Inside(self.write_regex(argument, flags, self.add(Stop(then))), then))
        if kind == "POSSESSIVE_REPEAT":
            stop = self.add(Stop(then))
            return self.add(Inside(self._write_repeat(argument, flags, stop, is_greedy=True), then))
        direction, items = argument
        back = items.getwidth()[0] if direction < 0 else 0
        start = self.write_regex(items, flags, self.add(Stop(None)))
        is_unwanted = kind == "ASSERT_NOT"
        return self.add(Inside(start, then, is_look=True, is_unwanted=is_unwanted, back=back))

    def _write_reference(self, group: int, flags: int, then: int) -> int:
        slot, items = self._groups[group]
        like = then
        if group not in self._open:  # A group may refer to itself.
            self._open.add(group)
            like = self.write_regex(items, flags, then)
            self._open.discard(group)
        return self.add(Refer(slot, like, then))

    def _write_repeat(self, argument: Any, flags: int, then: int, *, is_greedy: bool) -> int:
        least, most, items = argument
        is_endless = repr(most) == "MAXREPEAT" or (self._is_loose and most >= _MANY)
        if not is_endless:
            start = then
            for _ in range(most - least):
                start = self._write_fork(
                    self.write_regex(items, flags, start), then, is_greedy=is_greedy
                )
        else:
            start = self._write_loop(items, flags, then, is_greedy=is_greedy)
        for _ in range(min(least, _MANY) if self._is_loose else least):
            start = self.write_regex(items, flags, start)
        return start

    def _write_loop(self, items: Any, flags: int, then: int, *, is_greedy: bool) -> int:
        loop = self.add(Fork(ACCEPT, ACCEPT))
        if items.getwidth()[0]:
            more = self.write_regex(items, flags, loop)
        else:
            slot = self._take_slots(1)
            end = self.add(Again(slot, loop, then, is_greedy))
            more = self.add(Begin(slot, self.write_regex(items, flags, end)))
            self._codes[end] = Again(slot, more, then, is_greedy)
        self._codes[loop] = Fork(more, then) if is_greedy else Fork(then, more)
        return loop


def write_attempt(
    items: Any, flags: int, *, is_searched: bool, end: Assertion | None, is_loose: bool
) -> Attempt:
    """Return a parsed regex as a program for counting.

    Args:
        items: the parsed regex.
        flags: its flags, with those that it sets for itself.
        is_searched: whether it may match anywhere, not only at the start.
        end: what has to hold where it ends, if anything.
        is_loose: whether a repeat that may go on often is read as one without an end.

    Raises:
        UnreadableError: it is too large, or a flag is not understood.
    """
    kinds = [kind for kind, _ in walk_items(items)]
    added = [argument[1] for kind, argument in walk_items(items) if kind == "SUBPATTERN"]
    sample = Sample(items, is_cased=any(one & re.IGNORECASE for one in (flags, *added)))
    writer = _Writer(sample, items, is_loose=is_loose)
    start = ACCEPT if end is None else writer.add(Look(end, ACCEPT))
    start = writer.write_regex(items, flags, start)
    if is_searched and not is_anchored(items, flags):
        start = writer.write_anywhere(start)
    program = writer.finish(start, Entry.HERE)
    has_final = Assertion.LAST_NEWLINE_OR_END in program.assertions
    words = list_sets(program)
    alphabet = Alphabet([*program.sets, *words, sample.chars], has_final=has_final)
    known = alphabet.find_mask(sample.chars)
    doubt = next((_UNORDERED[kind] for kind in kinds if kind in _UNORDERED), "")
    is_looking = any(isinstance(code, Inside) for code in program.codes)
    surroundings = Surroundings(program, alphabet)
    return Attempt(program, writer.slots, alphabet, known, surroundings, doubt, is_looking)
