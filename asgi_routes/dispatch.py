"""Dispatch: what a router is, and the only place where an application is called.

In: a scope, and a router. Out: one call of one application. The rule kept here: matching calls nobody,
so a miss is known before any code has run, and routers nest without a coroutine for each level.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Protocol

from asgi_routes.apps import is_router
from asgi_routes.errors import NoRouteFound
from asgi_routes.lifespan import STATELESS, WITH_STATE, Lifespan, LifespanContext, with_state
from asgi_routes.matches import Child, Match, NoMatch
from asgi_routes.not_found import not_found
from asgi_routes.redirects import Redirect
from asgi_routes.scopes import ChildRoute, MatchedRoute
from asgi_routes.types import App, Receive, Scope, Send

_NONE_ALLOWED: frozenset[str] = frozenset()
_KEPT_MESSAGES = 64
_CLOSE_NOT_FOUND = {"type": "websocket.close", "code": 4404, "reason": "Not Found"}


class Router(Protocol):
    """An application that answers one question about a scope: which application serves it?

    Derive from it and write `match` and `children`; being called comes with it. A class that has
    the two methods without deriving is a router too. One that goes on by the path by itself sets
    ``_path_routing`` to True: then a route that leads to it is a prefix.

    Attributes:
        default: the application for a miss; None raises `NoRouteFound`. A nested router whose
            default is `not_found` or None has none of its own: the router around it goes on. It is
            looked at when the router is put into another one.
        lifespan: called with the router; it returns an async context manager, which is entered before
            all that the router leads to is started, and yields state for it, or None.
        follows_routers: whether `match` asks the routers that it leads to, instead of naming them.
    """

    default: App | None = not_found
    lifespan: LifespanContext | None = None
    follows_routers: bool = False

    @abstractmethod
    def match(self, scope: Scope) -> Match | NoMatch:
        """Return what serves this scope. Nothing is called, and the scope is not changed."""

    @abstractmethod
    def children(self) -> Iterable[Child]:
        """Return everything that `match` can lead to, in order, the default last."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Serve one connection: match, and await the one application, or the default."""
        # Routers of ours know nothing of the path or channel of a lifespan; others are not asked.
        if not self.follows_routers and scope.get("type") == "lifespan":
            return await Lifespan([self])(scope, receive, send)
        found = self.match(scope)
        if not found:
            return await _serve_miss(self, found, scope, receive, send)
        if found.resume is not None:
            return await _serve_hidden(self, found, scope, receive, send)
        app, child = found.app, found.scope
        if child is not scope:
            route = child.get("route")
            if type(route) is ChildRoute and "route" not in scope:
                scope["route"] = route.served  # type: ignore[index]
            else:
                _publish(child, scope)
        if WITH_STATE and (id(app) not in STATELESS or id(self) not in STATELESS):
            child = with_state(app, child, self)
        return await app(child, receive, send)

    def lifespan_context(self, _app: object = None) -> AbstractAsyncContextManager[Any]:
        """Return a context manager that keeps all that the router leads to started.

        What it yields is what the router's own `lifespan` yielded, or None.

        For a framework around the router that calls no lifespan but its own:
        ``Starlette(routes, lifespan=router.lifespan_context)``.

        Raises:
            LifespanError: on entering or leaving, some did not start or stop.
        """
        return Lifespan([self]).context()


def answer_of(app: App) -> Callable[[Any], Match | NoMatch]:
    """Return the function from a scope to what serves it behind an application.

    A router is followed. One that misses and has a default of its own has served it by that.
    """
    if not is_router(app):
        return partial(Match, app)
    asked: Any = app
    match = asked.match
    if not getattr(app, "follows_routers", False):
        match = partial(_match_through, asked)
    return match if own_default(app) is None else partial(_followed, asked, match)


def _match_through(router: Any, scope: Any) -> Match | NoMatch:
    """Ask a router that knows nothing of other routers, and those that it leads to."""
    found: Match | NoMatch = router.match(scope)
    return answer_of(found.app)(found.scope) if found and is_router(found.app) else found


def _followed(router: App, match: Callable[[Any], Match | NoMatch], scope: Any) -> Match | NoMatch:
    found = match(scope)
    default = own_default(router)
    if default is None:
        return found
    if not found:
        if found.location is not None:
            return Match(Redirect(found.location), scope)
        return answer_of(_informed(default, found))(scope)
    inner = answer_of(default)
    if (resume := found.resume) is not None:
        found.resume = lambda: resume() or inner(scope)
    return found


def own_default(router: object) -> App | None:
    """Return the default that a nested router answers its misses with, or None."""
    default: App | None = getattr(router, "default", None)
    return None if default is not_found else default


class _HiddenMiss(NoRouteFound):
    """A router found nothing, and another one that it was called by may go on."""

    def __init__(self, miss: NoMatch, route: ChildRoute) -> None:
        super().__init__(miss.reason, miss.allowed)
        self.miss = miss
        self.route = route


def _publish(child: Any, scope: Any) -> None:
    """Leave the matched route where instrumentation looks once the application has returned."""
    route, outer = child.get("route"), scope.get("route")
    if type(route) is ChildRoute and route is not outer:
        if type(outer) is not ChildRoute:
            scope["route"] = route.served
        elif outer.open:
            outer.continued_by(route)


def _withdraw(scope: Any) -> None:
    """Take back what `_publish` left, because that route has not served after all."""
    if type(scope.get("route")) is MatchedRoute:
        del scope["route"]


async def _serve_miss(
    router: Router, miss: NoMatch, scope: Scope, receive: Receive, send: Send
) -> Any:
    default = router.default
    if scope.get("type") == "lifespan":
        return await Lifespan([router])(scope, receive, send)
    outer = scope.get("route")
    if isinstance(outer, ChildRoute) and outer.open and own_default(router) is None:
        raise _HiddenMiss(miss, outer)
    if miss.location is not None:
        return await Redirect(miss.location)(scope, receive, send)
    if default is None:
        raise NoRouteFound(miss.reason, miss.allowed)
    child = with_state(default, scope, router)
    return await _informed(default, miss)(child, receive, send)


def _informed(default: App, miss: NoMatch) -> App:
    """Return the default, told of the miss where it wants to know (see `NotFound.because`)."""
    because = getattr(default, "because", None)
    return default if because is None else because(miss.reason, miss.allowed)


async def _serve_hidden(
    router: Router, found: Match | NoMatch, scope: Scope, receive: Receive, send: Send
) -> Any:
    """Serve a match behind which a router may be hidden that misses.

    Then the next match is tried, provided that nothing was received or sent on the way. What was
    received is handed to the default again, so that nothing is lost.
    """
    allowed, location = _NONE_ALLOWED, None
    while found:
        _publish(found.scope, scope)
        child = with_state(found.app, found.scope, router)
        if (resume := found.resume) is None:
            return await found.app(child, receive, send)
        conversation = _Conversation(receive, send)
        try:
            return await found.app(child, conversation.receive, conversation.send)
        except _HiddenMiss as hidden:
            if hidden.route is not found.scope.get("route"):
                raise
            if conversation.is_lost:
                return await conversation.end(hidden)
            allowed |= hidden.miss.allowed
            location = location or hidden.miss.location
            _withdraw(scope)
            if conversation.received:
                receive = conversation.receive_again
                found = hidden.miss
            else:
                found = resume()
    miss = NoMatch(found.reason, found.allowed | allowed, found.location or location)
    return await _serve_miss(router, miss, scope, receive, send)


class _Conversation:
    """Passes messages through, and knows whether there were any."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._kept: list[Any] = []
        self.received = 0
        self.has_sent = False

    async def receive(self) -> Any:
        message = await self._receive()
        self.received += 1
        # An upload must not pile up here: by then it is clear that somebody serves it.
        if self.received <= _KEPT_MESSAGES and not self.has_sent:
            self._kept.append(message)
        return message

    async def send(self, message: Any) -> None:
        self.has_sent = True
        await self._send(message)

    async def receive_again(self) -> Any:
        return self._kept.pop(0) if self._kept else await self._receive()

    @property
    def is_lost(self) -> bool:
        """Whether nobody else can answer any more."""
        return self.has_sent or self.received > _KEPT_MESSAGES

    async def end(self, miss: _HiddenMiss) -> None:
        """End what a wrapper has begun before its router missed, where the protocol can."""
        if not any(message["type"] == "websocket.connect" for message in self._kept):
            raise miss
        await self._send(_CLOSE_NOT_FOUND)
