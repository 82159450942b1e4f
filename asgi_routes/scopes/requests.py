"""Scopes made of what people write down: a path, or a URL."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit


def make_scope(
    url: str,
    kind: str = "http",
    method: str = "GET",
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> dict[str, Any]:
    """Return the scope that a server makes of a request.

    Args:
        url: a path with or without a query, or a URL; its host becomes the header.
        kind: ``http`` or ``websocket``, or any other type.
        method: of an http request.
        headers: names in lower case.

    >>> scope = make_scope("//shop.example/a%20b/?c=1")
    >>> scope["path"], scope["query_string"], scope["headers"]
    ('/a b/', b'c=1', [(b'host', b'shop.example')])
    """
    parts = urlsplit(url)
    pairs = [*headers]
    if not any(name == b"host" for name, _ in pairs):
        pairs.insert(0, (b"host", (parts.netloc or "localhost").encode("idna")))
    scope: dict[str, Any] = {
        "type": kind,
        "path": unquote_to_bytes(parts.path).decode("utf-8", "replace") or "/",
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": pairs,
    }
    more: dict[str, Any] = {"method": method} if kind == "http" else {"subprotocols": []}
    return scope | more
