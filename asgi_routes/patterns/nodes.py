"""The one form that every syntax is parsed into; matching, explaining and reversing read it.

Rule: a pattern that exists is valid, and nothing else reads the text of a route.
"""

from dataclasses import dataclass, field
from typing import Literal as OneOf
from typing import TypeAlias, assert_never

from asgi_routes.patterns.converters import Converter

Span: TypeAlias = tuple[int, int]
"""A half-open range of the text that a pattern was parsed from."""

Syntax: TypeAlias = OneOf["path", "regex", "format"]


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of the path that becomes a value.

    Attributes:
        name: its key among the named parameters; None for a positional one.
        regex: the text that it takes.
        converter: what makes the value of it; None where the text is the value.
        converter_name: as written in the route, ``int``; empty where none was written.
    """

    name: str | None
    regex: str
    converter: Converter | None = field(hash=False)
    converter_name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Opaque:
    """A piece of a regex that is neither plain text nor a group of its own."""

    regex: str
    span: Span


Node: TypeAlias = Literal | Parameter | Opaque


@dataclass(frozen=True, slots=True)
class Pattern:
    """A parsed route text.

    Attributes:
        syntax: the notation that the text was written in.
        source: the text.
        nodes: what it consists of, in order; for a regex, only what can be read off safely.
        regex: the whole as one regular expression, without anchors for a path or a format.
        flags: the flags that it is compiled with.
    """

    syntax: Syntax
    source: str
    nodes: tuple[Node, ...]
    regex: str
    flags: int = 0

    def __str__(self) -> str:
        return self.source

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, in the order in which they stand in the text."""
        return tuple(node for node in self.nodes if isinstance(node, Parameter))

    @property
    def is_literal(self) -> bool:
        """Whether only one text matches."""
        return self.syntax != "regex" and all(isinstance(node, Literal) for node in self.nodes)

    @property
    def path_format(self) -> str:
        """The text with every parameter as ``{name}``, or ``{0}`` for the first positional one."""
        parts: list[str] = []
        positional = 0
        for node in self.nodes:
            match node:
                case Literal(text=text):
                    parts.append(text)
                case Parameter(name=None):
                    parts.append(f"{{{positional}}}")
                    positional += 1
                case Parameter(name=name):
                    parts.append(f"{{{name}}}")
                case Opaque(regex=regex):
                    parts.append(regex)
                case _:
                    assert_never(node)
        return "".join(parts)
