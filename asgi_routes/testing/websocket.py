"""Both ends of a websocket: the call of the application, and the socket that a test uses.

Rule: what no server would take is an AssertionError that names the message, and a test never waits
for an application that has refused, closed or returned (ASGI, "WebSocket").
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asgi_routes.testing.calls import BackgroundCall
from asgi_routes.testing.http import Answer, Headers, check_headers
from asgi_routes.types import App, Message, Scope

_DENIAL = "websocket.http.response"
_BEFORE = ("websocket.accept", "websocket.close", f"{_DENIAL}.start")
_AFTER = ("websocket.send", "websocket.close")


class ClientGoneError(OSError):
    """What a server raises in send() once the client has left (ASGI, "Disconnected Client")."""


class WebSocketCall(BackgroundCall):
    """The call of the application that serves a websocket.

    Args:
        what: the path, for error messages.
        timeout: seconds for each message; None waits forever.
        offered: the subprotocols that the client offers.

    Attributes:
        accepted: whether the application has accepted the websocket.
        subprotocol: the one that the application has chosen, or None.
        headers: those of the acceptance.
        denial: the response that the websocket was refused with, or None.
        closed: the code and the reason, once either side has closed the websocket.
    """

    def __init__(self, what: str, timeout: float | None, offered: list[str]) -> None:
        super().__init__(what, timeout)
        self.accepted = False
        self.subprotocol: str | None = None
        self.headers = Headers()
        self.denial: Answer | None = None
        self.closed: tuple[int, str] | None = None
        self._offered = offered
        self._client_has_left = False

    def leave(self, code: int, reason: str) -> None:
        """Close the websocket as the client does; nothing happens if it is closed already."""
        if self.closed is None:
            self._client_has_left = True
            self._end(code, reason)

    def raise_what_went_wrong(self) -> None:
        # A server drops this one: the application may not know yet that its client has left.
        if isinstance(self.error, ClientGoneError):
            self.error = None
        super().raise_what_went_wrong()

    def take(self, message: Message) -> None:
        if self._client_has_left:
            raise ClientGoneError(f"{self.what}: the client has left")
        kind = message["type"]
        expected = _AFTER if self.accepted else _BEFORE
        if self.denial is not None:
            self.denial.take(message)
        elif self.closed is not None:
            raise AssertionError(f"sent {kind!r} after 'websocket.close'")
        elif kind not in expected:
            raise AssertionError(f"sent {kind!r} where {' or '.join(map(repr, expected))} belongs")
        elif kind == "websocket.accept":
            self._accept(message)
        elif kind == "websocket.close":
            self._end(message.get("code", 1000), message.get("reason") or "")
        elif kind == "websocket.send":
            _check_data(message)
        else:
            self._deny(message)
        self.outbox.put(message)

    def _accept(self, message: Message) -> None:
        subprotocol = message.get("subprotocol")
        if subprotocol is not None and subprotocol not in self._offered:
            raise AssertionError(
                f"accepted with the subprotocol {subprotocol!r}; the client offers {self._offered!r}"
            )
        self.headers = Headers(check_headers(message))
        self.subprotocol = subprotocol
        self.accepted = True

    def _deny(self, message: Message) -> None:
        denial = Answer(_DENIAL)
        denial.take(message)
        self.denial = denial

    def _end(self, code: int, reason: str) -> None:
        self.closed = code, reason
        self.inbox.put({"type": "websocket.disconnect", "code": code, "reason": reason})


def _check_data(message: Message) -> None:
    text, data = message.get("text"), message.get("bytes")
    # The protocol asks for at least one of them (ASGI, "Send").
    is_right = text is None or isinstance(text, str)
    is_right = is_right and (data is None or isinstance(data, bytes))
    if not is_right or (text is None and data is None):
        raise AssertionError(f"sent 'websocket.send' with text {text!r} and bytes {data!r}")


class WebSocketDenied(Exception):  # noqa: N818 - an answer is not an error
    """The application has refused a websocket with a response (ASGI, "WebSocket Denial Response").

    Attributes:
        status: the status code.
        headers: a mapping from names in any case.
        body: all of its parts, joined.
    """

    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        super().__init__(status, headers, body)
        self.status = status
        self.headers = headers
        self.body = body

    def __str__(self) -> str:
        return f"denied with status {self.status}: {self.body!r}"


class WebSocketClosed(Exception):  # noqa: N818 - as above
    """A websocket is closed, or was closed instead of accepted.

    Attributes:
        code: of the ``websocket.close``, or of the client's own `WebSocket.close`.
        reason: the same.
        accepted: False if it was closed instead of accepted. A real client would get a 403 from the
            server and not see the code (ASGI, "Close").

    >>> raise WebSocketClosed(4404, "Not Found", accepted=False)
    Traceback (most recent call last):
      ...
    asgi_routes.testing.websocket.WebSocketClosed: closed before it was accepted: code 4404, reason 'Not Found'
    """

    def __init__(self, code: int, reason: str = "", *, accepted: bool = True) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
        self.accepted = accepted

    def __str__(self) -> str:
        how = "closed" if self.accepted else "closed before it was accepted"
        return f"{how}: code {self.code}, reason {self.reason!r}"


class WebSocket:
    """A websocket that an application has accepted, as `Client.websocket` yields it."""

    def __init__(self, call: WebSocketCall) -> None:
        self._call = call

    @property
    def accepted(self) -> bool:
        """Whether the application has accepted the websocket."""
        return self._call.accepted

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the application has chosen."""
        return self._call.subprotocol

    @property
    def headers(self) -> Headers:
        """The headers of the acceptance."""
        return self._call.headers

    async def send_text(self, text: str) -> None:
        """Send text to the application.

        Raises:
            WebSocketClosed: the websocket is closed.
        """
        self._put({"type": "websocket.receive", "text": text, "bytes": None})

    async def send_bytes(self, data: bytes) -> None:
        """Send bytes to the application.

        Raises:
            WebSocketClosed: the websocket is closed.
        """
        self._put({"type": "websocket.receive", "text": None, "bytes": data})

    async def receive(self) -> Message:
        """Return the next ``websocket.send`` of the application, as the whole message.

        Raises:
            WebSocketClosed: the websocket is closed and everything sent before has been received.
            TimeoutError: nothing comes in time.
            AssertionError: the application has returned without closing the websocket, or has sent
                what does not belong there.
            BaseException: what the application has raised.
        """
        if self._call.closed is not None and not self._call.outbox:
            raise self._make_closed()
        message = await self._call.wait_for_message("sent anything")
        if message is None and self._call.closed is None:
            raise self._call.make_error("returned without closing the websocket")
        if message is None or message["type"] == "websocket.close":
            raise self._make_closed()
        return message

    async def receive_text(self) -> str:
        """Return the text that the application sends next.

        Raises:
            AssertionError: it sends bytes.
            BaseException: as in `receive`.
        """
        message = await self.receive()
        text: str | None = message.get("text")
        if text is None:
            raise self._call.make_error(
                f"sent the bytes {message['bytes']!r} where text was expected"
            )
        return text

    async def receive_bytes(self) -> bytes:
        """Return the bytes that the application sends next.

        Raises:
            AssertionError: it sends text.
            BaseException: as in `receive`.
        """
        message = await self.receive()
        data: bytes | None = message.get("bytes")
        if data is None:
            raise self._call.make_error(
                f"sent the text {message['text']!r} where bytes were expected"
            )
        return data

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the websocket, unless it is closed already.

        The application receives a ``websocket.disconnect``.
        """
        self._call.leave(code, reason)

    def _put(self, message: Message) -> None:
        if self._call.closed is not None:
            raise self._make_closed()
        self._call.inbox.put(message)

    def _make_closed(self) -> WebSocketClosed:
        code, reason = self._call.closed or (1006, "")
        return WebSocketClosed(code, reason, accepted=self._call.accepted)


@asynccontextmanager
async def connect(call: WebSocketCall, app: App, scope: Scope) -> AsyncIterator[WebSocket]:
    """Stay connected while the body runs; then leave, and wait until the application returns.

    Raises:
        WebSocketDenied, WebSocketClosed: the application refuses.
        TimeoutError: it does not answer or return in time.
        AssertionError: it sends what no server would take.
        BaseException: what it raises.
    """
    async with call.run(app, scope):
        await _open(call)
        yield WebSocket(call)
        call.leave(1000, "")
        await call.finish("'websocket.disconnect'")


async def _open(call: WebSocketCall) -> None:
    call.inbox.put({"type": "websocket.connect"})
    while not (call.accepted or call.closed or (call.denial and call.denial.is_complete)):
        missing = "ended its denial" if call.denial else "accepted or refused the websocket"
        if await call.wait_for_message(missing) is None:
            how = "in the middle of its denial" if call.denial else "without accepting or refusing"
            raise call.make_error(f"returned {how}")
    if call.denial is not None:
        await call.finish("its denial")
        denial = call.denial.make_response()
        raise WebSocketDenied(denial.status, denial.headers, denial.body)
    if not call.accepted:
        await call.finish("'websocket.close'")
        code, reason = call.closed or (1006, "")
        raise WebSocketClosed(code, reason, accepted=False)
