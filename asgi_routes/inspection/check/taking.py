"""Which rows take paths from later ones, and from which.

Rule: a row takes something only if nothing could make it decline; in all other cases it takes
nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from asgi_routes.apps import Kind, is_searched, kind_of, walk
from asgi_routes.dispatch import (
    NONE_ALLOWED,
    is_application,
)
from asgi_routes.dispatch.levels import narrow_methods
from asgi_routes.engine import Mode, Row, Step, is_within_segment
from asgi_routes.inspection.check.checked_tables import CheckedTable, list_declarations
from asgi_routes.patterns import Literal, Parameter, Pattern, parse_regex
from asgi_routes.routers import MethodRouter, URLRouter
from asgi_routes.routers.rows import Destination

_SOMETHING_MORE = Step(parse_regex("(?s)^."), Mode.PREFIX, {}, is_level=True)


class Taking(Enum):
    """Whether a row takes what it matches, if it has the method.

    PERHAPS: it is a router whose default serves every path that its routes do not have, but none
    that they have for other methods.
    """

    ALWAYS = "always"
    PERHAPS = "perhaps"
    NEVER = "never"


def decide_taking(row: Row[Destination]) -> Taking:
    """Return whether a row takes what it matches."""
    target = row.target
    app: Any = target.app
    if find_methods(row) == NONE_ALLOWED:
        return Taking.NEVER
    if target.mounting is not None:
        is_served = target.mounting.at_prefix == "serve" and not _may_be_inside_segment(row)
        return Taking.ALWAYS if is_served else Taking.NEVER
    if target.kind is not Kind.ROUTER:
        return Taking.ALWAYS
    if _goes_by(app, MethodRouter):
        is_end = all(kind_of(child.app) is Kind.ENDPOINT for child in app.children())
        return Taking.ALWAYS if is_end else Taking.NEVER
    if _goes_by(app, URLRouter) and app.default_of_misses is not None:
        return Taking.PERHAPS if _has_methods(app) else Taking.ALWAYS
    return Taking.NEVER


def _may_be_inside_segment(row: Row[Destination]) -> bool:
    """Tell whether a mount with an empty prefix may match inside a segment, where it cannot be."""
    *before, last = [step.pattern for step in row.steps]
    texts = [pattern for pattern in before if pattern.nodes or pattern.syntax == "regex"]
    if last.nodes or last.syntax == "regex" or not texts:
        return False
    end = texts[-1].nodes[-1] if texts[-1].syntax != "regex" else None
    return not (isinstance(end, Literal) and end.text.endswith("/"))


def _goes_by(app: Any, kind: type[Any]) -> bool:
    """Tell whether an application is a router of a kind, and searched as that kind is."""
    return isinstance(app, kind) and is_searched(app) and type(app).branches is kind.branches


def _has_methods(app: Any) -> bool:
    """Tell whether anything that an application leads to may take some methods only."""
    routers = [visit.router for visit in walk(app) if visit.router is not None]
    return any(
        isinstance(router, MethodRouter)
        or not is_searched(router)
        or (
            isinstance(router, URLRouter)
            and any(route.methods for _, route in list_declarations(router))
        )
        for router in routers
    )


# Methods.


def find_methods(row: Row[Destination]) -> frozenset[str] | None:
    """Return the methods that a row serves; None for every request."""
    if _is_by_method(row):
        app: Any = row.target.app
        return narrow_methods(row.target.methods, app.methods)
    return row.target.methods


def _is_by_method(row: Row[Destination]) -> bool:
    """Tell whether a row leads to a router by method, and serves no other methods than its own."""
    app: Any = row.target.app
    is_asked = row.target.mounting is None and _goes_by(app, MethodRouter)
    return is_asked and not is_application(app.default)


def list_methods_reaching(row: Row[Destination]) -> Sequence[str | None]:
    """Return the methods with which a row may be reached; None stands for any request."""
    target = row.target
    is_asked = target.kind is Kind.ROUTER and target.mounting is None
    methods = find_methods(row)
    if is_asked and not _goes_by(target.app, MethodRouter):
        methods = None  # What a default does with those that its route does not have is not asked.
    if methods is not None:
        return sorted(methods) or [None]
    # A route behind it may name OPTIONS itself, which not everybody gets who takes every method.
    return [None, "OPTIONS"] if is_asked else [None]


def takes_method(table: CheckedTable, row: Row[Destination], method: str | None) -> bool:
    """Tell whether a row serves a method; with None, every request."""
    methods = find_methods(row)
    if methods is not None:
        return method in methods
    if method != "OPTIONS":
        return True
    # A route with methods has OPTIONS, too, and from it on only a route that names it gets it.
    return table.is_outermost and all(
        other.target.methods is None and other.target.kind is not Kind.ROUTER
        for other in table.rows[: row.index]
    )


# One row beside another one.


def is_read_alike(table: CheckedTable, earlier: Row[Destination], later: Row[Destination]) -> bool:
    """Tell whether a row reads the same text as a later one, whenever that one reads any."""
    mine, its = (table.find_settings(row).encoded_slashes for row in (earlier, later))
    return its in (mine, "reject")


def may_vary(table: CheckedTable, row: Row[Destination]) -> bool:
    """Tell whether a row may be found for a path with a slash more or less."""
    if row.target.mounting is not None:
        return False
    if row.target.kind is Kind.ROUTER:
        return table.has_variants
    return (table.find_settings(row).slashes or table.around.slashes) != "strict"


def varies_with(table: CheckedTable, earlier: Row[Destination], later: Row[Destination]) -> bool:
    """Tell whether a row is found for such a path whenever it would take that of a later one."""
    target = earlier.target
    is_end = target.kind is Kind.ENDPOINT and target.mounting is None
    if not is_end and not _is_by_method(earlier):
        return False
    mine, its = (table.find_settings(row).slashes for row in (earlier, later))
    return mine == "both" or (mine == its and later.target.kind is not Kind.ROUTER)


def takes_variants(row: Row[Destination]) -> bool:
    """Tell whether a row matches a path with a slash more or less itself, save for its very prefix.

    Then whoever asks for that path does not get as far as looking for another one.
    """
    if row.steps[-1].mode not in (Mode.LEVEL, Mode.MOUNT):
        return False
    if row.steps[-1].mode is Mode.MOUNT and len(row.steps) > 1 and not row.steps[-1].pattern.nodes:
        return False
    return all(map(_is_of_segments, (step.pattern for step in row.steps)))


def _is_of_segments(pattern: Pattern) -> bool:
    return pattern.syntax != "regex" and all(
        isinstance(node, Literal) or (isinstance(node, Parameter) and _takes_a_segment(node.regex))
        for node in pattern.nodes
    )


def _takes_a_segment(regex: str) -> bool:
    return is_within_segment(regex) and re.fullmatch(regex, "") is None


def extend_row(row: Row[Destination], index: int) -> Row[Destination]:
    """Return a row that matches what another one does where something is left of the path."""
    return replace(row, index=index, steps=(*row.steps, _SOMETHING_MORE))
