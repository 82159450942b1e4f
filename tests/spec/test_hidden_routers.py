"""Routers behind middleware: found where possible, and gone on from where they miss."""

import functools
from typing import Any
from unittest.mock import MagicMock

import pytest

from asgi_routes import (
    HostRouter,
    NoRouteFound,
    ProtocolTypeRouter,
    URLRouter,
    mount,
    path,
    re_path,
)
from asgi_routes.apps import leads_to_router
from tests.spec.driving import Wrapper, call, hidden, http, named

pytestmark = pytest.mark.anyio

A, B, C = map(named, "ABC")
INNER = URLRouter([path("b/", A), path("", C)])


class Inner:
    """A wrapper in the manner of Channels' middleware."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self.inner(scope, receive, send)


def marked(app: Any) -> Any:
    middleware: Any = hidden(app)
    middleware._path_routing = True
    return middleware


def decorated(app: Any) -> Any:
    @functools.wraps(app)
    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        return await app(scope, receive, send)

    middleware.__wrapped__ = app
    return middleware


class Endless:
    """Its every attribute leads to another one."""

    @property
    def app(self) -> "Endless":
        return Endless()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Circle(Wrapper):
    def __init__(self) -> None:
        super().__init__(self)


class Fragile(Wrapper):
    @property
    def inner(self) -> Any:
        raise RuntimeError


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        (Wrapper(INNER), True),
        (Inner(INNER), True),
        (Wrapper(Inner(Wrapper(INNER))), True),
        (functools.partial(INNER), True),
        (decorated(INNER), True),
        (marked(INNER), True),
        (Wrapper(marked(INNER)), True),
        (Fragile(INNER), True),
        (Wrapper(ProtocolTypeRouter({"http": INNER})), True),
        (hidden(INNER), False),
        (Wrapper(A), False),
        (A, False),
        (Circle(), False),
        (Endless(), False),
        (MagicMock(), False),
        (MagicMock(_path_routing=1), False),
    ],
)
def test_looking_through(app: Any, expected: bool) -> None:  # noqa: FBT001
    """A router is seen through the usual attributes, and nothing else is taken for one."""
    assert leads_to_router(app) is expected


@pytest.mark.parametrize(
    "wrap", [Wrapper, Inner, functools.partial, decorated, marked, lambda app: Wrapper(Inner(app))]
)
@pytest.mark.parametrize("route", [path, re_path, mount], ids=lambda function: function.__name__)
async def test_a_wrapped_router_is_a_prefix(wrap: Any, route: Any) -> None:
    """Under every kind of route, what the wrapped router misses is tried behind it."""
    text = "^a/" if route is re_path else "a/"
    router = URLRouter([route(text, wrap(INNER)), path("a/c/", B)])
    for tail, name in [("b/", "A"), ("", "C"), ("c/", "B")]:
        outcome = await call(router, http(f"/a/{tail}"))
        assert outcome.returned[0] == name
    assert (await call(router, http("/a/d/"))).sent[0]["status"] == 404


async def test_an_invisible_router() -> None:
    """Behind a closure, a regex can be a prefix, as with Channels; an exact path cannot."""
    router = URLRouter([re_path("^a/", hidden(INNER)), path("a/c/", B), path("e/", hidden(INNER))])
    assert (await call(router, http("/a/b/"))).returned[0] == "A"
    assert (await call(router, http("/a/c/"))).returned[0] == "B"
    assert (await call(router, http("/e/"))).returned[0] == "C"
    assert (await call(router, http("/e/b/"))).sent[0]["status"] == 404


async def test_misses_go_through_all_levels() -> None:
    """First the rest of the hidden router's own table, then those around it, in order."""
    deepest = Wrapper(URLRouter([path("one/", A)]))
    middle = URLRouter([path("", deepest), path("two/", B)])
    router = ProtocolTypeRouter(
        {
            "http": URLRouter(
                [path("x/", middle), path("x/", Wrapper(middle)), path("x/three/", C)], default=None
            )
        }
    )
    for tail, name in [("one/", "A"), ("two/", "B"), ("three/", "C")]:
        assert (await call(router, http(f"/x/{tail}"))).returned[0] == name
    assert (await call(router, http("/x/four/"))).sent[0]["status"] == 404


async def test_several_that_miss_in_a_router_of_another_kind() -> None:
    """Each of them is asked, then what stands behind the router that they are in; methods add up."""
    misses = [
        re_path("^", hidden(URLRouter([path(f"{name}/", named(name))]))) for name in ("p", "q")
    ]
    inner = HostRouter({"h": URLRouter([*misses, path("post/", A, methods=["POST"])])})
    router = URLRouter(
        [path("x/", inner), path("x/post/", B, methods=["PUT"]), path("x/behind/", C)]
    )
    headers = [(b"host", b"h")]
    for tail, name in [("p/", "p"), ("q/", "q"), ("behind/", "C")]:
        assert (await call(router, http(f"/x/{tail}", headers=headers))).returned[0] == name
    assert (await call(router, http("/x/no/", headers=headers))).sent[0]["status"] == 404
    start = (await call(router, http("/x/post/", headers=headers))).sent[0]
    assert start["status"] == 405
    assert dict(start["headers"])[b"allow"] == b"OPTIONS, POST, PUT"


@pytest.mark.parametrize("wrap", [lambda app: app, Wrapper], ids=["plain", "wrapped"])
async def test_a_default_of_its_own_ends_the_search(wrap: Any) -> None:
    """A nested router that answers its misses itself leaves nothing to go on for."""
    nested = URLRouter([path("b/", A)], default=C)
    router = URLRouter([path("a/", wrap(nested)), path("a/c/", B)])
    outcome = await call(router, http("/a/c/"))
    assert outcome.returned[0] == "C"
    assert outcome.returned[1]["path_remaining"] == "c/"


async def test_a_default_of_its_own_behind_a_hidden_miss() -> None:
    """It does so too where the miss shows only when a hidden router in it was asked."""
    nested = URLRouter([path("", Wrapper(URLRouter([path("b/", A)])))], default=C)
    router = URLRouter([path("a/", nested), path("a/c/", B)])
    assert (await call(router, http("/a/c/"))).returned[0] == "C"


async def test_a_default_may_be_a_router() -> None:
    """A nested router's default is followed like any other application."""
    nested = URLRouter([path("b/", A)], default=URLRouter([path("c/", C)]))
    router = URLRouter([path("a/", nested), path("a/d/", B)])
    assert (await call(router, http("/a/c/"))).returned[0] == "C"
    assert router.match(http("/a/c/")).app is C  # type: ignore[union-attr]
    assert (await call(router, http("/a/d/"))).returned[0] == "B"


@pytest.mark.parametrize("error", [NoRouteFound("mine"), ValueError("mine"), LookupError("mine")])
async def test_an_applications_errors_are_its_own(error: Exception) -> None:
    """Only a router's own miss goes on; what an application raises is never taken for one."""

    async def raising(scope: Any, receive: Any, send: Any) -> None:
        raise error

    inner = URLRouter([path("b/", raising)])
    for app in (inner, Wrapper(inner), hidden(inner)):
        router = URLRouter([re_path("^a/", app), path("a/b/", B)])
        with pytest.raises(type(error)) as caught:
            await call(router, http("/a/b/"))
        assert caught.value is error


class Reading(Wrapper):
    """A middleware that reads before it passes on."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        await receive()
        return await self.app(scope, receive, send)


class Accepting(Wrapper):
    """A middleware that accepts every websocket."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        await receive()
        await send({"type": "websocket.accept"})
        return await self.app(scope, receive, send)


class Answering(Wrapper):
    """A middleware that answers too early."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        return await self.app(scope, receive, send)


async def test_nothing_received_is_lost() -> None:
    """Once something was received, no other route is tried, and the default gets it again."""

    async def default(scope: Any, receive: Any, send: Any) -> Any:
        return [await receive(), await receive()]

    router = URLRouter([path("a/", Reading(INNER)), path("a/c/", B)], default=default)
    messages = [{"type": "http.request", "body": b"1"}, {"type": "http.request", "body": b"2"}]
    assert (await call(router, http("/a/b/"), list(messages))).returned[0] == "A"
    assert (await call(router, http("/a/c/"), list(messages))).returned == messages


async def test_a_read_websocket_is_denied() -> None:
    """The connect event that a middleware has taken does not make the answer hang."""
    router = URLRouter([path("a/", Reading(INNER))])
    scope = {"type": "websocket", "path": "/a/x/", "extensions": {"websocket.http.response": {}}}
    outcome = await call(router, scope, [{"type": "websocket.connect"}])
    assert outcome.types == ["websocket.http.response.start", "websocket.http.response.body"]


async def test_an_accepted_websocket_is_closed() -> None:
    """Where a middleware has accepted before its router misses, the connection is closed."""
    router = URLRouter([path("a/", Accepting(INNER)), path("a/c/", B)])
    outcome = await call(
        router, {"type": "websocket", "path": "/a/c/"}, [{"type": "websocket.connect"}]
    )
    assert outcome.types == ["websocket.accept", "websocket.close"]


async def test_a_begun_response_cannot_be_another_one() -> None:
    """Where a middleware has begun to answer before its router misses, the server is told."""
    router = URLRouter([path("a/", Answering(INNER)), path("a/c/", B)])
    with pytest.raises(NoRouteFound, match="c/"):
        await call(router, http("/a/c/"))


async def test_a_long_upload_does_not_pile_up() -> None:
    """An application that reads on gets all messages, and they are not kept for a miss."""

    async def upload(scope: Any, receive: Any, send: Any) -> int:
        return len([await receive() for _ in range(1000)])

    router = URLRouter([re_path("^up/", upload)])
    messages = [{"type": "http.request", "body": b"", "more_body": True}] * 1000
    assert (await call(router, http("/up/x"), messages)).returned == 1000


async def test_plain_routes_pass_receive_and_send_through() -> None:
    """Where no router can be hidden, the application gets the server's very functions."""

    async def app(scope: Any, receive: Any, send: Any) -> Any:
        return receive, send

    async def receive() -> Any: ...

    async def send(message: Any) -> None: ...

    for route in (path("a", app), re_path("^a$", app), mount("a", app)):
        assert await URLRouter([route])(http("/a"), receive, send) == (receive, send)
