"""Bounds: what a table or a request may have of something, and what comes of more."""

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import pytest

from asgi_routes import (
    HostRouter,
    ImproperlyConfigured,
    MethodRouter,
    NoReverseMatch,
    ProtocolTypeRouter,
    URLRouter,
    include,
    mount,
    path,
)
from asgi_routes.inspection import explain
from asgi_routes.inspection.check import check
from asgi_routes.testing import Client, assert_no_route, assert_routes


async def serve(scope: Any, receive: Any, send: Any) -> None:
    """Answer with nothing."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class Guard:
    """A wrapper that somebody has written."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


NESTING: dict[str, Callable[[Any], Any]] = {
    "routers": lambda inner: URLRouter([path("a/", inner)]),
    "settings": lambda inner: URLRouter([path("a/", inner)], slashes="both"),
    "middleware": lambda inner: URLRouter([path("a/", inner, middleware=[Guard])]),
    "mounts": lambda inner: URLRouter([mount("a", inner)]),
    "types": lambda inner: URLRouter([path("a/", ProtocolTypeRouter({"http": inner}))]),
    "methods": lambda inner: URLRouter([path("a/", MethodRouter({"GET": inner}))]),
    "includes": lambda inner: URLRouter([path("a/", include([path("", inner)]))]),
}
MOST_WRAPPED = 100
MOST_INCLUDES = 100


def nested(make: Callable[[Any], Any], depth: int) -> Any:
    router: Any = URLRouter([path("x/", serve, name="x")])
    for _ in range(depth):
        router = make(router)
    return router


@pytest.mark.parametrize("kind", NESTING)
def test_routers_may_be_nested_as_deep_as_one_likes(kind: str) -> None:
    """What is built, matched, explained, checked, reversed and started needs no stack for each level."""
    depth = 150
    router = nested(NESTING[kind], depth)
    right, wrong = ("/" + "a/" * depth + end for end in ("x/", "y/"))
    assert_routes(router, "GET", right, to=serve)
    assert_no_route(router, "GET", wrong)
    assert explain(router, {"type": "http", "method": "GET", "path": right})
    assert router.reverse("x") == right
    assert not check(router)

    async def ask() -> list[int]:
        client = Client(router)
        async with client.lifespan():
            return [(await client.get(one)).status for one in (right, wrong)]

    assert anyio.run(ask) == [200, 404]


@pytest.mark.parametrize("depth", [MOST_WRAPPED, MOST_WRAPPED + 2])
def test_routers_that_are_wrapped_by_hand(depth: int) -> None:
    """Each that is called takes frames of the stack: behind a hundred of them nothing is served."""
    router = nested(lambda inner: URLRouter([path("a/", Guard(inner))]), depth)
    asked = "/" + "a/" * depth + "x/"
    is_served = depth <= MOST_WRAPPED
    said = explain(router, {"type": "http", "method": "GET", "path": asked})
    assert bool(said) is is_served
    assert is_served or "More than 100 routers that are wrapped by hand" in said.reason
    answer = anyio.run(partial(Client(router).get, asked))
    assert answer.status == (200 if is_served else 404)


def test_a_wrapped_router_that_leads_to_itself() -> None:
    """However long the path, the answer is 404 at last."""
    router = URLRouter([])
    router.replace([path("x/", serve), path("a/", Guard(router))])
    for depth, status in ((0, 200), (MOST_WRAPPED, 200), (MOST_WRAPPED + 2, 404), (20_000, 404)):
        answer = anyio.run(partial(Client(router).get, "/" + "a/" * depth + "x/"))
        assert answer.status == status


def test_includes() -> None:
    """They are written down one in another, so more than a hundred are a mistake."""

    def included(depth: int) -> list[Any]:
        routes = [path("x/", serve)]
        for _ in range(depth):
            routes = [path("", include(routes))]
        return routes

    assert_routes(URLRouter(included(MOST_INCLUDES)), "GET", "/x/", to=serve)
    with pytest.raises(
        ImproperlyConfigured, match=r"more than 100 include\(\) nested in one another"
    ):
        URLRouter(included(MOST_INCLUDES + 1))


def test_copies_of_a_router() -> None:
    """A router in many places of routers in many places is looked into a thousand times, then asked."""
    router = URLRouter([path("x/", serve)])
    for _ in range(5):
        router = URLRouter([path(f"{number}/", router) for number in range(10)])
    assert router.source().count("\n") < 20_000
    assert_routes(router, "GET", "/" + "7/" * 5 + "x/", to=serve)
    assert_no_route(router, "GET", "/" + "7/" * 4 + "x/")


ADDRESSES = ["[::1]", "[::ffff:1.2.3.4]", "[2001:db8::1.2.3.4]"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_in_brackets_has_no_labels(address: str) -> None:
    """It is one host: no parameter takes it or a part of it, and none makes a URL of one."""
    patterns = ["<a>", "<a>.<b>", "<a>.<b>.<c>.<d>", "<a>.2.3.4"]
    labels = HostRouter({key: URLRouter([path("", serve, name="x")]) for key in patterns})
    scope = {"type": "http", "path": "/", "headers": [(b"host", f"{address}:80".encode())]}
    assert not labels.match(scope)
    assert not explain(labels, scope)
    for key in patterns:
        values = dict(zip("abcd", [*address.split("."), "x", "x", "x"], strict=False))
        names = [name for name in values if f"<{name}>" in key]
        with pytest.raises(NoReverseMatch, match="is not a host"):
            HostRouter({key: URLRouter([path("", serve, name="x")])}).reverse(
                "x", kwargs={name: values[name] for name in names}
            )
    whole = HostRouter({**dict.fromkeys(patterns, Guard(serve)), address: serve})
    assert_routes(whole, "GET", "/", to=serve, headers={"host": address})
    named = HostRouter({address: URLRouter([path("", serve, name="x")])})
    assert named.reverse("x") == f"//{address}/"
