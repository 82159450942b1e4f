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
from asgi_routes.reading import Position, Reading, behind_slash, root_path_of
from asgi_routes.scopes import (
    NO_TEMPLATE,
    ChildRoute,
    Mounted,
    Template,
    child_scope,
    outermost_of,
)
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
    first, after = chain(layers, app)
    if found is not None and after is None:
        return Match(first, found.scope, endpoint, level, via)
    is_plain = not (layers or is_boundary or mounted is not None or why)
    if is_plain and level.reading is None and not level.taken_with(place.taken):
        return Match(first, level.scope, endpoint, level, via)
    child = child_of(
        place,
        handed,
        mounted=mounted,
        has_position=is_boundary or bool(place.rest),
        is_default=bool(why),
    )
    route: ChildRoute = child["route"]
    route.after = after
    if found is not None:
        inner = found.scope.get("route")
        if type(inner) is ChildRoute and inner.after is not None:
            route.after = {**inner.after, **(after or {})}
        child = {**found.scope, "route": route}
    if why:
        child["route_miss"] = RouteMiss(why, 404, ())
    return Match(first, child, endpoint, level, via)


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
    is_as_received = is_default and level.is_first and not parameters
    if is_as_received or (level.reading is None and not parameters):
        return child_scope(scope, route)
    # A default gets what its router got, and what is mounted has no rest of a path.
    is_whole = mounted is not None or (is_default and (level.is_final or level.is_first))
    child = child_scope(scope, route, parameters, None if is_whole else rest, last)
    if has_position and level.reading is not None and not (mounted and mounted.strip):
        handed_on = _reading_behind(
            level.reading, rest or "", mounted, is_put_back=last is not None
        )
        route.position = Position(
            handed_on, child.get("path"), child.get("path_remaining"), child.get("root_path")
        )
    return child


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
    vias = [via, *(one.via for one in level.outwards())]
    for one in reversed(vias):
        if one is not None and one.matched is not None and one.matched.origin is not None:
            return one.matched.origin
    # A page or default of a router that goes by keys knows its URLs, too.
    router = level.router
    is_answer = via is None or (type(via) is Key and via.is_default)
    return (lambda: router) if is_answer and hasattr(router, "reverse") else None


def _reading_behind(
    reading: Reading, rest: str, mounted: Mounted | None, *, is_put_back: bool
) -> Reading:
    """Return where a router behind the application reads on."""
    if is_put_back:
        reading = reading._replace(added="")
    if mounted is not None:
        return behind_slash(reading._replace(at=mounted.reading.at))
    return behind_slash(reading._replace(at=len(reading.whole) - len(rest)))


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
