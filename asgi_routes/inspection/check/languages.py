"""The language of a row: all paths that it matches.

What a step matches is what `asgi_routes.engine.splitting` says, in every mode and every syntax.

Rule: a language is told exactly or not at all; a parameter whose converter may refuse a text is not
told by its regex. The row's own matcher is at hand, so that no example has to be believed.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from asgi_routes.engine import Compile, LinearMatcher, Mode, Row, Step, find_slow_regex
from asgi_routes.patterns import FormatConverter, Literal, Opaque, Parameter, Pattern
from asgi_routes.patterns.converters import IntConverter, TextConverter, UUIDConverter
from asgi_routes.regular.parsing import UnreadableError, read_items
from asgi_routes.regular.programs import (
    ACCEPT,
    ANYTHING,
    Assertion,
    Entry,
    Look,
    Program,
    ProgramWriter,
    is_anchored,
)
from asgi_routes.regular.refusals import write_valued

_END = {Mode.ENDPOINT: Assertion.END, Mode.MOUNT: Assertion.SEGMENT_END}
_MOST_RISKED = 20
"""How long a path may be for a regex that can be kept busy: each character may double the time."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """Why something cannot be decided. It is falsy, as None is.

    Attributes:
        reason: why.
    """

    reason: str

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """All paths that a row matches.

    Attributes:
        row: the row.
        programs: what its steps do with a path, and what a nested router behind the last one does.
        most_digits: how many digits Python makes a number of; 0 for any number of them.
    """

    row: Row[Any]
    programs: tuple[Program, ...]
    most_digits: int
    _follow: Callable[[str], object] = field(repr=False)
    _is_risky: bool = field(repr=False)

    def matches(self, path: str) -> bool | None:
        """Ask the row's matcher itself; None where it might take very long."""
        if self._is_risky and len(path) > _MOST_RISKED:
            return None
        return self._follow(path) is not None


def read_language(
    row: Row[Any], compile_regex: Compile = re.compile, *, is_widest: bool = False
) -> Language | Undecided:
    r"""Return the language of a row.

    A language stands for what the row matches now: Python's limit for the digits of numbers
    (`sys.set_int_max_str_digits`) is a part of it.

    Args:
        row: the row; whether its target declines afterwards is not looked at.
        compile_regex: the engine for regular expressions; all of them mean the same.
        is_widest: whether converters that may refuse what their regexes match are taken to take it:
            then the row matches these paths at most.

    >>> from asgi_routes.engine import Mode, Step
    >>> from asgi_routes.patterns import parse_regex
    >>> def of(regex):
    ...     return read_language(Row(0, (Step(parse_regex(regex), Mode.ENDPOINT, {}),), None))
    >>> of("^users/$").matches("users/")
    True
    >>> of(r"^(\w)\1$")
    Undecided(reason='a back-reference')
    """
    try:
        programs = tuple(write_program(step, is_widest=is_widest) for step in row.steps)
    except UnreadableError as error:
        return Undecided(str(error))
    except RecursionError:
        return Undecided("it is nested too deeply")
    if programs[-1].entry is not Entry.HERE:
        programs = (*programs, ANYTHING)
    is_risky = any(find_slow_regex(step, compile_regex) for step in row.steps)
    follow = LinearMatcher([row], compile_regex).follow(row)
    return Language(row, programs, sys.get_int_max_str_digits(), follow, is_risky)


def write_program(step: Step, *, is_widest: bool = False) -> Program:
    """Return what a step does with a path; see `read_language`.

    Raises:
        UnreadableError: that cannot be told; the message says why.
    """
    pattern = step.pattern
    if pattern.syntax == "regex":
        return _write_regex(pattern, step.mode)
    return _write_path(pattern, step.mode, is_widest=is_widest)


def _write_path(pattern: Pattern, mode: Mode, *, is_widest: bool) -> Program:
    """Return the program of a path or a format, which begins where the path begins."""
    writer = ProgramWriter()
    start = ACCEPT
    is_empty = not any(isinstance(node, Parameter) or node.text for node in _list_nodes(pattern))
    if mode in _END and not (is_empty and mode is Mode.MOUNT):
        start = writer.add(Look(_END[mode], start))
    for node in reversed(_list_nodes(pattern)):
        if isinstance(node, Literal):
            start = writer.write_text(node.text, start)
        else:
            start = _write_parameter(writer, node, start, is_widest=is_widest)
    return writer.finish(start, _choose_entry(pattern, mode))


def _choose_entry(pattern: Pattern, mode: Mode) -> Entry:
    """Return how the next step goes on behind a path or a format."""
    texts = [node.text if isinstance(node, Literal) else "" for node in _list_nodes(pattern)]
    is_behind_slash = not texts or texts[-1].endswith("/")
    return Entry.SEGMENT if mode is Mode.LEVEL and not is_behind_slash else Entry.HERE


def _list_nodes(pattern: Pattern) -> list[Literal | Parameter]:
    return [node for node in pattern.nodes if not isinstance(node, Opaque)]


def _write_parameter(
    writer: ProgramWriter, parameter: Parameter, then: int, *, is_widest: bool
) -> int:
    kind = type(parameter.converter)
    is_as_made = parameter.regex == getattr(kind, "regex", None)
    if kind is IntConverter and is_as_made:
        return writer.write_number(then)
    if kind is TextConverter or (kind is UUIDConverter and is_as_made) or is_widest:
        try:
            items, flags = read_items(parameter.regex, 0)
        except re.error:  # By itself it is none: it counts on the groups around it.
            raise UnreadableError("a back-reference") from None
        return writer.write_regex(items, flags, then)
    if isinstance(parameter.converter, FormatConverter):
        return _write_field(writer, parameter, parameter.converter, then)
    raise UnreadableError(f"the converter of {parameter.name!r} may refuse what its regex matches")


def _write_field(
    writer: ProgramWriter, parameter: Parameter, converter: FormatConverter, then: int
) -> int:
    if converter.is_counted:
        return writer.write_numbers(*read_items(converter.write_counted_regex(), 0), then)
    valued = converter.write_valued_regex()
    if valued is None:
        raise UnreadableError(f"the calendar's texts of {parameter.name!r} are too subtle")
    if valued == converter.regex:
        return writer.write_regex(*read_items(parameter.regex, 0), then)
    return write_valued(writer, parameter.regex, valued, then)


def _write_regex(pattern: Pattern, mode: Mode) -> Program:
    """Return the program of a regular expression, which may match anywhere in the path."""
    writer = ProgramWriter()
    items, flags = read_items(pattern.regex, pattern.flags)
    # As it stands in the matcher: by the text, so that an escaped one counts as well.
    is_full = mode is Mode.ENDPOINT and pattern.source.endswith("$")
    start = writer.write_regex(
        items, flags, writer.add(Look(Assertion.END, ACCEPT)) if is_full else ACCEPT
    )
    if not is_full and not is_anchored(items, flags):
        start = writer.write_anywhere(start)
    return writer.finish(start, Entry.SLASH if mode is Mode.LEVEL else Entry.HERE)
