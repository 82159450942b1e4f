"""The command, and those of its subcommands that look at all routes: ``show`` and ``check``.

Rule: what is printed comes from `asgi_routes.inspection` and its `check`; nothing is
found out here.
"""

from collections.abc import Iterator
from typing import Any

import click

from asgi_routes import __version__
from asgi_routes.cli.applications import Named, load_router, take_app
from asgi_routes.cli.dead import dead
from asgi_routes.cli.loading import JSON
from asgi_routes.cli.matching import match
from asgi_routes.cli.migrating import migrate
from asgi_routes.cli.printing import escape, print_json, print_table, style
from asgi_routes.cli.questions import Question
from asgi_routes.cli.schema import VERSION, schema
from asgi_routes.cli.standard_output import say
from asgi_routes.cli.working import worker
from asgi_routes.inspection import Node, inspect
from asgi_routes.inspection.check import IDS, Finding
from asgi_routes.inspection.check import check as find

_SHOWN = 100
"""Characters of a witness that are printed."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="asgi-routes")
def command() -> None:
    """Inspect the routes of an ASGI application, and run workers for its channels.

    APP is module:attribute, as for a server. The attribute defaults to "app", "application" or the
    only router of the module, and APP to the environment variable ASGI_ROUTES_APP.

    Exit codes: 0, success (a match, no findings); 1, no match, or findings; 2, usage error, or the
    application cannot be loaded. The worker has more. Only the answer goes to standard output;
    everything else goes to standard error.
    """


for _one in (match, worker, dead, migrate, schema):
    command.add_command(_one)


@command.command(cls=Question)
@take_app
@JSON
def show(app: Named, *, as_json: bool) -> None:
    """List the routes of every protocol, in matching order."""
    node = inspect(load_router(app))
    if as_json:
        print_json({"version": VERSION, **node.as_dict()})
        return
    headings = ("path", "methods", "name", "application", "engine", "declared")
    print_table(headings, [row for child in _list_roots(node) for row in _make_rows(child, 0)])


def _list_roots(node: Node) -> tuple[Node, ...]:
    return node.children or (node,)


def _make_rows(node: Node, depth: int) -> Iterator[tuple[str, ...]]:
    label = node.template if node.kind in ("route", "mount", "include") else node.key
    if node.kind == "mount":
        label = f"{label}/…" if label != "/" else "/…"
    elif node.kind == "default":
        label = "(default)"
    elif not label and node.kind in ("application", "router"):
        label = "(application)" if node.kind == "application" else "(no routes)"
    application = "" if node.children else node.application
    if node.wrappers:
        application = " → ".join(node.wrappers)
    yield (
        "  " * depth + escape(label or ""),
        ", ".join(node.methods),
        node.name or "",
        application,
        node.engine or "",
        node.place or "",
    )
    for child in node.children:
        yield from _make_rows(child, depth + 1)


def parse_ids(
    _context: click.Context, option: click.Parameter, texts: tuple[str, ...]
) -> frozenset[str]:
    """Return the ids of the findings that texts name, each one of them or how several begin.

    Raises:
        click.BadParameter: none begins so.
    """
    ids: set[str] = set()
    for text in (part.strip() for one in texts for part in one.split(",")):
        named = {id_ for id_ in IDS if text and id_.startswith(text)}
        if not named:
            raise click.BadParameter(
                f"no finding has the id {text!r}; the ids are {', '.join(IDS)}", param=option
            )
        ids |= named
    return frozenset(ids)


_IDS: dict[str, Any] = {"multiple": True, "metavar": "ID"}


@command.command(cls=Question)
@take_app
@click.option("--all", "everything", is_flag=True, help="Include informational findings.")
@click.option("--silenced", is_flag=True, help="Include findings that a comment silences.")
@click.option(
    "--select", "selected", callback=parse_ids, **_IDS, help="Report only these findings."
)
@click.option(
    "--ignore", "ignored", callback=parse_ids, **_IDS, help="Do not report these findings."
)
@JSON
def check(
    app: Named,
    *,
    everything: bool,
    silenced: bool,
    selected: frozenset[str],
    ignored: frozenset[str],
    as_json: bool,
) -> int:
    """Find unreachable routes, regexes open to ReDoS, likely mistakes and more.

    Every finding is certain, and shows a path that proves it. The comment
    "# asgi-routes: ignore[R101]" on the line of a route silences a finding; without the brackets,
    it silences all of them. ID is the id of a finding, such as R101, or the start of several, such
    as R1; separate ids with commas, or repeat the option.
    """
    found = [
        finding
        for finding in find(load_router(app), silenced=silenced)
        if finding.id in (selected or IDS)
        and finding.id not in ignored
        and (everything or selected or finding.level != "info")
    ]
    if as_json:
        print_json({"version": VERSION, "findings": [finding.as_dict() for finding in found]})
    else:
        for finding in found:
            _print_finding(finding)
        say(f"{len(found)} finding{'' if len(found) == 1 else 's'}")
    return 1 if any(finding.level != "info" for finding in found) else 0


def _print_finding(finding: Finding) -> None:
    color = {"error": "red", "warning": "yellow", "info": "cyan"}[finding.level]
    first, *others = finding.subjects
    head = style(f"{finding.id} {finding.level}", fg=color, bold=True)
    say(f"{head}: {escape(first.template)}")
    say(f"    {first.declared}: {escape(finding.message)}")
    for other in others:
        say(f"    {other.declared}: {escape(other.template)}")
    if finding.witness is not None:
        shown = escape(finding.witness)
        say(f"    for example: {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '…'}")
    if finding.through:
        say(f"    through: {' → '.join(finding.through)} (not called; may do otherwise)")
