"""HTTP as a test makes it: the scope of a request, the call of the application, and its answer.

The scope of a websocket is made here, too, because it begins as an HTTP request.

Rule: a scope is complete and consistent, as a server would make it, and a message that the protocol
has no place for is an AssertionError that names it (ASGI, "HTTP" and "WebSocket").
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message as MIMEHeaders
from typing import Any, TypeAlias, cast
from urllib.parse import quote

import anyio
import anyio.lowlevel

from asgi_routes.scopes.raw_paths import decode_path
from asgi_routes.testing.calls import Call
from asgi_routes.types import ChildScope, Message

HeaderPairs: TypeAlias = Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]
"""Headers as tests write them: a mapping, or pairs of text or bytes."""

WEBSOCKET = "WEBSOCKET"
"""What stands for the method of a websocket."""

_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))


def make_scope(
    method: str,
    target: str,
    *,
    headers: HeaderPairs = (),
    root_path: str = "",
    subprotocols: Iterable[str] = (),
    state: Mapping[str, Any] | None = None,
) -> ChildScope:
    """Return the scope that a server makes of a request.

    Args:
        method: the method in any case, or ``WEBSOCKET``.
        target: the path, percent-encoded, and the query string after a ``?``. The path includes the
            root path, except behind a proxy that strips it.
        headers: a missing ``host`` is added, and a missing ``sec-websocket-protocol``.
        root_path: where the application is mounted.
        subprotocols: those that the client of a websocket offers.
        state: of the lifespan; the scope gets a shallow copy. None: the server has no state.

    Raises:
        ValueError: the target does not begin with a slash.

    >>> scope = make_scope("get", "/caf%C3%A9?a=1")
    >>> scope["method"], scope["path"], scope["raw_path"], scope["query_string"], scope["headers"]
    ('GET', '/café', b'/caf%C3%A9', b'a=1', [(b'host', b'testserver')])
    """
    if target[:1] != "/" and target != "*":
        raise ValueError(f"a path must start with a slash: {f'/{target}'!r}, not {target!r}")
    path, _, query = target.partition("?")
    raw_path = _quote(path)
    offered = [*subprotocols]
    scope: dict[str, Any] = {
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "path": decode_path(raw_path),
        "raw_path": raw_path,
        "query_string": _quote(query),
        "root_path": root_path,
        "headers": _add_required_headers(_encode_headers(headers), offered),
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
    }
    if method.upper() == WEBSOCKET:
        scope |= {"type": "websocket", "scheme": "ws", "subprotocols": offered}
        scope["extensions"] = {"websocket.http.response": {}}
    else:
        scope |= {"type": "http", "scheme": "http", "method": method.upper(), "extensions": {}}
    return scope if state is None else {**scope, "state": dict(state)}


def _encode_headers(headers: HeaderPairs) -> list[tuple[bytes, bytes]]:
    """Return headers as in a scope: bytes, with names in lower case.

    >>> _encode_headers({"X-Version": "1"})
    [(b'x-version', b'1')]
    """
    pairs = cast("Any", headers.items() if isinstance(headers, Mapping) else headers)
    return [(_encode(name).lower(), _encode(value)) for name, value in pairs]


def override_headers(headers: HeaderPairs, others: HeaderPairs) -> list[tuple[bytes, bytes]]:
    """Return both lists of headers; those of ``others`` replace those of the same name.

    >>> override_headers({"accept": "a", "host": "b"}, {"Host": "c"})
    [(b'accept', b'a'), (b'host', b'c')]
    """
    stronger = _encode_headers(others)
    names = {name for name, _ in stronger}
    return [pair for pair in _encode_headers(headers) if pair[0] not in names] + stronger


def _encode(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def _quote(text: str) -> bytes:
    # Tests may contain characters that a client would have to quote.
    return quote(text, safe=_VISIBLE).encode("ascii")


def _add_required_headers(
    headers: list[tuple[bytes, bytes]], offered: list[str]
) -> list[tuple[bytes, bytes]]:
    names = {name for name, _ in headers}
    added = [] if b"host" in names else [(b"host", b"testserver")]
    if offered and b"sec-websocket-protocol" not in names:
        added.append((b"sec-websocket-protocol", ", ".join(offered).encode("latin-1")))
    return added + headers


class Headers(Mapping[str, str]):
    """The headers of an answer: a mapping from names in any case.

    Attributes:
        raw: the pairs of bytes that the application has sent.

    >>> headers = Headers([(b"Content-Type", b"text/plain"), (b"vary", b"a"), (b"Vary", b"b")])
    >>> headers["content-type"], headers["Vary"], headers.get("allow")
    ('text/plain', 'a, b', None)
    >>> headers
    Headers({'content-type': 'text/plain', 'vary': 'a, b'})
    """

    def __init__(self, raw: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.raw = [(name, value) for name, value in raw]

    def get_all(self, name: str) -> list[str]:
        """Return all values of a header. ``set-cookie`` must not be joined (RFC 9110, 5.3)."""
        wanted = name.lower().encode("latin-1")
        return [value.decode("latin-1") for key, value in self.raw if key.lower() == wanted]

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower().decode("latin-1") for name, _ in self.raw))

    def __len__(self) -> int:
        return len([*iter(self)])

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"


@dataclass(frozen=True)
class Response:
    """The answer to a request, as a client sees it.

    Attributes:
        status: the status code.
        headers: a mapping from names in any case.
        body: all of its parts, joined; empty for HEAD.

    >>> Response(200, Headers(), b'{"id": 7}').json()["id"]
    7
    """

    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, in the charset of ``content-type`` or else UTF-8."""
        mime = MIMEHeaders()
        mime["content-type"] = self.headers.get("content-type", "")
        return self.body.decode(mime.get_content_charset("utf-8"))

    def json(self) -> Any:
        """Return the body, parsed as JSON."""
        return json.loads(self.body)


class Answer:
    """An answer that is put together from its messages.

    Args:
        prefix: of the types of its messages: ``http.response``, or ``websocket.http.response`` for
            the denial of a websocket.
    """

    def __init__(self, prefix: str) -> None:
        self._start, self._body = f"{prefix}.start", f"{prefix}.body"
        self._status: int | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self.is_complete = False

    @property
    def is_begun(self) -> bool:
        """Whether the status has been sent."""
        return self._status is not None

    def take(self, message: Message) -> None:
        """Add a message.

        Raises:
            AssertionError: it does not belong here.
        """
        kind = message["type"]
        expected = self._body if self.is_begun else self._start
        if self.is_complete:
            raise AssertionError(f"sent {kind!r} after the end of its response")
        if kind != expected:
            raise AssertionError(f"sent {kind!r} where {expected!r} belongs")
        if self.is_begun:
            self._take_body(message)
        else:
            self._take_start(message)

    def make_response(self) -> Response:
        """Return the answer as far as it has been sent."""
        assert self._status is not None
        return Response(self._status, Headers(self._headers), b"".join(self._parts))

    def _take_start(self, message: Message) -> None:
        status = message.get("status")
        if type(status) is not int:
            raise AssertionError(
                f"sent {self._start!r} with the status {status!r}, which is not an int"
            )
        self._headers = check_headers(message)
        self._status = status

    def _take_body(self, message: Message) -> None:
        body = message.get("body", b"")
        if not isinstance(body, bytes):
            raise AssertionError(  # noqa: TRY004 - the application is wrong, not the caller
                f"sent {self._body!r} with the body {body!r}, which is not bytes"
            )
        self._parts.append(body)
        self.is_complete = not message.get("more_body", False)


def check_headers(message: Message) -> list[tuple[bytes, bytes]]:
    """Return the headers of a message.

    Raises:
        AssertionError: a header is not a pair of bytes.
    """
    headers = [*(message.get("headers") or ())]
    for header in headers:
        is_pair = isinstance(header, list | tuple) and [*map(type, header)] == [bytes, bytes]
        if not is_pair:
            kind = message["type"]
            raise AssertionError(
                f"sent {kind!r} with the header {header!r}, which is not a pair of bytes"
            )
    return [(name, value) for name, value in headers]


class HTTPCall(Call):
    """The call for an HTTP request (ASGI, "HTTP").

    Args:
        what: the method and the path, for error messages.
        timeout: seconds; None waits forever.
        body: bytes, or parts that are taken one by one as the application reads.

    Raises:
        TypeError: the body is neither.
    """

    def __init__(
        self, what: str, timeout: float | None, body: bytes | Iterable[bytes] = b""
    ) -> None:
        if isinstance(body, str | bytearray | memoryview):
            raise TypeError(f"a request body must be bytes, or an iterable of bytes, not {body!r}")
        super().__init__(what, timeout)
        self._events = _make_events(body)
        self._answer = Answer("http.response")
        self._answered = anyio.Event()

    async def receive(self) -> Message:
        await anyio.lowlevel.checkpoint()
        if not self._answered.is_set():
            event = next(self._events, None)
            if event is not None:
                return event
            with self.note_reading():
                await self._answered.wait()
        return {"type": "http.disconnect"}

    def take(self, message: Message) -> None:
        self._answer.take(message)
        if self._answer.is_complete:
            self._answered.set()

    def describe_missing(self) -> str:
        if self._answer.is_complete:
            return "returned after its response"
        return "completed its response" if self._answer.is_begun else "started its response"

    def make_response(self) -> Response:
        """Return the answer, once the application has returned.

        Raises:
            AssertionError: there is none, or it is not complete.
        """
        if not self._answer.is_begun:
            raise self.make_error("returned without a response")
        if not self._answer.is_complete:
            raise self.make_error(
                "returned in the middle of its response: "
                "the last 'http.response.body' has more_body=True, or is missing"
            )
        return self._answer.make_response()


def _make_events(body: bytes | Iterable[bytes]) -> Iterator[Message]:
    whole = isinstance(body, bytes)
    if not whole:
        for part in body:
            if not isinstance(part, bytes):
                raise TypeError(f"a part of a request body must be bytes, not {part!r}")
            yield {"type": "http.request", "body": part, "more_body": True}
    yield {"type": "http.request", "body": body if whole else b"", "more_body": False}
