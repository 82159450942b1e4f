"""Request targets as nobody writes them, and a client that sends them as they are.

Nothing is quoted, normalised or left out on the way; only what would be the end of a request line
cannot be in a target.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Self

from tests.live.servers import Response, Server, connect, read_response

if TYPE_CHECKING:
    from socket import socket

ROUTED = [
    *("/", "/admin/", "/admin/a/b", "/users/7/", "/users/bob/", "/pairs/a-b-c", "/m", "/m/a/b"),
    *("/caf%C3%A9/au%20lait", "/files/a/b.txt", "/items/w_7", "/nested/admin/", "/nested/users/7/"),
    *("/nested/m/x", "/slashes/7/", "/slashes/seven", "/slashes/7", "/slashes/seven/"),
]
_PIECES = [
    *("/", "//", "/./", "/../", "..", ".", "%2F", "%2f", "%2F%2F", "%5C", "\\", "%252F", "%2e%2e"),
    *(
        "%",
        "%2",
        "%zz",
        "%u002f",
        "%ff",
        "%C3",
        "%c0%af",
        "%ed%a0%80",
        "%00",
        "%0A",
        "%0D%0A",
        "%7f",
    ),
    *("%E2%80%AE", "%C2%A0", "%D9%A3", "%e2%80%a8", "caf\u00e9", "\u0663", "\u202e", "%20", "+"),
    *(";a=b", "?", "?next=/admin/", "#", "#/admin/", "&", "=", "@", ":", "*", "~", "|", "^", "`"),
    *("<script>", "%3Cscript%3E", "'", '"', "%22", "{x}", "<int:id>", "%24", "-", "a-", "7", "007"),
    *("admin", "Admin", "%61dmin", "users/7", "nested", "m", "slashes", "/api", "api/", "x\u0301"),
]
_FORMS = ["http://localhost{}", "http://evil.test{}", "HTTP://localhost:80{}", "//evil.test{}"]
_WHOLE = [
    "*",
    "?",
    "",
    "localhost:80",
    "http://localhost",
    "http://[::1",
    "http://",
    "/" * 500,
    "\\",
]
_HEADERS = [
    *("daphne-root-path: /admin", "daphne-root-path: /users/", "daphne-root-path: //"),
    *("daphne-root-path: http://evil.test", "daphne-root-path: %2Fadmin", "x-rewrite-url: /admin/"),
    *("x-forwarded-prefix: /admin", "x-forwarded-host: evil.test", "x-original-url: /admin/"),
]
_HOSTS = ["localhost"] * 15 + [
    "a/admin/",
    "evil.test@localhost",
    "localhost?/admin/",
    "[",
    "\u00e9",
]
_LONGEST = 60_000


def odd_targets(seed: int) -> Iterator[bytes]:
    """Yield targets without end; the same ones for the same seed."""
    chosen = random.Random(seed)  # noqa: S311 - it has to be the same again
    while True:
        if chosen.random() < 0.02:
            yield chosen.choice(_WHOLE).encode()
            continue
        text = chosen.choice(["/api", "", "", ""]) + chosen.choice(ROUTED)
        for _ in range(chosen.choice([0, 1, 1, 2, 3, 8])):
            text = _changed(text, chosen)
        if chosen.random() < 0.05:
            text = chosen.choice(_FORMS).format(text)
        if chosen.random() < 0.002:
            text += chosen.choice(["a", "7", "/", "-", "%2F", "%"]) * chosen.randrange(
                _LONGEST // 3
            )
        yield text.encode()


def _changed(text: str, chosen: random.Random) -> str:
    at = chosen.randrange(len(text) + 1)
    before, after = text[:at], text[at:]
    match chosen.randrange(4):
        case 0:
            return before + chosen.choice(_PIECES) + after
        case 1:
            return text + chosen.choice(_PIECES)
        case 2:
            return before + after[1:]
        case _:
            return before + "".join(f"%{byte:02x}" for byte in after[:1].encode()) + after[1:]


def odd_headers(seed: int) -> Iterator[Sequence[str]]:
    """Yield what a client may add to a request in the hope that somebody believes it."""
    chosen = random.Random(seed)  # noqa: S311 - as above
    while True:
        more = [chosen.choice(_HEADERS)] if chosen.random() < 0.1 else []
        yield [f"host: {chosen.choice(_HOSTS)}", *more]


class Connection:
    """A connection that is kept as long as the server keeps it, and made again then.

    Attributes:
        made: how many there have been.
    """

    def __init__(self, server: Server) -> None:
        self.made = 0
        self._server = server
        self._open = ExitStack()
        self._socket: socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def get(self, target: bytes, headers: Sequence[str] = ("host: localhost",)) -> Response | None:
        """Return the response to one request, or None where the server hangs up instead."""
        request = b"GET %s HTTP/1.1\r\n%s\r\n\r\n" % (target, "\r\n".join(headers).encode())
        is_used = self._socket is not None
        response = self._exchange(request)
        # A connection that was used before may have come to its end with the request before.
        return self._exchange(request) if response is None and is_used else response

    def _exchange(self, request: bytes) -> Response | None:
        if self._socket is None:
            self._socket = self._open.enter_context(connect(self._server))
            self._stream = self._open.enter_context(self._socket.makefile("rb"))
            self.made += 1
        response = None
        with suppress(ConnectionError):
            self._socket.sendall(request)
            response = read_response(self._stream) if self._stream.peek(1) else None
        headers = response.headers if response else {}
        has_end = "content-length" in headers or "transfer-encoding" in headers
        if not has_end or headers.get("connection", "").lower() == "close":
            self.hang_up()
        return response

    def hang_up(self) -> None:
        """End the connection; the next request makes another one."""
        self._open.close()
        self._socket = None
