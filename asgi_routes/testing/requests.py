"""The scopes of requests that nobody has sent.

In: a method and a target, as they stand in the first line of a request, and headers. Out: the scope that a
server makes of them. The rule kept here: the scope is complete, and all its parts say the same (ASGI,
"HTTP Connection Scope" and "WebSocket Connection Scope").
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, cast
from urllib.parse import quote

from asgi_routes.scopes.raw_paths import decode_path
from asgi_routes.types import ChildScope

HeaderPairs: TypeAlias = Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]
"""Headers as tests write them: a mapping, or pairs of text or bytes."""

WEBSOCKET = "WEBSOCKET"
"""What stands in the place of a method for a websocket."""

_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))


def request_scope(
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
        target: the path, percent-encoded, and what else stands behind a ``?``. The root path is a part
            of it, unless a proxy is meant that takes it off.
        headers: ``host`` is added where it is missing, and ``sec-websocket-protocol``.
        root_path: where the application is mounted.
        subprotocols: those that the client of a websocket offers.
        state: what the lifespan left; the scope gets a shallow copy. None: the server has no state.

    Raises:
        ValueError: the target does not begin with a slash.

    >>> scope = request_scope("get", "/caf%C3%A9?a=1")
    >>> scope["method"], scope["path"], scope["raw_path"], scope["query_string"], scope["headers"]
    ('GET', '/café', b'/caf%C3%A9', b'a=1', [(b'host', b'testserver')])
    """
    if target[:1] != "/" and target != "*":
        raise ValueError(f"a path begins with a slash: {f'/{target}'!r}, not {target!r}")
    path, _, query = target.partition("?")
    raw_path = _sendable(path)
    offered = [*subprotocols]
    scope: dict[str, Any] = {
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "path": decode_path(raw_path),
        "raw_path": raw_path,
        "query_string": _sendable(query),
        "root_path": root_path,
        "headers": _complete(encoded_headers(headers), offered),
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
    }
    if method.upper() == WEBSOCKET:
        scope |= {"type": "websocket", "scheme": "ws", "subprotocols": offered}
        scope["extensions"] = {"websocket.http.response": {}}
    else:
        scope |= {"type": "http", "scheme": "http", "method": method.upper(), "extensions": {}}
    return scope if state is None else {**scope, "state": dict(state)}


def encoded_headers(headers: HeaderPairs) -> list[tuple[bytes, bytes]]:
    """Return headers as a scope has them: bytes, with names in lower case.

    >>> encoded_headers({"X-Version": "1"})
    [(b'x-version', b'1')]
    """
    pairs = cast("Any", headers.items() if isinstance(headers, Mapping) else headers)
    return [(_encoded(name).lower(), _encoded(value)) for name, value in pairs]


def overridden(headers: HeaderPairs, others: HeaderPairs) -> list[tuple[bytes, bytes]]:
    """Return headers, but for those that there are others of the same name for, and the others.

    >>> overridden({"accept": "a", "host": "b"}, {"Host": "c"})
    [(b'accept', b'a'), (b'host', b'c')]
    """
    stronger = encoded_headers(others)
    names = {name for name, _ in stronger}
    return [pair for pair in encoded_headers(headers) if pair[0] not in names] + stronger


def _encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def _sendable(text: str) -> bytes:
    # A test may be written in characters that a client would have to quote.
    return quote(text, safe=_VISIBLE).encode("ascii")


def _complete(headers: list[tuple[bytes, bytes]], offered: list[str]) -> list[tuple[bytes, bytes]]:
    names = {name for name, _ in headers}
    added = [] if b"host" in names else [(b"host", b"testserver")]
    if offered and b"sec-websocket-protocol" not in names:
        added.append((b"sec-websocket-protocol", ", ".join(offered).encode("latin-1")))
    return added + headers
