"""Programs: regular expressions as small machines that take one character at a time.

Branches stand in the order in which ``re`` tries them.

Rule: what is not understood to the last detail is refused, never approximated.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from asgi_routes.regular.characters import DIGITS, EVERY, CharSet, make_set, read_set, unite
from asgi_routes.regular.parsing import UnreadableError

_MOST_CODES = 4000
_KNOWN_FLAGS = re.ASCII | re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.UNICODE
REFUSED = {
    "GROUPREF": "a back-reference",
    "GROUPREF_EXISTS": "a conditional group",
    "ASSERT": "look-around",
    "ASSERT_NOT": "look-around",
    "ATOMIC_GROUP": "an atomic group",
    "POSSESSIVE_REPEAT": "a possessive repeat",
}
"""What no automaton does, by the name that Python's parser has for it."""


class Assertion(Enum):
    """What can be asserted of a position between two characters."""

    START = auto()
    LINE_START = auto()
    END = auto()
    LAST_NEWLINE_OR_END = auto()
    LINE_END = auto()
    SEGMENT_END = auto()
    BOUNDARY = auto()
    ASCII_BOUNDARY = auto()
    NO_BOUNDARY = auto()
    NO_ASCII_BOUNDARY = auto()


class Code:
    """One thing that a program does."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Char(Code):
    """Take a character of a set; ``is_counted`` where it is a digit of a number."""

    chars: CharSet
    then: int
    is_counted: bool = False


@dataclass(frozen=True, slots=True)
class Fork(Code):
    """Try one way, and then the other."""

    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Look(Code):
    """Go on if the assertion holds here."""

    assertion: Assertion
    then: int


@dataclass(frozen=True, slots=True)
class Forget(Code):
    """A number has ended: its digits count no more."""

    then: int


@dataclass(frozen=True, slots=True)
class Refuse(Code):
    """Go on, but refuse the match in the end: what was taken has no value."""

    then: int


@dataclass(frozen=True, slots=True)
class Accept(Code):
    """The program has matched."""


ACCEPT = 0
"""Where every program ends."""


class Entry(Enum):
    """Where the next program begins in what this one has left.

    HERE: right there. SEGMENT: right there if nothing was taken, or a slash was taken last; else
    nothing may be left, or a slash, which is taken off, and something more. SLASH: the same, but
    else a slash is taken off if there is one.
    """

    HERE = auto()
    SEGMENT = auto()
    SLASH = auto()


@dataclass(frozen=True, slots=True)
class Program:
    """A regular expression as a machine.

    Attributes:
        codes: what it consists of.
        start: where it begins.
        entry: where the next program begins.
    """

    codes: tuple[Code, ...]
    start: int
    entry: Entry = Entry.HERE

    @property
    def has_numbers(self) -> bool:
        """Whether the digits of numbers are counted."""
        return any(isinstance(code, Forget) for code in self.codes)

    @property
    def refuses(self) -> bool:
        """Whether what was taken may have no value."""
        return any(isinstance(code, Refuse) for code in self.codes)

    @property
    def assertions(self) -> set[Assertion]:
        """The assertions that it makes."""
        return {code.assertion for code in self.codes if isinstance(code, Look)}

    @property
    def sets(self) -> set[CharSet]:
        """The sets of characters that it takes."""
        return {code.chars for code in self.codes if isinstance(code, Char)}


ANYTHING = Program((Accept(),), ACCEPT)
"""Matches any text, and takes nothing of it."""


class ProgramWriter:
    """Writes a program from its end to its start; each part is told where to go on.

    Args:
        read: reads the characters that an item of a regex takes; as `read_set` does.
    """

    def __init__(self, read: Callable[[str, Any, int], CharSet] = read_set) -> None:
        self._read_set = read
        self._codes: list[Code] = [Accept()]
        self._counts_groups = False
        self._is_counting = False

    def finish(self, start: int, entry: Entry) -> Program:
        """Return what was written."""
        return Program(tuple(self._codes), start, entry)

    def add(self, code: Code) -> int:
        """Write one code, and return where it stands."""
        if len(self._codes) >= _MOST_CODES:
            raise UnreadableError("it is too large")
        self._codes.append(code)
        return len(self._codes) - 1

    def add_loop(self) -> int:
        """Write a place to come back to; `close_loop` says what stands there."""
        return self.add(Fork(ACCEPT, ACCEPT))

    def close_loop(self, loop: int, code: Code) -> None:
        """Write what stands at a place to come back to."""
        self._codes[loop] = code

    def write_text(self, text: str, then: int) -> int:
        """Write a text that stands for itself."""
        for char in reversed(text):
            then = self.add(Char(make_set(char), then))
        return then

    def write_number(self, then: int) -> int:
        """Write a run of digits that is converted to a number."""
        loop = self.add_loop()
        start = self.add(Char(DIGITS, loop, is_counted=True))
        self.close_loop(loop, Fork(start, self.add(Forget(then))))
        return start

    def write_numbers(self, items: Iterable[Any], flags: int, then: int) -> int:
        """Write the items of a parsed regex, in which each group is the digits of a number."""
        self._counts_groups = True
        start = self.write_regex(items, flags, then)
        self._counts_groups = False
        return start

    def write_anywhere(self, start: int) -> int:
        """Let a program begin at the first position from which it matches."""
        loop = self.add_loop()
        self.close_loop(loop, Fork(start, self.add(Char(EVERY, loop))))
        return loop

    def write_regex(self, items: Iterable[Any], flags: int, then: int) -> int:
        """Write the items of a parsed regex.

        Raises:
            UnreadableError: something in it cannot be done by a program.
        """
        if flags & ~_KNOWN_FLAGS:
            raise UnreadableError("a flag that is not understood")
        for kind, argument in reversed(list(items)):
            then = self._write_item(str(kind), argument, flags, then)
        return then

    def _write_item(self, kind: str, argument: Any, flags: int, then: int) -> int:
        match kind:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                chars = self._read_set(kind, argument, flags)
                is_counted = self._is_counting and unite([chars, DIGITS]) == DIGITS
                return self.add(Char(chars, then, is_counted=is_counted))
            case "AT":
                return self.add(Look(_read_assertion(str(argument), flags), then))
            case "SUBPATTERN":
                number, added, removed, items = argument
                flags = combine_flags(flags, added, removed)
                if number is None or not self._counts_groups:
                    return self.write_regex(items, flags, then)
                return self._write_counted(items, flags, then)
            case "BRANCH":
                *others, last = argument[1]
                start = self.write_regex(last, flags, then)
                for items in reversed(others):
                    start = self.add(Fork(self.write_regex(items, flags, then), start))
                return start
            case "MAX_REPEAT" | "MIN_REPEAT":
                return self._write_repeat(argument, flags, then, is_greedy=kind == "MAX_REPEAT")
            case _:
                raise UnreadableError(REFUSED.get(kind, f"{kind.lower()} in a regex"))

    def _write_counted(self, items: Any, flags: int, then: int) -> int:
        self._is_counting = True
        start = self.write_regex(items, flags, self.add(Forget(then)))
        self._is_counting = False
        return start

    def _write_repeat(self, argument: Any, flags: int, then: int, *, is_greedy: bool) -> int:
        least, most, items = argument
        if most > 1 and items.getwidth()[0] == 0:
            # What re does with an empty round is too subtle for a program.
            raise UnreadableError("a repeat of something that may be empty")
        if repr(most) != "MAXREPEAT":  # It is a number whose repr is a name.
            start = then
            for _ in range(most - least):
                start = self._write_fork(
                    self.write_regex(items, flags, start), then, is_greedy=is_greedy
                )
        else:
            start = self.add_loop()
            again = self.write_regex(items, flags, start)
            self.close_loop(start, Fork(again, then) if is_greedy else Fork(then, again))
            start, least = (again, least - 1) if least else (start, 0)
        for _ in range(least):
            start = self.write_regex(items, flags, start)
        return start

    def _write_fork(self, more: int, then: int, *, is_greedy: bool) -> int:
        return self.add(Fork(more, then) if is_greedy else Fork(then, more))


def combine_flags(flags: int, added: int, removed: int) -> int:
    """Return the flags inside a group, as ``re`` combines them."""
    if added & (re.ASCII | re.UNICODE | re.LOCALE):
        flags &= ~(re.ASCII | re.UNICODE | re.LOCALE)
    return (flags | added) & ~removed


def _read_assertion(name: str, flags: int) -> Assertion:
    is_multiline, is_ascii = bool(flags & re.MULTILINE), bool(flags & re.ASCII)
    match name:
        case "AT_BEGINNING":
            return Assertion.LINE_START if is_multiline else Assertion.START
        case "AT_BEGINNING_STRING":
            return Assertion.START
        case "AT_END":
            return Assertion.LINE_END if is_multiline else Assertion.LAST_NEWLINE_OR_END
        case "AT_END_STRING":
            return Assertion.END
        case "AT_BOUNDARY":
            return Assertion.ASCII_BOUNDARY if is_ascii else Assertion.BOUNDARY
        case "AT_NON_BOUNDARY":
            return Assertion.NO_ASCII_BOUNDARY if is_ascii else Assertion.NO_BOUNDARY
        case _:
            raise UnreadableError(f"{name.lower()} in a regex")


def is_anchored(items: Sequence[Any], flags: int) -> bool:
    """Tell whether a parsed regex can match nowhere but at the start."""
    if not items:
        return False
    kind, argument = str(items[0][0]), items[0][1]
    match kind:
        case "AT":
            return _read_assertion(str(argument), flags) is Assertion.START
        case "SUBPATTERN":
            return is_anchored(argument[3], combine_flags(flags, argument[1], argument[2]))
        case "BRANCH":
            return all(is_anchored(branch, flags) for branch in argument[1])
        case _:
            return False
