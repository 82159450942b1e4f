"""Likely mistakes in single declarations, and in names.

Rule: what a message states is certain; whether it was meant is for the reader to judge.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from asgi_routes.apps import Kind, content_of_cell, innermost, kind_of, unwrap
from asgi_routes.errors import Place
from asgi_routes.inspection import inspect, name_of
from asgi_routes.inspection.check.applications import find_unmet_need
from asgi_routes.inspection.check.checked_tables import CheckedTable, list_declarations
from asgi_routes.inspection.check.findings import Finding, Subject, make_subject
from asgi_routes.routes import (
    Include,
    Route,
)

_LOOKS_LIKE_REGEX = re.compile(r"^\^|\$$|\(\?P<")
_EVERYTHING = re.compile(r"\^?(?:\(\?P<\w+>\.\*\)|\(?\.\*\)?)?\$?")
_OF_WHOLE_APPLICATIONS = ("routes", "url_map", "add_route", "asgi_handler", "load_middleware")
"""Attributes by which Starlette, FastAPI, Litestar, Quart, Falcon and Django can be told."""

_KNOWN_AS_WHOLE = ("socketio.", "engineio.", "starlette.staticfiles", "datasette.", "a2wsgi.")
"""How the modules begin of whole applications that have none of these attributes."""


def check_declarations(table: CheckedTable) -> Iterator[Finding]:
    """Yield what is wrong with single declarations."""
    for template, route in list_declarations(table.router):
        full = table.prefix.removesuffix("/") + template
        for id_, message in _check_route(route, full):
            yield Finding(id_, message, (make_subject(full, route),))


def _check_route(route: Route, template: str) -> Iterator[tuple[str, str]]:
    pattern = route.pattern
    if pattern.syntax == "regex":
        compiled = re.compile(pattern.regex, pattern.flags)
        if 0 < len(compiled.groupindex) < compiled.groups:
            yield "R202", "unnamed groups are dropped where there is a named one"
        if pattern.source.startswith("^/"):
            yield "R203", "the path is matched without its leading slash: this matches '//…' only"
    else:
        if pattern.source.startswith("/"):
            yield "R203", "the path is matched without its leading slash: this matches '//…' only"
        if _LOOKS_LIKE_REGEX.search(pattern.source):
            yield "R204", "'^', '$' and '(?P<…>' are plain text here; a regex goes into re_path()"
    if _is_whole(route.target) and route.mounting is None and not _is_open(route):
        yield (
            "R205",
            f"{name_of(route.target)} is served at this very path only; mount() serves all below it",
        )
    if message := find_unmet_need(route, template):
        yield "R208", message
    if route.mounting is None and _closes_over_router(route.target):
        what = f"{name_of(route.target)} closes over a router that a route cannot see"
        yield "R207", f"{what}: use middleware=, mount(), functools.wraps or a class"


def _is_open(route: Route) -> bool:
    """Tell whether a route leaves a rest to its application."""
    pattern = route.pattern
    if pattern.syntax == "regex":
        return not pattern.source.endswith("$") or ".*" in pattern.source
    return any(parameter.regex == ".+" for parameter in pattern.parameters)


def _is_whole(app: Any) -> bool:
    if isinstance(app, Include) or kind_of(app) is not Kind.ENDPOINT:
        return False
    inner = innermost(app)
    if any(type(one).__module__.startswith(_KNOWN_AS_WHOLE) for one in unwrap(app)):
        return True
    return any(
        hasattr(type(inner), name) or name in _get_own(inner) for name in _OF_WHOLE_APPLICATIONS
    )


def _closes_over_router(app: Any) -> bool:
    """Tell whether a function that is served as it is holds a router, or a function that does."""
    todo = [app] if kind_of(app) is Kind.ENDPOINT else []
    seen: list[FunctionType] = []
    while todo:
        one = todo.pop()
        if one in seen or not isinstance(one, FunctionType):
            continue
        seen.append(one)
        held = [*filter(callable, map(content_of_cell, one.__closure__ or ()))]
        if any(kind_of(inner) is not Kind.ENDPOINT for inner in held):
            return True
        todo += held
    return False


def _get_own(app: object) -> dict[str, Any]:
    return getattr(app, "__dict__", {})


def check_catch_alls(table: CheckedTable) -> Iterator[Finding]:
    """Yield routes that match every path, and behind which there are others."""
    for row in table.rows[:-1]:
        declared = row.target.declarations
        patterns = [step.pattern for step in row.steps]
        if all(_takes_everything(row.target.route, pattern) for pattern in patterns):
            behind = table.rows[row.index + 1]
            yield Finding(
                "R206",
                "it matches every path, and there are routes behind it",
                (
                    make_subject(table.make_template(row), declared[-1]),
                    make_subject(table.make_template(behind), behind.target.route),
                ),
                "/",
            )


def _takes_everything(route: Route, pattern: Any) -> bool:
    if pattern.syntax == "regex":
        return bool(_EVERYTHING.fullmatch(pattern.source)) and pattern.source not in ("$", "^$")
    return route.mounting is not None and pattern.source == ""


def check_names(app: Any) -> Iterator[Finding]:
    """Yield names that several routes with the same parameters have."""
    groups: dict[Any, list[Subject]] = defaultdict(list)
    for node in inspect(app).walk():
        if node.name and node.kind in ("route", "mount") and node.template and node.file:
            parameters = frozenset(re.findall(r"\{(\w+)\}", node.path_format or ""))
            route = Subject(node.template, Place(node.file, node.line or 0))
            groups[node.protocol, node.host, node.name, parameters].append(route)
    for (_, _, name, _), subjects in groups.items():
        if len({one.declared for one in subjects}) > 1:
            message = f"{name!r} is the name of several routes; reverse() gives the last"
            yield Finding("R201", message, tuple(reversed(subjects)))
