"""What a declaration undoes on another level: parameters of the same name, methods without http."""

from collections.abc import Iterator

from asgi_routes.inspection.check.checked_tables import CheckedTable
from asgi_routes.inspection.check.findings import Finding, make_subject
from asgi_routes.inspection.check.taking import find_methods


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
                    "cannot see"
                )
                yield Finding("R216", message, (own, outer))
            taken |= dict.fromkeys([*names, *step.kwargs], own)


def check_types(table: CheckedTable) -> Iterator[Finding]:
    """Yield the routes with methods where no request has one."""
    if table.protocol in (None, "http"):
        return
    for row in table.rows:
        if find_methods(row) is not None:
            message = f"it has methods, and stands below {table.protocol!r}: only HTTP has methods"
            yield Finding(
                "R218", message, (make_subject(table.make_template(row), row.target.route),)
            )
