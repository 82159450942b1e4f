"""Everything that this package sends by itself: 404, 405, 204, a redirect, a denial, a close.

A call never returns without an answer, and no message is sent that the server did not offer to
take.
"""

from __future__ import annotations

import logging
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from asgi_routes.callables import find_mistake_in_app, take_app
from asgi_routes.dispatch.levels import collect_layers
from asgi_routes.dispatch.matches import Handed, NoMatch, RouteMiss, make_child
from asgi_routes.errors import ImproperlyConfigured, NoRouteFound
from asgi_routes.middleware import chain_layers
from asgi_routes.scopes import (
    MISS,
    UNSET,
    ChildRoute,
    Template,
    outermost_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asgiref.typing import (
        HTTPResponseBodyEvent,
        HTTPResponseStartEvent,
        WebSocketCloseEvent,
        WebSocketResponseBodyEvent,
        WebSocketResponseStartEvent,
    )

    from asgi_routes.types import App, Receive, Scope, Send

_LOGGER = logging.getLogger("asgi_routes")
_DENIAL = "websocket.http.response"
_BODIES = {404: b"Not Found", 405: b"Method Not Allowed"}
_UNASKED = NoMatch("no route was asked")

Headers = list[tuple[bytes, bytes]]


class NotFound:
    """Answers misses; as an application, it answers every request with 404.

    An HTTP request is answered with 404, with 405 and ``Allow`` where only the method was wrong
    (RFC 9110, 15.5.6), or with 204 and ``Allow`` where that method was OPTIONS. A websocket is
    answered with a 404 denial response where the server supports ``websocket.http.response``, and
    with a close before the handshake where it does not (ASGI, "WebSocket Denial Response").

    Args:
        page: the application that answers instead of the plain 404. Whatever status it sends, the
            client gets 404. ``scope["route_miss"]`` says why it was called.
        method_not_allowed: the same for 405; ``Allow`` is added.

    Raises:
        ImproperlyConfigured: one of them is not an application.
        NoRouteFound: on a call, the scope is neither HTTP nor websocket.

    >>> async def page(scope, receive, send): ...
    >>> NotFound(page=page)
    NotFound(page=<function page at ...>)
    """

    def __init__(self, *, page: App | None = None, method_not_allowed: App | None = None) -> None:
        for name, app in (("page", page), ("method_not_allowed", method_not_allowed)):
            if app is not None and (wrong := find_mistake_in_app(app)):
                raise ImproperlyConfigured(f"{name} of NotFound: {wrong[0]}", hint=wrong[1])
        self.page = take_app(page)
        self.method_not_allowed = take_app(method_not_allowed)

    def __repr__(self) -> str:
        looks = {"page": self.page, "method_not_allowed": self.method_not_allowed}
        shown = ", ".join(f"{name}={app!r}" for name, app in looks.items() if app is not None)
        return f"{type(self).__name__}({shown})"

    def __reduce_ex__(self, protocol: Any) -> str | tuple[Any, ...]:
        return "not_found" if self is not_found else super().__reduce_ex__(protocol)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.answer_miss(_UNASKED, scope, receive, send)

    async def answer_miss(self, miss: NoMatch, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that no route serves.

        Raises:
            NoRouteFound: the scope is neither HTTP nor websocket.
        """
        kind = scope.get("type")
        if kind == "http":
            status = miss.status
            _log(scope, str(scope.get("method")), status, miss)
            await self._answer_http(miss, status, scope, receive, send)
        elif kind == "websocket":
            _log(scope, "WEBSOCKET", 404, miss)
            await _deny(scope, receive, send)
        else:
            raise NoRouteFound(miss.reason, miss.allowed)

    async def _answer_http(
        self, miss: NoMatch, status: int, scope: Scope, receive: Receive, send: Send
    ) -> None:
        look = {404: self.page, 405: self.method_not_allowed}.get(status)
        if look is None:
            await _respond(send, status, headers_of(miss), _BODIES.get(status, b""))
            return
        told = {**scope, MISS: RouteMiss(miss.reason, status, tuple(sorted(miss.allowed)))}
        await look(told, receive, _with_status(send, status, headers_of(miss)))


not_found = NotFound()


def headers_of(miss: NoMatch) -> Headers:
    """Return the header that a status has to have: where to go, or which methods are served."""
    if miss.location is not None:
        return [(b"location", miss.location.encode("ascii"))]
    if not miss.allowed:
        return []
    return [(b"allow", ", ".join(sorted(miss.allowed)).encode("latin-1"))]


def make_answer(miss: NoMatch, policy: Any) -> App:
    """Return the application that answers a miss by a policy; None is one, and raises."""
    return partial(_refuse if policy is None else policy.answer_miss, miss)


async def _refuse(miss: NoMatch, _scope: Scope, _receive: Receive, _send: Send) -> None:
    raise NoRouteFound(miss.reason, miss.allowed)


def _log(scope: Scope, method: str, status: int, miss: NoMatch) -> None:
    if not _LOGGER.isEnabledFor(logging.INFO):
        return
    said = f"redirected to {miss.location}" if miss.location is not None else miss.reason
    _LOGGER.info(
        "%s %s: %d, %s", printable(method), printable(str(scope.get("path"))), status, said
    )


def printable(text: str) -> str:
    r"""Return a text in which nothing can move the cursor or break the line.

    >>> printable("a\nb")
    'a\\nb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _with_status(send: Send, status: int, allow: Headers) -> Send:
    """Return a send with which an application answers with one status, whatever it says."""

    async def send_with_status(message: Any) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"allow"]
            message = {**message, "status": status, "headers": [*kept, *allow]}
        await send(message)

    return send_with_status


async def _respond(
    send: Send, status: int, more: Sequence[tuple[bytes, bytes]], body: bytes
) -> None:
    headers: Headers = []
    if body:
        headers.append((b"content-type", b"text/plain; charset=utf-8"))
    if status != 204:  # noqa: PLR2004 - a 204 has no length (RFC 9110, 8.6)
        headers.append((b"content-length", b"%d" % len(body)))
    start: HTTPResponseStartEvent = {
        "type": "http.response.start",
        "status": status,
        "headers": [*headers, *more],
        "trailers": False,
    }
    end: HTTPResponseBodyEvent = {
        "type": "http.response.body",
        "body": body,
        "more_body": False,
    }
    await send(start)
    await send(end)


async def _deny(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a websocket before its handshake."""
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
    body = b"Not Found"
    start: WebSocketResponseStartEvent = {
        "type": "websocket.http.response.start",
        "status": 404,
        "headers": [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
        ],
    }
    end: WebSocketResponseBodyEvent = {
        "type": "websocket.http.response.body",
        "body": body,
        "more_body": False,
    }
    await send(start)
    await send(end)


def prepare_answer(miss: NoMatch, scope: Scope) -> tuple[App, Any, Template]:
    """Return what to call for the answer to a miss, with what, and the template of its place.

    It is called through the middleware of its place.
    """
    place = miss.place
    assert place is not None
    policy: Any = place.policy.default
    app = make_answer(miss, policy)
    layers = collect_layers(place.level, place.via)
    if policy is not_found and not layers:
        return app, scope, place.level.template_with(place.via)  # Nobody looks into the scope.
    child = make_child(place, Handed(outermost_of(place.level.scope), miss.allowed, 0))
    route: ChildRoute = child["route"]
    if policy is not None:
        # A router as the page would inherit itself: what it misses, too, is answered plainly.
        route.policy = place.policy._replace(default=not_found)
    first, route.after = chain_layers(layers, app)
    return first, child, route.template


def find_error_of_channels(scope: Scope) -> type[Exception] | None:
    """Return the error by which a router of Channels learns that one in it has nothing, or None.

    Such a router has called us where the scope has a ``path_remaining`` that none of ours has made.
    """
    if "path_remaining" not in scope:
        return None
    route, channels = scope.get("route"), sys.modules.get("channels.routing")
    if channels is None or (type(route) is ChildRoute and not route.goes_to_channels):
        return None
    return channels.Resolver404  # type: ignore[no-any-return]


def is_application(default: Any) -> bool:
    """Tell whether a default is an application, and no policy."""
    return default is not None and default is not UNSET and not hasattr(default, "answer_miss")
