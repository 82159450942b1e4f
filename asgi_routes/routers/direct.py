"""The fast path: what most requests are, decided at once by the first row that has the path.

Nothing is decided here but where nobody can decline. What has to be weighed, methods, defaults,
variants, misses, is left to the search, which answers the same at length.
"""

from typing import Any

from asgi_routes.apps import Kind, matches_as_ours
from asgi_routes.dispatch import (
    Match,
    Taken,
)
from asgi_routes.engine.rows import Hit
from asgi_routes.routers.table import Destination
from asgi_routes.scopes import (
    ChildRoute,
    Mounted,
    Policy,
    Position,
    Reading,
    child_scope,
    is_inside_segment,
    join_templates,
    outermost_of,
    read,
    root_path_of,
    skip_slash,
)

_MOST_REMEMBERED = 256


def match_directly(router: Any, scope: Any) -> Match | None:
    """Return the match of the first row that has the path, where nothing else can come of it."""
    outer = scope.get("route")
    if type(outer) is not ChildRoute:
        if "path_remaining" in scope:
            return None
        outer, policy = None, router.own_policy
    elif outer.known or outer.policy is None or outer.position is None:
        return None
    else:
        policy = router.policy_within(outer.policy)
    path = scope.get("path")
    if outer is None and not scope.get("root_path") and type(path) is str and path[:1] == "/":
        reading: Reading | None = Reading(path, 1, "", 1)
    else:
        reading = read(scope, router.root_path)
    if reading is None or policy.encoded_slashes != "decode":
        return None
    hit = router.matcher(reading.whole[reading.at :])
    if hit is None:
        return None
    row, args, kwargs, rest = hit
    target: Destination = row.target
    if outer is not None and target.is_plain and _takes(target, scope):
        child = child_scope(
            scope, _make_route_below(target, outer, policy), ((args, kwargs),), rest
        )
        return Match(target.first, child, target.app, ((router, target),))
    return match_hit(router, scope, reading, hit) if outer is None else None


def match_hit(router: Any, scope: Any, reading: Reading, hit: Hit[Destination]) -> Match | None:
    """Return the match of the first row that has the path, for a scope that nobody has routed yet."""
    row, args, kwargs, rest = hit
    target: Destination = row.target
    if not _takes(target, scope):
        return None
    if target.is_plain:
        child = child_scope(scope, target.matched, ((args, kwargs),), rest)
        return Match(target.first, child, target.app, ((router, target),))
    return _match_behind(router, scope, target, reading, (args, kwargs), rest)


def _takes(target: Destination, scope: Any) -> bool:
    methods = target.methods
    if methods is None:
        return True
    method = scope.get("method")
    return type(method) is str and method in methods


def _make_route_below(target: Destination, outer: ChildRoute, policy: Policy) -> ChildRoute:
    """Return the route of a target below one around, the same for all such requests."""
    key = outer.template, policy, outer.root_path, outer.origin, outer.passed, outer.mounts
    route = target.below.get(key)
    if route is None:
        route = ChildRoute(join_templates((outer.template, target.template)))
        route.after = target.matched.after
        route.policy = target.policy_in(policy)
        route.origin = outer.origin or target.matched.origin
        route.root_path = outer.root_path
        route.passed, route.mounts = outer.passed + target.passed, outer.mounts
        if len(target.below) >= _MOST_REMEMBERED:
            target.below.clear()
        target.below[key] = route
    return route


def _match_behind(
    router: Any, scope: Any, target: Destination, reading: Reading, taken: Taken, rest: str
) -> Match | None:
    """Return the match of what is mounted, wrapped by hand, or goes by a key, if that is plain."""
    at = len(reading.whole) - len(rest)
    reading = Reading(reading.whole, at, reading.added, reading.start)
    mounting, mounted = target.mounting, None
    if mounting is not None:
        is_bare = not rest and mounting.at_prefix != "serve"
        if is_bare or is_inside_segment(reading.whole, at):
            return None
        mounted = Mounted.at(reading, mounting)
        reading = skip_slash(reading)
    if target.kind is not Kind.ROUTER:
        if mounting is None and target.kind is Kind.ENDPOINT:
            return None
        return _match_called(router, scope, target, reading, taken, rest, mounted)
    return _match_through_router(router, scope, target, reading, taken, rest, mounted)


def _match_through_router(
    router: Any,
    scope: Any,
    target: Destination,
    reading: Reading,
    taken: Taken,
    rest: str,
    mounted: Mounted | None,
) -> Match | None:
    """Return the match of what a router leads to that stands behind a row."""
    if target.matched.after is not None:
        return None
    way: tuple[Any, ...] = ((router, target),)
    inner: Any = target.app
    if mounted is None and (key := _key_of(inner, scope)) is not None:
        way = (*way, (inner, key))
        inner = key.app
        if key.kind is Kind.ENDPOINT and not rest:
            child = child_scope(scope, target.matched, (taken,), rest)
            return Match(inner, child, inner, way)
        if not key.is_direct:
            return None
    return (
        _match_nested(way, scope, inner, reading, taken, mounted)
        if hasattr(inner, "matcher")
        else None
    )


def _match_called(
    router: Any,
    scope: Any,
    target: Destination,
    reading: Reading,
    taken: Taken,
    rest: str,
    mounted: Mounted | None,
) -> Match:
    """Return the match of an application behind which there may be a router."""
    route = ChildRoute(target.template)
    static = target.matched
    route.after, route.policy, route.origin = static.after, static.policy, static.origin
    route.outermost, route.depth, route.passed = outermost_of(scope), 1, target.passed
    remaining: str | None = rest
    if mounted is not None:
        route.root_path = root_path_of(scope)
        route.mounts = ((target.app, mounted.root_path),)
        route.is_whole = True
        if reading.added:
            reading = reading._replace(added="")
        remaining = None
    child = child_scope(scope, route, (taken,), remaining, mounted)
    if mounted is None or not mounted.strip:
        route.position = Position(reading, child["path"], remaining, child.get("root_path"))
    return Match(target.first, child, target.app, ((router, target),))


def _match_nested(
    way: tuple[Any, ...],
    scope: Any,
    inner: Any,
    reading: Reading,
    taken: Taken,
    mounted: Mounted | None,
) -> Match | None:
    """Return the match of the first row of a router that the search would go through."""
    outer = way[0][1].matched
    if not matches_as_ours(inner) or outer.policy is None:
        return None
    policy = inner.policy_within(outer.policy)
    if policy.encoded_slashes != "decode":
        return None
    hit = inner.matcher(reading.whole[reading.at :])
    if hit is None or not hit[0].target.is_plain or not _takes(hit[0].target, scope):
        return None
    row, args, kwargs, rest = hit
    target: Destination = row.target
    around = outer
    if mounted is not None:
        around = ChildRoute(outer.template)
        around.origin, around.root_path = outer.origin, root_path_of(scope)
        around.passed, around.mounts = outer.passed, ((inner, mounted.root_path),)
    route = _make_route_below(target, around, policy)
    child = child_scope(scope, route, (taken, (args, kwargs)), rest, mounted)
    return Match(target.first, child, target.app, (*way, (inner, target)))


def _key_of(router: Any, scope: Any) -> Any:
    find = getattr(router, "key_of", None)
    return None if find is None else find(scope)
