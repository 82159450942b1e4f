"""The application's end of a websocket.

In: the messages of an application. Out: the same, for the test, and how far the connection has come. The rule
kept here: what no server would take is an AssertionError that names the message (ASGI, "WebSocket").
"""

from asgi_routes.testing.conversations import Conversation
from asgi_routes.testing.responses import Answer, Headers, checked_headers
from asgi_routes.types import Message

DENIAL = "websocket.http.response"
_BEFORE = ("websocket.accept", "websocket.close", f"{DENIAL}.start")
_AFTER = ("websocket.send", "websocket.close")


class ClientGoneError(OSError):
    """What a server raises in send() once the client has left (ASGI, "Disconnected Client")."""


class WebSocketCall(Conversation):
    """A websocket, as the application that serves it has it.

    Args:
        what: the path, for messages.
        timeout: seconds for each message; None for ever.
        offered: the subprotocols that the client offers.

    Attributes:
        accepted: whether the application has accepted it.
        subprotocol: the one that it has chosen, or None.
        headers: those that it has accepted with.
        denial: what it has refused it with, or None.
        closed: the code and the reason, once it is closed by either side.
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
        """Close it, as the client; one that is closed stays so."""
        if self.closed is None:
            self._client_has_left = True
            self._end(code, reason)

    def raise_what_went_wrong(self) -> None:
        # A server drops that one: an application may not know yet that its client has left.
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
        self.headers = Headers(checked_headers(message))
        self.subprotocol = subprotocol
        self.accepted = True

    def _deny(self, message: Message) -> None:
        denial = Answer(DENIAL)
        denial.take(message)
        self.denial = denial

    def _end(self, code: int, reason: str) -> None:
        self.closed = code, reason
        self.inbox.put({"type": "websocket.disconnect", "code": code, "reason": reason})


def _check_data(message: Message) -> None:
    text, data = message.get("text"), message.get("bytes")
    # At least one of them (ASGI, "Send"), of the right type.
    is_right = text is None or isinstance(text, str)
    is_right = is_right and (data is None or isinstance(data, bytes))
    if not is_right or (text is None and data is None):
        raise AssertionError(f"sent 'websocket.send' with text {text!r} and bytes {data!r}")
