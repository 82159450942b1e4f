"""``debug_page``: shows a developer why no route serves a request, and which routes there are.

Everything that a client sent is escaped, and the page loads nothing: style and script are in it.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import cache
from html import escape
from http import HTTPStatus
from importlib.resources import files

from asgi_routes.dispatch import (
    NoMatch,
    NotFound,
)
from asgi_routes.dispatch.answers import (
    headers_of,
)
from asgi_routes.inspection.explanation import Explanation, explain
from asgi_routes.inspection.tree import Node, inspect
from asgi_routes.types import Receive, Scope, Send


def as_html(status: int, method: str, path: str, missed: Explanation, node: Node) -> str:
    """Return the page."""
    title = f"{status} {HTTPStatus(status).phrase}: {method} {path}"
    near = _table(
        ("path", "what is missing", "name", "declared"),
        [(near.template, near.reason, near.name or "", near.place) for near in missed.near],
    )
    table = _table(
        ("path", "methods", "name", "application", "declared"),
        list_rows(node),
    )
    allowed = f"<p>Allowed: <code>{escape(', '.join(missed.allowed))}</code></p>"
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_asset("style.css")}</style>
<h1><span>{status} {HTTPStatus(status).phrase}</span> {escape(method)} <code>{escape(path)}</code></h1>
<p>{escape(_explain(status, method, missed))}</p>
{allowed if missed.allowed else ""}
{"<h2>Closest</h2>" + near if missed.near else ""}
<h2><label for="search">Routes</label></h2>
<input id="search" type="search" placeholder="Search path, name, application or file">
<p id="count" class="soft" role="status"></p>
<div id="routes">{table}</div>
<footer><p>Shown because of <code>default=debug_page</code>. Leave that out where others can see it.</p></footer>
<script>{_asset("search.js")}</script>
</html>
"""


def _explain(status: int, method: str, missed: Explanation) -> str:
    """Return why nothing serves a request; one for another method has its path."""
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"The path has a route, but none for {method}."
    return missed.reason


def list_rows(node: Node, route: Node | None = None) -> Iterator[tuple[str, ...]]:
    """Yield what to show of every route below a node: a row for each application that it leads to.

    >>> from asgi_routes import MethodRouter, URLRouter, mount, path
    >>> async def show(scope, receive, send): ...
    >>> node = inspect(URLRouter([path("a/", MethodRouter({"GET": show})), mount("m", show)]))
    >>> [row[:2] for row in list_rows(node)]
    [('/a/', 'GET'), ('/m/…', '')]
    """
    if node.kind in ("route", "mount"):
        route = node
    for child in node.children:
        yield from list_rows(child, route)
    if not node.children and route is not None and node.kind != "include":
        yield _make_row(route, node)


def _make_row(route: Node, leaf: Node) -> tuple[str, ...]:
    path = route.template or ""
    if route.kind == "mount":
        path = path.removesuffix("/") + "/…"
    asked = [leaf.protocol if leaf.protocol != "http" else None, leaf.host]
    if leaf.kind == "default" or (leaf is not route and not leaf.methods and not leaf.host):
        asked.append(leaf.key)
    said = " ".join(filter(None, asked))
    methods = ", ".join(leaf.methods or route.methods)
    shown = f"{path} ({said})" if said else path
    return shown, methods, route.name or "", leaf.application, route.place or ""


def as_text(status: int, method: str, path: str, missed: Explanation) -> str:
    """Return the same, without the routes, as plain text."""
    shown = path.encode("unicode_escape").decode()
    said = _explain(status, method, missed).encode("unicode_escape").decode()
    lines = [f"{status}: {method} {shown}", said]
    lines += [f"allowed: {', '.join(missed.allowed)}"] if missed.allowed else []
    lines += ["closest:"] if missed.near else []
    for near in missed.near:
        reason = near.reason.encode("unicode_escape").decode()
        lines.append(f"    {near.template}  {reason}  ({near.place})")
    return "\n".join(lines) + "\n"


def as_json(status: int, method: str, path: str, missed: Explanation) -> str:
    """Return the same as JSON."""
    said = _explain(status, method, missed)
    facts = {"status": status, "method": method, "path": path, "reason": said}
    near = [asdict(near) for near in missed.near]
    return json.dumps({**facts, "allowed": missed.allowed, "near": near}) + "\n"


@cache
def content_security_policy() -> str:
    """Return the policy under which a browser runs this page, and nothing else in it."""
    style, script = (_digest(_asset(name)) for name in ("style.css", "search.js"))
    return f"default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'"


_CLASSES = {"what is missing": "reason", "declared": "place", "application": "place"}


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; on a phone, where it has no head, each cell says what it is."""
    head = "".join(f'<th scope="col">{heading}</th>' for heading in headings)
    classes = [_CLASSES.get(heading, "") for heading in headings]
    body = "".join(
        "<tr>"
        + "".join(
            f'<td data-label="{heading}" class="{kind}">{escape(text)}</td>'
            for heading, kind, text in zip(headings, classes, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


@cache
def _asset(name: str) -> str:
    return (files("asgi_routes.inspection") / name).read_text("utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


_WITH_BODY = (404, 405)


class DebugPage(NotFound):
    """Answers an http miss with HTML, JSON or text, as the client likes; else as `not_found`."""

    async def _answer_http(
        self, miss: NoMatch, status: int, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if status not in _WITH_BODY or miss.place is None:
            await super()._answer_http(miss, status, scope, receive, send)
            return
        kind, text = _body(miss, status, scope)
        body = b"" if scope.get("method") == "HEAD" else text
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", kind + b"; charset=utf-8"),
                    (b"content-length", b"%d" % len(text)),
                    (b"content-security-policy", content_security_policy().encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"cache-control", b"no-store"),
                    *headers_of(miss),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})


debug_page = DebugPage()


def _body(miss: NoMatch, status: int, scope: Scope) -> tuple[bytes, bytes]:
    assert miss.place is not None
    *_, outermost = miss.place.level.outwards()
    missed = explain(outermost.router, outermost.scope)
    method, path = str(scope.get("method")), str(scope.get("path"))
    kind = _preferred(scope)
    if kind == b"text/html":
        text = as_html(status, method, path, missed, inspect(outermost.router))
    else:
        written = as_json if kind == b"application/json" else as_text
        text = written(status, method, path, missed)
    return kind, text.encode("utf-8", "replace")


def _preferred(scope: Scope) -> bytes:
    accept = b",".join(v for n, v in scope.get("headers") or () if n == b"accept").lower()
    for kind in (b"text/html", b"application/json"):
        if kind in accept:
            return kind
    return b"text/plain"
