"""Rows to programs.

In: the steps of a row. Out: a program for each. The rule kept here: what a step matches is what
`asgi_routes.engine.exact` says, in every mode and every syntax; a parameter whose converter may refuse
a text is not told by its regex.
"""

import functools
import re
import warnings
from typing import Any

from asgi_routes.converters import IntConverter, TextConverter, UUIDConverter
from asgi_routes.engine import Compile, Mode, Step
from asgi_routes.patterns import Literal, Opaque, Parameter, Pattern
from asgi_routes.regular.parsing import parsed
from asgi_routes.regular.programs import (
    MATCH,
    Entry,
    Look,
    Place,
    Program,
    UnreadableError,
    Writer,
    is_anchored,
)

_END = {Mode.ENDPOINT: Place.END, Mode.MOUNT: Place.SEGMENT_END}


def program_of(step: Step, compile_regex: Compile = re.compile) -> Program:
    """Return what a step does with a path.

    Raises:
        UnreadableError: that cannot be told; the message says why.
    """
    pattern = step.pattern
    if pattern.syntax == "regex":
        if compile_regex is not re.compile:
            raise UnreadableError("another engine for regular expressions than Python's")
        return _searched(pattern, step.mode)
    return _written(pattern, step.mode)


def _written(pattern: Pattern, mode: Mode) -> Program:
    """Return the program of a path or a format, which begins where the path begins."""
    writer = Writer()
    start = MATCH
    is_empty = not any(isinstance(node, Parameter) or node.text for node in _nodes(pattern))
    if mode in _END and not (is_empty and mode is Mode.MOUNT):
        start = writer.add(Look(_END[mode], start))
    for node in reversed(_nodes(pattern)):
        if isinstance(node, Literal):
            start = writer.text(node.text, start)
        else:
            start = _parameter(writer, node, start)
    return writer.program(start, _entry(pattern, mode))


def _entry(pattern: Pattern, mode: Mode) -> Entry:
    """Return how the next step goes on behind a path or a format."""
    texts = [node.text if isinstance(node, Literal) else "" for node in _nodes(pattern)]
    is_behind_slash = not texts or texts[-1].endswith("/")
    return Entry.SEGMENT if mode is Mode.LEVEL and not is_behind_slash else Entry.HERE


def _nodes(pattern: Pattern) -> list[Literal | Parameter]:
    return [node for node in pattern.nodes if not isinstance(node, Opaque)]


def _parameter(writer: Writer, parameter: Parameter, then: int) -> int:
    kind = type(parameter.converter)
    is_as_made = parameter.regex == getattr(kind, "regex", None)
    if kind is IntConverter and is_as_made:
        return writer.number(then)
    if kind is TextConverter or (kind is UUIDConverter and is_as_made):
        try:
            items, flags = _read(parameter.regex, 0)
        except re.error:  # By itself it is none: it counts on the groups around it.
            raise UnreadableError("a back-reference") from None
        return writer.regex(items, flags, then)
    raise UnreadableError(f"the converter of {parameter.name!r} may refuse what its regex matches")


def _searched(pattern: Pattern, mode: Mode) -> Program:
    """Return the program of a regular expression, which may match anywhere in the path."""
    writer = Writer()
    items, flags = _read(pattern.regex, pattern.flags)
    # As it stands in the matcher: by the text, so that an escaped one counts as well.
    is_full = mode is Mode.ENDPOINT and pattern.source.endswith("$")
    start = writer.regex(items, flags, writer.add(Look(Place.END, MATCH)) if is_full else MATCH)
    if not is_full and not is_anchored(items, flags):
        start = writer.anywhere(start)
    return writer.program(start, Entry.SLASH if mode is Mode.LEVEL else Entry.HERE)


@functools.lru_cache(maxsize=1024)
def _read(regex: str, flags: int) -> tuple[Any, int]:
    """Return the items of a regex, and its flags with those that it sets for itself.

    Raises:
        UnreadableError: this Python does not let anybody see them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # They were given when the route was written.
        items = parsed(regex, flags)
    if items is None:
        raise UnreadableError("this Python does not show how it reads regular expressions")
    return items, items.state.flags
