"""Mounts: the scope for a whole application under a prefix.

In: the child scope that a route made. Out: the scope for the application that is mounted there. The
rule kept here: for it, ``root_path`` is where it is, and ``path`` is full and begins with that (ASGI,
HTTP connection scope), whatever the server and the proxy before it have made of them.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from asgi_routes.raw_paths import decoded, encoded, raw_below
from asgi_routes.scopes import below_root_path, root_path_of
from asgi_routes.types import ChildScope, LifespanPolicy

AtPrefix: TypeAlias = Literal["serve", "redirect", "miss"]
"""What happens to a request for the very prefix, without a slash behind it."""

_OF_FRAMEWORKS = frozenset(
    {
        "app",
        "app_root_path",
        "endpoint",
        "litestar_app",
        "path_template",
        "route_handler",
        "router",
        "starlette.exception_handlers",
    }
)
"""What Starlette, FastAPI and Litestar write into the scope. Another application of the same kind would
take it for its own, and make URLs of the outer one."""


@dataclass(frozen=True, slots=True)
class Mounting:
    """How an application is put under its prefix; `mount` says what each means."""

    strip: bool = False
    isolate: bool = True
    at_prefix: AtPrefix = "serve"
    lifespan: LifespanPolicy = "auto"


def mounted_scope(child: ChildScope, mounting: Mounting) -> ChildScope:
    """Turn a child scope into one for a whole application.

    >>> child = {"path": "/shop/a", "root_path": "", "path_remaining": "/a"}
    >>> mounted_scope(child, Mounting())
    {'path': '/shop/a', 'root_path': '/shop'}
    >>> child = {"path": "/shop/a", "root_path": "/api", "path_remaining": "/a", "raw_path": b"/shop/a"}
    >>> mounted_scope(child, Mounting(strip=True))
    {'path': '/a', 'root_path': '/api/shop', 'raw_path': b'/a'}
    """
    rest = child.pop("path_remaining")
    path = _full_path(child)
    if not path.endswith(rest):
        path += "/"  # It was matched as if it ended in one.
    prefix = path[: len(path) - len(rest)].removesuffix("/")
    child["root_path"] = prefix
    if mounting.strip:
        _strip(child, prefix, rest)
    if mounting.isolate:
        for key in [key for key in child if key in _OF_FRAMEWORKS or key.startswith("fastapi_")]:
            del child[key]
    return child


def _full_path(child: ChildScope) -> str:
    """Return the path with the root path; where it has been stripped, put it back."""
    path, root_path = child.get("path") or "", root_path_of(child)
    if below_root_path(path, root_path) is not None:
        return path
    path = root_path + (path if path[:1] == "/" else "/" + path)
    raw = child.get("raw_path")
    child["path"] = path
    if isinstance(raw, bytes):
        has_slash = decoded(raw[: len("%2F")])[:1] == "/"
        child["raw_path"] = encoded(root_path) + (raw if has_slash else b"/" + raw)
    return path


def _strip(child: ChildScope, prefix: str, rest: str) -> None:
    child["path"] = path = rest if rest[:1] == "/" else "/" + rest
    raw = child.get("raw_path")
    if isinstance(raw, bytes):
        raw = raw_below(raw, prefix)
        child["raw_path"] = encoded(path) if raw is None else raw or b"/"
