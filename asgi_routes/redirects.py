"""Locations of the same path with a slash more or less.

In: a scope. Out: a location. The rule kept here: a location is a path only, begins with exactly one
slash, and every character in it that could mean something else is quoted: nobody is sent to another
host (CVE-2018-14574, CVE-2021-21330).
"""

from asgi_routes.raw_paths import decoded, encoded
from asgi_routes.types import Scope

_QUERY_SAFE = frozenset(b"/:@!$&'()*+,;=~-._?%") | frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)


def other_slash(path: str) -> str | None:
    """Return the path with a slash more or less at its end, or None where there is no other.

    >>> other_slash("users/"), other_slash("users"), other_slash(""), other_slash("users//")
    ('users', 'users/', None, None)
    """
    if not path.endswith("/"):
        return path + "/" if path else None
    shorter = path[:-1]
    return shorter if shorter and not shorter.endswith("/") else None


def location_with_other_slash(scope: Scope, added: str = "", *, is_shorter: bool) -> str | None:
    """Return where the same resource is with a slash less, or more, or None for an odd target.

    Args:
        scope: as received.
        added: the root path, where somebody has taken it off the path.
        is_shorter: whether the slash is taken off.

    >>> location_with_other_slash({"path": "/users", "query_string": b"page=2"}, is_shorter=False)
    '/users/?page=2'
    >>> scope = {"path": "//evil.example/", "raw_path": b"//evil.example/"}
    >>> location_with_other_slash(scope, is_shorter=True)
    '/%2Fevil.example'
    """
    path = scope.get("path") or ""
    if path[:1] != "/":
        return None
    raw = scope.get("raw_path")
    # What the client has quoted stays quoted, but for the first slash: %2F is not one to everybody.
    if isinstance(raw, bytes) and raw[:1] == b"/" and decoded(raw) == path:
        kept = _quoted(raw)
    else:
        kept = encoded(path)
    if added:
        # Daphne takes a root path from a header that any client can send.
        kept = b"/" + encoded(added.removeprefix("/")) + kept
    if is_shorter:
        kept = kept[: -len("/" if kept.endswith(b"/") else "%2F")]
    else:
        kept += b"/"
    if kept.startswith(b"//"):
        kept = b"/%2F" + kept[1:].lstrip(b"/")
    query = scope.get("query_string") or b""
    return (kept + (b"?" + _quoted(query) if query else b"")).decode("ascii")


def _quoted(text: bytes) -> bytes:
    return b"".join(b"%c" % byte if byte in _QUERY_SAFE else b"%%%02X" % byte for byte in text)
