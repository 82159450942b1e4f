"""Routing by ``scope["subprotocols"]``."""

from collections.abc import Iterator, Mapping

from asgi_routes.levels import Level
from asgi_routes.lifespan import policy_of_endpoint
from asgi_routes.matches import Child
from asgi_routes.middleware import Middleware
from asgi_routes.routers.keyed import SearchedRouter, checked_mapping, default_child, keys_of
from asgi_routes.scopes import UNSET
from asgi_routes.search import Branch, Search
from asgi_routes.types import App


class SubprotocolRouter(SearchedRouter):
    """Serves each websocket with the application for the subprotocol that the client likes best.

    The client names those that it speaks in order of preference (RFC 6455, 4.1); the first of them
    that is in the mapping decides. The application accepts with that ``subprotocol``.

    Args:
        mapping: from subprotocol to application; it is copied. They are case-sensitive.
        default: the application for clients that speak none of them, or a policy for misses (`not_found`,
            None).
        middleware: see `path`.

    Raises:
        ImproperlyConfigured: a key is not text, or a value is not an application.

    >>> async def old(scope, receive, send): ...
    >>> async def new(scope, receive, send): ...
    >>> router = SubprotocolRouter({"graphql-ws": old, "graphql-transport-ws": new})
    >>> offered = ["graphql-transport-ws", "graphql-ws"]
    >>> router.match({"type": "websocket", "subprotocols": offered}).app is new
    True
    >>> router.match({"type": "websocket", "subprotocols": ["mqtt"]})
    NoMatch("No application configured for subprotocols ['mqtt'].")
    """

    def __init__(
        self,
        mapping: Mapping[str, App],
        *,
        default: App | None = UNSET,
        middleware: Middleware = (),
    ) -> None:
        self._apps = checked_mapping(mapping, "SubprotocolRouter", "subprotocol")
        self._keys = keys_of(self._apps)
        SearchedRouter.__init__(self, default, middleware)

    def branches(self, level: Level, search: Search) -> Iterator[Branch]:
        """Yield what serves the client's subprotocols (ASGI, "WebSocket Connection Scope")."""
        offered = level.scope.get("subprotocols")
        if not isinstance(offered, list | tuple):
            offered = ()
        keys = (self._keys.get(name) for name in offered if isinstance(name, str))
        key = next((key for key in keys if key is not None), None)
        if key is None:
            reason = f"No application configured for subprotocols {list(offered)!r}."
            yield from search.lead_nowhere(level, reason)
        elif (branch := search.lead_by_key(level, key)) is not None:
            yield branch

    def children(self) -> Iterator[Child]:
        for name, app in self._apps.items():
            yield Child(name, app, lifespan=policy_of_endpoint(app))
        yield from default_child(self.default)
