"""Random layouts: applications, what is around them, and routers, any of them in many places.

A layout is a list of nodes; each leads to some of those before it, and the last one is the whole.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from hypothesis import strategies as st

from asgi_routes import HostRouter, ProtocolTypeRouter, URLRouter, mount
from tests.lifespan.witnesses import WRAPPERS, Dispatcher, Journal, Witness

STARTS = ("ok",) * 6 + (
    "slow",
    "late",
    "hang",
    "fail",
    "fail",
    "return",
    "raise",
    "raise late",
    "read on",
)
STOPS = ("ok",) * 6 + ("slow", "hang", "fail", "raise", "leave", "die")
TYPES = ("http", "websocket", "channel", "mqtt")
MOST_CHILDREN = len(TYPES)


@dataclass(frozen=True)
class Leaf:
    """An application."""

    start: str
    stop: str


@dataclass(frozen=True)
class Wrapped:
    """A wrapper by hand around another node."""

    how: str
    inner: int


@dataclass(frozen=True)
class Dispatched:
    """A dispatcher, with applications that nobody else has."""

    apps: tuple[Leaf, ...]


@dataclass(frozen=True)
class Routed:
    """A router, the nodes that it leads to, how each takes part, and its own lifespan."""

    kind: str
    children: tuple[tuple[int, str], ...]
    own: str | None


Node: TypeAlias = Leaf | Wrapped | Dispatched | Routed
Layout: TypeAlias = tuple[Node, ...]

_LEAVES = st.builds(Leaf, st.sampled_from(STARTS), st.sampled_from(STOPS))
# What raises in it ends its siblings: that is the dispatcher's own.
_DISPATCHED = st.builds(
    Leaf, st.sampled_from(["ok", "slow", "late", "hang"]), st.sampled_from(["ok", "slow", "fail"])
)
_OWN = st.sampled_from([None, None, None, "ok", "ok", "fail to start", "fail to stop"])
_KINDS = st.sampled_from(["url", "type", "host"])
_POLICIES = st.sampled_from(["auto"] * 6 + ["on", "off"])


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """Make up a layout."""
    nodes: list[Node] = draw(st.lists(_LEAVES, min_size=1, max_size=4))
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["wrap", "wrap", "wrap", "route", "dispatch"]))
        if kind == "dispatch":
            nodes.append(Dispatched(tuple(draw(st.lists(_DISPATCHED, min_size=1, max_size=3)))))
        elif kind == "route":
            nodes.append(draw(_routers(st.integers(0, len(nodes) - 1))))
        else:
            inner = draw(st.integers(0, len(nodes) - 1))
            how = draw(st.sampled_from([*sorted(WRAPPERS), "pump", "blocking", "blocking"]))
            # Two closures around one application are two applications.
            is_safe = how != "closure" or isinstance(nodes[inner], Routed)
            nodes.append(Wrapped(how if is_safe else "app", inner))
    used = {child for node in nodes for child in leads_to(node)}
    unused = [number for number in range(len(nodes)) if number not in used]
    again = draw(st.lists(st.sampled_from(range(len(nodes))), max_size=MOST_CHILDREN))
    top = [(number, "auto") for number in draw(st.permutations(unused + again))]
    while len(top) > MOST_CHILDREN:
        nodes.append(Routed("url", tuple(top[:MOST_CHILDREN]), None))
        top = [*top[MOST_CHILDREN:], (len(nodes) - 1, "auto")]
    return (*nodes, Routed(draw(_KINDS), tuple(top), draw(_OWN)))


def _routers(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[Routed]:
    children = st.lists(st.tuples(numbers, _POLICIES), min_size=1, max_size=MOST_CHILDREN)
    return st.builds(Routed, _KINDS, children.map(tuple), _OWN)


def leads_to(node: Node) -> Iterator[int]:
    """Yield the numbers of the nodes that a node leads to."""
    if isinstance(node, Wrapped):
        yield node.inner
    elif isinstance(node, Routed):
        yield from (number for number, _ in node.children)


def leaves_of(layout: Layout) -> dict[str, Leaf]:
    """Return the applications that take part, by name, as far as nobody blocks the way to them."""
    reached: dict[str, Leaf] = {}
    ahead = [len(layout) - 1]
    while ahead:
        number = ahead.pop()
        match layout[number]:
            case Leaf() as leaf:
                reached[str(number)] = leaf
            case Dispatched(apps):
                reached.update({f"{number}.{place}": leaf for place, leaf in enumerate(apps)})
            case Wrapped(how, inner):
                ahead.extend([inner] if how != "blocking" else [])
            case Routed(kind, children):
                # Only mounts have a policy.
                ahead.extend(
                    inner for inner, policy in children if kind != "url" or policy != "off"
                )
    return reached


def build(layout: Layout, journal: Journal) -> Any:
    """Return the application that a layout describes."""
    built: list[Any] = []
    for number, node in enumerate(layout):
        match node:
            case Leaf(start, stop):
                app: Any = Witness(str(number), start, stop, journal)
            case Wrapped(how, inner):
                app = WRAPPERS[how](built[inner])
            case Dispatched(apps):
                app = Dispatcher(
                    [
                        Witness(f"{number}.{place}", leaf.start, leaf.stop, journal)
                        for place, leaf in enumerate(apps)
                    ]
                )
            case Routed():
                app = _build_router(str(number), node, built, journal)
        built.append(app)
    return built[-1]


def _build_router(name: str, node: Routed, built: list[Any], journal: Journal) -> Any:
    own = _build_own(name, node.own, journal) if node.own else None
    apps = [
        (f"{place}", built[inner], policy) for place, (inner, policy) in enumerate(node.children)
    ]
    if node.kind == "url":
        routes = [mount(key, app, lifespan=policy) for key, app, policy in apps]  # type: ignore[arg-type]
        return URLRouter(routes, lifespan=own)
    if node.kind == "host":
        hosts = {f"h{key}.example": app for key, app, _ in apps}
        return HostRouter(hosts, lifespan=own)
    return ProtocolTypeRouter(
        {kind: app for kind, (_, app, _) in zip(TYPES, apps, strict=False)}, lifespan=own
    )


def _build_own(name: str, how: str, journal: Journal) -> Any:
    @asynccontextmanager
    async def lifespan(router: Any) -> AsyncIterator[None]:
        journal.note("asked", name)
        try:
            if how == "fail to start":
                journal.note("fail", name)
                raise RuntimeError("told to fail")
            journal.note("start", name)
            yield
            journal.note("stop", name)
            if how == "fail to stop":
                raise RuntimeError("told to fail")
        finally:
            journal.note("end", name)

    return lifespan
