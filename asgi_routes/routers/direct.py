"""The fast path: what most requests are, decided at once by the first row that has the path.

Nothing is decided here but where nobody can decline. What has to be weighed, methods, defaults,
variants, misses, is left to the search, which answers the same at length.
"""

from typing import Any

from asgi_routes.apps import ENDPOINT, ROUTER, matches_as_ours
from asgi_routes.dispatch import Found, Taken
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
    offset_behind_slash,
    read,
    root_path_of,
)

_MOST_REMEMBERED = 256


def find_below_route(router: Any, scope: Any) -> Found | None:
    """Return what serves below a route of another router, where nothing else can come of it."""
    outer = scope.get("route")
    if type(outer) is not ChildRoute or outer.known or outer.policy is None:
        return None
    policy = router.policy_within(outer.policy)
    reading = None if outer.position is None else read(scope, router.root_path)
    if reading is None or policy.encoded_slashes != "decode":
        return None
    hit = router.matcher(reading.whole[reading.at :])
    if hit is None:
        return None
    row, args, kwargs, rest = hit
    target: Destination = row.target
    served = target.find_served(scope)
    if served is None:
        return None
    first, app, passed = served
    route = _make_route_below(target, outer, policy)
    child = child_scope(scope, route, ((args, kwargs),), rest)
    return first, child, app, (router, target, passed)


def find_behind(router: Any, scope: Any, reading: Reading, hit: Hit[Destination]) -> Found | None:
    """Return what serves behind the first row that has the path: something that is mounted,
    wrapped by hand, or goes by a key, if that is plain.

    The scope is one that nobody has routed yet.
    """  # noqa: D205 - it is one sentence
    row, args, kwargs, rest = hit
    target: Destination = row.target
    mounting, kind = target.mounting, target.kind
    if target.methods is not None and not _takes(target.methods, scope):
        return None
    if mounting is None and kind is ENDPOINT:
        return None
    whole, _, added, start = reading
    at, mounted = len(whole) - len(rest), None
    if mounting is not None:
        is_bare = not rest and mounting.at_prefix != "serve"
        if is_bare or is_inside_segment(whole, at):
            return None
        mounted = Mounted.behind(reading, at, mounting)
        at = offset_behind_slash(whole, at)
    reading, taken = Reading(whole, at, added, start), (args, kwargs)
    if kind is ROUTER:
        return _find_through_router(router, scope, target, reading, taken, rest, mounted)
    return _find_called(router, scope, target, reading, taken, rest, mounted)


def _takes(methods: frozenset[str], scope: Any) -> bool:
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


def _find_through_router(
    router: Any,
    scope: Any,
    target: Destination,
    reading: Reading,
    taken: Taken,
    rest: str,
    mounted: Mounted | None,
) -> Found | None:
    """Return the match of what a router leads to that stands behind a row."""
    if target.matched.after is not None:
        return None
    inner: Any = target.app
    key = _key_of(inner, scope) if mounted is None else None
    if key is not None:
        if key.kind is ENDPOINT and not rest:
            child = child_scope(scope, target.matched, (taken,), rest)
            return key.app, child, key.app, (router, target, (inner, key, None))
        if not key.is_direct:
            return None
    nested = inner if key is None else key.app
    found = _find_nested(target.matched, scope, nested, reading, taken, mounted)
    if found is None:
        return None
    first, child, app, passed = found
    if key is not None:
        passed = inner, key, passed
    return first, child, app, (router, target, passed)


def _find_called(
    router: Any,
    scope: Any,
    target: Destination,
    reading: Reading,
    taken: Taken,
    rest: str,
    mounted: Mounted | None,
) -> Found:
    """Return the match of an application behind which there may be a router."""
    static, route = target.matched, ChildRoute(target.template)
    route.policy, route.origin, route.passed = static.policy, static.origin, static.passed
    route.after, route.published = static.after, static.published
    route.outermost, route.depth = scope, 1
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
    return target.first, child, target.app, (router, target, None)


def _find_nested(
    outer: ChildRoute,
    scope: Any,
    inner: Any,
    reading: Reading,
    taken: Taken,
    mounted: Mounted | None,
) -> Found | None:
    """Return what the first row of a router serves that the search would go through."""
    if not matches_as_ours(inner) or outer.policy is None or not hasattr(inner, "matcher"):
        return None
    policy = inner.policy_within(outer.policy)
    if policy.encoded_slashes != "decode":
        return None
    hit = inner.matcher(reading.whole[reading.at :])
    if hit is None:
        return None
    row, args, kwargs, rest = hit
    target: Destination = row.target
    served = target.find_served(scope)
    if served is None:
        return None
    around = outer
    if mounted is not None:
        around = ChildRoute(outer.template)
        around.origin, around.root_path = outer.origin, root_path_of(scope)
        around.passed, around.mounts = outer.passed, ((inner, mounted.root_path),)
    route = _make_route_below(target, around, policy)
    child = child_scope(scope, route, (taken, (args, kwargs)), rest, mounted)
    first, app, passed = served
    return first, child, app, (inner, target, passed)


def _key_of(router: Any, scope: Any) -> Any:
    find = getattr(router, "key_of", None)
    return None if find is None else find(scope)
