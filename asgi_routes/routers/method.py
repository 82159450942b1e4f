"""Routing by ``scope["method"]``."""

from collections.abc import Iterator, Mapping
from typing import Any

from asgi_routes.apps import Kind, is_called_as_router
from asgi_routes.errors import raise_together
from asgi_routes.levels import Key, Level
from asgi_routes.lifespan import policy_of_endpoint
from asgi_routes.matches import Child
from asgi_routes.middleware import Middleware
from asgi_routes.routers.keyed import SearchedRouter, checked_mapping, default_child
from asgi_routes.routes.declarations import mistakes_in_methods
from asgi_routes.scopes import UNSET
from asgi_routes.search import Branch, Search, is_application
from asgi_routes.types import App, Scope


class MethodRouter(SearchedRouter):
    """Serves each http method with an application of its own.

    A method that is not in the mapping does not end the search: another route for the same path may
    have it. Where none has, the answer is 405, and ``Allow`` names the methods of all the routes that
    fit the path (RFC 9110, 15.5.6); a router behind a method is asked whether it has the path.

    Args:
        mapping: from method to application; it is copied. Methods are case-sensitive.
        default: the application for every other method, which ends the search; or a policy for
            misses (`not_found`, None).
        head: a HEAD is served by the application for GET (RFC 9110, 9.3.2).
        options: an OPTIONS that no application serves is answered with 204 and ``Allow``.
        middleware: see `path`.

    Raises:
        ImproperlyConfigured: a key is not text in capitals, or a value is not an application.

    >>> async def show(scope, receive, send): ...
    >>> router = MethodRouter({"GET": show})
    >>> router.match({"type": "http", "method": "HEAD"}).app is show
    True
    >>> router.match({"type": "http", "method": "PUT"}).allowed == {"GET", "HEAD", "OPTIONS"}
    True
    """

    def __init__(
        self,
        mapping: Mapping[str, App],
        *,
        default: App | None = UNSET,
        head: bool = True,
        options: bool = True,
        middleware: Middleware = (),
    ) -> None:
        self._apps = checked_mapping(mapping, "MethodRouter", "method")
        if self._apps:
            raise_together([*mistakes_in_methods(self._apps)], "MethodRouter")
        self._options = options
        self._keys: dict[str, tuple[Key, frozenset[str]]] = {}
        for method, app in self._apps.items():
            is_head_too = head and method == "GET" and "HEAD" not in self._apps
            methods = frozenset({"GET", "HEAD"} if is_head_too else {method})
            found = Key(method, app), methods
            self._keys.update(dict.fromkeys(methods, found))
        SearchedRouter.__init__(self, default, middleware)

    @property
    def methods(self) -> frozenset[str]:
        """The methods that are served, HEAD included where it follows from GET."""
        return frozenset(self._keys)

    @property
    def choices(self) -> dict[str, Key] | None:
        """What serves each method, where no router stands behind any of them; else None."""
        keys = {method: key for method, (key, _) in self._keys.items()}
        is_plain = all(key.kind is Kind.ENDPOINT for key in keys.values())
        return keys if is_plain and self.is_transparent and is_called_as_router(self) else None

    def key_of(self, scope: Scope) -> Key | None:
        method: Any = scope.get("method")
        is_plain = self.is_transparent and scope.get("type") == "http" and type(method) is str
        found = self._keys.get(method) if is_plain else None
        return None if found is None else found[0]

    def branches(self, level: Level, search: Search) -> Iterator[Branch]:
        """Yield what serves the scope's method, and then, for ``Allow``, what serves the others."""
        method = search.method
        own = self._keys.get(method) if method is not None else None
        if own is None and is_application(self.default):
            yield from search.lead_nowhere(level, f"No application configured for {method!r}.")
            return
        if method is None:
            kind = level.scope.get("type")
            reason = f"No method in the scope (its type is {kind!r})."
            yield from search.lead_nowhere(level, reason)
            return
        others = (found for found in self._keys.values() if found is not own)
        for key, methods in dict.fromkeys((*([own] if own else ()), *others)):
            branch = search.lead_by_key(level, key, methods=methods, has_options=self._options)
            if branch is not None:
                yield branch
        if own is None and level.reading is None:
            search.refuse(f"No application configured for method {method!r}.")

    def children(self) -> Iterator[Child]:
        for method, app in self._apps.items():
            yield Child(method, app, lifespan=policy_of_endpoint(app))
        yield from default_child(self.default)
