"""Converters on paths in which an encoded slash is a character of its segment.

In: rows. Out: the same rows, for paths that hold `ENCODED_SLASH`. The rule kept here: no converter sees
that character; what a client wrote as ``%2F`` is a slash to it.
"""

from dataclasses import replace
from typing import Any, TypeVar

from asgi_routes.converters import Converter, IntConverter, TextConverter
from asgi_routes.engine import Hit, Row
from asgi_routes.patterns import Parameter, Pattern
from asgi_routes.scopes.raw_paths import with_plain_slashes

Target = TypeVar("Target")


class _PlainSlashes:
    """A converter that gives another one slashes where the client wrote them in another way."""

    def __init__(self, converter: Converter) -> None:
        self.regex = converter.regex
        self.to_url = converter.to_url
        self._convert = converter.to_python

    def to_python(self, value: str) -> Any:
        return self._convert(with_plain_slashes(value))


def with_plain_converters(row: Row[Target]) -> Row[Target]:
    """Return a row whose converters get slashes where `ENCODED_SLASH` stands in their text."""

    def converting(node: Any) -> Any:
        converter = node.converter if isinstance(node, Parameter) else None
        if converter is None or type(converter) in (IntConverter, TextConverter):
            return node  # A number has none; the router puts them into text.
        return replace(node, converter=_PlainSlashes(converter))

    def pattern(of: Pattern) -> Pattern:
        return replace(of, nodes=tuple(map(converting, of.nodes)))

    steps = tuple(replace(step, pattern=pattern(step.pattern)) for step in row.steps)
    return replace(row, steps=steps)


def decoded(hit: Hit[Target]) -> Hit[Target]:
    """Return a hit with slashes where the path had `ENCODED_SLASH`."""
    row, args, kwargs, rest = hit
    plain = {name: with_plain_slashes(value) for name, value in kwargs.items()}
    return row, tuple(map(with_plain_slashes, args)), plain, with_plain_slashes(rest)
