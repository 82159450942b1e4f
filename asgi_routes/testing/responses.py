"""What an application answers to a request.

In: the messages that it sends. Out: a response. The rule kept here: a message that the protocol has no place
for is an AssertionError that names it (ASGI, "Response Start" and "Response Body").
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message as MIMEHeaders
from typing import Any

from asgi_routes.types import Message


class Headers(Mapping[str, str]):
    """The headers of an answer, by names in any case.

    Attributes:
        raw: pairs of bytes, as sent.

    >>> headers = Headers([(b"Content-Type", b"text/plain"), (b"vary", b"a"), (b"Vary", b"b")])
    >>> headers["content-type"], headers["Vary"], headers.get("allow")
    ('text/plain', 'a, b', None)
    >>> headers
    Headers({'content-type': 'text/plain', 'vary': 'a, b'})
    """

    def __init__(self, raw: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.raw = [(name, value) for name, value in raw]

    def get_all(self, name: str) -> list[str]:
        """Return every value of a header; ``set-cookie`` must not be joined (RFC 9110, 5.3)."""
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
        headers: a mapping, with names in any case.
        body: all parts of it; empty for HEAD.

    >>> Response(200, Headers(), b'{"id": 7}').json()["id"]
    7
    """

    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, in the charset that ``content-type`` names, or UTF-8."""
        mime = MIMEHeaders()
        mime["content-type"] = self.headers.get("content-type", "")
        return self.body.decode(mime.get_content_charset("utf-8"))

    def json(self) -> Any:
        """Return the value that the body is the JSON of."""
        return json.loads(self.body)


class Answer:
    """Puts an answer together from its messages.

    Args:
        prefix: what the types of the messages begin with: ``http.response``, or
            ``websocket.http.response`` for the denial of a websocket.
    """

    def __init__(self, prefix: str) -> None:
        self._start, self._body = f"{prefix}.start", f"{prefix}.body"
        self._status: int | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self.is_complete = False

    @property
    def is_begun(self) -> bool:
        """Whether there is a status."""
        return self._status is not None

    def take(self, message: Message) -> None:
        """Add a message.

        Raises:
            AssertionError: it does not belong there.
        """
        kind = message["type"]
        expected = self._body if self.is_begun else self._start
        if self.is_complete:
            raise AssertionError(f"sent {kind!r} after the end of its answer")
        if kind != expected:
            raise AssertionError(f"sent {kind!r} where {expected!r} belongs")
        if self.is_begun:
            self._take_body(message)
        else:
            self._take_start(message)

    def response(self) -> Response:
        """Return what there is so far."""
        assert self._status is not None
        return Response(self._status, Headers(self._headers), b"".join(self._parts))

    def _take_start(self, message: Message) -> None:
        status = message.get("status")
        if type(status) is not int:
            raise AssertionError(
                f"sent {self._start!r} with the status {status!r}, which is no int"
            )
        self._headers = checked_headers(message)
        self._status = status

    def _take_body(self, message: Message) -> None:
        body = message.get("body", b"")
        if not isinstance(body, bytes):
            raise AssertionError(f"sent {self._body!r} with the body {body!r}, which is not bytes")  # noqa: TRY004 - it is the application that is wrong
        self._parts.append(body)
        self.is_complete = not message.get("more_body", False)


def checked_headers(message: Message) -> list[tuple[bytes, bytes]]:
    """Return the headers of a message.

    Raises:
        AssertionError: one of them is not a pair of bytes.
    """
    headers = [*(message.get("headers") or ())]
    for header in headers:
        is_pair = isinstance(header, list | tuple) and [*map(type, header)] == [bytes, bytes]
        if not is_pair:
            kind = message["type"]
            raise AssertionError(
                f"sent {kind!r} with the header {header!r}, which is no pair of bytes"
            )
    return [(name, value) for name, value in headers]
