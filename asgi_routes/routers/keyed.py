"""Routers that go by one key of the scope: its type, method, channel, or subprotocols."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from asgi_routes.apps import Kind, is_called_as_router
from asgi_routes.dispatch import (
    NOTHING,
    Branch,
    Child,
    Chosen,
    Key,
    Level,
    Search,
    is_application,
)
from asgi_routes.errors import ImproperlyConfigured, raise_together
from asgi_routes.lifespan import LifespanContext
from asgi_routes.middleware import Middleware
from asgi_routes.routers.globs import Globs
from asgi_routes.routers.reversing import Reversing
from asgi_routes.routers.searched import (
    KeyedRouter,
    SearchedRouter,
    check_mapping,
    list_endpoints,
    make_keys,
    yield_default_child,
)
from asgi_routes.routers.url import URLRouter
from asgi_routes.routes import (
    find_mistakes_in_methods,
)
from asgi_routes.scopes import UNSET, method_of
from asgi_routes.suspicions import Suspicion, suspect_methods, suspect_types
from asgi_routes.types import App, Scope


class ProtocolTypeRouter(Reversing, KeyedRouter):
    """Routes by ``scope["type"]``: each type of connection has an application of its own.

    Any type works, whether ASGI defines it or not: ``http``, ``websocket``, ``channel``, ``mqtt``.
    The router answers ``lifespan`` itself and passes it on to all of the applications, unless the
    mapping has an application for it.

    Args:
        mapping: from scope type to application; it is copied.
        default: the application for every other type, or how to answer a miss (`not_found`, None).
        lifespan: called with the router; returns an async context manager that is entered around
            the lifespan of everything the router leads to. It yields state, or None.
        middleware: see `path`.
        application_mapping: Channels' name for ``mapping``.

    Raises:
        ImproperlyConfigured: a key is not a string, or a value is not an application.

    >>> async def chat(scope, receive, send): ...
    >>> router = ProtocolTypeRouter({"websocket": chat})
    >>> router.match({"type": "websocket"}).app is chat
    True
    >>> router.match({"type": "http"})
    NoMatch("No application configured for scope type 'http'.")
    """

    def __init__(
        self,
        mapping: Mapping[str, App] = UNSET,
        *,
        application_mapping: Mapping[str, App] = UNSET,
        default: App | None = UNSET,
        lifespan: LifespanContext | None = None,
        middleware: Middleware = (),
    ) -> None:
        Reversing.__init__(self)
        self._apps = check_mapping(
            _choose(mapping, application_mapping), "ProtocolTypeRouter", "scope type", URLRouter
        )
        self.enclose(self._apps.values())
        self._keys = make_keys(self._apps)
        SearchedRouter.__init__(self, default, middleware)
        self.set_lifespan(lifespan)
        self.warn_of_suspicions()

    def list_suspicions(self) -> Iterator[Suspicion]:
        yield from super().list_suspicions()
        yield from suspect_types(self._apps)

    def find_key(self, scope: Scope) -> Chosen | None:
        """Return what serves the scope's type.

        Raises:
            KeyError: the scope has no ``type``, so it is none (ASGI, "Connection Scope").
        """
        kind = scope["type"]
        key = self._keys.get(kind) if isinstance(kind, str) else None
        return None if key is None else (key, NOTHING)

    def branches(self, level: Level, search: Search) -> Iterator[Branch]:
        chosen = self.find_key(level.scope)
        yield from self.lead_on(level, search, chosen, "scope type", level.scope["type"])

    def _arguments(self) -> dict[str, Any]:
        return super()._arguments() | {"mapping": self._apps, "lifespan": self.lifespan}

    def children(self) -> Iterator[Child]:
        for kind, app in self._apps.items():
            # Where there is an application for the lifespan, the router has no part in it.
            yield Child(kind, app, lifespan="off" if kind == "lifespan" else "auto")
        yield from yield_default_child(self.default)


def _choose(mapping: Any, application_mapping: Any) -> Any:
    """Return a mapping, under whichever name it was given."""
    if mapping is not UNSET and application_mapping is not UNSET:
        raise ImproperlyConfigured(
            "mapping and application_mapping are the same argument",
            hint="pass only one of them",
        )
    return application_mapping if mapping is UNSET else mapping


class MethodRouter(KeyedRouter):
    """Routes by ``scope["method"]``: each HTTP method has an application of its own.

    A method that is not in the mapping does not end the search: another route for the same path
    may serve it. Where none does, the answer is 405, and ``Allow`` lists the methods of all routes
    that match the path (RFC 9110, 15.5.6); a router behind a method is asked whether it has the
    path.

    Args:
        mapping: from method to application; it is copied. Methods are case-sensitive.
        default: the application for every other method, which ends the search; or how to answer a
            miss (`not_found`, None).
        head: whether HEAD is served by the application for GET (RFC 9110, 9.3.2).
        options: whether an OPTIONS that no application serves is answered with 204 and ``Allow``.
        middleware: see `path`.

    Raises:
        ImproperlyConfigured: a key is not an uppercase string, or a value is not an application.

    >>> async def show(scope, receive, send): ...
    >>> router = MethodRouter({"GET": show})
    >>> router.match({"type": "http", "method": "HEAD"}).app is show
    True
    >>> router.match({"type": "http", "method": "PUT"}).allowed == {"GET", "HEAD", "OPTIONS"}
    True
    """

    misses_by_key = False  # The methods of all keys are told.

    def __init__(
        self,
        mapping: Mapping[str, App],
        *,
        default: App | None = UNSET,
        head: bool = True,
        options: bool = True,
        middleware: Middleware = (),
    ) -> None:
        self._apps = check_mapping(mapping, "MethodRouter", "method", URLRouter)
        if self._apps:
            raise_together([*find_mistakes_in_methods(self._apps)], "MethodRouter")
        self._head = head
        self._options = options
        self._keys: dict[str, tuple[Key, frozenset[str]]] = {}
        for method, app in self._apps.items():
            is_head_too = head and method == "GET" and "HEAD" not in self._apps
            methods = frozenset({"GET", "HEAD"} if is_head_too else {method})
            found = Key(method, app), methods
            self._keys.update(dict.fromkeys(methods, found))
        SearchedRouter.__init__(self, default, middleware)
        self.warn_of_suspicions()

    def list_suspicions(self) -> Iterator[Suspicion]:
        yield from super().list_suspicions()
        yield from suspect_methods(self._apps)

    @property
    def methods(self) -> frozenset[str]:
        """The methods that are served, including HEAD where GET implies it."""
        return frozenset(self._keys)

    @property
    def choices(self) -> dict[str, Key] | None:
        """What serves each method, where no router stands behind any of them; else None."""
        keys = {method: key for method, (key, _) in self._keys.items()}
        is_plain = all(key.kind is Kind.ENDPOINT for key in keys.values())
        return keys if is_plain and self.is_transparent and is_called_as_router(self) else None

    def find_key(self, scope: Scope) -> Chosen | None:
        """Return what serves the scope's method, if it is one of HTTP."""
        method = method_of(scope)
        found = None if method is None else self._keys.get(method)
        return None if found is None else (found[0], NOTHING)

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
        others = [found for found in self._keys.values() if found is not own]
        found = [] if own is None else [own]
        # The search ends at a boundary, which then has to know the methods of the others.
        is_last = own is not None and own[0].kind is Kind.BOUNDARY
        for key, methods in dict.fromkeys((*others, *found) if is_last else (*found, *others)):
            branch = search.lead_by_key(level, key, methods=methods, has_options=self._options)
            if branch is not None:
                yield branch
        if own is None and level.reading is None:
            search.refuse(f"No application configured for method {method!r}.")

    def _arguments(self) -> dict[str, Any]:
        own = {"head": self._head, "options": self._options}
        return super()._arguments() | own | {"mapping": self._apps}

    def children(self) -> Iterator[Child]:
        yield from list_endpoints(self._apps)
        yield from yield_default_child(self.default)


is_glob = re.compile(r"[*?[]").search


class ChannelNameRouter(KeyedRouter):
    """Routes by ``scope["channel"]``: each channel of a worker has an application of its own.

    Args:
        mapping: from channel name to application; it is copied. A key with ``*``, ``?`` or ``[``
            is a glob (`fnmatch`, case-sensitive). An exact name comes first, then the globs in
            order.
        default: the application for every other channel, or how to answer a miss: both
            `not_found` and None raise `NoRouteFound`, because nobody waits for an answer.
        middleware: see `path`.
        application_mapping: Channels' name for ``mapping``.

    Raises:
        ImproperlyConfigured: a key is not a string, or a value is not an application.

    >>> async def thumbnails(scope, receive, send): ...
    >>> async def mail(scope, receive, send): ...
    >>> router = ChannelNameRouter({"thumbnails-*": thumbnails, "mail": mail})
    >>> router.match({"type": "channel", "channel": "thumbnails-small"}).app is thumbnails
    True
    >>> router.match({"type": "channel", "channel": "Mail"})
    NoMatch("No application configured for channel name 'Mail'.")
    """

    def __init__(
        self,
        mapping: Mapping[str, App] = UNSET,
        *,
        application_mapping: Mapping[str, App] = UNSET,
        default: App | None = UNSET,
        middleware: Middleware = (),
    ) -> None:
        self._apps = check_mapping(
            _choose(mapping, application_mapping), "ChannelNameRouter", "channel name", URLRouter
        )
        keys = make_keys(self._apps)
        self._keys = {name: key for name, key in keys.items() if not is_glob(name)}
        self._globs = Globs([(name, key) for name, key in keys.items() if is_glob(name)])
        SearchedRouter.__init__(self, default, middleware)
        self.warn_of_suspicions()

    @property
    def channels(self) -> tuple[str, ...]:
        """The names and globs, in order."""
        return tuple(self._apps)

    def find_key(self, scope: Scope) -> Chosen | None:
        """Return what serves the scope's channel; its type is not looked at."""
        channel = scope.get("channel")
        if not isinstance(channel, str):
            return None
        key = self._keys.get(channel) or self._globs.find(channel)
        return None if key is None else (key, NOTHING)

    def branches(self, level: Level, search: Search) -> Iterator[Branch]:
        channel = level.scope.get("channel")
        if not isinstance(channel, str):
            kind = level.scope.get("type")
            yield from search.lead_nowhere(
                level,
                f"No channel name in the scope (its type is {kind!r}); "
                "ChannelNameRouter only serves scopes of type 'channel'.",
            )
            return
        yield from self.lead_on(level, search, self.find_key(level.scope), "channel name", channel)

    def _arguments(self) -> dict[str, Any]:
        return super()._arguments() | {"mapping": self._apps}

    def children(self) -> Iterator[Child]:
        yield from list_endpoints(self._apps)
        yield from yield_default_child(self.default)


class SubprotocolRouter(KeyedRouter):
    """Routes by ``scope["subprotocols"]``: each websocket subprotocol has an application of its own.

    The client lists the subprotocols it supports in order of preference (RFC 6455, 4.1); the first
    one in the mapping is chosen. The application accepts with that ``subprotocol``.

    Args:
        mapping: from subprotocol to application; it is copied. Names are case-sensitive.
        default: the application for clients that support none of them, or how to answer a miss
            (`not_found`, None).
        middleware: see `path`.

    Raises:
        ImproperlyConfigured: a key is not a string, or a value is not an application.

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
        self._apps = check_mapping(mapping, "SubprotocolRouter", "subprotocol", URLRouter)
        self._keys = make_keys(self._apps)
        SearchedRouter.__init__(self, default, middleware)
        self.warn_of_suspicions()

    def find_key(self, scope: Scope) -> Chosen | None:
        """Return what serves the client's subprotocols (ASGI, "WebSocket Connection Scope")."""
        for name in _list_subprotocols(scope):
            key = self._keys.get(name) if isinstance(name, str) else None
            if key is not None:
                return key, NOTHING
        return None

    def branches(self, level: Level, search: Search) -> Iterator[Branch]:
        offered = [*_list_subprotocols(level.scope)]
        yield from self.lead_on(level, search, self.find_key(level.scope), "subprotocols", offered)

    def _arguments(self) -> dict[str, Any]:
        return super()._arguments() | {"mapping": self._apps}

    def children(self) -> Iterator[Child]:
        yield from list_endpoints(self._apps)
        yield from yield_default_child(self.default)


def _list_subprotocols(scope: Scope) -> Sequence[Any]:
    offered = scope.get("subprotocols")
    return offered if isinstance(offered, list | tuple) else ()
