"""Routing by ``scope["type"]``."""

from collections.abc import Iterator, Mapping

from asgi_routes.levels import Key, Level
from asgi_routes.lifespan import LifespanContext
from asgi_routes.matches import Child
from asgi_routes.middleware import Middleware
from asgi_routes.routers.keyed import (
    SearchedRouter,
    checked_mapping,
    default_child,
    keys_of,
)
from asgi_routes.routers.reversing import Reversing
from asgi_routes.scopes import UNSET
from asgi_routes.search import Branch, Search
from asgi_routes.types import App, Scope


class ProtocolTypeRouter(Reversing, SearchedRouter):
    """Serves each type of connection with an application of its own.

    Any type will do, whether ASGI knows it or not: ``http``, ``websocket``, ``channel``, ``mqtt``.
    The ``lifespan`` is answered by the router, which passes it on to all of the applications, unless
    the mapping has one for it.

    Args:
        mapping: from scope type to application; it is copied.
        default: the application for every other type, or a policy for misses (`not_found`, None).
        lifespan: called with the router; returns an async context manager around the lifespan of all
            that the router leads to. What it yields is state, or None.
        middleware: see `path`.

    Raises:
        ImproperlyConfigured: a key is not text, or a value is not an application.

    >>> async def chat(scope, receive, send): ...
    >>> router = ProtocolTypeRouter({"websocket": chat})
    >>> router.match({"type": "websocket"}).app is chat
    True
    >>> router.match({"type": "http"})
    NoMatch("No application configured for scope type 'http'.")
    """

    def __init__(
        self,
        mapping: Mapping[str, App],
        *,
        default: App | None = UNSET,
        lifespan: LifespanContext | None = None,
        middleware: Middleware = (),
    ) -> None:
        Reversing.__init__(self)
        self._apps = checked_mapping(mapping, "ProtocolTypeRouter", "scope type")
        self.enclose(self._apps.values())
        self._keys = keys_of(self._apps)
        SearchedRouter.__init__(self, default, middleware)
        self.set_lifespan(lifespan)

    def key_of(self, scope: Scope) -> Key | None:
        kind = scope["type"]
        return self._keys.get(kind) if self.is_transparent and type(kind) is str else None

    def branches(self, level: Level, search: Search) -> Iterator[Branch]:
        """Yield what serves the scope's type.

        Raises:
            KeyError: the scope has no ``type``, so it is none (ASGI, "Connection Scope").
        """
        kind = level.scope["type"]
        key = self._keys.get(kind) if isinstance(kind, str) else None
        if key is None:
            yield from search.lead_nowhere(
                level, f"No application configured for scope type {kind!r}."
            )
        elif (branch := search.lead_by_key(level, key)) is not None:
            yield branch

    def children(self) -> Iterator[Child]:
        for kind, app in self._apps.items():
            # Where there is an application for the lifespan, the router has no part in it.
            yield Child(kind, app, lifespan="off" if kind == "lifespan" else "auto")
        yield from default_child(self.default)
