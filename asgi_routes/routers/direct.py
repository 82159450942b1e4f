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
    PlainReading,
    Policy,
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


def find_behind(
    router: Any, scope: Any, reading: PlainReading, hit: Hit[Destination]
) -> Found | None:
    """Return what serves behind the first row that has the path: something that is mounted,
    wrapped by hand, or goes by a key, if that is plain.

    The scope is one that nobody has routed yet.
    """  # noqa: D205 - it is one sentence
    row, args, kwargs, rest = hit
    target: Destination = row.target
    mounting, methods = target.mounting, target.methods
    if methods is not None and not _takes(methods, scope):
        return None
    whole, _, added, start = reading
    at, mounted = len(whole) - len(rest), None
    if mounting is not None:
        is_bare = not rest and mounting.at_prefix != "serve"
        if is_bare or is_inside_segment(whole, at):
            return None
        mounted = Mounted.behind(reading, at, mounting)
        at, added = offset_behind_slash(whole, at), ""
    if target.kind is ROUTER:
        return _find_through_router(
            router, scope, target, whole[at:], (args, kwargs), rest, mounted
        )
    if mounted is None and target.kind is ENDPOINT:
        return None
    route = _make_route_of(_around(target, mounted, scope), scope)
    remaining = rest if mounted is None else None
    child = child_scope(scope, route, ((args, kwargs),), remaining, mounted)
    if mounted is None or mounted.path is None:
        path, root_path = child["path"], child.get("root_path")
        route.position = whole, at, added, start, path, remaining, root_path
    return target.first, child, target.app, (router, target, None)


def _takes(methods: frozenset[str], scope: Any) -> bool:
    method = scope.get("method")
    return type(method) is str and method in methods


def _around(target: Destination, mounted: Mounted | None, scope: Any) -> ChildRoute:
    """Return what is the same in the routes of all requests that a target serves in one place."""
    static = target.matched
    if mounted is None:
        return static
    key = root_path_of(scope), mounted.root_path
    route = target.below.get(key)
    if route is None:
        route = ChildRoute(static.template)
        route.policy, route.origin, route.passed = static.policy, static.origin, static.passed
        route.after, route.published = static.after, static.published
        route.root_path, prefix = key
        route.mounts, route.is_whole = ((target.app, prefix),), True
        _remember(target, key, route)
    return route


def _make_route_of(static: ChildRoute, scope: Any) -> ChildRoute:
    """Return the route for one request."""
    route = ChildRoute(static.template)
    route.static = static
    route.policy, route.origin, route.passed = static.policy, static.origin, static.passed
    route.after, route.published = static.after, static.published
    route.root_path, route.mounts = static.root_path, static.mounts
    route.is_whole = static.is_whole
    route.outermost, route.depth = scope, 1
    return route


def _make_route_below(target: Destination, outer: ChildRoute, policy: Policy) -> ChildRoute:
    """Return the route of a target below one around, the same for all such requests."""
    static = outer.static
    key = static or (
        outer.template,
        policy,
        outer.root_path,
        outer.origin,
        outer.passed,
        outer.mounts,
    )
    route = target.below.get(key)
    if route is None:
        route = ChildRoute(join_templates((outer.template, target.template)))
        route.after = target.matched.after
        route.policy = target.policy_in(policy)
        route.origin = outer.origin or target.matched.origin
        route.root_path = outer.root_path
        route.passed, route.mounts = outer.passed + target.passed, outer.mounts
        _remember(target, key, route)
    return route


def _remember(target: Destination, key: Any, route: ChildRoute) -> None:
    if len(target.below) >= _MOST_REMEMBERED:
        target.below.clear()
    route.static = route
    target.below[key] = route


def _find_through_router(
    router: Any,
    scope: Any,
    target: Destination,
    text: str,
    taken: Taken,
    rest: str,
    mounted: Mounted | None,
) -> Found | None:
    """Return what a router leads to that stands behind a row.

    Args:
        router: of the table.
        scope: as received.
        target: of the row.
        text: what the router reads.
        taken: the parameters of the row.
        rest: what it left of the path.
        mounted: how the router is mounted, or None.
    """
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
    around = _around(target, mounted, scope)
    found = _find_nested(around, scope, nested, text, taken, mounted)
    if found is None:
        return None
    first, child, app, passed = found
    if key is not None:
        passed = inner, key, passed
    return first, child, app, (router, target, passed)


def _find_nested(
    around: ChildRoute, scope: Any, inner: Any, text: str, taken: Taken, mounted: Mounted | None
) -> Found | None:
    """Return what the first row of a router serves that the search would go through."""
    if not matches_as_ours(inner) or around.policy is None or not hasattr(inner, "matcher"):
        return None
    policy = inner.policy_within(around.policy)
    hit = inner.matcher(text) if policy.encoded_slashes == "decode" else None
    if hit is None:
        return None
    row, args, kwargs, rest = hit
    target: Destination = row.target
    served = target.find_served(scope)
    if served is None:
        return None
    route = _make_route_below(target, around, policy)
    child = child_scope(scope, route, (taken, (args, kwargs)), rest, mounted)
    first, app, passed = served
    return first, child, app, (inner, target, passed)


def _key_of(router: Any, scope: Any) -> Any:
    find = getattr(router, "key_of", None)
    return None if find is None else find(scope)
