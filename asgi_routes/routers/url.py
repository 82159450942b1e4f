"""Routing by the path."""

from collections.abc import Callable, Iterator
from functools import partial

from asgi_routes.dispatch import Child, Match, NoMatch, Router
from asgi_routes.engine import LinearMatcher, Matcher
from asgi_routes.not_found import not_found
from asgi_routes.routers.keyed import checked_default
from asgi_routes.routes import Routes, checked_routes
from asgi_routes.scopes import child_scope, mounted_scope, remaining_path
from asgi_routes.table import Destination, resolved
from asgi_routes.types import App, Scope

_NONE: frozenset[str] = frozenset()


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

    Attributes:
        matcher: from a path without its leading slash to the row that matches it, or None.

    Raises:
        ImproperlyConfigured: something in the list is not a route.

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
    ) -> None:
        self.default = checked_default(default, "URLRouter")
        self._strict_root_path = strict_root_path
        self.matcher: Matcher[Destination]
        self.replace(routes)

    def replace(self, routes: Routes) -> None:
        """Put other routes in the place of those that the router has.

        They are checked and compiled before anything changes. A request is served by the old ones
        or by the new ones, never by some of both.

        Raises:
            ImproperlyConfigured: something in the list is not a route; the old ones stay.
        """
        self.matcher = LinearMatcher(resolved(checked_routes(routes, "URLRouter")))

    def match(self, scope: Scope) -> Match | NoMatch:
        """Return what serves the scope's path, behind nested routers too."""
        path = remaining_path(scope, strict_root_path=self._strict_root_path)
        if path is None:
            return NoMatch(_why_no_path(scope))
        return _first(self.matcher, scope, path, 0)

    def children(self) -> Iterator[Child]:
        for row in self.matcher.rows:
            yield Child(row.target.key, row.target.app, row.target.route)
        if self.default is not None:
            yield Child("default", self.default)


def _first(
    matcher: Matcher[Destination],
    scope: Scope,
    path: str,
    start: int,
    allowed: frozenset[str] = _NONE,
) -> Match | NoMatch:
    """Return the first match among the rows from ``start`` on."""
    while (hit := matcher(path, start)) is not None:
        target, start = hit.row.target, hit.row.index + 1
        route = target.matched.below(scope.get("route"))
        child = child_scope(scope, hit.args, hit.kwargs, hit.rest, route)
        found = target.answer(mounted_scope(child) if target.is_mount else child)
        if not target.may_resume:
            return found
        if not found:
            allowed |= found.allowed
            continue
        if route.open or found.resume is not None:
            behind = partial(_first, matcher, scope, path, start)
            found.resume = partial(_resumed, found.resume, behind, allowed)
        return found
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
