"""Rows of a few words.

A row is written as its steps: a text, ``^…`` and ``re:…`` for a regex, ``{…}`` for a format, and before it
``prefix``, ``mount`` or ``level`` (behind which a nested router begins).
"""

from typing import Any

from asgi_routes.engine import Mode, Row, Step
from asgi_routes.patterns import Pattern, parse_format, parse_path, parse_regex
from asgi_routes.patterns.converters import Converters, IntConverter, TextConverter


class Even(IntConverter):
    """A converter that refuses what its regex lets through."""

    def to_python(self, value: str) -> int:
        if int(value) % 2:
            raise ValueError(value)
        return int(value)


CONVERTERS = Converters(
    {
        "even": Even,
        "ab": TextConverter("a|b/a"),
        "twice": TextConverter(r"(a|b)\2"),
        "ahead": TextConverter("a(?=b)"),
    }
)


def pattern(text: str) -> Pattern:
    """Return the pattern of a step."""
    if text.startswith(("^", "re:")):
        return parse_regex(text.removeprefix("re:"))
    if "{" in text:
        return parse_format(text, CONVERTERS)
    return parse_path(text, CONVERTERS)


def row(*written: str, index: int = 0) -> Row[Any]:
    """Return the row of some steps."""
    steps: list[Step] = []
    for text in written:
        *words, last = text.split(" ")
        mode = next((mode for mode in Mode if mode.value in words), Mode.ENDPOINT)
        is_level = bool(steps) and steps[-1].mode is Mode.LEVEL
        steps.append(Step(pattern(last), mode, {}, is_level=is_level))
    return Row(index, tuple(steps), None)


def rows(*written: str) -> list[Row[Any]]:
    """Return rows of one step each."""
    return [row(text, index=index) for index, text in enumerate(written)]
