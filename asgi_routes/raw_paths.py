"""``raw_path``: the bytes that a client really sent, beside the ``path`` that a server made of them.

In: the two of a scope (ASGI, HTTP connection scope). Out: a part of the one for a part of the other.
The rule kept here: ``raw_path`` is optional, and others may have changed ``path`` only; where the
two do not say the same, ``path`` is right.
"""

from typing import Any
from urllib.parse import quote, unquote_to_bytes

from asgi_routes.types import Scope

ENCODED_SLASH = "\udc2f"
"""Stands in a path for a ``%2F`` that is not to end a segment. No server makes this character."""

_PATH_SAFE = "/:@!$&'()*+,;=~-._"
_ESCAPE = len("%2F")


def decoded(raw: bytes) -> str:
    """Return the path that servers make of a raw one; what is not UTF-8 becomes U+FFFD.

    >>> decoded(b"/caf%C3%A9%2F")
    '/café/'
    """
    return unquote_to_bytes(raw).decode("utf-8", "replace")


def encoded(path: str) -> bytes:
    """Return a raw path for a path.

    >>> encoded("/café and #tea")
    b'/caf%C3%A9%20and%20%23tea'
    """
    return quote(path.encode("utf-8", "replace"), safe=_PATH_SAFE).encode("ascii")


def has_encoded_slash(scope: Scope) -> bool:
    """Tell whether the client wrote ``%2F``."""
    raw = scope.get("raw_path")
    return isinstance(raw, bytes) and b"%2f" in raw.lower()


def with_encoded_slashes(scope: Scope, path: str) -> str:
    """Return the last part of a scope's path, with `ENCODED_SLASH` for every ``%2F`` in it.

    >>> with_encoded_slashes({"raw_path": b"/a%2Fb/c"}, "a/b/c") == f"a{ENCODED_SLASH}b/c"
    True
    >>> with_encoded_slashes({"raw_path": b"/other%2F"}, "a/b/c")
    'a/b/c'
    """
    if not has_encoded_slash(scope):
        return path
    pieces = _split_at_encoded_slashes(scope["raw_path"])
    whole = ENCODED_SLASH.join(map(decoded, pieces))
    end = whole[len(whole) - len(path) :] if len(path) <= len(whole) else ""
    return end if with_plain_slashes(end) == path else path


def _split_at_encoded_slashes(raw: bytes) -> list[bytes]:
    return raw.replace(b"%2f", b"%2F").split(b"%2F")


def with_plain_slashes(value: Any) -> Any:
    """Return a text with slashes where `ENCODED_SLASH` stood; anything else as it is."""
    return value.replace(ENCODED_SLASH, "/") if isinstance(value, str) else value


def raw_below(raw: bytes, prefix: str) -> bytes | None:
    """Return what follows the raw form of a prefix, or None where it does not begin with it.

    >>> raw_below(b"/caf%C3%A9/x%2Fy", "/café")
    b'/x%2Fy'
    >>> raw_below(b"/other", "/café") is None
    True
    """
    at = 0
    for byte in prefix.encode("utf-8", "replace"):
        piece = raw[at : at + (_ESCAPE if raw[at : at + 1] == b"%" else 1)]
        if unquote_to_bytes(piece) != bytes([byte]):
            return None
        at += len(piece)
    return raw[at:]
