"""What a router answers: whom to call, and with which scope; or why nobody serves it.

Nothing is raised on the way: a miss is a value too, and knows all that an answer to the client
needs. Everything that was found, parameters, templates, mounts and middleware, is put together
here, once.
"""

from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, final

from asgi_routes.dispatch.levels import Hop, Key, Level, Place, collect_hops, collect_layers, hop_of
from asgi_routes.errors import show
from asgi_routes.middleware import chain_layers, list_callables
from asgi_routes.scopes import (
    MISS,
    NO_TEMPLATE,
    ChildRoute,
    MatchedRoute,
    Mounted,
    Template,
    add_route,
    child_scope,
    offset_behind_slash,
    publish_inner,
    remove_additions,
    root_path_of,
)
from asgi_routes.types import App, LifespanPolicy, Receive, Scope, Send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NONE_ALLOWED: frozenset[str] = frozenset()

Found: TypeAlias = tuple[App, Any, App, "Passed", MatchedRoute | None]
"""A `Match` as the fast path gives it, without the object: app, scope, endpoint, what was passed;
and, where it is all that the outermost scope is ever told, the route that it is told."""

Passed: TypeAlias = tuple[Any, Any, "Passed | None"]
"""A router, what it went by, and the same of the one behind it."""


@final
class Match:
    """The application that serves a scope, and the child scope to call it with.

    Attributes:
        app: the application to call: the outermost middleware on the way, or the endpoint where
            there is none.
        scope: the child scope, or the scope received where nothing had to be added.
        endpoint: what serves the request in the end: an application, or a middleware that was
            wrapped around a router by hand, which has to be called to continue.

    A deep copy has a scope of its own and refers to the same applications and routers. A match can
    be pickled if these can be, and if there is no middleware on the way.
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
        """The template of the route that serves, across all levels of routers; None without a route."""
        route = self.scope.get("route")
        return route if isinstance(route, MatchedRoute) and route.path else None

    @property
    def hops(self) -> tuple[Hop, ...]:
        """The routers that were asked, each with the key that it routed by, the outermost first."""
        passed = self._level
        if type(passed) is not tuple:
            return collect_hops(passed, self._via)
        hops = []
        while passed is not None:
            router, via, passed = passed
            hops.append(hop_of(router, via))
        return tuple(hops)

    @property
    def is_default(self) -> bool:
        """Whether the default of a router serves, because no route does."""
        via, passed = self._via, self._level
        while type(passed) is tuple:
            _, via, passed = passed
        return type(via) is Key and via.is_default

    @property
    def miss(self) -> "NoMatch":
        """Why the default serves; None where a route does."""
        told = self.scope.get(MISS)
        return NoMatch("No route found." if told is None else told.reason)

    @property
    def declarations(self) -> tuple[Any, ...]:
        """The declarations on the way, the outermost first."""
        return tuple(one for hop in self.hops for one in hop.declarations)

    @property
    def middleware(self) -> tuple[Any, ...]:
        """The classes and functions of the ``middleware=`` on the way, the outermost first."""
        return tuple(list_callables(layer for hop in self.hops for layer in hop.layers))

    @property
    def passed(self) -> "Passed | None":
        """The same as `hops`, as the fast path tells it."""
        if type(self._level) is tuple:
            return self._level
        passed: Passed | None = None
        for hop in reversed(self.hops):
            passed = hop.router, hop, passed
        return passed

    def __copy__(self) -> "Match":
        return Match(self.app, self.scope, self.endpoint, self._level, self._via)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Match":
        scope = deepcopy(self.scope, memo)
        return Match(self.app, scope, self.endpoint, self._level, self._via)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.middleware:
            raise TypeError(
                f"a match that calls middleware, {self.middleware!r}, cannot be pickled: "
                "pickle the scope, and match it in the other process"
            )
        via = self._via if type(self._via) is Key else None
        return Match, (self.app, self.scope, self.endpoint, self.passed, via)

    def __repr__(self) -> str:
        return f"Match({show(self.endpoint)}, {show(self.scope)})"


@final
class NoMatch:
    """No route serves a scope. It is false in a boolean context, and says why.

    Attributes:
        reason: a sentence for people.
        allowed: the methods that would have been served, where only the method was wrong.
        location: the path to redirect to, with or without a trailing slash, where the router has
            ``slashes="redirect"``; else None.
        method: the HTTP method of the request; None for other scopes.
        is_plain: whether `not_found` answers it with 404, without any middleware.

    It loses its `place` when it is pickled, because that refers to the routers of its process.

    >>> miss = NoMatch("No route found for path 'x'.")
    >>> bool(miss), miss.reason
    (False, "No route found for path 'x'.")
    """

    __slots__ = ("_place", "allowed", "is_plain", "location", "method", "reason")

    def __init__(
        self,
        reason: str,
        allowed: frozenset[str] = NONE_ALLOWED,
        location: str | None = None,
        place: "Place | Callable[[], Place] | None" = None,
        method: str | None = None,
        *,
        is_plain: bool = False,
    ) -> None:
        self.reason = reason
        self.allowed = allowed
        self.location = location
        self._place = place  # Of one that was told at once, a function: some are never asked for.
        self.method = method
        self.is_plain = is_plain

    @property
    def place(self) -> Place | None:
        """The declaration that answers the miss, through its middleware and with its default."""
        if callable(self._place):
            self._place = self._place()
        return self._place

    def put_below(self, router: Any, via: Any) -> "NoMatch":
        """Return the miss of a router that sets nothing, and leads to the one which was asked."""
        place = partial(_place_below, self, router, via)
        told = self.reason, self.allowed, self.location, place, self.method
        return NoMatch(*told, is_plain=self.is_plain)

    @property
    def is_known(self) -> bool:
        """Whether a route has the path, so that the answer is not 404."""
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
        """The routers on the way to the declaration that answers, the outermost first."""
        return () if self.place is None else collect_hops(self.place.level, self.place.via)

    def __bool__(self) -> Literal[False]:
        return False

    def __copy__(self) -> "NoMatch":
        told = self.reason, self.allowed, self.location, self._place, self.method
        return NoMatch(*told, is_plain=self.is_plain)

    def __deepcopy__(self, _memo: object) -> "NoMatch":
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        return NoMatch, (self.reason, self.allowed, self.location, None, self.method)

    def __repr__(self) -> str:
        return f"NoMatch({self.reason!r})"


def _place_below(miss: NoMatch, router: Any, via: Any) -> Place:
    """Return the place of a miss with a router around it that sets nothing."""
    place = miss.place
    assert place is not None
    *_, top = place.level.outwards()
    top.outer, top.via = Level(router, top.scope, top.policy), via
    for depth, level in enumerate(reversed([*place.level.outwards()])):
        level.depth = depth
    return place


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


def list_asked(found: Found | Match) -> "Iterator[Any]":
    """Yield the routers that were asked, and what the declarations that they went by lead to."""
    passed = found[3] if isinstance(found, tuple) else found.passed
    while passed is not None:
        router, via, passed = passed
        yield router
        if via is not None:
            yield from (declared.target for declared in via.declarations)


class Child(NamedTuple):
    """Something that a router can lead to: an application or router, with its key.

    Attributes:
        key: what the scope must have, as written: ``http``, ``users/<int:id>/``.
        app: the application or router.
        route: the declaration, or None.
        lifespan: how it takes part in the lifespan of the router.
        is_default: whether it is the router's default, which requires nothing of the scope.
    """

    key: str
    app: App
    route: Any = None
    lifespan: LifespanPolicy = "auto"
    is_default: bool = False


class Handed(NamedTuple):
    """What a router behind the application has to know of the search around it.

    Attributes:
        outermost: the scope that the outermost router received, or None.
        known: the methods that were found so far.
        depth: how many boundaries there are on the way.
    """

    outermost: Any
    known: frozenset[str]
    depth: int


def make_match(
    place: Place,
    app: App,
    handed: Handed,
    *,
    is_boundary: bool = False,
    mounted: Mounted | None = None,
    found: Match | None = None,
    why: str | None = None,
) -> Match:
    """Return the match of an application.

    Args:
        place: where it is.
        app: the application.
        handed: for a router behind it.
        is_boundary: whether there is one.
        mounted: how it is mounted, or None.
        found: the match that a router of somebody else's gave, or None.
        why: for a default, why it serves.
    """
    level: Level = place.level
    via: Any = place.via
    scope = level.scope
    static: ChildRoute | None = None if via is None else via.matched
    is_last = not (is_boundary or place.rest or mounted is not None or found is not None)
    is_alone = level.outer is None and type(scope.get("route")) is not ChildRoute
    if static is not None and via is not None and is_alone and is_last:
        # All that can be said of it was said when the table was made.
        child = child_scope(scope, static, (place.taken,), place.rest)
        return Match(via.first, child, app, level, via)
    # The lifespan does not pass through middleware.
    layers = [] if scope.get("type") == "lifespan" else collect_layers(level, via)
    endpoint = app if found is None else found.endpoint
    is_plain = not (is_boundary or mounted is not None or why or level.reading is not None)
    received = level.scope if is_plain and not level.taken_with(place.taken) else None
    if found is not None:
        received = found.scope
    if received is not None and not layers:
        return Match(app, remove_additions(received), endpoint, level, via)
    first, after = chain_layers(layers, app if received is None else _call_without_additions(app))
    child = make_child(
        place,
        handed,
        mounted=mounted,
        has_position=is_boundary or mounted is not None or bool(place.rest),
        is_default=bool(why),
    )
    route: ChildRoute = child["route"]
    route.after = after
    if found is not None:
        child = add_route(found.scope, route)
    if why:
        child[MISS] = RouteMiss(why, 404, ())
    return Match(first, child, endpoint, level, via)


def _call_without_additions(app: App) -> App:
    """Return an application that gets a scope as it was before a route was added for middleware."""

    async def call_without_additions(scope: Scope, receive: Receive, send: Send) -> Any:
        route, given = scope.get("route"), remove_additions(scope)
        try:
            return await app(given, receive, send)
        finally:
            if type(route) is ChildRoute and route.is_whole:
                publish_inner(route, given)

    return call_without_additions


def make_child(
    place: Place,
    handed: Handed,
    *,
    mounted: Mounted | None = None,
    has_position: bool = False,
    is_default: bool = False,
) -> Any:
    """Return the child scope for what stands at a place."""
    level, rest = place.level, place.rest
    scope = level.scope
    # What serves as a default has no template: no route has the path.
    template = NO_TEMPLATE if is_default else level.template_with(place.via)
    route = _route(place, template, handed, mounted)
    is_below_route = level.is_below_route
    route.is_whole = mounted is not None or (type(place.via) is Key and not is_below_route)
    last = mounted or level.mounted
    if last is not None and route.root_path is None:
        route.root_path = root_path_of(scope)
    parameters = level.taken_with(place.taken)
    # A default gets what its router got, and what is mounted has no rest of a path.
    is_read = is_below_route or (_goes_by_path(place) and not is_default)
    if mounted is not None or not is_read:
        rest = None
    if rest is None and last is None and not parameters:
        return add_route(scope, route)
    child = child_scope(scope, route, parameters, rest, last)
    is_stripped = mounted is not None and mounted.path is not None
    if has_position and level.reading is not None and not is_stripped:
        whole, _, added, start = level.reading
        at = offset_behind_slash(whole, len(whole) - len(place.rest or ""))
        held = child.get("path"), child.get("path_remaining"), child.get("root_path")
        route.position = (whole, at, added if last is None else "", start, *held)
    return child


def _goes_by_path(place: Place) -> bool:
    """Tell whether a path has been read where an application or an answer stands."""
    is_key = place.via is None or type(place.via) is Key
    return not is_key or hasattr(place.level.router, "matched_text")


def _route(place: Place, template: Template, handed: Handed, mounted: Mounted | None) -> ChildRoute:
    level, via = place.level, place.via
    route = ChildRoute(template)
    route.passed, route.mounts = level.passed_with(via)
    if mounted is not None:
        route.mounts = (*route.mounts, (via.app, mounted.root_path))
    route.policy = place.policy
    route.outermost, route.known, route.depth = handed
    outer = level.scope.get("route")
    if type(outer) is ChildRoute and outer.origin is not None:
        route.origin, route.root_path = outer.origin, outer.root_path
    else:
        route.origin = _origin(level, via)
    return route


def _origin(level: Level, via: Any) -> Any:
    """Return where names are looked up: the outermost router by path, else the innermost of all."""
    for one in reversed([*level.outwards()]):
        if (origin := getattr(one.router, "origin", None)) is not None:
            return origin
    # A page or default of a router that goes by keys knows its URLs, too.
    router = level.router
    is_answer = via is None or (type(via) is Key and via.is_default)
    return (lambda: router) if is_answer and hasattr(router, "reverse") else None
