"""What a router is, and the only place where an application is called.

Matching calls nobody, so a miss is known before any code has run, and routers nest without a
coroutine for each level.
"""

from abc import abstractmethod
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Protocol

from asgi_routes.apps import matches_as_ours, walk
from asgi_routes.dispatch.answers import (
    find_error_of_channels,
    is_application,
    make_answer,
    not_found,
    prepare_answer,
)
from asgi_routes.dispatch.matches import Child, Found, Match, NoMatch, list_asked
from asgi_routes.dispatch.search import find_match
from asgi_routes.lifespan import (
    SETTLED,
    STATELESS,
    UNSTARTED,
    WITH_STATE,
    Lifespan,
    LifespanContext,
    add_state,
    warn_if_never_started,
)
from asgi_routes.middleware import Layer
from asgi_routes.scopes import (
    NO_ROUTE,
    UNSET,
    ChildRoute,
    MatchedRoute,
    Policy,
    outermost_of,
    publish,
    publish_inner,
)
from asgi_routes.types import Receive, Scope, Send

BASE = Policy(not_found, "strict", "decode")
"""What holds where no router sets anything."""


class Router(Protocol):
    """The base class of all routers: an application that knows which application serves a scope.

    Derive from it and implement `match` and `children`; ``__call__`` is inherited. `match` may
    return another router: the search continues there. A router that matches the path itself sets
    ``_path_routing`` to True: then a route that leads to it matches a prefix. A router with a
    ``__call__`` of its own, such as a guard, is always called, never bypassed: in a table, the
    search ends there.

    Attributes:
        default: how to answer a miss: `not_found`, or None, which raises `NoRouteFound`; or an
            application. Where it is not set, the enclosing router decides.
        lifespan: called with the router; returns an async context manager, which is entered before
            everything the router leads to is started, and yields state, or None.
        layer: the middleware of the router, or None.
        has_our_match: whether `match` is the search of this package.
    """

    has_our_match: ClassVar[bool] = False
    default: Any = UNSET
    lifespan: LifespanContext | None = None
    layer: Layer | None = None

    @abstractmethod
    def match(self, scope: Scope) -> Match | NoMatch:
        """Return what serves this scope. No application is called, and the scope is not changed."""

    def find_at_once(self, scope: Scope) -> Found | NoMatch | None:  # noqa: ARG002
        """Return what serves a scope, or a miss, where that is told without the search; else None."""
        return None

    def find_at_length(self, scope: Scope) -> Match | NoMatch:
        """Return what serves a scope, by the search; it says the same as `find_at_once`."""
        if scope.get("type") == "lifespan" and not self.has_our_match:
            return NoMatch("The lifespan is not asked about.")  # Ours know that it has no path.
        return find_match(self, scope, BASE)

    @abstractmethod
    def children(self) -> Iterable[Child]:
        """Return everything that `match` can lead to, in order, the default last."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Serve one connection: match, and await the one application, or the default."""
        found: Found | Match | NoMatch | None = self.find_at_once(scope)
        published = None
        if isinstance(found, tuple):
            app, child, endpoint, _, published = found
        else:
            if found is None:
                found = self.find_at_length(scope)
            if not found:
                return await _serve_miss(self, found, scope, receive, send)
            app, child, endpoint = found.app, found.scope, found.endpoint
        if UNSTARTED or (self.lifespan is not None and id(self) not in SETTLED):
            _warn_of_lifespans(self, found, scope)
        whole = None
        if published is None:
            whole = _publish_route(scope, child)
        elif "route" in scope:
            publish(published, outermost_of(scope))
        else:
            scope["route"] = published  # type: ignore[index]
        if WITH_STATE and (id(endpoint) not in STATELESS or id(self) not in STATELESS):
            child = add_state(endpoint, child, self)
        if whole is None:
            return await app(child, receive, send)
        try:
            return await app(child, receive, send)
        finally:
            if child.get("route") is not whole:
                publish_inner(whole, child)

    __call__.calls_what_serves = True  # type: ignore[attr-defined]

    def lifespan_context(self, _app: object = None) -> AbstractAsyncContextManager[Any]:
        """Return a context manager that runs the lifespan of everything the router leads to.

        It yields what the router's own `lifespan` yielded, or None.

        For a framework around the router that runs only its own lifespan:
        ``Starlette(routes, lifespan=router.lifespan_context)``.

        Raises:
            LifespanError: an application did not start (on entering) or stop (on leaving).
        """
        return Lifespan([self]).context()


def _publish_route(scope: Scope, child: Any) -> ChildRoute | None:
    """Leave the route of a child scope in the received one; return it, where a whole application
    may leave more.
    """  # noqa: D205 - it is one sentence
    if child is scope:
        return None
    route = child.get("route")
    if type(route) is not ChildRoute:
        route = scope.get("route")  # What serves was named by a router of somebody else's.
        if type(route) is not ChildRoute:
            return None
    outermost = outermost_of(scope) if "route" in scope else scope
    publish(route.published or MatchedRoute(route.template), outermost)
    return route if route.is_whole else None


def _warn_of_lifespans(router: Router, found: Found | Match, scope: Scope) -> None:
    """Warn of routers on the way that have a lifespan of their own, which nobody has started."""
    if scope.get("type") == "lifespan":
        return
    if router.lifespan is not None:
        warn_if_never_started(router)
    for one in list_asked(found):
        if id(one) in UNSTARTED:
            warn_if_never_started(one)


def _compile_tables(router: Router) -> None:
    """Compile what will be asked, so that no request has to wait for it."""
    for visit in walk(router):
        if matches_as_ours(visit.router) and hasattr(visit.router, "compile_table"):
            visit.router.compile_table()


async def _serve_miss(
    router: Router, miss: NoMatch, scope: Scope, receive: Receive, send: Send
) -> Any:
    if scope.get("type") == "lifespan":
        _compile_tables(router)
        return await Lifespan([router])(scope, receive, send)
    if not miss.is_known and (error := find_error_of_channels(scope)):
        raise error(miss.reason)
    if miss.is_plain:
        if "route" in scope:
            publish(NO_ROUTE, outermost_of(scope))
        return await not_found.answer_miss(miss, scope, receive, send)
    default = router.default
    if miss.place is None:  # Of a router that was written without deriving from ours.
        policy = not_found if default is UNSET else default
        if is_application(policy):
            return await policy(scope, receive, send)
        return await make_answer(miss, policy)(scope, receive, send)
    app, child, template = prepare_answer(miss, scope)
    publish(MatchedRoute(template) if miss.is_known else NO_ROUTE, outermost_of(scope))
    return await app(child, receive, send)
