"""The default for a miss: the answer that each protocol has for "there is nothing here".

In: a scope that no router serves. Out: 404, or 405 where only the method was wrong, in the words
of the protocol; an error where the protocol has no such answer. The rule kept here: never return
without an answer, and never send a message that the server did not offer to take.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from asgi_routes.errors import NoRouteFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asgiref.typing import (
        HTTPResponseBodyEvent,
        HTTPResponseStartEvent,
        WebSocketCloseEvent,
        WebSocketResponseBodyEvent,
        WebSocketResponseStartEvent,
    )

    from asgi_routes.types import Receive, Scope, Send

_LOGGER = logging.getLogger("asgi_routes")
_DENIAL = "websocket.http.response"


class NotFound:
    """An application that answers every request with "not found".

    http is answered with 404, or with 405 and ``Allow`` (RFC 9110, 15.5.6) where only the method
    was wrong, or with 204 where it was an OPTIONS that only wants to know; a websocket with a 404 denial response where the server offers
    ``websocket.http.response``, and with a close before the handshake where it does not (ASGI,
    "WebSocket Denial Response").

    Raises:
        NoRouteFound: the scope is of any other type.
    """

    def __init__(self, reason: str = "no route was asked", allowed: Iterable[str] = ()) -> None:
        self.reason = reason
        self.allowed = frozenset(allowed)

    def because(self, reason: str, allowed: Iterable[str]) -> NotFound:
        """Return the same default for one miss, about which more is known.

        A router asks every default that has this method for the application to call.
        """
        return NotFound(reason, allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope.get("type")
        if kind not in ("http", "websocket"):
            raise NoRouteFound(self.reason, self.allowed)
        _LOGGER.info("%s: %s", kind, self.reason)
        if kind == "http":
            await self._answer_http(scope, send)
        else:
            await self._answer_websocket(scope, receive, send)

    def _response(self, scope: Scope) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        allow = (b"allow", ", ".join(sorted(self.allowed)).encode("latin-1"))
        if scope.get("method") == "OPTIONS" and "OPTIONS" in self.allowed:
            return 204, [allow], b""
        status, body = (405, b"Method Not Allowed") if self.allowed else (404, b"Not Found")
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
        ]
        if self.allowed:
            headers.append(allow)
        return status, headers, body

    async def _answer_http(self, scope: Scope, send: Send) -> None:
        status, headers, body = self._response(scope)
        start: HTTPResponseStartEvent = {
            "type": "http.response.start",
            "status": status,
            "headers": headers,
            "trailers": False,
        }
        end: HTTPResponseBodyEvent = {
            "type": "http.response.body",
            "body": body,
            "more_body": False,
        }
        await send(start)
        await send(end)

    async def _answer_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        event: Any = await receive()
        if event["type"] == "websocket.disconnect":
            return
        was_accepted = event["type"] != "websocket.connect"
        if was_accepted or _DENIAL not in (scope.get("extensions") or {}):
            close: WebSocketCloseEvent = {
                "type": "websocket.close",
                "code": 1000,
                "reason": "Not Found",
            }
            await send(close)
            return
        status, headers, body = self._response(scope)
        start: WebSocketResponseStartEvent = {
            "type": "websocket.http.response.start",
            "status": status,
            "headers": headers,
        }
        end: WebSocketResponseBodyEvent = {
            "type": "websocket.http.response.body",
            "body": body,
            "more_body": False,
        }
        await send(start)
        await send(end)


not_found = NotFound()
