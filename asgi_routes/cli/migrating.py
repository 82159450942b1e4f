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
    """Compare Channels' routers and these, over the routes of an application.

    APP is built of the routers of Channels, or of these. Both are asked for every declared route,
    for paths that are near to it, and for other scopes; no application is called. Each difference
    comes with its number in the README's list, "Coming from Channels".

    An include() is asked as the nested router that Channels has instead, a format_path() as a
    path() with converters, a mount() as a prefix, a route with methods for each of them. What has
    no counterpart is named.

    Exit codes: 0, nothing else differs; 1, something does; 2, it could not be asked: there is no
    router in it, none that Channels has, or Channels is not installed.
    """
    loaded = load_app(app)
    try:
        from asgi_routes.migration import compare  # noqa: PLC0415 - it imports Django and Channels
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("channels", "django"):
            raise
        raise CannotAskError("both Channels and Django have to be installed") from None
    found = compare(loaded)
    if found is None:
        raise CannotAskError(f"{app.text!r} leads to no router of Channels, and to none of ours")
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
