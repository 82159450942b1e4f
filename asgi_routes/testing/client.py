"""A client that calls an application directly, without a server or a socket.

Rule: the application runs in the event loop of the test, and what it raises is raised in the test.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from asgi_routes.testing.calls import LifespanCall, MessagesCall
from asgi_routes.testing.http import (
    WEBSOCKET,
    HeaderPairs,
    HTTPCall,
    Response,
    make_scope,
    override_headers,
)
from asgi_routes.testing.websocket import WebSocket, WebSocketCall, connect
from asgi_routes.types import App, ChildScope, Message, Scope


class Client:
    """Makes requests to an application, under asyncio and trio alike.

    A path is given as in a request: percent-encoded, with or without a query string, and including
    the root path. Redirects are not followed and cookies are not kept. If the application raises,
    the request raises the same exception, even after an answer.

    Args:
        app: the application; a router is one.
        root_path: of every scope.
        headers: of every request and websocket, a mapping or pairs; a request may override them.
        state: what requests find in ``scope["state"]``, as a shallow copy. None: there is no state,
            as with a server that has no lifespan.
        timeout: seconds for a request, a call, each message of a websocket, the startup, the
            shutdown, and the return of an application that is done; None waits forever.

    >>> import anyio
    >>> from asgi_routes import URLRouter
    >>> response = anyio.run(Client(URLRouter([])).get, "/users/?page=2")
    >>> response.status, response.text, response.headers["content-type"]
    (404, 'Not Found', 'text/plain; charset=utf-8')
    """

    def __init__(
        self,
        app: App,
        *,
        root_path: str = "",
        headers: HeaderPairs = (),
        state: Mapping[str, Any] | None = None,
        timeout: float | None = 5.0,
    ) -> None:
        self.app = app
        self._root_path = root_path
        self._headers = override_headers((), headers)
        self._state = state
        self._timeout = timeout

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: HeaderPairs = (),
        body: bytes | Iterable[bytes] = b"",
    ) -> Response:
        """Make an HTTP request, and return the answer once the application has returned.

        Args:
            method: the method, in any case.
            path: as in a request.
            headers: a mapping or pairs. A missing ``host`` is added, and with a body a missing
                ``content-length`` or ``transfer-encoding``.
            body: bytes, or parts that the application receives one by one.

        Raises:
            AssertionError: the application does not answer, or sends what does not belong there.
            TimeoutError: it does not return in time.
            ValueError: the path does not begin with a slash.
            BaseException: what it raises.
        """
        scope = self._make_scope(
            method, path, override_headers(_make_framing_headers(body), headers)
        )
        call = HTTPCall(f"{scope['method']} {path}", self._timeout, body)
        await call.call(self.app, scope)
        response = call.make_response()
        # Servers do not send the body of an answer to HEAD (RFC 9110, 9.3.2).
        return replace(response, body=b"") if scope["method"] == "HEAD" else response

    async def get(self, path: str, *, headers: HeaderPairs = ()) -> Response:
        """Make a GET request; see `request`."""
        return await self.request("GET", path, headers=headers)

    async def head(self, path: str, *, headers: HeaderPairs = ()) -> Response:
        """Make a HEAD request; see `request`."""
        return await self.request("HEAD", path, headers=headers)

    async def options(self, path: str, *, headers: HeaderPairs = ()) -> Response:
        """Make an OPTIONS request; see `request`."""
        return await self.request("OPTIONS", path, headers=headers)

    async def delete(self, path: str, *, headers: HeaderPairs = ()) -> Response:
        """Make a DELETE request; see `request`."""
        return await self.request("DELETE", path, headers=headers)

    async def post(
        self, path: str, *, headers: HeaderPairs = (), body: bytes | Iterable[bytes] = b""
    ) -> Response:
        """Make a POST request; see `request`."""
        return await self.request("POST", path, headers=headers, body=body)

    async def put(
        self, path: str, *, headers: HeaderPairs = (), body: bytes | Iterable[bytes] = b""
    ) -> Response:
        """Make a PUT request; see `request`."""
        return await self.request("PUT", path, headers=headers, body=body)

    @asynccontextmanager
    async def websocket(
        self, path: str, *, subprotocols: Iterable[str] = (), headers: HeaderPairs = ()
    ) -> AsyncIterator[WebSocket]:
        """Connect to a websocket, and stay connected while the body runs (ASGI, "WebSocket").

        At the end the application receives ``websocket.disconnect`` and has to return. If the body
        raises, the application is cancelled.

        Args:
            path: as in a request.
            subprotocols: those that the client offers.
            headers: a mapping or pairs.

        Raises:
            WebSocketDenied: the application refuses with a response.
            WebSocketClosed: it closes the websocket instead of accepting it.
            AssertionError: it does not answer, or sends what does not belong there.
            TimeoutError: it does not answer, or does not return, in time.
            BaseException: what it raises.
        """
        offered = [*subprotocols]
        scope = self._make_scope(WEBSOCKET, path, headers, offered)
        call = WebSocketCall(f"{WEBSOCKET} {path}", self._timeout, offered)
        async with connect(call, self.app, scope) as socket:
            yield socket

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[dict[str, Any]]:
        """Keep the application started while the body runs (ASGI, "Lifespan Protocol").

        Yields:
            The state, with what the application has put there. Requests in the body get a shallow
            copy of it as ``scope["state"]`` (ASGI, "Lifespan State").

        Raises:
            LifespanError: the application reports that it has not started, and the body is not run;
                or that it has not stopped.
            AssertionError: it does not answer, or sends what does not belong there.
            TimeoutError: it does not answer, or does not return, in time.
            BaseException: what it raises.
        """
        outer, state = self._state, dict(self._state or {})
        async with LifespanCall(self._timeout).keep_started(self.app, state):
            self._state = state
            try:
                yield state
            finally:
                self._state = outer

    async def send_to_channel(self, channel: str, *messages: Message) -> list[Any]:
        """Hand messages to the application, as a worker of a channel layer does.

        The call ends when the application returns, or when it asks for another message after the
        last one; consumers, which ask forever, are cancelled then.

        Args:
            channel: the name of the channel.
            *messages: dicts with a ``type``.

        Returns:
            What the application has sent.

        Raises:
            TimeoutError: the application does neither in time.
            BaseException: what it raises.

        >>> async def thumbnails(scope, receive, send):
        ...     await send({"type": "done", "image": (await receive())["image"]})
        >>> import anyio
        >>> client = Client(thumbnails)
        >>> anyio.run(client.send_to_channel, "thumbnails", {"type": "make", "image": "cat.png"})
        [{'type': 'done', 'image': 'cat.png'}]
        """
        what = f"channel {channel!r}"
        call = MessagesCall(what, self._timeout, messages, until_idle=True)
        await call.call(self.app, {"type": "channel", "channel": channel})
        return call.sent

    async def call(self, scope: Scope, messages: Iterable[Message] = ()) -> list[Any]:
        """Call the application with a scope of any type, until it returns.

        Args:
            scope: handed over as it is; a router leaves ``route`` in it.
            messages: what the application receives; after the last one, it waits.

        Returns:
            What the application has sent. Only the ``type`` of each message is checked.

        Raises:
            TimeoutError: the application does not return in time.
            BaseException: what it raises.
        """
        call = MessagesCall(f"scope of type {scope.get('type')!r}", self._timeout, messages)
        await call.call(self.app, scope)
        return call.sent

    def _make_scope(
        self, method: str, path: str, headers: HeaderPairs, subprotocols: Iterable[str] = ()
    ) -> ChildScope:
        return make_scope(
            method,
            path,
            headers=override_headers(self._headers, headers),
            root_path=self._root_path,
            subprotocols=subprotocols,
            state=self._state,
        )


def _make_framing_headers(body: bytes | Iterable[bytes]) -> HeaderPairs:
    if not isinstance(body, bytes):
        return {"transfer-encoding": "chunked"}
    return {"content-length": str(len(body))} if body else {}
