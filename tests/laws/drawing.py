"""Random trees, and requests for them.

As small as can be, and as dense: few names, few segments, so that routes compete; and most requests
are for something that was declared, or for its neighbour.
"""

import functools
from dataclasses import dataclass, replace
from typing import Any, Literal

from hypothesis import assume
from hypothesis import strategies as st

from tests.laws.asking import Request
from tests.laws.building import path_for
from tests.laws.trees import (
    App,
    Default,
    Included,
    Keyed,
    Kind,
    Page,
    Route,
    Router,
    Spot,
    Target,
    Urls,
    Wrapped,
    inside,
    numbered,
    walk,
)
from tests.laws.wrappers import ATTRIBUTES

LEAVES = ("x", "", "x/", "m/", "<a>", "<int:n>/", "<a>/x")
PREFIXES = ("m/", "m", "", "<a>/", "<b>")
MOUNTS = ("m", "", "<b>", "m/x")
KEYS: dict[Kind, tuple[str, ...]] = {
    "type": ("http", "websocket"),
    "host": ("one.example", "<t>.example"),
    "method": ("GET", "POST"),
    "subprotocol": ("v1", "v2"),
    "channel": ("jobs",),
}
HOSTS = {"one.example": "one.example", "<t>.example": "two.example"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What may stand in a tree.

    Attributes:
        levels: how deep routers nest.
        wrapped: whether routers stand behind wrappers by hand in the middle of a table.
        inner_defaults: what routers within the first have as default: applications, or policies as well.
        mixed_slashes: whether they have ``slashes`` of their own, other than the first.
        pages: whether there are pages of one's own.
    """

    levels: int = 3
    wrapped: bool = False
    inner_defaults: Literal["applications", "all"] = "all"
    mixed_slashes: bool = True
    pages: bool = True
    encoded: bool = True
    keyed: bool = True
    channels: bool = True


ANYTHING = Limits()


def is_said(node: Route | Target, front: str = "/") -> bool:
    """Tell whether it is said how everything in a tree reads a path.

    Of a router behind an empty text, behind an ``include`` that does not end in a slash, it is not.
    """
    match node:
        case Route(text="", target=Urls() | Keyed() | Wrapped(), syntax="path" | "format_path"):
            if front[-1:] != "/":
                return False
    if isinstance(node, Route):
        front = front + node.text if isinstance(node.target, Included) else "/"
    elif not isinstance(node, Included):
        front = "/"
    return all(is_said(inner, front) for _, inner in inside(node))


def pick(draw: st.DrawFn, *choices: Any) -> Any:
    """Draw one of several."""
    return draw(st.sampled_from(choices))


@st.composite
def trees(draw: st.DrawFn, limits: Limits = ANYTHING) -> Router:
    """Draw a router as a server would call it."""
    urls = functools.partial(_urls, limits=limits, level=limits.levels, is_top=True)
    top: Any
    if limits.keyed and draw(st.booleans()):
        kind = pick(draw, "type", "host", "method")
        keys = pick(draw, KEYS[kind], KEYS[kind][:1])
        targets: list[tuple[str, Target]] = [(key, draw(urls())) for key in keys]
        if kind == "method":
            targets = [(key, _of_every_method(inner)) for key, inner in targets]
        if kind == "type" and limits.channels and draw(st.booleans()):
            targets.append(("channel", Keyed("channel", (("jobs", App()),))))
        top = Keyed(kind, tuple(targets), draw(_defaults(limits)))
    else:
        top = draw(urls())
    assume(is_said(top))
    tree = numbered(_with_settings_again(top) if draw(st.booleans()) else top)
    assert isinstance(tree, Urls | Keyed)
    return tree


def _with_settings_again(node: Any, encoded: Any = None) -> Any:
    """Return the same tree, in which inner routers set themselves what they would inherit.

    A router that sets one thing inherits the others all the same.
    """
    if isinstance(node, Urls):
        encoded = node.encoded_slashes or encoded or "decode"
    match node:
        case Route():
            return replace(node, target=_with_settings_again(node.target, encoded))
        case Urls() | Included():
            routes = tuple(_with_settings_again(route, encoded) for route in node.routes)
            told = {"encoded_slashes": encoded} if isinstance(node, Urls) else {}
            return replace(node, routes=routes, **told)
        case Keyed():
            targets = tuple((key, _with_settings_again(one, encoded)) for key, one in node.targets)
            return replace(node, targets=targets)
        case Wrapped():
            return replace(node, inner=_with_settings_again(node.inner, encoded))
    return node


@st.composite
def _urls(draw: st.DrawFn, limits: Limits, level: int, *, is_top: bool = False) -> Urls:
    routes = draw(st.lists(_routes(limits, level), min_size=1, max_size=3))
    for number, route in enumerate(routes):
        if route.syntax == "mount" and "<" not in route.text and draw(st.booleans()):
            routes[number : number + 1] = _with_methods_before(route)
    slashes = encoded = None
    if is_top or limits.mixed_slashes:
        slashes = pick(draw, None, "redirect", "both", "strict", "redirect")
    if is_top and limits.encoded:
        encoded = pick(draw, None, None, None, "preserve", "reject", "decode")
    root_path = pick(draw, "auto", "auto", "auto", "in_path", "stripped")
    default: Default
    if is_top or limits.inner_defaults == "all":
        default = draw(_defaults(limits))
    else:
        default = pick(draw, "unset", "unset", App())
    return Urls(tuple(routes), slashes, encoded, root_path, default)


def _with_methods_before(mount: Route) -> list[Route]:
    """Return a mount behind a route that has a path below it, for another method than what is mounted."""
    before = Route("path", f"{mount.text}/x".lstrip("/"), App(), methods=("POST",))
    if isinstance(mount.target, Urls):
        inner = (Route("path", "x", App(), methods=("PUT",)), *mount.target.routes)
        mount = replace(mount, target=replace(mount.target, routes=inner))
    return [before, mount]


@st.composite
def _defaults(draw: st.DrawFn, limits: Limits) -> Default:
    unset: list[Default] = ["unset"]
    choices = [*unset * 3, App(), App(), "not_found", "raises"]
    if limits.pages:
        choices.append(Page(App()))
    default: Default = pick(draw, *choices)
    return default


@st.composite
def _routes(draw: st.DrawFn, limits: Limits, level: int) -> Route:
    choices = ["leaf", "leaf"]
    if level > 1:
        choices += ["nested", "include", "mount", "mount"]
    match pick(draw, *choices):
        case "leaf":
            return draw(_leaves())
        case "include":
            nested = draw(st.lists(_routes(limits, level - 1), min_size=1, max_size=2))
            text = pick(draw, "m/", "", "<a>/", "m")
            syntax = pick(draw, "path", "format_path")
            return Route(syntax, text, Included(tuple(nested)))
        case "mount":
            target: Target = App(pick(draw, "", "", "shared"))
            if draw(st.booleans()):
                target = draw(_below(limits, level - 1))
            at_prefix = pick(draw, "serve", "serve", "redirect", "miss")
            text = pick(draw, *MOUNTS)
            return Route("mount", text, target, at_prefix=at_prefix if text else "serve")
    syntax = pick(draw, "path", "path", "format_path", "re_path")
    text = pick(draw, *PREFIXES)
    if syntax == "re_path":
        text = (
            text or "m/"
        )  # What an empty regex leaves, and whether a slash less, is nowhere said.
    return Route(syntax, text, draw(_below(limits, level - 1)))


@st.composite
def _leaves(draw: st.DrawFn) -> Route:
    syntax = pick(draw, "path", "path", "path", "format_path", "re_path")
    text = pick(draw, *LEAVES)
    methods = pick(draw, (), ("GET",), ("POST",), ("GET", "PUT"), ("OPTIONS",))
    if not methods and draw(st.integers(0, 4)) == 4:
        apps = tuple((key, App()) for key in KEYS["method"])
        return Route(syntax, text, Keyed("method", apps))
    is_open = syntax == "re_path" and bool(text) and draw(st.booleans())
    return Route(syntax, text, App(), methods=methods, is_open=is_open)


@st.composite
def _below(draw: st.DrawFn, limits: Limits, level: int) -> Target:
    """Draw what a prefix leads to."""
    urls = _urls(limits, level)
    choices = ["urls", "urls"] + ["keyed"] * limits.keyed + ["wrapped"] * limits.wrapped
    match pick(draw, *choices):
        case "keyed":
            kind = pick(draw, "type", "host", "method", "subprotocol")
            keys = pick(draw, KEYS[kind], KEYS[kind][:1])
            targets: list[tuple[str, Target]] = [(key, draw(urls)) for key in keys]
            if kind == "method":
                targets = [(key, _of_every_method(inner)) for key, inner in targets]
            return Keyed(kind, tuple(targets))
        case "wrapped":
            return Wrapped(draw(urls), pick(draw, *ATTRIBUTES))
    return draw(urls)


def _of_every_method(node: Any) -> Any:
    """Return what is below without methods of its own: what two of them have in common is not asked here."""
    match node:
        case Route(target=Keyed(kind="method", targets=((_, inner), *_))):
            return replace(node, target=_of_every_method(inner))
        case Route():
            return replace(node, target=_of_every_method(node.target), methods=())
        case Urls() | Included():
            return replace(node, routes=tuple(map(_of_every_method, node.routes)))
        case Keyed():
            targets = tuple((key, _of_every_method(inner)) for key, inner in node.targets)
            return replace(node, targets=targets)
        case Wrapped():
            return replace(node, inner=_of_every_method(node.inner))
    return node


def request_for(spot: Spot) -> Request:
    """Return a request for an application in a tree, as it was declared."""
    texts: list[str] = []
    request = Request("/")
    steps = [*spot.above, (spot.place, spot.node)]
    for number, (_, node) in enumerate(steps):
        if isinstance(node, Route):
            request = replace(request, method=(*node.methods, request.method)[0])
            after = steps[number - 1][1] if number else None
            if isinstance(after, Included) and texts:
                texts[-1] += node.text
            else:
                texts.append(node.text)
        elif isinstance(node, Keyed):
            key = str(steps[number + 1][0][-1])
            request = _with_key(request, node.kind, key)
    return replace(request, path=path_for(texts))


def _with_key(request: Request, kind: Kind, key: str) -> Request:
    match kind:
        case "type":
            return replace(request, kind=key)
        case "host":
            return replace(request, host=HOSTS[key])
        case "method":
            return replace(request, method=key)
        case "subprotocol":
            return replace(request, kind="websocket", subprotocols=(key,))
    return replace(request, kind="channel", path=key)


@st.composite
def requests(draw: st.DrawFn, tree: Target, change: str) -> Request:
    """Draw a request for something in a tree, or for its neighbour.

    Args:
        draw: of hypothesis.
        tree: the tree.
        change: what is not as it was declared: the ``path``, the ``method``, something ``other``, or nothing.
    """
    spots = [spot for spot in walk(tree) if isinstance(spot.node, App)]
    by_method = [spot for spot in spots if _has_methods(spot)]
    spot = pick(draw, *(by_method if change == "method" and by_method else spots))
    request = request_for(spot)
    if isinstance(spot.around, Route) and spot.around.syntax == "mount" and draw(st.booleans()):
        request = replace(request, path=request.path.removesuffix("/") + "/deep")
    if request.kind == "channel":
        return replace(request, path=pick(draw, "jobs", "jobs", "other"))
    match change:
        case "path":
            request = replace(request, path=draw(_near(request.path)))
        case "method":
            method = pick(draw, "OPTIONS", "PUT", "DELETE", "OPTIONS", "DELETE", "HEAD", "POST")
            request = replace(request, method=method)
        case "other":
            request = draw(_other(request))
    return request


def _has_methods(spot: Spot) -> bool:
    return any(
        (isinstance(node, Route) and bool(node.methods))
        or (isinstance(node, Keyed) and node.kind == "method")
        for _, node in spot.above
    )


def several(tree: Target) -> st.SearchStrategy[list[Request]]:
    """Draw requests for a tree: some as they were declared, and some of each kind that is near."""
    changes = ("", "path", "method", "method", "other", "path", "method")
    return st.tuples(*(requests(tree, change) for change in changes)).map(list)


@st.composite
def _near(draw: st.DrawFn, path: str) -> str:
    slashes = [number for number, one in enumerate(path) if one == "/"]
    at = pick(draw, *slashes)
    first = path.split("/")[1]
    return draw(
        st.sampled_from(
            [
                path.removesuffix("/") if path.endswith("/") and path != "/" else path + "/",
                path[:at] + "/" + path[at:],
                "/" + first + path,
                path[:at] + path[at + 1 :] if at else path,
                path[:at] + "%2F" + path[at + 1 :] if at else path,
                path + ("x" if path.endswith("/") else "/x"),
                path + "/",
                path.rpartition("/")[0] or "/",
            ]
        )
    )


@st.composite
def _other(draw: st.DrawFn, request: Request) -> Request:
    match pick(draw, "type", "host", "subprotocol", "target", "root", "stripped"):
        case "type":
            kind = "http" if request.kind == "websocket" else "websocket"
            return replace(request, kind=kind, method="GET")
        case "host":
            return replace(request, host=pick(draw, "one.example", "other.test"))
        case "subprotocol":
            return replace(request, subprotocols=pick(draw, ("v2", "v1"), ("v0",)))
        case "target":
            return replace(request, path=request.path[1:], has_asgi=draw(st.booleans()))
        case "root":
            return replace(request, root_path="/r", path="/r" + request.path)
    return replace(request, root_path="/r")
