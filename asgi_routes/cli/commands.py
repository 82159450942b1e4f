"""The subcommands that look at routes: ``show``, ``match`` and ``check``.

Rule: what is printed comes from `asgi_routes.inspection` and its `check`; nothing is
found out here.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from asgi_routes.cli.dead import dead
from asgi_routes.cli.loading import APP, JSON, load_app, make_scope
from asgi_routes.cli.migrating import migrate
from asgi_routes.cli.printing import escape, print_facts, print_table
from asgi_routes.cli.working import worker
from asgi_routes.inspection import Explanation, Node, explain, inspect
from asgi_routes.inspection.check import IDS, Finding
from asgi_routes.inspection.check import check as find

_SHOWN = 100
"""Characters of a witness that are printed."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="asgi-routes")
def command() -> None:
    """Look at the routes of an ASGI application, and work for its channels.

    APP is module:attribute, as for a server; the attribute is "app" by default.

    Exit codes: 0, it is so (a match, no finding); 1, it is not; 2, it could not be asked. The
    worker has more.
    """


command.add_command(worker)
command.add_command(dead)
command.add_command(migrate)


@command.command()
@APP
@JSON
def show(app: str, *, as_json: bool) -> None:
    """Print every route of every protocol, in order, nested as it is."""
    node = inspect(load_app(app))
    if as_json:
        click.echo(json.dumps(node.as_dict(), indent=2))
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
    elif not label and node.kind == "application":
        label = "(application)"
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


@command.command()
@APP
@click.argument("url")
@click.option("--method", "-X", default="GET", show_default=True, help="Of an http request.")
@click.option("--websocket", is_flag=True, help="Ask for a websocket.")
@click.option("--type", "kind", default="http", show_default=True, help="Of the scope.")
@click.option("--header", "-H", "headers", multiple=True, help="'name: value'; as often as needed.")
@click.option("--closest", default=3, show_default=True, help="Routes to name for a miss.")
@JSON
def match(
    app: str,
    url: str,
    *,
    method: str,
    websocket: bool,
    kind: str,
    headers: tuple[str, ...],
    closest: int,
    as_json: bool,
) -> None:
    """Say which route serves a URL, or which came closest, and what each lacks.

    URL is a path, or a whole URL whose host counts.
    """
    kind = "websocket" if websocket else kind
    try:
        found = explain(load_app(app), make_scope(kind, method, url, headers), closest=closest)
    except TypeError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        click.echo(json.dumps(_make_dict(found), indent=2, default=str))
    elif found:
        _print_match(found)
    else:
        _print_miss(found)
    sys.exit(0 if found else 1)


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
                f"no such finding: {text or 'nothing'}; there are {', '.join(IDS)}", param=option
            )
        ids |= named
    return frozenset(ids)


_IDS: dict[str, Any] = {"multiple": True, "metavar": "ID"}


@command.command()
@APP
@click.option("--all", "everything", is_flag=True, help="Show what is only information, too.")
@click.option("--silenced", is_flag=True, help="Show what a comment silences, too.")
@click.option("--select", "selected", callback=parse_ids, **_IDS, help="Look for these only.")
@click.option("--ignore", "ignored", callback=parse_ids, **_IDS, help="Leave these out.")
@JSON
def check(
    app: str,
    *,
    everything: bool,
    silenced: bool,
    selected: frozenset[str],
    ignored: frozenset[str],
    as_json: bool,
) -> None:
    """Find routes that can never be reached, doubtful names, slow regexes and more.

    Every finding is certain, and shows a path that proves it. A comment on the line of a route,
    "# asgi-routes: ignore[R101]", silences one; without the brackets, all of them. ID is one such
    as R101, or how several begin, as R1; several have commas between them.
    """
    found = [
        finding
        for finding in find(load_app(app), silenced=silenced)
        if finding.id in (selected or IDS)
        and finding.id not in ignored
        and (everything or selected or finding.level != "info")
    ]
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in found], indent=2))
    else:
        for finding in found:
            _print_finding(finding)
        click.echo(f"{len(found)} finding{'' if len(found) == 1 else 's'}")
    sys.exit(1 if any(finding.level != "info" for finding in found) else 0)


def _print_finding(finding: Finding) -> None:
    color = {"error": "red", "warning": "yellow", "info": "cyan"}[finding.level]
    first, *others = finding.subjects
    head = click.style(f"{finding.id} {finding.level}", fg=color, bold=True)
    click.echo(f"{head}: {escape(first.template)}")
    click.echo(f"    {first.declared}: {escape(finding.message)}")
    for other in others:
        click.echo(f"    {other.declared}: {escape(other.template)}")
    if finding.witness is not None:
        shown = escape(finding.witness)
        click.echo(f"    for example: {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '…'}")
    if finding.through:
        click.echo(f"    through: {' → '.join(finding.through)} (not called; may do otherwise)")


def _make_dict(found: Explanation) -> dict[str, Any]:
    plain = asdict(found)
    plain["match"] = bool(found)
    plain["kwargs"] = dict(found.kwargs)
    plain["types"] = {name: type(value).__name__ for name, value in found.kwargs}
    return plain


def _print_match(found: Explanation) -> None:
    parameters = [(name, value) for name, value in found.kwargs]
    parameters += [(str(number), value) for number, value in enumerate(found.args)]
    way = [f"{step.by} {escape(step.key)!r}" if step.key else step.by for step in found.way]
    shown = escape(found.template or "")
    click.echo(click.style(shown or found.application, fg="green", bold=True))
    print_facts(
        [
            ("name", found.name or ""),
            ("application", found.application or ""),
            ("declared", found.place or ""),
            ("root_path", found.root_path or ""),
            *(
                (f"parameter {name}", f"{value!r} ({type(value).__name__})")
                for name, value in parameters
            ),
            ("way", " → ".join(way)),
            ("middleware", " → ".join(found.middleware)),
            ("looked through", " → ".join(found.through)),
        ]
    )


def _print_miss(missed: Explanation) -> None:
    click.echo(click.style(escape(missed.reason), fg="red", bold=True))
    print_facts(
        [
            ("allowed", ", ".join(missed.allowed)),
            ("redirected to", missed.location or ""),
            ("answered by", missed.default or ""),
        ]
    )
    if missed.near:
        click.echo("closest:")
        print_table(
            ("path", "what is missing", "name", "declared"),
            [
                (escape(near.template), escape(near.reason), near.name or "", near.place)
                for near in missed.near
            ],
        )
