"""The search: one table, the first match wins.

The search calls nobody. It goes through routers in routers without recursion, and asks no router
twice about the same rest of the path, so its time is linear in the path whatever leads to what. It
ends where an application, a mount, or a router that somebody has wrapped by hand is reached. What
is said of a miss comes from the same search.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

from asgi_routes.apps import BOUNDARY, ENDPOINT, ROUTER, kind_of, matches_as_ours, router_behind
from asgi_routes.dispatch.answers import is_application
from asgi_routes.dispatch.levels import NOTHING, Key, Level, Place, Taken, narrow_methods
from asgi_routes.dispatch.matches import (
    NONE_ALLOWED,
    Handed,
    Match,
    NoMatch,
    make_child,
    make_match,
)
from asgi_routes.scopes import (
    ChildRoute,
    Mounted,
    Policy,
    make_location,
    method_of,
    mount_at,
    outermost_of,
    skip_slash,
    split_at_mount,
)
from asgi_routes.types import App, Scope

Branch: TypeAlias = Level | Match | NoMatch
"""Where the search goes on, or how it ends."""

_HTTP = "http"
_DEEPEST = 100
"""Boundaries that may be called for one request; each takes frames of Python's stack."""


def find_match(router: Any, scope: Scope, base: Policy) -> Match | NoMatch:
    """Return what serves a scope, or why nothing does.

    Args:
        router: where the search begins.
        scope: as received.
        base: what holds where no router says anything.
    """
    outer = scope.get("route")
    around, depth, known = base, 0, NONE_ALLOWED
    if type(outer) is ChildRoute:
        around, depth, known = outer.policy or base, outer.depth, outer.known
    level = Level(router, scope, _policy_in(router, around))
    if depth > _DEEPEST:
        said = f"More than {_DEEPEST} routers that are wrapped by hand stand in one another."
        return NoMatch(said, place=Place(level))
    return Search(scope, known, depth).run(level)


def _policy_in(router: Any, around: Policy) -> Policy:
    return router.policy_within(around) if matches_as_ours(router) else around


def _has_places(router: Any) -> bool:
    return hasattr(router, "places")


class Search:
    """One search.

    Attributes:
        kind: the type of the scope.
        method: of an HTTP request; None for all else, and then no methods are told.
        declined: how many applications were reached that do not take the method.
        slashes: how much longer than the path the text is that is matched: 0, or 1 or -1 for the
            variant with a slash more or less.
        reason: why there is no match, where that is more than that no route has the path.
        is_refused: whether the target is no path; then no application answers.
    """

    __slots__ = (
        "_allowed",
        "_depth",
        "_entered",
        "_has_implied_options",
        "_is_known",
        "_location",
        "_made",
        "_outermost",
        "_place",
        "_seen",
        "declined",
        "is_refused",
        "kind",
        "method",
        "reason",
        "slashes",
    )

    def __init__(self, scope: Scope, known: frozenset[str], depth: int) -> None:
        self.kind = scope.get("type")
        self.method = method_of(scope)
        self.declined = 0
        self.slashes = 0
        self.reason: str | None = None
        self.is_refused = False
        self._allowed = NONE_ALLOWED if self.method is None else known
        self._has_implied_options = False
        self._depth = depth
        self._outermost = outermost_of(scope)
        self._place: Place | None = None
        self._is_known = False
        self._location: str | None = None
        self._entered: list[Level] = []
        self._made: list[Scope] = []
        self._seen: dict[tuple[Any, ...], bool] = {}

    # The way through the routers.

    def run(self, top: Level) -> Match | NoMatch:
        """Search from a router on; what ends the search is begun with anew."""
        found: Branch | None = top
        while isinstance(found, Level):
            top = found
            self._place, self._is_known = None, False
            self._entered.clear()
            declined = self.declined
            found = self._go_through(top)
            if found is None:
                found = self.at_end(top, declined)
        if found is not None:
            return found
        best = self._best(top)
        return NoMatch(self._reason(), self._allowed, self._location, best, self.method)

    def _go_through(self, top: Level) -> Branch | None:
        """Go through a router and those that it leads to; return how that ends, or None."""
        key: tuple[Any, ...] = ()  # That of the first is worked out once there is a second.
        stack = [(self._enter(top), top, key, self.declined)]
        while stack:
            branches, level, key, declined = stack[-1]
            branch = next(branches, None)
            if branch is None:
                self._seen[key or self._key(level)] = self.declined > declined
                stack.pop()
                continue
            if type(branch) is not Level or branch.is_final:
                return branch
            if not key:
                self._seen.setdefault(self._key(level), False)
            key = self._key(branch)
            if (has_declined := self._seen.get(key)) is None:
                self._seen[key] = False
                stack.append((self._enter(branch), branch, key, self.declined))
            else:
                self.declined += has_declined
        return None

    def _key(self, level: Level) -> tuple[Any, ...]:
        reading = level.reading
        start = None if reading is None else (reading.at, self.slashes)
        return (
            id(level.router),
            id(level.scope),
            start,
            level.methods,
            level.has_options,
            level.policy,
            level.is_open,
        )

    def _enter(self, level: Level) -> Iterator[Branch]:
        self._entered.append(level)
        if matches_as_ours(level.router):
            return level.router.branches(level, self)  # type: ignore[no-any-return]
        return self._ask(level)

    def _ask(self, level: Level) -> Iterator[Branch]:
        """Ask a router that matches in its own way, and go on with what it names."""
        scope, place = level.scope, Place.of(level)
        if level.outer is not None:
            scope = make_child(place, self._hand_on())
        found = level.router.match(scope)
        if not found:
            if not level.is_below_route:
                self.reason = self.reason or found.reason
            self._location = self._location or found.location
            if found.allowed and self.method is not None and level.methods is None:
                self._allowed |= found.allowed
                self.declined += 1
            self.consider(place, is_known=found.is_known)
        elif kind_of(found.app) is ROUTER:
            inner = level.inner(found.app, _policy_in(found.app, level.policy), Key("", found.app))
            inner.scope, inner.reading = found.scope, None
            self._made.append(found.scope)  # As long as it is here, nobody else gets its id.
            yield inner
        elif self.takes(place, level.methods):
            yield make_match(place, found.app, self._hand_on(), found=found)

    def at_end(self, level: Level, declined: int) -> Branch | None:
        """Return what serves what no route of a router has: another spelling, or the default.

        Args:
            level: of the router.
            declined: the count when it was entered.
        """
        found = self._with_other_slash(level)
        default = getattr(level.router, "default_of_misses", None)
        if found is not None or default is None or self.declined > declined:
            return found
        if self.is_refused or self.kind == "lifespan":
            return None
        return self._default(level, default)

    # What declarations lead to.

    def lead(
        self, level: Level, target: Any, args: tuple[Any, ...], kwargs: Any, rest: str
    ) -> Branch | None:
        """Return what a row that has matched leads to; None where it declines."""
        methods = narrow_methods(level.methods, target.methods)
        if methods is not None and not methods:
            return None
        assert level.reading is not None
        at = len(level.reading.whole) - len(rest)
        place = Place(level, target, (args, kwargs), rest, at)
        if target.mounting is not None:
            return self._lead_to_mount(place, methods)
        if target.kind is ROUTER:
            inner = self._inner(place, target.app)
            inner.reading = level.reading._replace(at=at)
            inner.methods, inner.is_open = methods, target.is_open
            return inner
        return self._serve(place, methods)

    def lead_by_key(
        self,
        level: Level,
        key: Key,
        taken: Taken = NOTHING,
        *,
        methods: frozenset[str] | None = None,
        has_options: bool = True,
    ) -> Branch | None:
        """Return what a key leads to; None where it declines."""
        methods = narrow_methods(level.methods, methods)
        if methods is not None and not methods:
            return None
        place = Place.of(level, key, taken)
        if key.kind is ROUTER:
            inner = self._inner(place, key.app)
            inner.methods, inner.has_options = methods, has_options and level.has_options
            return inner
        if key.kind is ENDPOINT and place.rest and not level.is_open:
            return None
        return self._serve(place, methods, has_options=has_options)

    def lead_nowhere(self, level: Level, reason: str) -> Iterator[Branch]:
        """Yield the default of a router that does not have the key of the scope, if it has one."""
        if not level.is_below_route:
            self.refuse(reason)
        default = level.router.default
        place = Place.of(level)
        if not is_application(default):
            self.consider(place)
        elif self.kind != "lifespan" and not self.slashes:
            found = self._default(level, default)
            if found is not None:
                yield found

    def _inner(self, place: Place, router: Any) -> Level:
        return place.level.inner(router, _policy_in(router, place.policy), place.via, place.taken)

    def _default(self, level: Level, default: App) -> Branch | None:
        if not self.takes(Place.of(level), level.methods):
            return None
        key = Key("default", default, is_default=True)
        place = Place.of(level, key)
        if key.kind is ROUTER:
            inner = self._inner(place, default)
            inner.is_final = True
            return inner
        return make_match(place, default, self._hand_on(), why=self._reason())

    def _lead_to_mount(self, place: Place, methods: frozenset[str] | None) -> Branch | None:
        level, target, rest, at = place.level, place.via, place.rest, place.reach
        mounting = target.mounting
        assert level.reading is not None
        split = split_at_mount(level.reading.whole, at)
        if split is None:
            return None
        is_bare = not rest and bool(target.route.pattern.source)
        is_redirect = is_bare and mounting.at_prefix == "redirect" and self.kind == _HTTP
        if is_bare and mounting.at_prefix != "serve" and not (is_redirect and not self.slashes):
            return None
        prefix, behind = split
        whole, _, added, _ = level.reading
        mounted = Mounted(*mount_at(prefix, added, whole[at:], mounting))
        if is_redirect:
            return self._redirect(place, is_shorter=False) if self.takes(place, methods) else None
        found = self._reach(place, methods, mounted=mounted)
        if found is not True:
            return None if found is False else found
        if target.kind is not ROUTER:
            return make_match(place, target.app, self._hand_on(), mounted=mounted)
        inner = self._inner(place, target.app)
        inner.reading, inner.mounted = level.reading._replace(at=behind), mounted
        inner.methods, inner.is_open, inner.is_final = methods, True, True
        return inner

    def _serve(
        self, place: Place, methods: frozenset[str] | None, *, has_options: bool = True
    ) -> Branch | None:
        """Return the match of an application that was reached; None where it declines."""
        found = self._reach(place, methods, has_options=has_options)
        if found is not True:
            return None if found is False else found
        app, is_boundary = place.via.app, place.via.kind is BOUNDARY
        return make_match(place, app, self._hand_on(), is_boundary=is_boundary)

    def _reach(
        self,
        place: Place,
        methods: frozenset[str] | None,
        *,
        has_options: bool = True,
        mounted: Mounted | None = None,
    ) -> Level | NoMatch | bool:
        """Tell whether what was reached serves the request.

        Where that is at another slash, the answer is a redirect; and where a boundary is there for
        other methods, the router behind it, which is asked whether it has the path.
        """
        is_boundary = mounted is not None or place.via.kind is BOUNDARY
        mode = place.policy.slashes if self.slashes else None
        if mode is not None:
            if mode == "strict" or (mode == "redirect" and self.kind != _HTTP):
                return False
            if is_boundary and not self._has_end_behind(place, mounted, is_redirect=mode != "both"):
                return False
        is_redirect = mode == "redirect"
        is_refused = methods is not None and self.method not in methods
        if is_refused and is_boundary and self.method is not None:
            router = router_behind(place.via.app)
            if router is not None and matches_as_ours(router):
                return self._go_behind(place, methods, router, mounted)
        if not self.takes(place, methods, has_options=has_options, is_redirect=is_redirect):
            return False
        if not is_redirect:
            return True
        found = self._redirect(place, is_shorter=self.slashes < 0)
        return False if found is None else found

    def takes(
        self,
        place: Place,
        methods: frozenset[str] | None,
        *,
        has_options: bool = True,
        is_redirect: bool = False,
    ) -> bool:
        """Tell whether an application that is reached with these methods serves the request.

        A route with methods has OPTIONS, as GET has HEAD (RFC 9110, 9.3.2 and 9.3.7): from it on,
        only a route that names OPTIONS itself gets it.
        """
        if methods is None:
            return not self._has_implied_options
        if self.method in methods:
            return True
        is_implied = has_options and place.level.has_options
        is_asked = self.method == "OPTIONS" and is_implied
        if is_redirect:
            return is_asked and not self._has_implied_options
        if self.method is not None:
            self.declined += 1
            self._allowed |= methods | {"OPTIONS"} if is_implied else methods
            self._has_implied_options |= is_asked
            self.consider(place, is_known=True)
        return False

    def _hand_on(self) -> Handed:
        return Handed(self._outermost, self._allowed, self._depth + 1)

    # The variant with another slash.

    def _with_other_slash(self, level: Level) -> Branch | None:
        """Search once more for the path with a slash more or less at its end."""
        reading = level.reading
        if reading is None or self.slashes or not self._may_want_variants(level):
            return None
        # An encoded slash at the end is none, where the router preserves it.
        matched_text = getattr(level.router, "matched_text", None)
        text = reading.whole if matched_text is None else matched_text(level, self)
        text = (text or "")[reading.at :]
        if not text or text == "/" or text.endswith("//"):
            return None
        entered = len(self._entered)
        self.slashes = -1 if text.endswith("/") else 1
        whole = reading.whole[:-1] if text.endswith("/") else reading.whole + "/"
        level.reading = reading._replace(whole=whole)
        found = self._go_through(level)
        level.reading = reading
        self.slashes = 0
        del self._entered[entered:]  # No prefix of theirs has matched the path itself.
        return found

    def _may_want_variants(self, level: Level) -> bool:
        return level.policy.slashes != "strict" or any(
            one.policy.slashes != "strict" or getattr(one.router, "may_want_variants", False)
            for one in self._entered
        )

    def _redirect(self, place: Place, *, is_shorter: bool) -> NoMatch | None:
        reading = place.level.reading
        added = "" if reading is None else reading.added
        location = make_location(place.level.scope, added, is_shorter=is_shorter)
        if location is None:
            return None
        return NoMatch(self._reason(), NONE_ALLOWED, location, place, self.method)

    def _has_end_behind(self, place: Place, mounted: Mounted | None, *, is_redirect: bool) -> bool:
        """Tell whether the router behind a boundary has something at the end of the path.

        For another method will do, but not to be redirected to it.
        """
        if place.rest:
            return False
        router = router_behind(place.via.app)
        if router is None or not matches_as_ours(router):
            return True
        child = make_child(place, self._hand_on(), mounted=mounted, has_position=True)
        found = router.match(child)
        if found or not is_redirect:
            return bool(found or found.allowed)
        return self.method == "OPTIONS" and "OPTIONS" in found.allowed

    def _go_behind(
        self,
        place: Place,
        methods: frozenset[str] | None,
        router: Any,
        mounted: Mounted | None,
    ) -> Level:
        """Return the level of a router that has the path for other methods, if at all."""
        inner = self._inner(place, router)
        if inner.reading is not None:
            inner.reading = skip_slash(inner.reading._replace(at=place.reach))
        inner.methods, inner.is_open = methods, mounted is not None or inner.is_open
        inner.mounted = mounted or inner.mounted
        return inner

    # The answer to a miss.

    def consider(self, place: Place, *, is_known: bool = False) -> None:
        """Remember the place that answers a miss, where it is the best so far."""
        if self.slashes and not is_known:
            return  # It has not matched the path itself.
        best = self._place
        if best is not None:
            mine, its = (is_known, place.reach), (self._is_known, best.reach)
            if mine < its or (mine == its and not place.is_before(best)):
                return
        self._place, self._is_known = place, is_known

    def refuse(self, reason: str, *, is_no_path: bool = False) -> None:
        """Remember why a router has nothing, where that is more than that no route has the path."""
        self.reason = self.reason or reason
        self.is_refused |= is_no_path

    def find_place(self, level: Level) -> Place:
        """Return the place that answers the miss of a router that was entered, and no other."""
        self._entered.append(level)
        return self._best(level)

    def _best(self, top: Level) -> Place:
        if not self._is_known:
            for level in self._entered:
                self.consider(Place.of(level))
                for place in level.router.places(level, self) if _has_places(level.router) else ():
                    self.consider(place)
        return self._place or Place.of(top)

    def _reason(self) -> str:
        if self.reason is not None and not self._allowed:
            return self.reason
        readings = (level.reading for level in self._entered)
        reading = next((one for one in readings if one is not None), None)
        if reading is None:
            return self.reason or "No route found."
        text = reading.text
        if self.slashes:
            text = text[:-1] if self.slashes > 0 else text + "/"
        if self._allowed:
            return f"Path {text!r} has no route for method {self.method!r}."
        return f"No route found for path {text!r}."
