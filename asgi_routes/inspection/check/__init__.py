"""What is wrong with the routes of an application, each finding with a proof."""

from dataclasses import replace
from typing import Any

from asgi_routes.inspection.check.channels import find_unserved_channels
from asgi_routes.inspection.check.checked_tables import find_tables
from asgi_routes.inspection.check.findings import IDS, Finding, Subject
from asgi_routes.inspection.check.guards import check_guards
from asgi_routes.inspection.check.keys import check_keys
from asgi_routes.inspection.check.levels import check_parameters, check_types
from asgi_routes.inspection.check.mistakes import (
    check_catch_alls,
    check_declarations,
    check_names,
    check_routers,
)
from asgi_routes.inspection.check.preflights import check_preflights, check_preflights_by_method
from asgi_routes.inspection.check.reachability import check_reachability
from asgi_routes.inspection.check.slow_regexes import check_regexes

__all__ = ("IDS", "Finding", "Subject", "check", "find_unserved_channels")


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
    found = [*check_names(app), *check_routers(app), *check_keys(app)]
    found += check_preflights_by_method(app)
    for table in find_tables(app):
        of_table = [finding for check_one in _CHECKS for finding in check_one(table)]
        found += [replace(finding, through=table.through) for finding in of_table]
    # What stands in several places is looked at in each, and told of one, without wrappers if any is.
    distinct: dict[Finding, Finding] = {}
    for finding in found:
        plain = replace(finding, through=())
        if plain not in distinct or not finding.through:
            distinct[plain] = finding
    return [one for one in distinct.values() if silenced or not one.is_silenced]


_CHECKS = (
    check_declarations,
    check_catch_alls,
    check_reachability,
    check_parameters,
    check_types,
    check_preflights,
    check_guards,
    check_regexes,
)
