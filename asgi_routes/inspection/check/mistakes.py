"""Likely mistakes in single declarations, and in names.

Rule: what a message states is certain; whether it was meant is for the reader to judge.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from asgi_routes.apps import Kind, innermost, kind_of, unwrap, walk
from asgi_routes.errors import Place
from asgi_routes.inspection import inspect, name_of
from asgi_routes.inspection.check.applications import find_unmet_need
from asgi_routes.inspection.check.checked_tables import CheckedTable, list_declarations
from asgi_routes.inspection.check.findings import (
    Finding,
    Subject,
    list_through,
    make_subject,
)
from asgi_routes.routers.searched import SearchedRouter
from asgi_routes.routes import Include, Route, suspect_route
from asgi_routes.suspicions import suspect_closure

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
            yield "R202", "unnamed groups are ignored if there are named groups"
    for suspicion in suspect_route(route):
        if suspicion.id != "R203" or not _follows_text(route, template):
            yield suspicion
    if _is_whole(route.target) and route.mounting is None and not _is_open(route):
        yield (
            "R205",
            f"{name_of(route.target)} is served at exactly this path; mount() serves everything below it",
        )
    if message := find_unmet_need(route, template):
        yield "R208", message
    if route.mounting is None and not isinstance(route.target, Include):
        yield from suspect_closure(route.target)


def _follows_text(route: Route, template: str) -> bool:
    """Tell whether a route goes on where the text of an include() ends inside a segment."""
    return not template[: len(template) - len(route.pattern.source)].endswith("/")


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


def _get_own(app: object) -> dict[str, Any]:
    return getattr(app, "__dict__", {})


def check_routers(app: Any) -> Iterator[Finding]:
    """Yield what is wrong with what single routers were made of."""
    for visit in walk(app):
        router = visit.router
        if isinstance(router, SearchedRouter):
            subject = Subject(type(router).__qualname__, router.declared)
            for id_, message in router.list_suspicions():
                yield Finding(id_, message, (subject,), through=list_through(visit))


def check_catch_alls(table: CheckedTable) -> Iterator[Finding]:
    """Yield routes that match every path, and behind which there are others."""
    for row in table.rows[:-1]:
        declared = row.target.declarations
        patterns = [step.pattern for step in row.steps]
        if all(_takes_everything(row.target.route, pattern) for pattern in patterns):
            behind = table.rows[row.index + 1]
            yield Finding(
                "R206",
                "it matches every path, but routes follow it",
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
            message = f"several routes have the name {name!r}; reverse() uses the last"
            yield Finding("R201", message, tuple(reversed(subjects)))
