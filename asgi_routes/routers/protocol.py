"""Routing by ``scope["type"]``."""

from collections.abc import Iterator, Mapping

from asgi_routes.dispatch import Child, Match, NoMatch, Router, answer_of
from asgi_routes.not_found import not_found
from asgi_routes.routers.keyed import checked_default, checked_mapping
from asgi_routes.types import App, Scope


class ProtocolTypeRouter(Router):
    """Serves each type of connection with an application of its own.

    Any type will do, whether ASGI knows it or not: ``http``, ``websocket``, ``channel``, ``mqtt``.
    The ``lifespan`` is answered by the router unless the mapping has an application for it.

    Args:
        mapping: from scope type to application; it is copied.
        default: the application for every other type; None raises `NoRouteFound`.

    Raises:
        ImproperlyConfigured: a key is not text, or a value is not an application.

    >>> async def chat(scope, receive, send): ...
    >>> router = ProtocolTypeRouter({"websocket": chat})
    >>> router.match({"type": "websocket"}).app is chat
    True
    >>> router.match({"type": "http"})
    NoMatch("No application configured for scope type 'http'.")
    """

    follows_routers = True

    def __init__(self, mapping: Mapping[str, App], *, default: App | None = not_found) -> None:
        self._apps = checked_mapping(mapping, "ProtocolTypeRouter", "scope type")
        self._answers = {kind: answer_of(app) for kind, app in self._apps.items()}
        self.default = checked_default(default, "ProtocolTypeRouter")

    def match(self, scope: Scope) -> Match | NoMatch:
        """Return what serves the scope's type.

        Raises:
            KeyError: the scope has no ``type``, so it is none (ASGI, "Connection Scope").
        """
        kind = scope["type"]
        try:
            answer = self._answers.get(kind)
        except TypeError:  # It cannot be the key of anything.
            answer = None
        if answer is None:
            return NoMatch(f"No application configured for scope type {kind!r}.")
        return answer(scope)

    def children(self) -> Iterator[Child]:
        for kind, app in self._apps.items():
            yield Child(kind, app)
        if self.default is not None:
            yield Child("default", self.default)
