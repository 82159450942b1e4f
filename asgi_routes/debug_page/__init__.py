"""The default of a router with ``debug=True``: a miss that explains itself.

In: a scope that the router does not serve. Out: 404 or 405, with what came closest and every route there is. The
rule kept here: only the body differs from what `not_found` answers.
"""

from typing import Any

from asgi_routes.debug_page.page import as_html, as_json, as_text, content_security_policy
from asgi_routes.inspection import explain, inspect
from asgi_routes.not_found import NotFound
from asgi_routes.types import Receive, Scope, Send


class DebugPage(NotFound):
    """Answers every http miss with HTML, JSON or text, as the client likes; all else as `not_found`."""

    def __init__(self, router: Any, reason: str = "", allowed: Any = ()) -> None:
        super().__init__(reason, allowed)
        self.router = router

    def because(self, reason: str, allowed: Any) -> "DebugPage":
        return DebugPage(self.router, reason, allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_asked = scope.get("method") == "OPTIONS" and self.allowed
        if scope.get("type") != "http" or is_asked:
            await super().__call__(scope, receive, send)
            return
        status, headers, _ = self._response(scope)
        kind, text = self._body(scope, status)
        body = b"" if scope.get("method") == "HEAD" else text
        allow = [header for header in headers if header[0] == b"allow"]
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
                    *allow,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    def _body(self, scope: Scope, status: int) -> tuple[bytes, bytes]:
        # The route that served the scope, if it was used before, is not the one that is asked for.
        asked = {key: value for key, value in scope.items() if key != "route"}
        missed = explain(self.router, asked)
        facts = status, str(scope.get("method")), str(scope.get("path")), missed
        kind = _preferred(scope)
        if kind == b"text/html":
            text = as_html(*facts, inspect(self.router).routes())
        else:
            text = as_json(*facts) if kind == b"application/json" else as_text(*facts)
        return kind, text.encode("utf-8", "replace")


def _preferred(scope: Scope) -> bytes:
    accept = b",".join(v for n, v in scope.get("headers") or () if n == b"accept").lower()
    for kind in (b"text/html", b"application/json"):
        if kind in accept:
            return kind
    return b"text/plain"
