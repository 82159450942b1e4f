"""What a router reads from a scope, and the scope that it makes for an application.

In: the scope as it was received, and what a route took from the path. Out: the path that is
matched, and the child scope. The rule kept here: a received scope is never changed, and the child
scope differs from it in ``url_route``, ``path_remaining``, ``path_params`` and ``route`` only.
"""

from collections.abc import Callable, Mapping
from typing import Any

from asgi_routes.types import ChildScope, Scope


class MatchedRoute:
    """What ``scope["route"]`` holds: the template of the route, over all levels of routers.

    Attributes:
        path: as declared, ``/users/<int:id>/``.
        path_format: with every parameter as ``{name}``, ``/users/{id}/``.
        name: the name of the route, or None.
    """

    __slots__ = ("name", "path", "path_format")

    def __init__(self, path: str, path_format: str, name: str | None = None) -> None:
        self.path = path
        self.path_format = path_format
        self.name = name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path!r}{f' name={self.name!r}' if self.name else ''}>"


class ChildRoute(MatchedRoute):
    """The route in a child scope: by it, a router knows that another one called it.

    Attributes:
        served: the same route for the scope that the outermost router received. A scope that is
            used a second time must not look like a child scope.
        open: whether a router may be behind the application that the outer router cannot see. It
            says that it missed by raising, and the outer router goes on.
        origin: returns the outermost router by path, where names are looked up; or None.
        root_path: where that router is, below a mount; else None, and the scope says it.
    """

    __slots__ = ("open", "origin", "root_path", "served")

    def __init__(
        self, path: str, path_format: str, name: str | None = None, *, is_open: bool = False
    ) -> None:
        super().__init__(path, path_format, name)
        self.served = MatchedRoute(path, path_format, name)
        self.open = is_open
        self.origin: Callable[[], Any] | None = None
        self.root_path: str | None = None

    def below(self, outer: object) -> "ChildRoute":
        """Return this route as seen from the router around the one that declared it.

        >>> ChildRoute("/<int:id>/", "/{id}/").below(ChildRoute("/users/", "/users/")).path
        '/users/<int:id>/'
        """
        if not isinstance(outer, ChildRoute):
            return self._at(self.path, self.path_format, self.name, self) if self.open else self
        path = outer.path.removesuffix("/") + self.path if self.path != "/" else outer.path
        path_format = outer.path_format
        if self.path_format != "/":
            path_format = outer.path_format.removesuffix("/") + self.path_format
        return self._at(path, path_format, self.name or outer.name, outer)

    def mounted(self, root_path: str) -> "ChildRoute":
        """Return this route for a mounted application, whose own root path is another one."""
        route = self._at(self.path, self.path_format, self.name, self)
        if route.root_path is None:
            route.root_path = root_path
        return route

    def _at(
        self, path: str, path_format: str, name: str | None, outermost: "ChildRoute"
    ) -> "ChildRoute":
        route = ChildRoute(path, path_format, name, is_open=self.open)
        route.origin, route.root_path = outermost.origin, outermost.root_path
        return route

    def continued_by(self, inner: "ChildRoute") -> None:
        """Take over what a router behind the application has matched."""
        for route in (self, self.served):
            route.path, route.path_format, route.name = inner.path, inner.path_format, inner.name


def route_path(scope: Scope) -> str:
    """Return the path that a router given this scope matches its routes against, from ``/`` on.

    For guards and middleware: what they compare is what the router compares. The ``root_path`` is
    taken off at a segment boundary (ASGI, HTTP connection scope: "path" includes "root_path"); in a
    child scope, what the outer routes have matched is taken off too.

    >>> route_path({"path": "/api/users/1", "root_path": "/api"})
    '/users/1'
    >>> route_path({"path": "/apiary", "root_path": "/api"})
    '/apiary'
    >>> route_path({"path": "/users/1", "path_remaining": "1"})
    '/1'
    """
    return "/" + (remaining_path(scope) or "")


def remaining_path(scope: Scope, *, strict_root_path: bool = False) -> str | None:
    """Return the text that routes are matched against: no root path, one leading slash less.

    None where there is nothing to match: the scope has no path, or, when strict, its path is
    outside the ``root_path``.

    >>> remaining_path({"path": "//users/"})
    '/users/'
    >>> remaining_path({"path": "/users/", "root_path": "/api"})
    'users/'
    >>> remaining_path({"path": "/users/", "root_path": "/api"}, strict_root_path=True)
    """
    if "path_remaining" in scope:
        path = scope["path_remaining"]
    else:
        path = scope.get("path")
        root_path = root_path_of(scope)
        if root_path and isinstance(path, str):
            inside = below_root_path(path, root_path)
            if inside is None and strict_root_path:
                return None
            path = path if inside is None else inside
    if not isinstance(path, str):
        return None
    return path[1:] if path[:1] == "/" else path


def root_path_of(scope: Scope) -> str:
    """Return the root path without a slash at its end; empty where there is none.

    >>> root_path_of({"root_path": "/api/"}), root_path_of({"root_path": None})
    ('/api', '')
    """
    root_path = scope.get("root_path")
    return root_path.rstrip("/") if isinstance(root_path, str) else ""


def below_root_path(path: str, root_path: str) -> str | None:
    """Return what follows the root path in a path, or None where the path is outside it.

    >>> below_root_path("/api/users/", "/api")
    '/users/'
    >>> below_root_path("/apiary/", "/api")
    """
    rest = path.removeprefix(root_path)
    if rest == path and root_path:
        return None
    return rest if rest[:1] in ("", "/") or not root_path else None


def child_scope(
    scope: Scope, args: tuple[Any, ...], kwargs: Mapping[str, Any], rest: str, route: ChildRoute
) -> ChildScope:
    """Return the scope for the application that a route leads to.

    Args:
        scope: as received, or as an outer router made it.
        args: positional parameters of this route.
        kwargs: named parameters of this route, its default ones included.
        rest: what the route left of the path.
        route: what ``scope["route"]`` becomes.
    """
    child = dict(scope)
    outer = scope.get("url_route")
    if outer:
        args = (*outer.get("args", ()), *args)
        kwargs = {**outer.get("kwargs", {}), **kwargs}
    outer_params = scope.get("path_params")
    child["url_route"] = {"args": args, "kwargs": dict(kwargs)}
    child["path_remaining"] = rest
    child["path_params"] = {**outer_params, **kwargs} if outer_params else dict(kwargs)
    child["route"] = route
    return child
