"""Middleware that is there for OPTIONS, and stands where no OPTIONS comes.

A router answers OPTIONS by itself where the methods of a route do not name it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from asgi_routes.apps import Kind, is_searched, name_of, walk
from asgi_routes.dispatch import is_application
from asgi_routes.engine import Row
from asgi_routes.inspection.check.checked_tables import CheckedTable
from asgi_routes.inspection.check.findings import (
    Finding,
    Subject,
    list_through,
    make_subject,
)
from asgi_routes.inspection.check.layers import answers_preflights, list_wrappers
from asgi_routes.inspection.check.outlines import list_outlines, meet
from asgi_routes.inspection.check.taking import find_methods
from asgi_routes.routers import MethodRouter
from asgi_routes.routers.rows import Destination

_METHOD = "OPTIONS"


def check_preflights(table: CheckedTable) -> Iterator[Finding]:
    """Yield the routes of a table whose middleware never gets OPTIONS."""
    for row in table.rows:
        methods = find_methods(row)
        if not methods or _METHOD in methods:
            continue
        app: Any = row.target.app
        is_by_method = isinstance(app, MethodRouter) and row.target.kind is Kind.ROUTER
        apps = app.application_mapping.values() if is_by_method else [app]
        found = [*_report(apps, make_subject(table.make_template(row), row.target.route))]
        if found and not _has_options_elsewhere(table, row):
            yield from found


def check_preflights_by_method(app: Any) -> Iterator[Finding]:
    """Yield the same for routers by method that stand in no table."""
    for visit in walk(app):
        router = visit.router
        is_of_table = getattr(visit.child, "route", None) is not None and not visit.wrappers
        if not isinstance(router, MethodRouter) or is_of_table:
            continue
        if is_searched(router) and not is_application(router.default):
            apps = router.application_mapping
            if _METHOD not in apps:
                subject = Subject("MethodRouter", router.declared)
                for finding in _report(apps.values(), subject):
                    yield replace(finding, through=list_through(visit))


def _report(apps: Iterable[Any], subject: Subject) -> Iterator[Finding]:
    wrappers = dict.fromkeys(name_of(one) for app in apps for one in _list_concerned(app))
    for name in wrappers:
        message = (
            f"{name} never gets OPTIONS requests: the router answers them itself, because OPTIONS is "
            "not among the methods; use middleware=, or add OPTIONS"
        )
        yield Finding("R217", message, (subject,))


def _list_concerned(app: Any) -> Iterator[Any]:
    return filter(answers_preflights, list_wrappers(app))


def _has_options_elsewhere(table: CheckedTable, row: Row[Destination]) -> bool:
    """Tell whether another row may take OPTIONS for a path of this one."""
    own = list_outlines(row)
    return any(
        _may_name_options(other) and meet(own, list_outlines(other))
        for other in table.rows
        if other is not row
    )


def _may_name_options(row: Row[Destination]) -> bool:
    methods = find_methods(row)
    if methods is None:
        return row.target.kind is Kind.ROUTER
    return _METHOD in methods
