"""How far the search has come: the routers that were entered, and what each took.

A level knows its way back, so that nothing is copied before something serves.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from asgi_routes.apps import Kind, kind_of, matches_as_ours
from asgi_routes.middleware import Layer
from asgi_routes.scopes import (
    NO_TEMPLATE,
    ChildRoute,
    Mounted,
    Policy,
    Reading,
    Template,
    join_templates,
)
from asgi_routes.types import Scope

Taken = tuple[tuple[Any, ...], Mapping[str, Any]]
"""Positional and named parameters."""

NOTHING: Taken = ((), {})


class Key:
    """What a router leads to that goes by one key, and the key.

    Attributes:
        text: of the key, as written.
        app: the application.
        kind: what the search does with it.
        is_direct: whether it is a router that the search goes through.
        is_default: whether there is no key: it is the router's default.
        static: what is the same in all routes to it, where that was asked for.
    """

    __slots__ = ("app", "is_default", "is_direct", "kind", "static", "text")
    matched: ChildRoute | None = None
    template = NO_TEMPLATE
    declarations: tuple[Any, ...] = ()
    layers: tuple[Layer, ...] = ()
    order = (0,)

    def __init__(self, text: str, app: Any, *, is_default: bool = False) -> None:
        self.text = text
        self.app = app
        self.kind = kind_of(app)
        has_branches = callable(getattr(app, "branches", None))
        self.is_direct = self.kind is Kind.ROUTER and has_branches and matches_as_ours(app)
        self.is_default = is_default
        self.static: ChildRoute | None = None

    @property
    def passed(self) -> tuple[Any, ...]:
        """Itself."""
        return (self,)

    def policy_in(self, policy: Policy) -> Policy:
        """Return what holds for the application."""
        return policy


Chosen: TypeAlias = tuple[Key, Taken]
"""A key, and the parameters that it took."""


class Level:
    """A router that the search has entered.

    Attributes:
        router: the router.
        scope: what child scopes are made of: as received, or as a router of somebody else's made
            it.
        policy: what holds here.
        reading: how far the path has been read; None where nobody has read it yet.
        outer: the level around, or None.
        via: what the router around went by: a `Destination` or a `Key`; None outside.
        taken: the parameters that were taken on the way in.
        methods: the methods that declarations on the way have left; None for all.
        has_options: whether OPTIONS goes with these.
        mounted: the last mount on the way, or None.
        is_open: whether an application that a key leads to may leave a rest of the path.
        is_final: whether the search ends here, whatever comes of it.
        depth: how many levels are around it.
    """

    __slots__ = (
        "depth",
        "has_options",
        "is_final",
        "is_open",
        "methods",
        "mounted",
        "outer",
        "policy",
        "reading",
        "router",
        "scope",
        "taken",
        "via",
    )

    def __init__(
        self, router: Any, scope: Scope, policy: Policy, reading: Reading | None = None
    ) -> None:
        self.router = router
        self.scope = scope
        self.policy = policy
        self.reading = reading
        self.outer: Level | None = None
        self.via: Any = None
        self.taken = NOTHING
        self.methods: frozenset[str] | None = None
        self.has_options = True
        self.mounted: Mounted | None = None
        self.is_open = True
        self.is_final = False
        self.depth = 0

    def inner(self, router: Any, policy: Policy, via: Any, taken: Taken = NOTHING) -> "Level":
        """Return the level of a router that this one leads to."""
        level = Level(router, self.scope, policy, self.reading)
        level.outer = self
        level.depth = self.depth + 1
        level.via = via
        level.taken = taken
        level.methods = self.methods
        level.has_options = self.has_options
        level.mounted = self.mounted
        level.is_open = self.is_open
        return level

    @property
    def at(self) -> int:
        """How far the path has been read."""
        return 0 if self.reading is None else self.reading.at

    @property
    def rest(self) -> str | None:
        """What has not been read of the path; None where nobody has begun."""
        return None if self.reading is None else self.reading.whole[self.reading.at :]

    @property
    def is_below_route(self) -> bool:
        """Whether a route has taken something of the path, and nothing is mounted behind it."""
        for level in self.outwards():
            if level.outer is None or level.outer.scope is not level.scope:
                return False
            if type(level.via) is not Key:
                return level.via.mounting is None
        return False

    def outwards(self) -> "Iterator[Level]":
        """Yield this level and those around it."""
        level: Level | None = self
        while level is not None:
            yield level
            level = level.outer

    def of_scope(self) -> "Iterator[Level]":
        """Yield this level and those around it that the same scope was handed to."""
        for level in self.outwards():
            if level.scope is not self.scope:
                return
            yield level

    def taken_with(self, taken: Taken) -> list[Taken]:
        """Return the parameters that the scope does not have yet, the outermost first."""
        if self.outer is None:
            return [] if taken is NOTHING else [taken]
        found = [taken, *(level.taken for level in self.of_scope())]
        return [one for one in reversed(found) if one is not NOTHING]

    def template_with(self, via: Any) -> Template:
        """Return the template of all on the way, with the one in the scope."""
        found = [one.template for one in (via, *(level.via for level in self.of_scope())) if one]
        outer = self.scope.get("route")
        if type(outer) is ChildRoute:
            found.append(outer.template)
        return join_templates(tuple(reversed(found)))

    def passed_with(self, via: Any) -> tuple[tuple[Any, ...], tuple[tuple[Any, str], ...]]:
        """Return the declarations and keys on the way and in the scope, and what is mounted."""
        outer = self.scope.get("route")
        passed, mounts = (outer.passed, outer.mounts) if type(outer) is ChildRoute else ((), ())
        for level in reversed([*self.of_scope()]):
            if level.via is not None:
                passed += level.via.passed
                if type(level.via) is not Key and level.via.mounting is not None:
                    assert level.mounted is not None
                    mounts += ((level.router, level.mounted.root_path),)
        return (passed if via is None else passed + via.passed), mounts


class Hop(NamedTuple):
    """A router on the way, and what it went by.

    Attributes:
        router: the router.
        key: the text of a key; empty where it went by declarations.
        declarations: those that matched, of routers in its own table too.
        layers: the middleware of the router and of what it went by, the outermost first.
    """

    router: Any
    key: str
    declarations: tuple[Any, ...]
    layers: tuple[Layer, ...]


class Place(NamedTuple):
    """Where the search is: what is called, or answers a miss.

    Attributes:
        level: the router that it is in.
        via: the `Destination` whose text or prefix has matched; None for the router itself.
        taken: the parameters that it took.
        rest: what it left of the path; None where nobody has read it.
        reach: how far into the path it reaches.
    """

    level: Level
    via: Any = None
    taken: Taken = NOTHING
    rest: str | None = None
    reach: int = 0

    @classmethod
    def of(cls, level: Level, via: Any = None, taken: Taken = NOTHING) -> "Place":
        """Return the place where a level has read no further."""
        return cls(level, via, taken, level.rest, level.at)

    @property
    def policy(self) -> Policy:
        """What holds there."""
        return self.level.policy if self.via is None else self.via.policy_in(self.level.policy)

    def is_before(self, other: "Place") -> bool:
        """Tell whether it answers rather than another one that reaches as far.

        What is nested in the other does, and what was declared before it.
        """
        mine, via = self.level, self.via
        others, other_via = other.level, other.via
        while mine is not others:  # The router that both are in is near, as a rule.
            if mine.depth >= others.depth:
                assert mine.outer is not None
                via, mine = mine.via, mine.outer
            else:
                assert others.outer is not None
                other_via, others = others.via, others.outer
        order = () if via is None else via.order
        other_order = () if other_via is None else other_via.order
        if order == other_order:
            return self.level.depth > other.level.depth
        if order[: len(other_order)] == other_order or other_order[: len(order)] == order:
            return len(order) > len(other_order)
        return order < other_order


def collect_hops(level: Level | None, via: Any) -> tuple[Hop, ...]:
    """Return the routers on the way, each with what it went by, the outermost first."""
    hops = []
    while level is not None:
        hops.append(hop_of(level.router, via))
        via, level = level.via, level.outer
    return tuple(reversed(hops))


def hop_of(router: Any, via: Any) -> Hop:
    """Return a router and what it went by."""
    layer = getattr(router, "layer", None)
    layers = () if layer is None else (layer,)
    if via is None:
        return Hop(router, "", (), layers)
    if type(via) is Hop:
        return via
    key = via.text if type(via) is Key else ""
    return Hop(router, key, via.declarations, (*layers, *via.layers))


def collect_layers(level: Level | None, via: Any) -> list[Layer]:
    """Return the middleware on the way, the outermost first."""
    found: list[Layer] = []
    while level is not None:
        if via is not None and via.layers:
            found += reversed(via.layers)
        layer = getattr(level.router, "layer", None)
        if layer is not None:
            found.append(layer)
        via, level = level.via, level.outer
    found.reverse()
    return found


def narrow_methods(
    methods: frozenset[str] | None, by: frozenset[str] | None
) -> frozenset[str] | None:
    """Return the methods that are left where a declaration has only some; None for all."""
    if methods is None or by is None:
        return by if methods is None else methods
    return methods & by
