"""Routing by ``scope["type"]``."""

from collections.abc import Iterator, Mapping

from asgi_routes.dispatch import Router, answer_of
from asgi_routes.lifespan import LifespanContext
from asgi_routes.matches import Child, Match, NoMatch
from asgi_routes.not_found import not_found
from asgi_routes.routers.keyed import (
    checked_default,
    checked_lifespan,
    checked_mapping,
    default_child,
)
from asgi_routes.routers.reversing import Reversing
from asgi_routes.types import App, Scope


class ProtocolTypeRouter(Reversing, Router):
    """Serves each type of connection with an application of its own.

    Any type will do, whether ASGI knows it or not: ``http``, ``websocket``, ``channel``, ``mqtt``.
    The ``lifespan`` is answered by the router, which passes it on to all of the applications, unless
    the mapping has one for it.

    Args:
        mapping: from scope type to application; it is copied.
        default: the application for every other type; None raises `NoRouteFound`.
        lifespan: called with the router; returns an async context manager around the lifespan of all
            that the router leads to. What it yields is state, or None.

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

    def __init__(
        self,
        mapping: Mapping[str, App],
        *,
        default: App | None = not_found,
        lifespan: LifespanContext | None = None,
    ) -> None:
        Reversing.__init__(self)
        self._apps = checked_mapping(mapping, "ProtocolTypeRouter", "scope type")
        self.enclose(self._apps.values())
        self._answers = {kind: answer_of(app) for kind, app in self._apps.items()}
        self.default = checked_default(default, "ProtocolTypeRouter")
        self.lifespan = checked_lifespan(lifespan, "ProtocolTypeRouter")

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
            # Where there is an application for the lifespan, the router has no part in it.
            yield Child(kind, app, lifespan="off" if kind == "lifespan" else "auto")
        yield from default_child(self.default)
