"""What a router answers: a match, or why there is none.

In: what the search has found out about a scope. Out: values. The rule kept here: a miss is a value too, so
nothing is raised on the way, and it knows all that an answer to the client needs.
"""

from typing import Any, Literal, NamedTuple, final

from asgi_routes.levels import Hop, Key, Place, hop_of, hops_to
from asgi_routes.middleware import names_of_callables
from asgi_routes.scopes import MISS, MatchedRoute
from asgi_routes.types import App, LifespanPolicy

NONE_ALLOWED: frozenset[str] = frozenset()


@final
class Match:
    """Whom to call for a scope, with what, and what is known of what will serve it.

    Attributes:
        app: the application to call: the outermost middleware of the routes on the way, or, without
            any, the endpoint.
        scope: the child scope for it, or the very scope received where nothing had to be added.
        endpoint: what serves: an application, or what somebody has wrapped around a router by hand,
            which has to be called to go on.
    """

    __slots__ = ("_level", "_via", "app", "endpoint", "scope")

    def __init__(
        self, app: App, scope: Any, endpoint: Any = None, level: Any = None, via: Any = None
    ) -> None:
        self.app = app
        self.scope = scope
        self.endpoint = app if endpoint is None else endpoint
        self._level: Any = level
        self._via = via

    @property
    def route(self) -> MatchedRoute | None:
        """The template of the route that serves, over all levels of routers; None without any."""
        route = self.scope.get("route")
        return route if isinstance(route, MatchedRoute) and route.path else None

    @property
    def hops(self) -> tuple[Hop, ...]:
        """The routers that were asked on the way, each with what it went by, the outermost first."""
        level = self._level
        if type(level) is tuple:
            return tuple(hop_of(*pair) for pair in level)
        return hops_to(level, self._via)

    @property
    def is_default(self) -> bool:
        """Whether it is the default of a router that serves, because no route does."""
        return type(self._via) is Key and self._via.is_default

    @property
    def miss(self) -> "NoMatch":
        """For a default, why it serves."""
        told = self.scope.get(MISS)
        return NoMatch("No route found." if told is None else told.reason)

    @property
    def declarations(self) -> tuple[Any, ...]:
        """The declarations on the way, the outermost first."""
        return tuple(one for hop in self.hops for one in hop.declarations)

    @property
    def middleware(self) -> tuple[Any, ...]:
        """The classes and functions of the ``middleware=`` on the way, the outermost first."""
        return tuple(names_of_callables(layer for hop in self.hops for layer in hop.layers))

    def put_below(self, router: Any, via: Any) -> "Match":
        """Make it the match of a router that leads on to the one which was asked."""
        way = self._level
        if type(way) is not tuple:
            way = tuple((hop.router, hop) for hop in self.hops)
        self._level = ((router, via), *way)
        return self

    def __repr__(self) -> str:
        return f"Match({self.endpoint!r}, {self.scope!r})"


@final
class NoMatch:
    """No route of a router serves a scope. It is false, and says why.

    Attributes:
        reason: a sentence for people.
        allowed: the methods that would have been served, where only the method was wrong.
        location: where the same resource is, with a slash more or less, where the router was asked
            to say so; else None.
        place: the declaration that answers it, through its middleware and by its policy.
        method: the http method that was asked for; None for all else.

    >>> miss = NoMatch("No route found for path 'x'.")
    >>> bool(miss), miss.reason
    (False, "No route found for path 'x'.")
    """

    __slots__ = ("allowed", "location", "method", "place", "reason")

    def __init__(
        self,
        reason: str,
        allowed: frozenset[str] = NONE_ALLOWED,
        location: str | None = None,
        place: Place | None = None,
        method: str | None = None,
    ) -> None:
        self.reason = reason
        self.allowed = allowed
        self.location = location
        self.place = place
        self.method = method

    @property
    def is_known(self) -> bool:
        """Whether something has the path, so that the answer is not 404."""
        return bool(self.allowed) or self.location is not None

    @property
    def status(self) -> int:
        """The status of the answer to http.

        >>> NoMatch("", frozenset({"GET", "OPTIONS"}), method="OPTIONS").status
        204
        """
        if self.location is not None:
            return 308  # RFC 9110, 15.4.9: method and body stay the same.
        if self.method == "OPTIONS" and "OPTIONS" in self.allowed:
            return 204
        return 405 if self.allowed else 404

    @property
    def hops(self) -> tuple[Hop, ...]:
        """The routers on the way to the place that answers, the outermost first."""
        return () if self.place is None else hops_to(self.place.level, self.place.via)

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return f"NoMatch({self.reason!r})"


class RouteMiss(NamedTuple):
    """Why a page or a default was called: ``scope["route_miss"]``.

    Attributes:
        reason: a sentence for people.
        status: what the answer has to be: 404 or 405.
        allowed: the methods that would have been served, sorted.
    """

    reason: str
    status: int
    allowed: tuple[str, ...]


class Child(NamedTuple):
    """Something that a router can lead to.

    Attributes:
        key: what the scope has to have for it, as people write it: ``http``, ``users/<int:id>/``.
        app: the application or router.
        route: the declaration, where there is one.
        lifespan: how it takes part in the lifespan of the router.
    """

    key: str
    app: App
    route: Any = None
    lifespan: LifespanPolicy = "auto"
