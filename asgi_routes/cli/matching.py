"""The subcommand ``match``: what a client would get for a request, and why.

Rule: what is printed comes from `asgi_routes.inspection.explain`; nothing is found out here.
"""

import os
from collections.abc import Iterable
from dataclasses import asdict, fields
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click

from asgi_routes.cli.applications import ENVIRONMENT, Named, load_router, take_app_options
from asgi_routes.cli.loading import JSON
from asgi_routes.cli.printing import escape, make_plain, print_facts, print_json, print_table, style
from asgi_routes.cli.questions import Question
from asgi_routes.cli.schema import VERSION
from asgi_routes.cli.standard_output import say
from asgi_routes.errors import show
from asgi_routes.inspection import Explanation, explain
from asgi_routes.scopes import make_scope

_KINDS = {"http": "http", "https": "http", "ws": "websocket", "wss": "websocket"}
"""The type of the scope for each scheme of a URL."""
_WITHOUT_URL = ("channel", "lifespan")


@click.command(cls=Question)
@take_app_options
@click.argument("words", nargs=-1, metavar="APP [URL]")
@click.option("--method", "-X", help="HTTP method; GET by default.")
@click.option("--websocket", is_flag=True, help="Match a websocket, as ws:// does.")
@click.option("--channel", metavar="NAME", help="Match a channel instead of a URL.")
@click.option("--type", "kind", help="Scope type; by default http, or what the URL implies.")
@click.option(
    "--header", "-H", "headers", multiple=True, help="Request header, 'name: value' (repeatable)."
)
@click.option("--root-path", default="", help="Root path, as given to the server, such as /api.")
@click.option(
    "--closest",
    default=3,
    show_default=True,
    type=click.IntRange(min=0),
    help="Number of closest routes to list if none matches.",
)
@JSON
def match(
    words: tuple[str, ...],
    *,
    factory: bool,
    app_dir: Path,
    closest: int,
    as_json: bool,
    **asked: Any,
) -> int:
    """Show which route serves a URL, or which come closest, and why they do not match.

    URL is a path or a full URL, whose host is matched too; ws:// and wss:// match a websocket.
    Neither applications nor middleware are called; the middleware on the way is listed.

    Exit codes: 0, a route matches; 1, no route matches; 2, usage error, or the application cannot
    be loaded.
    """
    name, url = _tell_apart(words, asked)
    scope = _make_scope(url, **asked)
    found = explain(load_router(Named(name, factory, app_dir)), scope, closest=closest)
    if as_json:
        print_json(_make_dict(found))
    elif found:
        _print_match(found)
    else:
        _print_miss(found)
    return 0 if found else 1


def _tell_apart(words: tuple[str, ...], asked: dict[str, Any]) -> tuple[str, str | None]:
    """Return what names the application, and the URL."""
    by_environment = os.environ.get(ENVIRONMENT)
    wants_url = asked["channel"] is None and asked["kind"] != "lifespan"
    most = 2 if wants_url else 1
    if len(words) > most:
        raise click.UsageError(f"too many arguments: {' '.join(words[most:])}")
    if len(words) < most and by_environment:
        words = (by_environment, *words)
    if not words:
        raise click.UsageError("Missing argument 'APP'.")
    if wants_url and len(words) == 1:
        raise click.UsageError("Missing argument 'URL'.")
    return words[0], words[1] if wants_url else None


def _make_scope(
    url: str | None,
    *,
    method: str | None,
    websocket: bool,
    channel: str | None,
    kind: str | None,
    headers: tuple[str, ...],
    root_path: str,
) -> dict[str, Any]:
    """Return the scope that was asked for.

    Raises:
        click.UsageError: what was typed cannot be a request.
    """
    scheme = _scheme_of(url or "")
    said = {
        name: what
        for name, what in (
            ("--type", kind),
            ("--websocket", "websocket" if websocket else None),
            ("--channel", None if channel is None else "channel"),
            (f"{scheme}://", _KINDS.get(scheme)),
        )
        if what is not None
    }
    if len({*said.values()}) > 1:
        raise click.UsageError(f"{' and '.join(said)} cannot be combined")
    kind = next(iter(said.values()), "http")
    if method is not None and kind != "http":
        raise click.UsageError(f"--method is for HTTP requests, not for scopes of type {kind!r}")
    if kind in _WITHOUT_URL:
        name = url if channel is None else channel
        return {"type": "channel", "channel": name} if kind == "channel" else {"type": kind}
    try:
        pairs = [_parse_header(text) for text in headers]
        return make_scope(url or "/", kind, method or "GET", pairs, _parse_root_path(root_path))
    except ValueError as error:
        raise click.UsageError(f"{url!r} is not a valid request URL: {error}") from None


def _scheme_of(url: str) -> str:
    scheme, separator, _ = url.partition("://")
    if not separator or "/" in scheme or "?" in scheme:
        return ""
    if scheme.lower() not in _KINDS:
        raise click.UsageError(
            f"unknown scheme {scheme + '://'!r}: use http://, https://, ws:// or wss://"
        )
    return scheme.lower()


def _parse_header(text: str) -> tuple[bytes, bytes]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or not name.isascii():
        raise click.UsageError(f"a header must have the form 'name: value', not {text!r}")
    return name.strip().lower().encode(), value.strip().encode("latin-1", "replace")


def _parse_root_path(text: str) -> str:
    if text and not text.startswith("/"):
        raise click.UsageError(f"a root path must start with a slash: {f'/{text}'!r}, not {text!r}")
    return text.rstrip("/")


def _make_dict(found: Explanation) -> dict[str, Any]:
    # Not with `asdict`, which copies the values: not all that a route hands on can be copied.
    plain = {one.name: getattr(found, one.name) for one in fields(found)}
    for name in ("way", "near"):
        plain[name] = [*map(asdict, plain[name])]
    plain["args"] = [*map(make_plain, found.args)]
    plain["kwargs"] = {name: make_plain(value) for name, value in found.kwargs}
    types = {name: type(value).__name__ for name, value in found.kwargs}
    return {"version": VERSION, "match": bool(found), **plain, "types": types}


def _print_match(found: Explanation) -> None:
    parameters = [(name, value) for name, value in found.kwargs]
    parameters += [(str(number), value) for number, value in enumerate(found.args)]
    say(style(escape(found.template or found.application or ""), fg="green", bold=True))
    print_facts(
        [
            ("name", found.name or ""),
            ("application", found.application or ""),
            ("declared", found.place or ""),
            ("root_path", escape(found.root_path or "")),
            *(
                (f"parameter {name}", f"{escape(show(value))} ({type(value).__name__})")
                for name, value in parameters
            ),
            *_list_way(found),
        ]
    )


def _list_way(found: Explanation) -> Iterable[tuple[str, str]]:
    way = [f"{hop.by} {escape(hop.key)!r}" if hop.key else hop.by for hop in found.way]
    yield "way", " → ".join(way)
    yield "middleware", " → ".join(found.middleware)
    yield "looked through", " → ".join(found.through)


def _print_miss(missed: Explanation) -> None:
    say(style(_tell_miss(missed), fg="red", bold=True))
    print_facts(
        [
            ("Allow", ", ".join(missed.allowed)),
            ("Location", missed.location or ""),
            ("answered by", missed.default or ""),
            *_list_way(missed),
        ]
    )
    if missed.near:
        say("closest:")
        print_table(
            ("path", "what is missing", "name", "declared"),
            [
                (escape(near.template), escape(near.reason), near.name or "", near.place)
                for near in missed.near
            ],
        )


def _tell_miss(missed: Explanation) -> str:
    reason = escape(missed.reason)
    if missed.status is None:
        return reason
    return f"{missed.status} {HTTPStatus(missed.status).phrase}: {reason}"
