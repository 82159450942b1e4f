"""``raw_path``: the bytes that a client sent, beside the ``path`` that a server made of them.

``raw_path`` is optional, and others may have changed ``path`` only: where the two disagree,
``path`` is right (ASGI, HTTP connection scope). A redirect is a path only, begins with exactly one
slash, and everything in it that could mean something else is quoted, so that nobody is sent to
another host (CVE-2018-14574, CVE-2021-21330).
"""

from typing import Any
from urllib.parse import quote, unquote_to_bytes

from asgi_routes.types import Scope

ENCODED_SLASH = "\udc2f"
"""Stands in a path for a ``%2F`` that is not to end a segment. No server makes this character."""
_PATH_SAFE = "/:@!$&'()*+,;=~-._"
_ESCAPE = len("%2F")


def decode_path(raw: bytes) -> str:
    """Return the path that servers make of a raw one; what is not UTF-8 becomes U+FFFD.

    >>> decode_path(b"/caf%C3%A9%2F")
    '/café/'
    """
    return unquote_to_bytes(raw).decode("utf-8", "replace")


def encode_path(path: str) -> bytes:
    """Return a raw path for a path.

    >>> encode_path("/café and #tea")
    b'/caf%C3%A9%20and%20%23tea'
    """
    return quote(path.encode("utf-8", "replace"), safe=_PATH_SAFE).encode("ascii")


def has_encoded_slash(scope: Scope) -> bool:
    """Tell whether the client wrote ``%2F``."""
    raw = scope.get("raw_path")
    return isinstance(raw, bytes) and b"%2f" in raw.lower()


def mark_encoded_slashes(scope: Scope, path: str) -> str:
    """Return the last part of a scope's path, with `ENCODED_SLASH` for every ``%2F`` in it.

    >>> mark_encoded_slashes({"raw_path": b"/a%2Fb/c"}, "a/b/c") == f"a{ENCODED_SLASH}b/c"
    True
    >>> mark_encoded_slashes({"raw_path": b"/other%2F"}, "a/b/c")
    'a/b/c'
    """
    if not has_encoded_slash(scope):
        return path
    pieces = _split_at_encoded_slashes(scope["raw_path"])
    whole = ENCODED_SLASH.join(map(decode_path, pieces))
    end = whole[len(whole) - len(path) :] if len(path) <= len(whole) else ""
    return end if restore_slashes(end) == path else path


def _split_at_encoded_slashes(raw: bytes) -> list[bytes]:
    return raw.replace(b"%2f", b"%2F").split(b"%2F")


def restore_slashes(value: Any) -> Any:
    """Return a text with slashes where `ENCODED_SLASH` stood; anything else as it is."""
    return value.replace(ENCODED_SLASH, "/") if isinstance(value, str) else value


def cut_raw_prefix(raw: bytes, prefix: str) -> bytes | None:
    """Return what follows the raw form of a prefix, or None where it does not begin with it.

    >>> cut_raw_prefix(b"/caf%C3%A9/x%2Fy", "/café")
    b'/x%2Fy'
    >>> cut_raw_prefix(b"/other", "/café") is None
    True
    """
    at = 0
    for byte in prefix.encode("utf-8", "replace"):
        piece = raw[at : at + (_ESCAPE if raw[at : at + 1] == b"%" else 1)]
        if unquote_to_bytes(piece) != bytes([byte]):
            return None
        at += len(piece)
    return raw[at:]


_QUERY_SAFE = frozenset(b"/:@!$&'()*+,;=~-._?%") | frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)


def toggle_slash(path: str) -> str | None:
    """Return the path with a slash more or less at its end, or None where there is no other.

    >>> toggle_slash("users/"), toggle_slash("users"), toggle_slash(""), toggle_slash("users//")
    ('users', 'users/', None, None)
    """
    if not path.endswith("/"):
        return path + "/" if path else None
    shorter = path[:-1]
    return shorter if shorter and not shorter.endswith("/") else None


def make_location(scope: Scope, added: str = "", *, is_shorter: bool) -> str | None:
    """Return where the same resource is with a slash less, or more, or None for an odd target.

    Args:
        scope: as received.
        added: the root path, where somebody has taken it off the path.
        is_shorter: whether the slash is taken off.

    >>> make_location({"path": "/users", "query_string": b"page=2"}, is_shorter=False)
    '/users/?page=2'
    >>> scope = {"path": "//evil.example/", "raw_path": b"//evil.example/"}
    >>> make_location(scope, is_shorter=True)
    '/%2Fevil.example'
    """
    path = scope.get("path") or ""
    if path[:1] != "/":
        return None
    raw = scope.get("raw_path")
    # What the client has quoted stays quoted, but for the first slash: %2F is not one to everybody.
    if isinstance(raw, bytes) and raw[:1] == b"/" and decode_path(raw) == path:
        kept = _quote(raw)
    else:
        kept = encode_path(path)
    if added:
        # Daphne takes a root path from a header that any client can send.
        kept = b"/" + encode_path(added.removeprefix("/")) + kept
    if is_shorter:
        kept = kept[: -len("/" if kept.endswith(b"/") else "%2F")]
    else:
        kept += b"/"
    if kept.startswith(b"//"):
        kept = b"/%2F" + kept[1:].lstrip(b"/")
    query = scope.get("query_string") or b""
    return (kept + (b"?" + _quote(query) if query else b"")).decode("ascii")


def _quote(text: bytes) -> bytes:
    return b"".join(b"%c" % byte if byte in _QUERY_SAFE else b"%%%02X" % byte for byte in text)
