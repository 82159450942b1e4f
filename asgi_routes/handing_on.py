"""From where the search ends to what is called, and with what.

In: a place in the routers. Out: a match, with the one child scope that is made for it, or the child scope
alone. The rule kept here: everything on the way, parameters, templates, mounts and middleware, is put
together here, once.
"""

from typing import Any, NamedTuple

from asgi_routes.answers import answer, not_found
from asgi_routes.levels import Key, Level, Place, layers_to
from asgi_routes.matches import Match, NoMatch, RouteMiss
from asgi_routes.middleware import chain
from asgi_routes.scopes import (
    MISS,
    NO_TEMPLATE,
    ChildRoute,
    Mounted,
    Template,
    add_route,
    child_scope,
    outermost_of,
    publish_inner,
    without_additions,
)
from asgi_routes.scopes.reading import Position, Reading, behind_slash, root_path_of
from asgi_routes.types import App, Receive, Scope, Send


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


def matched(
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
    layers = [] if scope.get("type") == "lifespan" else layers_to(level, via)
    endpoint = app if found is None else found.endpoint
    is_plain = not (is_boundary or mounted is not None or why or level.reading is not None)
    received = level.scope if is_plain and not level.taken_with(place.taken) else None
    if found is not None:
        received = found.scope
    if received is not None and not layers:
        return Match(app, without_additions(received), endpoint, level, via)
    first, after = chain(layers, app if received is None else _without_additions(app))
    child = child_of(
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


def _without_additions(app: App) -> App:
    """Return an application that gets a scope as it was before a route was added for middleware."""

    async def call_without_additions(scope: Scope, receive: Receive, send: Send) -> Any:
        route, given = scope.get("route"), without_additions(scope)
        try:
            return await app(given, receive, send)
        finally:
            if type(route) is ChildRoute and route.is_whole:
                publish_inner(route, given)

    return call_without_additions


def child_of(
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
    route = _route(place, template, handed)
    route.is_whole = mounted is not None or type(place.via) is Key
    last = mounted or level.mounted
    if last is not None and route.root_path is None:
        route.root_path = root_path_of(scope)
    parameters = level.taken_with(place.taken)
    # A default gets what its router got, and what is mounted has no rest of a path.
    is_read = level.is_below_route or (_goes_by_path(place) and not is_default)
    if mounted is not None or not is_read:
        rest = None
    if rest is None and last is None and not parameters:
        return add_route(scope, route)
    child = child_scope(scope, route, parameters, rest, last)
    if has_position and level.reading is not None and not (mounted and mounted.strip):
        handed_on = _reading_behind(level.reading, place, mounted, is_put_back=last is not None)
        route.position = Position(
            handed_on, child.get("path"), child.get("path_remaining"), child.get("root_path")
        )
    return child


def _goes_by_path(place: Place) -> bool:
    """Tell whether a path has been read where an application or an answer stands."""
    is_key = place.via is None or type(place.via) is Key
    return not is_key or hasattr(place.level.router, "matched_text")


def _route(place: Place, template: Template, handed: Handed) -> ChildRoute:
    level, via = place.level, place.via
    route = ChildRoute(template)
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


def _reading_behind(
    reading: Reading, place: Place, mounted: Mounted | None, *, is_put_back: bool
) -> Reading:
    """Return where a router behind the application reads on."""
    if is_put_back:
        reading = reading._replace(added="")
    if mounted is not None:
        return behind_slash(reading._replace(at=mounted.reading.at))
    return behind_slash(reading._replace(at=len(reading.whole) - len(place.rest or "")))


def answering(miss: NoMatch) -> tuple[App, Any]:
    """Return what to call for the answer to a miss, and with what: the middleware of its place."""
    place = miss.place
    assert place is not None
    policy = place.policy.default

    async def answer_by_policy(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(miss, policy, scope, receive, send)

    layers = layers_to(place.level, place.via)
    child = child_of(place, Handed(outermost_of(place.level.scope), miss.allowed, 0))
    route: ChildRoute = child["route"]
    if policy is not None:
        # A router as the page would inherit itself: what it misses, too, is answered plainly.
        route.policy = place.policy._replace(default=not_found)
    first, route.after = chain(layers, answer_by_policy)
    return first, child
