"""The scope that an application is called with.

A received scope is never changed, but for the ``route`` that instrumentation looks for. A child
scope is always made from it, and differs in ``url_route``, ``path_remaining``, ``path_params`` and
``route`` only or, below a mount, in where the application is.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from asgi_routes.scopes.raw_paths import cut_raw_prefix, decode_path, encode_path
from asgi_routes.scopes.route import ChildRoute
from asgi_routes.types import ChildScope, Scope

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
"""What Starlette, FastAPI and Litestar write into the scope. Another application of the same
kind would take it for its own, and make URLs of the outer one."""
_NOTHING: Mapping[str, Any] = {}
MISS = "route_miss"
"""The key that says to a page or default why it was called; what it leads to does not get it."""


def add_route(scope: Scope, route: ChildRoute) -> ChildScope:
    """Return a scope with a route added, which routers and middleware behind it go by."""
    outer = scope.get("route")
    route.is_added = True
    route.received = outer.received if type(outer) is ChildRoute and outer.is_added else outer
    child = {**scope, "route": route}
    child.pop(MISS, None)
    return child


def remove_additions(scope: Scope) -> Scope:
    """Return a scope as it was before anything was added to it for others than an application."""
    route = scope.get("route")
    is_added = type(route) is ChildRoute and route.is_added
    if not is_added and MISS not in scope:
        return scope
    kept = route.received if type(route) is ChildRoute and is_added else route
    given = {key: value for key, value in scope.items() if key not in (MISS, "route")}
    return given if kept is None else {**given, "route": kept}


PlainMounted: TypeAlias = tuple[str, str, str | None, bool]
"""A `Mounted`, or a tuple of what it has in it, which is made in less time."""


class Mounted(NamedTuple):
    """Where an application is mounted.

    Attributes:
        root_path: what ends where it is mounted.
        added: what was put in front of the ``path``, because it had been taken off.
        path: what the application gets as its path, where the prefix is to be taken off; else None.
        isolate: whether it gets nothing that frameworks have left in the scope.
    """

    root_path: str
    added: str
    path: str | None
    isolate: bool


def mount_at(prefix: str, added: str, rest: str, mounting: Any) -> PlainMounted:
    """Return where an application is mounted, by a `Mounting`, that gets the rest of a path."""
    path = None
    if mounting.strip:
        path = rest if rest[:1] == "/" else "/" + rest
    return prefix, added, path, mounting.isolate


def child_scope(
    scope: Scope,
    route: ChildRoute,
    taken: Sequence[tuple[tuple[Any, ...], Mapping[str, Any]]] | None = None,
    rest: str | None = None,
    mounted: PlainMounted | None = None,
) -> ChildScope:
    """Return the scope for the application that a route leads to.

    Args:
        scope: as received, or as a router of somebody else's made it.
        route: what ``scope["route"]`` becomes.
        taken: the positional and named parameters of every level, the outermost first; None where
            nothing goes by the path or by parameters.
        rest: what the route left of the path; None where nobody has read it, and for what is
            mounted.
        mounted: the last mount on the way, or None.
    """
    child: ChildScope = scope.copy() if type(scope) is dict else dict(scope)
    if MISS in child:
        del child[MISS]
    if taken is not None:
        args, kwargs = taken[0] if len(taken) == 1 else _merge(taken)
        outer: Any = child.get("url_route")
        if outer:
            args = (*(outer.get("args") or ()), *args)
            kwargs = {**(outer.get("kwargs") or _NOTHING), **kwargs}
        else:
            kwargs = {**kwargs}
        child["url_route"] = {"args": args, "kwargs": kwargs}
        params = child.get("path_params")
        child["path_params"] = {**params, **kwargs} if params else kwargs.copy()
    if mounted is not None:
        _mount(child, mounted, rest)
    if rest is not None:
        child["path_remaining"] = rest
    child["route"] = route
    return child


def _merge(
    taken: Sequence[tuple[tuple[Any, ...], Mapping[str, Any]]],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the parameters of all levels."""
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    for level_args, level_kwargs in taken:
        args += level_args
        kwargs.update(level_kwargs)
    return args, kwargs


def _mount(child: ChildScope, mounted: PlainMounted, rest: str | None) -> None:
    """Let an application find where it is: ``path`` is full, and begins with ``root_path``
    (ASGI, HTTP connection scope), whatever the server and the proxy before it have made of them.
    """  # noqa: D205 - it is one sentence
    prefix, added, path, isolate = mounted
    if added:
        _put_back(child, added)
    if "path_remaining" in child:
        del child["path_remaining"]
    child["root_path"] = prefix
    if path is not None and rest is None:
        child["path"] = path
        raw = child.get("raw_path")
        if isinstance(raw, bytes):
            raw = cut_raw_prefix(raw, prefix)
            child["raw_path"] = encode_path(path) if raw is None else raw or b"/"
    # Whoever leaves one of its keys here has left one of these.
    if isolate and not child.keys().isdisjoint(_OF_FRAMEWORKS):
        for key in [key for key in child if key in _OF_FRAMEWORKS or key.startswith("fastapi_")]:
            del child[key]


def _put_back(child: ChildScope, root_path: str) -> None:
    path = child["path"]
    child["path"] = root_path + (path if path[:1] == "/" else "/" + path)
    raw = child.get("raw_path")
    if isinstance(raw, bytes):
        has_slash = decode_path(raw[: len("%2F")])[:1] == "/"
        child["raw_path"] = encode_path(root_path) + (raw if has_slash else b"/" + raw)
