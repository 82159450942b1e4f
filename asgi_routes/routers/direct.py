"""The fast path: what most requests are, decided at once by the first row that has the path.

Nothing is decided here but where nobody can decline. What has to be weighed, methods, defaults,
variants, misses, is left to the search, which answers the same at length.
"""

from typing import Any

from asgi_routes.apps import ENDPOINT, ROUTER, matches_as_ours
from asgi_routes.dispatch import Found, Taken
from asgi_routes.engine.rows import Hit
from asgi_routes.routers.rows import Destination, Mount
from asgi_routes.scopes import (
    ChildRoute,
    MatchedRoute,
    PlainMounted,
    PlainReading,
    Policy,
    child_scope,
    join_templates,
    mount_at,
    resume,
    root_path_of,
    split_at_mount,
)

_MOST_REMEMBERED = 256
_new = ChildRoute.__new__


def find_below_route(router: Any, scope: Any) -> Found | None:
    """Return what serves below a route of another router, where nothing else can come of it."""
    outer = scope.get("route")
    if type(outer) is not ChildRoute or outer.known or outer.policy is None:
        return None
    reading = resume(outer.position, scope)
    policy = router.policy_within(outer.policy)
    if reading is None or policy.encoded_slashes != "decode":
        return None
    whole, at, _, _ = reading
    hit = router.matcher(whole[at:])
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
    methods = target.methods
    if methods is not None and not _takes(methods, scope):
        return None
    if target.mounting is not None:
        return _find_mounted(router, scope, reading, target, (args, kwargs), rest)
    if target.kind is ROUTER:
        return _find_by_key(router, scope, target, rest, (args, kwargs))
    if target.kind is ENDPOINT:
        return None
    whole, _, added, start = reading
    route = _make_route_of(target.matched, scope)
    child = child_scope(scope, route, ((args, kwargs),), rest)
    at = len(whole) - len(rest)
    route.position = whole, at, added, start, child["path"], rest, child.get("root_path")
    return target.first, child, target.app, (router, target, None)


def _find_mounted(
    router: Any, scope: Any, reading: PlainReading, target: Destination, taken: Taken, rest: str
) -> Found | None:
    """Return what serves behind a mount."""
    whole, _, added, start = reading
    at = len(whole) - len(rest)
    root_path = root_path_of(scope) if scope.get("root_path") else ""
    key = whole[: at + 1], at, added, root_path
    around, mounted, at = target.mounts.get(key) or _make_mount(target, key, whole)
    if around is None:
        return None
    if mounted[2] is not None:
        mounted = mount_at(mounted[0], added, rest, target.mounting)
    if target.kind is ROUTER:
        found = _find_nested(scope, target.app, around, whole[at:], taken, mounted)
        return found and (*found[:3], (router, target, found[3]))
    route = _make_route_of(around, scope)
    child = child_scope(scope, route, (taken,), None, mounted)
    if mounted[2] is None:
        route.position = whole, at, "", start, child["path"], None, mounted[0]
    return target.first, child, target.app, (router, target, None)


def _make_mount(target: Destination, key: tuple[str, int, str, str], whole: str) -> Mount:
    """Return what is the same for all requests that go through a mount; nobody where none can.

    Args:
        target: of the row.
        key: what it is the same for: the text in front with the character behind it, where the
            mount's own text ends in it, what was added to the path, and the root path.
        whole: the path.
    """
    _, at, added, root_path = key
    mounting: Any = target.mounting
    split = split_at_mount(whole, at)
    if split is None or (at == len(whole) and mounting.at_prefix != "serve"):
        return None, ("", "", None, False), at
    prefix, at = split
    static = target.matched
    route = ChildRoute(static.template)
    route.policy, route.origin, route.passed = static.policy, static.origin, static.passed
    route.after, route.published = static.after, static.published
    route.root_path, route.is_whole = root_path, True
    route.mounts = ((target.app, prefix),)
    route.static = route
    mount = route, mount_at(prefix, added, whole[at:], mounting), at
    _remember(target.mounts, key, mount)
    return mount


def _takes(methods: frozenset[str], scope: Any) -> bool:
    method = scope.get("method") if scope.get("type") == "http" else None
    return type(method) is str and method in methods


def _make_route_of(static: ChildRoute, scope: Any) -> ChildRoute:
    """Return the route for one request."""
    route = _new(ChildRoute)
    route.template, route.static = static.template, static
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
        route.published = MatchedRoute(route.template)
        route.static = route
        _remember(target.below, key, route)
    return route


def _remember(known: dict[Any, Any], key: Any, value: object) -> None:
    if len(known) >= _MOST_REMEMBERED:
        known.clear()
    known[key] = value


def _find_by_key(
    router: Any, scope: Any, target: Destination, rest: str, taken: Taken
) -> Found | None:
    """Return what a router leads to that stands behind a row, and goes by a key of the scope."""
    inner: Any = target.app
    key = None if target.matched.after is not None else _key_of(inner, scope)
    if key is None:
        return None
    if key.kind is ENDPOINT and not rest:
        child = child_scope(scope, target.matched, (taken,), rest)
        return key.app, child, key.app, (router, target, (inner, key, None))
    if not key.is_direct:
        return None
    found = _find_nested(scope, key.app, target.matched, rest, taken, None)
    return found and (*found[:3], (router, target, (inner, key, found[3])))


def _find_nested(
    scope: Any,
    inner: Any,
    around: ChildRoute,
    text: str,
    taken: Taken,
    mounted: PlainMounted | None,
) -> Found | None:
    """Return what the first row of a router serves that the search would go through.

    Args:
        scope: as received.
        inner: the router.
        around: what is the same in all routes of the row that leads to it.
        text: what the router reads.
        taken: the parameters of that row.
        mounted: how the router is mounted, or None.
    """
    if around.after is not None or around.policy is None:
        return None
    if not matches_as_ours(inner) or not hasattr(inner, "matcher"):
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
    both = (taken, (args, kwargs)) if taken[0] or taken[1] else ((args, kwargs),)
    child = child_scope(scope, route, both, rest, mounted)
    first, app, passed = served
    return first, child, app, (inner, target, passed)


def _key_of(router: Any, scope: Any) -> Any:
    find = getattr(router, "key_of", None)
    return None if find is None else find(scope)
