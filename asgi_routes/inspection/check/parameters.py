"""Parameters that replace others of the same name."""

from collections.abc import Iterator

from asgi_routes.inspection.check.checked_tables import CheckedTable
from asgi_routes.inspection.check.findings import Finding, make_subject


def check_parameters(table: CheckedTable) -> Iterator[Finding]:
    """Yield the parameters of a path that replace one of a prefix, of a host, or a fixed one.

    A fixed one that replaces another was written on purpose.
    """
    for row in table.rows:
        taken = dict(table.taken)
        for step, route, template in table.list_steps(row):
            own = make_subject(template, route)
            names = {one.name for one in step.pattern.parameters if one.name} - step.kwargs.keys()
            for name in sorted(names & taken.keys()):
                outer = taken[name]
                message = (
                    f"its parameter {name!r} replaces that of {outer.template}, which the application "
                    "does not get"
                )
                yield Finding("R216", message, (own, outer))
            taken |= dict.fromkeys([*names, *step.kwargs], own)
