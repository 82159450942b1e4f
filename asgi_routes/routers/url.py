"""Routing by the path."""

from collections.abc import Callable, Iterator
from functools import partial
from threading import Lock
from weakref import WeakSet

from asgi_routes.declarations import Route, Routes, checked_routes
from asgi_routes.dispatch import Child, Match, NoMatch, Router
from asgi_routes.engine import Hit, Matcher, compiler
from asgi_routes.not_found import not_found
from asgi_routes.routers.keyed import checked_default
from asgi_routes.scopes import child_scope, mounted_scope, remaining_path
from asgi_routes.table import Destination, Table, resolved
from asgi_routes.types import App, Scope

_NONE: frozenset[str] = frozenset()
_MOST_COPIES = 1000
"""Rows that a table may have because a router stands in it more than once; then it is asked."""
_REPLACING = Lock()
"""Held while tables change: two threads must not leave an old table around a new one."""


class URLRouter(Router):
    """Serves each path with the application of the first route that matches it.

    Any scope with a ``path`` will do, whatever its type. The application gets a new scope with
    ``url_route`` (``{"args": tuple, "kwargs": dict}``), ``path_remaining``, ``path_params`` and
    ``route``.

    Args:
        routes: made by `path`, `re_path`, `format_path` and `mount`; copied.
        default: the application for every other path; None raises `NoRouteFound`.
        strict_root_path: a path that is outside the scope's ``root_path`` is a miss, instead of
            being taken as one from which a proxy has stripped it.
        regex: the engine for `re_path`: ``re``, Python's own, or ``re2``, whose time is linear, but
            which has no back-references and no look-around (extra ``re2``).

    Raises:
        ImproperlyConfigured: something in the list is not a route, or the engine does not accept a
            regular expression.

    >>> from asgi_routes import path
    >>> async def user(scope, receive, send): ...
    >>> router = URLRouter([path("users/<int:id>/", user)])
    >>> router.match({"type": "http", "path": "/users/7/"}).scope["url_route"]
    {'args': (), 'kwargs': {'id': 7}}
    >>> router.match({"type": "http", "path": "/users/x/"})
    NoMatch("No route found for path 'users/x/'.")
    """

    follows_routers = True
    _path_routing = True  # By this, the routers of Channels know one when they see one.

    def __init__(
        self,
        routes: Routes,
        *,
        default: App | None = not_found,
        strict_root_path: bool = False,
        regex: str = "re",
    ) -> None:
        self.default = checked_default(default, "URLRouter")
        self._compile_regex = compiler(regex)
        self._strict_root_path = strict_root_path
        self._around: WeakSet[URLRouter] = WeakSet()
        self._table: Table
        self.replace(routes)

    @property
    def matcher(self) -> Matcher[Destination]:
        """From a path without its leading slash to what matches it, or None."""
        return self._table.matcher

    def source(self) -> str:
        """Return the Python source of the matcher, which says on each branch for what it is."""
        return self._table.source

    def replace(self, routes: Routes) -> None:
        """Put other routes in the place of those that the router has.

        They are checked and compiled before anything changes. A request is served by the old ones
        or by the new ones, never by some of both.

        Raises:
            ImproperlyConfigured: something in the list is not a route; the old ones stay.
        """
        checked = checked_routes(routes, "URLRouter")
        with _REPLACING:
            self._compile(checked)
            for router in self._all_around():
                router._compile(router._table.routes)

    def _compile(self, routes: tuple[Route, ...]) -> None:
        copies = 0
        seen: set[URLRouter] = {self}

        def routes_of(app: object) -> tuple[Route, ...] | None:
            # What matches in another way has to be asked.
            if not isinstance(app, URLRouter) or type(app).match is not URLRouter.match:
                return None
            if app._compile_regex is not self._compile_regex:
                return None
            app._around.add(self)
            nested = routes if app is self else app._table.routes
            # A router in many places of routers in many places would be copied without end.
            if app in seen:
                nonlocal copies
                copies += len(nested)
            seen.add(app)
            return None if copies > _MOST_COPIES else nested

        self._table = Table(routes, routes_of, self._compile_regex)

    def _all_around(self) -> set["URLRouter"]:
        """Return the routers whose tables hold the rows of this one."""
        found: set[URLRouter] = set()
        open_ = {*self._around}
        while open_:
            found |= open_
            open_ = {around for router in open_ for around in router._around} - found
        return found - {self}

    def match(self, scope: Scope) -> Match | NoMatch:
        """Return what serves the scope's path, behind nested routers too."""
        table = self._table
        path = scope.get("path")
        # What most scopes are is decided here; the functions called below say the same at length.
        if (
            type(path) is str
            and path
            and path[0] == "/"
            and "path_remaining" not in scope
            and not scope.get("root_path")
        ):
            path = path[1:]
        else:
            path = remaining_path(scope, strict_root_path=self._strict_root_path)
            if path is None:
                return NoMatch(_why_no_path(scope))
        hit = table.literal(path) or table.search(path)
        if hit is None:
            return NoMatch(f"No route found for path {path!r}.")
        row, args, kwargs, rest = hit
        target = row.target
        if not target.is_plain or "url_route" in scope or "path_params" in scope:
            return _followed(scope, path, table.hits_from(path, hit))
        child = scope.copy() if type(scope) is dict else dict(scope)
        child["path_remaining"] = rest
        child["route"] = target.matched
        if kwargs:
            child["url_route"] = {"args": args, "kwargs": kwargs}
            child["path_params"] = kwargs.copy()  # type: ignore[attr-defined]
        else:
            child["url_route"] = {"args": args, "kwargs": {}}
            child["path_params"] = {}
        return Match(target.app, child)

    def children(self) -> Iterator[Child]:
        for row in resolved(self._table.routes, lambda _: None):
            yield Child(row.target.key, row.target.app, row.target.route)
        if self.default is not None:
            yield Child("default", self.default)


def _followed(
    scope: Scope, path: str, hits: Iterator[Hit[Destination]], allowed: frozenset[str] = _NONE
) -> Match | NoMatch:
    """Return the match for the first hit that does not lead to a router that misses."""
    for row, args, kwargs, rest in hits:
        target = row.target
        route = target.matched.below(scope.get("route"))
        child = child_scope(scope, args, kwargs, rest, route)
        if target.is_mount:
            child = mounted_scope(child)
        found = Match(target.app, child) if target.answer is None else target.answer(child)
        if found:
            if route.open or found.resume is not None:
                behind = partial(_followed, scope, path, hits)
                found.resume = partial(_resumed, found.resume, behind, allowed)
            return found
        allowed |= found.allowed
    return NoMatch(f"No route found for path {path!r}.", allowed)


def _resumed(
    inner: Callable[[], Match | NoMatch] | None,
    behind: Callable[[frozenset[str]], Match | NoMatch],
    allowed: frozenset[str],
) -> Match | NoMatch:
    """Go on after a match that turned out to be none: first inside, then behind it."""
    found = inner() if inner is not None else NoMatch("")
    if not found:
        return behind(allowed | found.allowed)
    if found.resume is not None:
        found.resume = partial(_resumed, found.resume, behind, allowed)
    return found


def _why_no_path(scope: Scope) -> str:
    path = scope.get("path_remaining", scope.get("path"))
    if isinstance(path, str):
        return f"No route found for path {path!r}: it is outside root_path {scope['root_path']!r}."
    return f"No 'path' in the scope (its type is {scope.get('type')!r}) that could be matched."
