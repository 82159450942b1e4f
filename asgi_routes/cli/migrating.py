"""The subcommand ``migrate``: what changes for an application that comes from Channels.

Rule: exit code 0 says that every difference has a number in the documented list.
"""

from typing import Any

import click

from asgi_routes.cli.applications import Named, load_app, take_app
from asgi_routes.cli.failures import CannotAskError
from asgi_routes.cli.loading import JSON
from asgi_routes.cli.printing import escape, print_facts, print_json, print_table
from asgi_routes.cli.questions import Question
from asgi_routes.cli.schema import VERSION

_SHOWN = 60


@click.command(cls=Question)
@take_app
@JSON
def migrate(app: Named, *, as_json: bool) -> int:
    """Compare Channels' routers with these, on the routes of an application.

    APP is built from the routers of Channels, or from these. Both match every declared route, paths
    that are close to it, and other scopes; no application is called. Each difference is listed with
    its number in "Coming from Channels" of the documentation.

    Channels gets the closest counterpart: a nested router for include(), a path() with converters
    for format_path(), a prefix for mount(), and no methods. What has no counterpart is listed.

    Exit codes: 0, every difference is a documented one; 1, some are not; 2, usage error: APP cannot
    be loaded, has no router that Channels has too, or Channels is not installed.
    """
    loaded = load_app(app)
    try:
        from asgi_routes.migration import compare  # noqa: PLC0415 - it imports Django and Channels
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("channels", "django"):
            raise
        raise CannotAskError("Channels and Django must be installed") from None
    found = compare(loaded)
    if found is None:
        raise CannotAskError(
            f"{app.text!r} leads to no router, neither of Channels nor of asgi_routes"
        )
    if found.left_out and not found.alike:
        said = "; ".join(found.left_out)
        raise CannotAskError(f"nothing in {app.text!r} can be asked of Channels: {said}")
    if as_json:
        plain: dict[str, Any] = {"version": VERSION, **found._asdict()}
        plain["differences"] = [one._asdict() for one in found.differences]
        print_json(plain)
    else:
        _print(found)
    return 0 if found.is_explained else 1


def _print(found: Any) -> None:
    headings = ("difference", "asked for", "Channels", "ours", "times")
    print_table(
        headings,
        [
            (
                "; ".join(one.rules) or "NOT LISTED",
                escape(one.asked)[:_SHOWN],
                escape(one.channels)[:_SHOWN],
                escape(one.ours)[:_SHOWN],
                str(one.times),
            )
            for one in found.differences
        ],
    )
    unlisted = sum(not one.numbers for one in found.differences)
    facts = [("asked for", str(found.asked)), ("the same", str(found.alike))]
    facts += [("not compared", escape(text)) for text in found.left_out]
    print_facts([*facts, ("not listed", str(unlisted))])
