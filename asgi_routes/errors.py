"""The exceptions and warnings of the package, and the place in the user's code that they name.

Rule: an error keeps its facts as attributes and builds its text in ``__str__``. It derives from
`RoutingError` and from the built-in exception that a caller would expect.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from reprlib import recursive_repr
from typing import Any, NamedTuple, Self

_PACKAGE = __name__.partition(".")[0]


class Place(NamedTuple):
    """A line of a source file.

    >>> str(Place("/elsewhere/urls.py", 12))
    '/elsewhere/urls.py:12'
    """

    file: str
    line: int

    def __str__(self) -> str:
        """``file:line``, relative to the working directory if the file is below it.

        A line 0 stands for one that is not known.
        """
        if not self.line:
            return self.file
        below = os.getcwd() + os.sep  # noqa: PTH109 - pathlib would double the import time
        return f"{self.file.removeprefix(below)}:{self.line}"


def find_caller() -> Place:
    """Return the line of the innermost frame outside this package: that of the user's code."""
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads the source files
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)


class RoutingError(Exception):
    """The base class of all errors of this package. They can be copied and pickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception makes one anew from its ``args``; ours have other arguments than these.
        return _remake, (type(self), self.args), self.__dict__


class ImproperlyConfigured(RoutingError):  # noqa: N818 - the field's name for it, from Django
    """A route or a router is declared in a way that is not valid.

    Raised while routes and routers are created, never while a request is served.

    Attributes:
        source: the offending text, or None.
        span: the half-open range of ``source`` that is wrong, or None.
        declared: the line of the user's code.
        hint: what to write instead, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        span: tuple[int, int] | None = None,
        declared: Place | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.source = source
        self.span = span
        self.declared = declared or find_caller()
        self.hint = hint

    @property
    def message(self) -> str:
        """What is wrong, in one sentence."""
        return str(self.args[0])

    def __str__(self) -> str:
        lines = [self.message]
        if self.source is not None:
            lines += _underline(self.source, self.span)
        lines.append(f"declared at {self.declared}")
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class ImproperlyConfiguredGroup(ExceptionGroup[ImproperlyConfigured], ImproperlyConfigured):
    """All mistakes of one table: an `ExceptionGroup` of `ImproperlyConfigured`."""

    def __new__(cls, message: str, mistakes: Sequence[ImproperlyConfigured]) -> Self:
        return super().__new__(cls, message, mistakes)

    def __init__(self, _message: str, mistakes: Sequence[ImproperlyConfigured]) -> None:
        # ExceptionGroup.__new__ has set the message and the mistakes, which are read-only.
        self.source = self.span = self.hint = None
        self.declared = mistakes[0].declared

    def derive(self, mistakes: Sequence[ImproperlyConfigured]) -> Self:  # type: ignore[override]
        return type(self)(self.message, mistakes)

    def __str__(self) -> str:
        return "\n\n".join([self.message, *map(str, self.exceptions)])


class SlowRegexWarning(UserWarning):
    """A regular expression is vulnerable to catastrophic backtracking (ReDoS)."""


class SuspiciousRouteWarning(UserWarning):
    """A route is valid, but probably not what was meant."""


class NoRouteFound(RoutingError, ValueError, LookupError):  # noqa: N818 - as above
    """No route serves this scope, and no default answers it.

    Attributes:
        reason: a sentence that names the key and the value without a route.
        allowed: the methods that would have been served, where only the method was wrong.
    """

    def __init__(self, reason: str, allowed: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.allowed = frozenset(allowed)

    def __str__(self) -> str:
        return self.reason


class NoReverseMatch(RoutingError, LookupError):  # noqa: N818 - as above
    """No URL can be built from this name and these arguments.

    Attributes:
        name: the name, with its namespaces.
        reasons: for each route of that name, a sentence that says why it does not fit.
        hint: what may have been meant, or None.
    """

    def __init__(
        self, message: str, name: str, reasons: Sequence[str] = (), hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.name = name
        self.reasons = tuple(reasons)
        self.hint = hint

    def __str__(self) -> str:
        lines = [str(self.args[0]), *(f"    {reason}" for reason in self.reasons)]
        return "\n".join([*lines, f"hint: {self.hint}"] if self.hint else lines)


class LifespanError(RoutingError, RuntimeError):
    """Applications did not start, or did not stop.

    Attributes:
        phase: ``startup`` or ``shutdown``.
        problems: one sentence for each application.
    """

    def __init__(self, phase: str, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.phase = phase
        self.problems = tuple(problems)


def _remake(kind: type[RoutingError], args: tuple[Any, ...]) -> RoutingError:
    error = kind.__new__(kind, *args)
    error.args = args  # An OSError takes them in its constructor, where that is one of ours.
    return error


def raise_together(mistakes: Sequence[ImproperlyConfigured], what: str) -> None:
    """Raise a single mistake as it is, several as a group, and nothing if there is none."""
    if len(mistakes) == 1:
        raise mistakes[0]
    if mistakes:
        raise ImproperlyConfiguredGroup(f"{len(mistakes)} mistakes in {what}", mistakes)


def _underline(source: str, span: tuple[int, int] | None) -> list[str]:
    """Return the source as one printable line, and a line of ``~`` under the span.

    >>> print(*_underline("users/<itn:id>/", (7, 10)), sep="|")
        users/<itn:id>/|           ~~~
    """
    shown = [_printable(char) for char in source]
    lines = ["    " + "".join(shown)]
    if span is not None:
        before = len("".join(shown[: span[0]]))
        width = len("".join(shown[span[0] : span[1]]))
        lines.append("    " + " " * before + "~" * max(width, 1))
    return lines


def _printable(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode()


@recursive_repr("…")
def show(value: object) -> str:
    """Return a value for a message, also where Python or the value itself makes no text of it.

    >>> show("a"), show({"id": [10**5000]})
    ("'a'", "{'id': [a number of more than 4,300 digits]}")
    """
    with suppress(Exception):  # The message is about something else.
        return repr(value)
    match value:
        case int():
            return f"a number of more than {sys.get_int_max_str_digits():,} digits"
        case tuple():
            return f"({', '.join(map(show, value))})"
        case list():
            return f"[{', '.join(map(show, value))}]"
        case dict():
            return f"{{{', '.join(f'{show(key)}: {show(one)}' for key, one in value.items())}}}"
        case _:
            return f"a value of type {type(value).__name__}"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return a hint with the known word closest to this one, or None.

    >>> did_you_mean("itn", ["int", "str"])
    "did you mean 'int'?"
    >>> did_you_mean("hexadecimal", ["int", "str"])
    """
    import difflib  # noqa: PLC0415 - needed for mistakes only

    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else None
