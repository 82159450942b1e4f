"""The language of a row: all paths that it matches.

In: a row. Out: its language, or why it cannot be told. The rule kept here: a language is told exactly or
not at all; and the row's own matcher is at hand, so that no example of a path has to be believed.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from asgi_routes.engine import Compile, LinearMatcher, Row
from asgi_routes.language.reading import program_of
from asgi_routes.regular.danger import find_danger
from asgi_routes.regular.programs import ANYTHING, Entry, Program, UnreadableError

_MOST_RISKED = 20
"""How long a path may be for a regex that can be kept busy: each character may double the time."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """Something cannot be told; it is false.

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
        programs: what its steps do with a path, and what a nested router behind the last does.
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


def language_of(row: Row[Any], compile_regex: Compile = re.compile) -> Language | Undecided:
    r"""Return the language of a row.

    A language stands for what the row matches now: Python's limit for the digits of numbers
    (`sys.set_int_max_str_digits`) is a part of it.

    Args:
        row: the row; whether its target declines afterwards is not looked at.
        compile_regex: the engine for regular expressions; with any but Python's, those are
            `Undecided`.

    >>> from asgi_routes.engine import Mode, Step
    >>> from asgi_routes.patterns import parse_regex
    >>> def of(regex):
    ...     return language_of(Row(0, (Step(parse_regex(regex), Mode.ENDPOINT, {}),), None))
    >>> of("^users/$").matches("users/")
    True
    >>> of(r"^(\w)\1$")
    Undecided(reason='a back-reference')
    """
    try:
        programs = tuple(program_of(step, compile_regex) for step in row.steps)
    except UnreadableError as error:
        return Undecided(str(error))
    except RecursionError:
        return Undecided("it is nested too deeply")
    if programs[-1].entry is not Entry.HERE:
        programs = (*programs, ANYTHING)
    patterns = [step.pattern for step in row.steps]
    is_risky = any(
        pattern.syntax == "regex" and find_danger(pattern.regex, pattern.flags)
        for pattern in patterns
    )
    follow = LinearMatcher([row], compile_regex).follow(row)
    return Language(row, programs, sys.get_int_max_str_digits(), follow, is_risky)
