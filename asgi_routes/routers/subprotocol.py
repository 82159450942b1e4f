"""Routing by ``scope["subprotocols"]``."""

from collections.abc import Iterator, Mapping

from asgi_routes.dispatch import Router, answer_of
from asgi_routes.lifespan import policy_of_endpoint
from asgi_routes.matches import Child, Match, NoMatch
from asgi_routes.not_found import not_found
from asgi_routes.routers.keyed import checked_default, checked_mapping, default_child
from asgi_routes.types import App, Scope


class SubprotocolRouter(Router):
    """Serves each websocket with the application for the subprotocol that the client likes best.

    The client names those that it speaks in order of preference (RFC 6455, 4.1); the first of them
    that is in the mapping decides. The application accepts with that ``subprotocol``.

    Args:
        mapping: from subprotocol to application; it is copied. They are case-sensitive.
        default: the application for clients that speak none of them; None raises `NoRouteFound`.

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

    follows_routers = True

    def __init__(self, mapping: Mapping[str, App], *, default: App | None = not_found) -> None:
        self._apps = checked_mapping(mapping, "SubprotocolRouter", "subprotocol")
        self._answers = {name: answer_of(app) for name, app in self._apps.items()}
        self.default = checked_default(default, "SubprotocolRouter")

    def match(self, scope: Scope) -> Match | NoMatch:
        """Return what serves the client's subprotocols (ASGI, "WebSocket Connection Scope")."""
        offered = scope.get("subprotocols")
        if not isinstance(offered, list | tuple):
            offered = ()
        for name in offered:
            answer = self._answers.get(name) if isinstance(name, str) else None
            if answer is not None:
                return answer(scope)
        return NoMatch(f"No application configured for subprotocols {list(offered)!r}.")

    def children(self) -> Iterator[Child]:
        for name, app in self._apps.items():
            yield Child(name, app, lifespan=policy_of_endpoint(app))
        yield from default_child(self.default)
