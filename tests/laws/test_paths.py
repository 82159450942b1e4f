"""A route is served by its one path, by what each option adds, and by nothing else.

The oracle is a regex for each route, written from the declarations; it knows nothing of asgi_routes.
"""

import itertools
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_routes import ImproperlyConfigured, URLRouter, mount, path
from tests.laws.asking import Answer, Request
from tests.laws.building import Built, build
from tests.laws.drawing import Limits, is_said, several, trees
from tests.laws.oracle import Expected, Oracle, SilentError
from tests.laws.shares import Shares, lawful
from tests.laws.trees import (
    App,
    Included,
    Keyed,
    Route,
    Router,
    Target,
    Urls,
    Wrapped,
    numbered,
    shown,
    walk,
)
from tests.laws.wrappers import ATTRIBUTES, DoingNothing

READABLE = Limits(wrapped=True, inner_defaults="applications", channels=False)
NOTHING = DoingNothing("pass", "app")


def differences(expected: Expected, answer: Answer, request: Request) -> Iterator[str]:
    """Yield what an answer has that it should not have."""
    if expected.status is None:
        if answer.error != "NoRouteFound":
            yield f"NoRouteFound, not {answer.error or answer.status}"
        return
    found: dict[str, Any] = {"status": answer.error or answer.status, "app": answer.app}
    right: dict[str, Any] = {"status": expected.status, "app": expected.app}
    if expected.allow:
        allow = answer.header(b"allow")
        found["allow"], right["allow"] = allow, ", ".join(sorted(expected.allow))
    if expected.path is not None and expected.path[:2] != "//" and "%2F" not in request.path:
        location = answer.header(b"location")
        found["location"] = None if location is None else unquote(location)
        right["location"] = expected.path
    if expected.scope and answer.seen:
        seen = answer.seen[-1].scope
        found |= {key: seen.get(key) for key in expected.scope}
        right |= expected.scope
        if expected.is_mounted:
            found["path_remaining"], right["path_remaining"] = seen.get("path_remaining"), None
    for key, value in right.items():
        if found[key] != value:
            yield f"{key}: {value!r}, not {found[key]!r}"


def judged(built: Built, oracle: Oracle, request: Request) -> Answer | None:
    """Ask both, and return the answer, which is right; None: nobody has said what is right."""
    try:
        expected = oracle.answer(request)
    except SilentError:
        return None
    answer = built.ask(request)
    wrong = [*differences(expected, answer, request)]
    assert not wrong, "\n".join([*wrong, str(request), shown(built.tree)])
    return answer


def test_random_trees() -> None:
    shares = Shares("one path per route, random trees")

    @lawful(60)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        tree = data.draw(trees(READABLE))
        routes = [spot.place for spot in walk(tree) if isinstance(spot.node, Route)]
        places = data.draw(st.lists(st.sampled_from(routes), min_size=1, max_size=2))
        built = build(tree, {place: [NOTHING] for place in places})
        oracle = Oracle(tree)
        shares.tree(tree, has_middleware=bool(places))
        for request in data.draw(several(tree)):
            answer = judged(built, oracle, request)
            if answer is not None:
                shares.answer(answer)

    law()
    shares.hold()


EXHAUSTIVE = bool(os.environ.get("LAW_EXHAUSTIVE"))
"""Whether all small trees are asked; a usual run asks some from all over."""

SEGMENTS = ("", "m", "x")
PATHS = sorted(
    {
        "/" + "/".join(segments)
        for count in range(1, 5)
        for segments in itertools.product(SEGMENTS, repeat=count)
    }
    | {"x", "x/", "m/x", "/mx", "/mx/", "/m/mx"},
    key=lambda one: (len(one), one),
)
LEAVES = (
    (Route("path", "", App()), Route("path", "x/", App(), methods=("GET",))),
    (Route("path", "x", App(), methods=("POST",)), Route("path", "x/", App(), methods=("GET",))),
    (Route("format_path", "<a>/", App(), methods=("GET", "OPTIONS")), Route("path", "x", App())),
    (Route("re_path", "x", App(), is_open=True), Route("re_path", "m/", App(), methods=("GET",))),
    (Route("path", "x", App(), methods=("GET",)), Route("mount", "m", App(), at_prefix="redirect")),
    (Route("mount", "", App()),),
)
STEPS = ("path", "format_path", "re_path", "include", "mount", "type", "host", "method", "wrapped")
PREFIXES = ("", "m", "m/", "<b>", "<b>/")


def step(kind: str, prefix: str, slashes: Any, routes: tuple[Route, ...]) -> Route | None:
    """Return a route that leads to routes in one of the ways there are; None: there is none."""
    # One that sets something inherits the rest all the same.
    urls = Urls(routes, slashes, encoded_slashes="decode" if "<" in prefix else None)
    target: Target = urls
    match kind:
        case "include":
            target = Included(routes)
            if slashes is not None or prefix == "<b>":
                return None
        case "wrapped":
            target = Wrapped(urls, ATTRIBUTES[len(prefix) % len(ATTRIBUTES)])
        case "type":
            target = Keyed("type", (("http", urls), ("websocket", urls)))
        case "host":
            target = Keyed("host", (("testserver", urls), ("<t>.example", urls)))
        case "method":
            routes = tuple(replace(route, methods=()) for route in routes)
            urls = Urls(routes, slashes)
            target = Keyed("method", (("GET", urls), ("PUT", Urls(routes[:1]))))
    syntax: Any = kind if kind in ("path", "format_path", "re_path", "mount") else "path"
    if syntax == "re_path" and not prefix:
        return None
    if syntax == "mount":
        prefix = prefix.strip("/")
    return Route(syntax, prefix, target)


def small_trees() -> Iterator[Urls]:
    """Yield all small trees: one, two and three levels, every way to nest, every option."""
    inner = (None, "strict", "redirect", "both")
    one: list[tuple[Route, ...]] = []
    for kind, prefix, slashes, leaves in itertools.product(STEPS, PREFIXES, inner, LEAVES):
        route = step(kind, prefix, slashes, leaves)
        if route is not None:
            one.append((route,))
    deeper = ("path", "include", "mount", "type", "wrapped")
    two = [
        (route,)
        for kind, prefix, below in itertools.product(deeper, PREFIXES, one)
        if (route := step(kind, prefix, None, below)) is not None
    ]
    of_get = (Route("path", "<path:rest>", App(), methods=("GET",)),)
    rests = (
        (),
        of_get,
        of_get,
        (Route("path", "<path:rest>", App()),),
    )
    chosen = itertools.product(("strict", "redirect", "both"), rests, ("auto", "stripped"))
    for slashes, rest, root_path in chosen:
        for routes in (*LEAVES, *one, *two):
            yield Urls((*routes, *rest), slashes, root_path=root_path)  # type: ignore[arg-type]


def sampled(count: int) -> Iterator[Router]:
    """Yield so many small trees from all over; with an environment variable for more, all."""
    every = [*small_trees()]
    random.Random(1).shuffle(every)  # noqa: S311 - to be repeated
    said = map(numbered, filter(is_said, every))
    for tree in said if EXHAUSTIVE else itertools.islice(said, count):
        assert isinstance(tree, Urls)
        yield tree


def asked(tree: Router, number: int) -> Iterator[Request]:
    """Yield all requests for a small tree: each path, with methods in turn."""
    methods = ("GET", "POST", "OPTIONS", "HEAD", "PUT")
    root_path = "/m" if isinstance(tree, Urls) and tree.root_path != "auto" else ""
    for at, text in enumerate(PATHS):
        yield Request(text, methods[(at + number) % len(methods)], root_path=root_path)
        if (at + number) % 7 == 0:
            yield Request(text, kind="websocket", host="two.example")
            yield Request(text, root_path="/m", host="two.example")


def test_all_small_trees() -> None:
    shares = Shares("one path per route, small trees")
    for number, tree in enumerate(sampled(13)):
        places = [(0,)] if number % 3 == 0 else []
        built = build(tree, {place: [NOTHING] for place in places})
        oracle = Oracle(tree)
        shares.tree(tree, has_middleware=bool(places))
        for request in asked(tree, number):
            answer = judged(built, oracle, request)
            if answer is not None:
                shares.answer(answer)
    shares.hold()


@pytest.mark.parametrize("target", ["bare", *ATTRIBUTES])
def test_a_prefix_is_not_taken_off_for_those_who_read_it(target: str) -> None:
    """``strip=True`` is for applications that ignore ``root_path``: /m/m/x would be /m/x to a router."""

    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    router: Any = URLRouter([path("x", app)])
    if target != "bare":
        router = DoingNothing("pass", target)(router)
    with pytest.raises(ImproperlyConfigured):
        mount("m", router, strip=True)
