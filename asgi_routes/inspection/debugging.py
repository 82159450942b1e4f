"""The policy for development: a miss that explains itself.

In: a scope that no route serves. Out: 404 or 405, with what came closest and every route there is. The
rule kept here: only the body differs from what `not_found` answers.
"""

from asgi_routes.dispatch import (
    NoMatch,
    NotFound,
)
from asgi_routes.dispatch.answers import (
    allow_of,
)
from asgi_routes.inspection.explaining import explain
from asgi_routes.inspection.page import as_html, as_json, as_text, content_security_policy
from asgi_routes.inspection.reading import inspect
from asgi_routes.types import Receive, Scope, Send

_WITH_BODY = (404, 405)


class DebugPage(NotFound):
    """Answers every http miss with HTML, JSON or text, as the client likes; all else as `not_found`."""

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
                    *allow_of(miss),
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
        text = as_html(status, method, path, missed, inspect(outermost.router).routes())
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
