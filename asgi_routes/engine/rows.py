"""Rows: the routes of a table after includes and nested routers have been resolved.

Rule: a row holds all that matching needs and knows nothing of applications; its target is only
handed through.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeAlias, TypeVar

from asgi_routes.patterns import Pattern

Target = TypeVar("Target")


class Mode(Enum):
    """How far a pattern has to reach.

    ENDPOINT: to the end of the path. PREFIX: anywhere. LEVEL: to a place where a nested router can
    read on: behind a slash, or at the end of the path, or before a slash with more behind it, which
    then is taken off. MOUNT: to the end of a segment.
    """

    ENDPOINT = "endpoint"
    PREFIX = "prefix"
    LEVEL = "level"
    MOUNT = "mount"


@dataclass(frozen=True, slots=True)
class Step:
    """A pattern at its place in a row.

    Attributes:
        pattern: what has to match.
        mode: how far it has to reach.
        kwargs: the default kwargs written beside it.
        is_level: whether it is the first of a nested router: its parameters are merged as Channels
            does, not as Django.
    """

    pattern: Pattern
    mode: Mode
    kwargs: Mapping[str, Any]
    is_level: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Row(Generic[Target]):
    """The way to one target: the prefixes around it, and its own pattern.

    The steps are matched one after another on what the one before left, and a step that has matched
    is never tried again with another split, as Django has it. Values are converted when all of them
    have matched.
    """

    index: int
    steps: tuple[Step, ...]
    target: Target


Hit: TypeAlias = tuple[Row[Target], tuple[Any, ...], Mapping[str, Any], str]
"""A row that matched, its positional and named parameters, and what it left of the path.

The named parameters are a dict of their own, save that of a path without any: those share one that
is empty and cannot be changed.
"""

Matcher: TypeAlias = Callable[[str], Hit[Target] | None]
"""What finds the first row that matches a path (without its leading slash), or None.

All matchers give the same answer for the same rows. Nothing in a path makes them raise, save what
a converter raises other than `ValueError`.
"""
