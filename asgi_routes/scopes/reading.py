"""How far a path has been read.

A path is read once, from left to right. Whoever goes on with it goes on at the offset; nothing is
worked out from the texts again.
"""

from typing import Literal, NamedTuple, TypeAlias

from asgi_routes.types import Scope

RootPath: TypeAlias = Literal["auto", "in_path", "stripped"]
"""What a router that a server calls does with the ``root_path``: it reads it first where it is
there; it has to be there; or somebody has taken it off."""
_WITH_PATH = ("http", "websocket")


class Reading(NamedTuple):
    """A path, as far as it has been read.

    Attributes:
        whole: the text that is matched, with the root path.
        at: where routes go on to match in it.
        added: what was put in front of the scope's ``path``, because it had been taken off.
        start: where the outermost router began to match.
    """

    whole: str
    at: int
    added: str = ""
    start: int = 0

    @property
    def text(self) -> str:
        """The text that all routes together are matched against."""
        return self.whole[self.start :]


Position: TypeAlias = tuple[str, int, str, int, object, object, object]
"""What a `Reading` has in it, as it is handed on in a child scope, and the ``path``,
``path_remaining`` and ``root_path`` that it holds for."""


PlainReading: TypeAlias = tuple[str, int, str, int]
"""A `Reading`, or a tuple of what it has in it, which is made in less time."""


def resume(position: Position | None, scope: Scope) -> PlainReading | None:
    """Return a reading that was handed on, if nobody has changed the path since."""
    if position is None:
        return None
    whole, at, added, start, path, remaining, root_path = position
    if (
        scope.get("path") != path
        or scope.get("path_remaining") != remaining
        or scope.get("root_path") != root_path
    ):
        return None
    return whole, at, added, start


def read(scope: Scope, root_path: RootPath = "auto") -> Reading | None:
    """Return a scope's path, as far as it has been read.

    None where there is nothing to match: the scope has no path; what a server made of a target that
    is none (``*``, ``host:443``) does not begin with a slash; or the root path has to be in it, and
    is not.

    >>> read({"path": "//users/"})
    Reading(whole='//users/', at=1, added='', start=1)
    >>> read({"path": "/api/users/", "root_path": "/api"})
    Reading(whole='/api/users/', at=5, added='', start=5)
    >>> read({"path": "/users/", "root_path": "/api"})
    Reading(whole='/api/users/', at=5, added='/api', start=5)
    >>> read({"path": "/users/", "root_path": "/api"}, "in_path")
    >>> read({"type": "http", "asgi": {}, "path": "users/"})
    """
    reading = read_plainly(scope, root_path)
    return None if reading is None else Reading(*reading)


def read_plainly(scope: Scope, root_path: RootPath) -> PlainReading | None:
    """Return the same without the object."""
    position = getattr(scope.get("route"), "position", None)
    if type(position) is tuple and (reading := resume(position, scope)) is not None:
        return reading
    path = scope.get("path")
    if "path_remaining" in scope:
        return _read_remaining(path, scope["path_remaining"])
    if not isinstance(path, str) or _is_no_path(path, scope):
        return None
    front = root_path_of(scope)
    if not front or (root_path != "stripped" and is_below(path, front)):
        return _begin(path, len(front))
    slash = "" if path[:1] == "/" else "/"
    return None if root_path == "in_path" else _begin(front + slash + path, len(front), front)


def _is_no_path(path: str, scope: Scope) -> bool:
    """Tell whether a server's path is a target of another form (RFC 9112, 3.2), ``*`` or a host."""
    # The path of a scope that was made by hand, a communicator's, may lack the slash.
    return path[:1] != "/" and "asgi" in scope and scope.get("type") in _WITH_PATH


def _read_remaining(path: object, rest: object) -> PlainReading | None:
    """Return the reading of what another router has left."""
    if not isinstance(rest, str):
        return None
    if isinstance(path, str) and path.endswith(rest):
        return _begin(path, len(path) - len(rest))
    return _begin(rest, 0)


def _begin(whole: str, at: int, added: str = "") -> PlainReading:
    at += whole[at : at + 1] == "/"
    return whole, at, added, at


def skip_slash(reading: Reading) -> Reading:
    """Return the reading with one slash taken off, where what was read does not end in one."""
    whole, at, added, start = reading
    behind = offset_behind_slash(whole, at)
    return reading if behind == at else Reading(whole, behind, added, start)


def offset_behind_slash(whole: str, at: int) -> int:
    """Return where to read on: one slash further, where what was read does not end in one.

    >>> offset_behind_slash("/m/x", 2), offset_behind_slash("/m/x", 3)
    (3, 3)
    """
    return at if whole[at : at + 1] != "/" or (at and whole[at - 1] == "/") else at + 1


def split_at_mount(whole: str, at: int) -> tuple[str, int] | None:
    """Return the prefix that ends at an offset, without a slash at its end, and where to read on.

    None inside of a segment, where nothing can be mounted.

    >>> split_at_mount("/m/x", 2), split_at_mount("/m/x", 3), split_at_mount("/mx", 2)
    (('/m', 3), ('/m', 3), None)
    """
    behind = offset_behind_slash(whole, at)
    if behind != at:
        return whole[:at], behind
    if at in (0, len(whole)) or whole[at - 1] == "/":
        return whole[:at].removesuffix("/"), at
    return None


def route_path(scope: Scope) -> str:
    """Return the path that a router matches its routes against, beginning with ``/``.

    For guards and middleware: they see the path that the router sees. The ``root_path`` is removed
    at a segment boundary (ASGI, HTTP connection scope: "path" includes "root_path"); in a child
    scope, what the outer routes have matched is removed too.

    >>> route_path({"path": "/api/users/1", "root_path": "/api"})
    '/users/1'
    >>> route_path({"path": "/apiary", "root_path": "/api"})
    '/apiary'
    >>> route_path({"path": "/users/1", "path_remaining": "1"})
    '/1'
    """
    return "/" + text_of(read(scope))


def text_of(reading: Reading | None) -> str:
    """Return the text that is yet to be matched; empty where there is none."""
    return "" if reading is None else reading.whole[reading.at :]


def root_path_of(scope: Scope) -> str:
    """Return the root path without a slash at its end; empty where there is none.

    >>> root_path_of({"root_path": "/api/"}), root_path_of({"root_path": None})
    ('/api', '')
    """
    root_path = scope.get("root_path")
    return root_path.rstrip("/") if isinstance(root_path, str) else ""


def is_below(path: str, root_path: str) -> bool:
    """Tell whether a path begins with a root path, at the end of a segment.

    >>> is_below("/api/users/", "/api"), is_below("/apiary/", "/api")
    (True, False)
    """
    return path.startswith(root_path) and path[len(root_path) : len(root_path) + 1] in ("", "/")
