"""What is wrong with the routes of an application, each finding with a proof."""

from typing import Any

from asgi_routes.inspection.check.checked_tables import find_tables
from asgi_routes.inspection.check.findings import IDS, Finding, Subject
from asgi_routes.inspection.check.mistakes import (
    check_catch_alls,
    check_declarations,
    check_names,
    check_routers,
)
from asgi_routes.inspection.check.reachability import check_reachability
from asgi_routes.inspection.check.slow_regexes import check_regexes

__all__ = ("IDS", "Finding", "Subject", "check")


def check(app: Any, *, silenced: bool = False) -> list[Finding]:
    """Return what is to be found in the routes of an application, table by table.

    Args:
        app: a router, or middleware around one.
        silenced: whether to return those, too, that a comment silences.

    >>> from asgi_routes import URLRouter, path
    >>> async def user(scope, receive, send): ...
    >>> router = URLRouter([path("users/<name>/", user), path("users/<int:id>/", user)])
    >>> for finding in check(router):
    ...     print(finding.id, finding.subjects[0].template, finding.witness)
    R101 /users/<int:id>/ /users/1/
    """
    found = [*check_names(app), *check_routers(app)]
    for table in find_tables(app):
        found += check_declarations(table)
        found += check_catch_alls(table)
        found += check_reachability(table)
        found += check_regexes(table)
    # What a router stands in twice, or behind a wrapper, is looked at more than once.
    distinct = dict.fromkeys(found)
    return [finding for finding in distinct if silenced or not finding.is_silenced]
