"""Redirects to the same path with a slash more or less.

In: a scope, and the path that would have matched. Out: a location, and the answer that says it. The rule
kept here: a location is a path only, begins with exactly one slash, and every character in it that
could mean something else is quoted: nobody is sent to another host (CVE-2018-14574, CVE-2021-21330).
"""

import logging
from typing import TYPE_CHECKING

from asgi_routes.raw_paths import decoded, encoded
from asgi_routes.scopes import below_root_path, root_path_of
from asgi_routes.types import Receive, Scope, Send

if TYPE_CHECKING:
    from asgiref.typing import HTTPResponseBodyEvent, HTTPResponseStartEvent

_LOGGER = logging.getLogger("asgi_routes")
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


def location_with_other_slash(scope: Scope, *, is_shorter: bool) -> str | None:
    """Return where the same resource is with a slash less, or more, or None for an odd target.

    >>> location_with_other_slash({"path": "/users", "query_string": b"page=2"}, is_shorter=False)
    '/users/?page=2'
    >>> scope = {"path": "//evil.example/", "raw_path": b"//evil.example/"}
    >>> location_with_other_slash(scope, is_shorter=True)
    '/%2Fevil.example'
    """
    path, root_path = scope.get("path") or "", root_path_of(scope)
    if path[:1] != "/":
        return None
    raw = scope.get("raw_path")
    # What the client has quoted stays quoted, but for the first slash: %2F is not one to everybody.
    if isinstance(raw, bytes) and raw[:1] == b"/" and decoded(raw) == path:
        kept = _quoted(raw)
    else:
        kept = encoded(path)
    if below_root_path(path, root_path) is None:
        # Daphne takes a root path from a header that any client can send.
        kept = b"/" + encoded(root_path.removeprefix("/")) + kept
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


class Redirect:
    """An application that sends an http client to another location, for good (308)."""

    def __init__(self, location: str) -> None:
        self.location = location

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        _LOGGER.info("http: redirected to %s", self.location)
        start: HTTPResponseStartEvent = {
            "type": "http.response.start",
            "status": 308,  # RFC 9110, 15.4.9: method and body stay the same.
            "headers": [
                (b"location", self.location.encode("ascii")),
                (b"content-length", b"0"),
            ],
            "trailers": False,
        }
        end: HTTPResponseBodyEvent = {
            "type": "http.response.body",
            "body": b"",
            "more_body": False,
        }
        await send(start)
        await send(end)
