"""The fast path: what most requests are, decided at once by the first row that has the path.

Nothing is decided here but where nobody can decline. What has to be weighed is left to the search,
which answers the same at length.
"""

from collections.abc import Iterable
from typing import Any

from asgi_routes.apps import BOUNDARY, ENDPOINT, ROUTER, matches_as_ours
from asgi_routes.dispatch import BASE, NOTHING, Found, Key, RouteMiss, Taken
from asgi_routes.engine.rows import Hit
from asgi_routes.middleware import Layer, chain_layers
from asgi_routes.routers.rows import Destination, Mount
from asgi_routes.scopes import (
    MISS,
    NO_TEMPLATE,
    ChildRoute,
    MatchedRoute,
    PlainMounted,
    PlainReading,
    Policy,
    add_route,
    child_scope,
    has_encoded_slash,
    join_templates,
    method_of,
    mount_at,
    read_plainly,
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
    policy = router.policy_within(outer.policy)
    if policy.encoded_slashes != "decode" and has_encoded_slash(scope):
        return None
    reading = read_plainly(scope, router.root_path)
    hit = None if reading is None else router.matcher(reading[0][reading[1] :])
    if hit is None:
        return None
    row, args, kwargs, rest = hit
    target: Destination = row.target
    served = target.find_served(scope)
    if served is None:
        return None
    first, app, matched, passed, _ = served
    route = _make_route_below(target, matched, outer, policy)
    child = child_scope(scope, route, ((args, kwargs),), rest)
    return first, child, app, (router, target, passed), route.published


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
    if methods is not None and method_of(scope) not in methods:
        return _find_later(router, scope, reading, hit)
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
    return target.first, child, target.app, (router, target, None), None


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
        return found and (*found[:3], (router, target, found[3]), found[4])
    route = _make_route_of(around, scope)
    child = child_scope(scope, route, (taken,), None, mounted)
    if mounted[2] is None:
        route.position = whole, at, "", start, child["path"], None, mounted[0]
    return target.first, child, target.app, (router, target, None), None


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
    route = _new(ChildRoute)
    route.take(static)
    route.root_path, route.is_whole = root_path, True
    route.mounts = ((target.app, prefix),)
    route.static = route
    mount = route, mount_at(prefix, added, whole[at:], mounting), at
    _remember(target.mounts, key, mount)
    return mount


def _make_route_of(static: ChildRoute, scope: Any) -> ChildRoute:
    """Return the route for one request."""
    route = _new(ChildRoute)
    route.take(static)
    route.outermost, route.depth = scope, 1
    return route


def _find_later(
    router: Any, scope: Any, reading: PlainReading, hit: Hit[Destination]
) -> Found | None:
    """Return what serves behind a row that is there for other methods, if it is the next."""
    if scope.get("method") == "OPTIONS":
        return None  # The rows that were passed by may answer it.
    whole, at, _, _ = reading
    later = router.find_next(whole[at:], hit)
    if later is None:
        return None
    row, args, kwargs, rest = later
    target: Destination = row.target
    served = target.find_served(scope)
    if served is None:
        return None
    first, app, matched, passed, published = served
    child = child_scope(scope, matched, ((args, kwargs),), rest)
    return first, child, app, (router, target, passed), published


def _make_route_below(
    target: Destination,
    matched: ChildRoute,
    outer: ChildRoute,
    policy: Policy,
    layers: Iterable[Layer] = (),
    endpoint: Any = None,
) -> ChildRoute:
    """Return the route of a target below one around, the same for all such requests.

    Args:
        target: where the row leads to.
        matched: what its route is without one around.
        outer: the route around.
        policy: what holds for the router.
        layers: the middleware of the route around, if it has not been called.
        endpoint: what is called through it in the end.
    """
    if matched.derived is None:
        matched.derived = {}
    key: Any = outer.static or (
        outer.template,
        policy,
        outer.root_path,
        outer.origin,
        outer.passed,
        outer.mounts,
    )
    if layers:
        key = key, id(endpoint)  # The row may lead to another one for each method.
    route = matched.derived.get(key)
    if route is None:
        route = ChildRoute(join_templates((outer.template, target.template)))
        route.after = matched.after
        if layers:
            route.after = chain_layers((*layers, *(matched.after or ())), endpoint)[1]
        route.policy = target.policy_in(policy)
        route.origin = outer.origin or target.matched.origin
        route.root_path = outer.root_path
        route.passed, route.mounts = outer.passed + target.passed, outer.mounts
        route.published = MatchedRoute(route.template)
        route.static = route
        _remember(matched.derived, key, route)
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
    chosen = inner.find_key(scope) if getattr(inner, "is_transparent", False) else None
    if chosen is None or chosen[1] is not NOTHING:
        return None
    key = chosen[0]
    if key.kind is ENDPOINT and not rest and target.matched.after is None:
        child = child_scope(scope, target.matched, (taken,), rest)
        passed = router, target, (inner, key, None)
        return key.app, child, key.app, passed, target.matched.published
    if not key.is_direct:
        return None
    found = _find_nested(scope, key.app, target.matched, rest, taken, None)
    return found and (*found[:3], (router, target, (inner, key, found[3])), found[4])


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
    if around.policy is None or not matches_as_ours(inner) or not hasattr(inner, "matcher"):
        return None
    policy = inner.policy_within(around.policy)
    if policy.encoded_slashes != "decode" and has_encoded_slash(scope):
        return None
    hit = inner.matcher(text)
    if hit is None:
        return None
    row, args, kwargs, rest = hit
    target: Destination = row.target
    served = target.find_served(scope)
    if served is None:
        return None
    first, app, matched, passed, _ = served
    route = _make_route_below(target, matched, around, policy, around.after or (), app)
    both = (taken, (args, kwargs)) if taken[0] or taken[1] else ((args, kwargs),)
    child = child_scope(scope, route, both, rest, mounted)
    if around.after is not None:
        first = _first(route, first)
    return first, child, app, (inner, target, passed), route.published


def find_behind_key(router: Any, key: Key, taken: Taken, scope: Any) -> Found | None:
    """Return the endpoint or boundary that a key of a router leads to, if that is plain.

    The scope is one that nobody has routed yet.
    """
    if key.kind is ENDPOINT and router.is_transparent and taken is NOTHING:
        return key.app, scope, key.app, (router, key, None), None
    if key.kind is not BOUNDARY or not router.misses_by_key:
        return None
    static = key.static or _make_static(router, key)
    route = _make_route_of(static, scope)
    child = add_route(scope, route) if taken is NOTHING else child_scope(scope, route, (taken,))
    return _first(static, key.app), child, key.app, (router, key, None), None


def find_default(router: Any, key: Key, scope: Any, reason: str) -> Found | None:
    """Return the default of a router by path, for a scope that nobody has routed yet."""
    if key.kind is ROUTER:
        return None
    static = key.static or _make_static(router, key)
    child = add_route(scope, _make_route_of(static, scope))
    child[MISS] = RouteMiss(reason, 404, ())
    return _first(static, key.app), child, key.app, (router, key, None), None


def _make_static(router: Any, key: Key) -> ChildRoute:
    """Return what is the same in all routes to what a key of a router leads to."""
    static = ChildRoute(NO_TEMPLATE)
    static.policy, static.passed, static.is_whole = router.policy_within(BASE), (key,), True
    static.origin = getattr(router, "origin", None)
    static.after = chain_layers([layer for layer in (router.layer,) if layer], key.app)[1]
    static.static = key.static = static
    return static


def put_around(router: Any, key: Key, taken: Taken, scope: Any, found: Found) -> Found | None:
    """Return what serves behind a key of a router that has middleware, settings or parameters.

    Args:
        router: the router.
        key: that the scope has.
        taken: the parameters of the key.
        scope: one that nobody has routed yet.
        found: what serves behind the key.
    """
    app, child, endpoint, passed, published = found
    route = child.get("route")
    static: ChildRoute | None = None if type(route) is not ChildRoute else route.static
    has_parameters = "url_route" in scope or "path_params" in scope
    if static is None or (taken is not NOTHING and (has_parameters or "url_route" not in child)):
        return None
    if static.derived is None:
        static.derived = {}
    own = key, id(endpoint)
    derived = static.derived.get(own)
    if derived is None:
        derived = _derive(router, key, static, endpoint, passed)
        _remember(static.derived, own, derived)
    if route is static:
        child["route"] = derived
    else:
        route.take(derived)
    if taken is not NOTHING:
        url_route = child["url_route"]
        kwargs = {**taken[1], **url_route["kwargs"]}
        child["url_route"] = {"args": url_route["args"], "kwargs": kwargs}
        child["path_params"] = kwargs.copy()
    return _first(derived, app), child, endpoint, (router, key, passed), published


def _derive(router: Any, key: Key, static: ChildRoute, endpoint: Any, passed: Any) -> ChildRoute:
    """Return a route below a key of a router."""
    policy = router.policy_within(BASE)
    while passed is not None:
        inner, via, passed = passed
        policy = via.policy_in(inner.policy_within(policy))
    route = _new(ChildRoute)
    route.take(static)
    route.policy, route.passed = policy, (key, *static.passed)
    layers = [*([router.layer] if router.layer else ()), *(static.after or ())]
    route.after = chain_layers(layers, endpoint)[1]
    route.static = route
    return route


def _first(route: ChildRoute, app: Any) -> Any:
    """Return what is called first: the outermost middleware, if there is any."""
    return next(iter(route.after)).app if route.after else app
