"""Rows: the routes of a table after everything between them has been resolved.

In: patterns, and how each is used. Out: the input of every matcher. The rule kept here: a row says
all that matching needs, and knows nothing of applications; its target is handed through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from asgi_routes.patterns import Pattern

Target = TypeVar("Target")
Target_co = TypeVar("Target_co", covariant=True)


class Mode(Enum):
    """How far a pattern has to reach.

    ENDPOINT: to the end of the path. PREFIX: anywhere. MOUNT: to the end of a segment.
    """

    ENDPOINT = "endpoint"
    PREFIX = "prefix"
    MOUNT = "mount"


@dataclass(frozen=True, slots=True)
class Step:
    """A pattern at its place in a row, with the default kwargs written beside it."""

    pattern: Pattern
    mode: Mode
    kwargs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row(Generic[Target_co]):
    """The way to one target: the prefixes of the includes around it, and its own pattern.

    The steps are matched one after another on what the one before left, and a step that has matched
    is never tried again with another split, as Django has it.
    """

    index: int
    steps: tuple[Step, ...]
    target: Target_co


class Hit(NamedTuple, Generic[Target_co]):
    """A row that matched: its parameters, and what it left of the path."""

    row: Row[Target_co]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    rest: str


class Matcher(Protocol[Target_co]):
    """What finds the row for a path. All matchers give the same answer for the same rows."""

    @property
    def rows(self) -> Sequence[Row[Target_co]]: ...

    def __call__(self, path: str, start: int = 0, /) -> Hit[Target_co] | None:
        """Return the first row from index ``start`` on that matches the path, or None.

        The path has no leading slash (or one less than it had). Nothing in it makes this raise,
        save what a converter raises other than `ValueError`.
        """
