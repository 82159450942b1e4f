"""The dispatch protocol: what a router answers, and the only place where an application is called.

In: a scope. Out: a `Match` or a `NoMatch`, which are values; then one call of one application. The
rule kept here: matching calls nobody, so a miss is known before any code has run, and routers nest
without a coroutine for each level.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol, final

from asgi_routes.apps import is_router
from asgi_routes.errors import NoRouteFound
from asgi_routes.lifespan import answer_lifespan
from asgi_routes.not_found import not_found
from asgi_routes.scopes import ChildRoute, MatchedRoute
from asgi_routes.types import App, Receive, Scope, Send

_NONE_ALLOWED: frozenset[str] = frozenset()
_KEPT_MESSAGES = 64
_CLOSE_NOT_FOUND = {"type": "websocket.close", "code": 4404, "reason": "Not Found"}


@final
class Match:
    """The application that serves a scope, and the scope to call it with.

    Attributes:
        app: the application; never a router, nested ones have been followed.
        scope: the child scope for it, or the very scope received where nothing had to be added.
        resume: None, or, where a router may be hidden behind the application, a function that
            returns the next answer in case that router misses.
    """

    __slots__ = ("app", "resume", "scope")

    def __init__(
        self, app: App, scope: Any, resume: "Callable[[], Match | NoMatch] | None" = None
    ) -> None:
        self.app = app
        self.scope = scope
        self.resume = resume

    def __repr__(self) -> str:
        return f"Match({self.app!r}, {self.scope!r})"


@final
class NoMatch:
    """No route of a router serves a scope. It is false, and says why.

    Attributes:
        reason: a sentence for people.
        allowed: the methods that would have been served, where only the method was wrong.

    >>> miss = NoMatch("No route found for path 'x'.")
    >>> bool(miss), miss.reason
    (False, "No route found for path 'x'.")
    """

    __slots__ = ("allowed", "reason")

    def __init__(self, reason: str, allowed: frozenset[str] = _NONE_ALLOWED) -> None:
        self.reason = reason
        self.allowed = allowed

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return f"NoMatch({self.reason!r})"


class Child(NamedTuple):
    """Something that a router can lead to.

    Attributes:
        key: what the scope has to have for it, as people write it: ``http``, ``users/<int:id>/``.
        app: the application or router.
        route: the declaration, where there is one.
    """

    key: str
    app: App
    route: Any = None


class Router(Protocol):
    """An application that answers one question about a scope: which application serves it?

    Derive from it and write `match` and `children`; being called comes with it. A class that has
    the two methods without deriving is a router too. One that goes on by the path by itself sets
    ``_path_routing`` to True: then a route that leads to it is a prefix.

    Attributes:
        default: the application for a miss; None raises `NoRouteFound`. A nested router whose
            default is `not_found` or None has none of its own: the router around it goes on. It is
            looked at when the router is put into another one.
        follows_routers: whether `match` asks the routers that it leads to, instead of naming them.
    """

    default: App | None = not_found
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
            return await answer_lifespan(receive, send)
        found = self.match(scope)
        if not found:
            return await _serve_miss(self, found, scope, receive, send)
        if found.resume is not None:
            return await _serve_hidden(self, found, scope, receive, send)
        child = found.scope
        if child is not scope:
            route = child.get("route")
            if type(route) is ChildRoute and "route" not in scope:
                scope["route"] = route.served  # type: ignore[index]
            else:
                _publish(child, scope)
        return await found.app(child, receive, send)


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
    inner = answer_of(default)
    if not found:
        return inner(scope)
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
        return await answer_lifespan(receive, send)
    outer = scope.get("route")
    if isinstance(outer, ChildRoute) and outer.open and own_default(router) is None:
        raise _HiddenMiss(miss, outer)
    if default is None:
        raise NoRouteFound(miss.reason, miss.allowed)
    because = getattr(default, "because", None)
    if because is not None:
        default = because(miss.reason, miss.allowed)
    return await default(scope, receive, send)


async def _serve_hidden(
    router: Router, found: Match | NoMatch, scope: Scope, receive: Receive, send: Send
) -> Any:
    """Serve a match behind which a router may be hidden that misses.

    Then the next match is tried, provided that nothing was received or sent on the way. What was
    received is handed to the default again, so that nothing is lost.
    """
    allowed = _NONE_ALLOWED
    while found and (resume := found.resume) is not None:
        conversation = _Conversation(receive, send)
        _publish(found.scope, scope)
        try:
            return await found.app(found.scope, conversation.receive, conversation.send)
        except _HiddenMiss as miss:
            if miss.route is not found.scope.get("route"):
                raise
            if conversation.is_lost:
                return await conversation.end(miss)
            allowed |= miss.allowed
            _withdraw(scope)
            if conversation.received:
                receive = conversation.receive_again
                found = NoMatch(miss.reason)
            else:
                found = resume()
    if found:
        _publish(found.scope, scope)
        return await found.app(found.scope, receive, send)
    return await _serve_miss(
        router, NoMatch(found.reason, found.allowed | allowed), scope, receive, send
    )


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
