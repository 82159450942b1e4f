"""The scope that a server makes of a request, from what people write: a URL, a method, headers;
and the method that is in a scope.
"""  # noqa: D205 - it is one sentence

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from asgi_routes.types import Scope

_SCHEMES = {"http": ("http", 80), "websocket": ("ws", 80)}
_SECURE = {"https": "https", "wss": "wss"}
_SECURE_PORT = 443


def method_of(scope: Scope) -> str | None:
    """Return the method of an HTTP request; None for all else, whatever stands in its scope.

    >>> method_of({"type": "http", "method": "GET"}), method_of({"type": "websocket", "method": "GET"})
    ('GET', None)
    """
    method = scope.get("method") if scope.get("type") == "http" else None
    return method if isinstance(method, str) else None


def make_scope(
    url: str,
    kind: str = "http",
    method: str = "GET",
    headers: Iterable[tuple[bytes, bytes]] = (),
    root_path: str = "",
) -> dict[str, Any]:
    """Return the scope that a server makes of a request.

    Args:
        url: a path with or without a query, or a URL; its host becomes the header.
        kind: ``http`` or ``websocket``, or any other type.
        method: of an HTTP request.
        headers: names in lower case. What a websocket offers as ``sec-websocket-protocol`` becomes
            its subprotocols.
        root_path: of the scope; the path includes it, except behind a proxy that strips it.

    Raises:
        ValueError: the URL has a host or port that cannot be one.

    >>> scope = make_scope("//shop.example/a%20b/?c=1")
    >>> scope["path"], scope["query_string"], scope["headers"]
    ('/a b/', b'c=1', [(b'host', b'shop.example')])
    >>> make_scope("wss://shop.example/", "websocket")["scheme"]
    'wss'
    """
    scheme, host, port, path, query = _split(url)
    usual, usual_port = _SCHEMES.get(kind, ("", 80))
    pairs = [*headers]
    if not any(name == b"host" for name, _ in pairs):
        shown = host if port is None else f"{host}:{port}"
        pairs.insert(0, (b"host", shown.encode() if shown.isascii() else shown.encode("idna")))
    scope: dict[str, Any] = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "scheme": _SECURE.get(scheme, usual),
        "path": unquote_to_bytes(path).decode("utf-8", "replace") or "/",
        "raw_path": path.encode("utf-8", "surrogateescape"),
        "query_string": query.encode("utf-8", "surrogateescape"),
        "root_path": root_path,
        "headers": pairs,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", port or (_SECURE_PORT if scheme in _SECURE else usual_port)),
    }
    if kind == "http":
        return scope | {"method": method}
    return scope | {"subprotocols": _offered(pairs)} if kind == "websocket" else scope


def take_scope(scope: Any, asker: str) -> Scope:
    """Return a scope as it is, or the one that is meant by a path or a URL.

    Raises:
        TypeError: it is neither; the asker is the function that was given it.

    >>> take_scope("ws://a.example/chat/", "match")["type"]
    'websocket'
    """
    if isinstance(scope, str):
        return make_scope(scope, "websocket" if scope.startswith(("ws://", "wss://")) else "http")
    if isinstance(scope, Mapping):
        return scope
    raise TypeError(f"{asker}() takes a scope, a path or a URL, not {scope!r}")


def _split(url: str) -> tuple[str, str, int | None, str, str]:
    """Return scheme, host, port, path and query."""
    if "://" not in url.partition("?")[0] and not url.startswith("//"):
        # As it is: urlsplit() would take line ends and tabs out of it, and a colon for a scheme's.
        path, _, query = url.partition("#")[0].partition("?")
        return "", "localhost", None, path, query
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    shown = f"[{host}]" if ":" in host else host
    return parts.scheme, shown, parts.port, parts.path, parts.query


def _offered(pairs: Iterable[tuple[bytes, bytes]]) -> list[str]:
    values = [value for name, value in pairs if name == b"sec-websocket-protocol"]
    offered = b",".join(values).decode("latin-1").split(",")
    return [one.strip() for one in offered if one.strip()]
