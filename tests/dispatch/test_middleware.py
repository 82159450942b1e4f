"""``middleware=``: through which of it an answer goes, in which order, and what is refused."""

from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.middleware import Middleware

from asgi_routes import (
    HostRouter,
    ImproperlyConfigured,
    URLRouter,
    format_path,
    include,
    mount,
    path,
    re_path,
)
from asgi_routes.testing import Client
from tests.spec.driving import call, http

pytestmark = pytest.mark.anyio


async def ok(_scope: Any, _receive: Any, send: Any) -> None:
    """Answer with 200."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


class Passed:
    """A middleware that writes its name into the answer that goes through it."""

    def __init__(self, app: Any, name: str) -> None:
        self.app = app
        self.name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        async def send_named(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [(b"passed", self.name.encode()), *message["headers"]]
                message = {**message, "headers": headers}
            await send(message)

        return await self.app(scope, receive, send_named)


def by(*names: str) -> list[Any]:
    """Return middleware with these names, the first one outermost."""
    return [Middleware(Passed, name) for name in names]


GET = ("GET",)
BELOW = URLRouter([path("x", ok, methods=GET, middleware=by("d"))], middleware=by("c"))
HOSTS = HostRouter({"one.example": BELOW}, middleware=by("h"))
TABLE = URLRouter(
    [
        path("a", ok, middleware=by("1", "2")),
        re_path("^b$", ok, middleware=by("1")),
        format_path("c/{c:d}", ok, middleware=by("1")),
        path("i/", include([path("", ok), path("x", ok)], middleware=by("j")), middleware=by("i")),
        path("i/y/", include([], middleware=by("k"))),
        path("n/", BELOW, middleware=by("n")),
        path("h/", ok),
        path("h/", HOSTS, middleware=by("o")),
        mount("m", BELOW, middleware=by("m")),
        path("p/q", ok, methods=GET, middleware=by("q")),
        path("p/", include([path("q", ok, methods=["PUT"])], middleware=by("p"))),
        path("s/", URLRouter([path("x/", ok)], slashes="redirect", middleware=by("s"))),
    ],
    middleware=by("top"),
)


@pytest.mark.parametrize(
    ("method", "target", "status", "names"),
    [
        # A route, its router, and the routers around: outermost first, and as written.
        ("GET", "/a", 200, "1 2"),
        ("GET", "/b", 200, "1"),
        ("GET", "/c/7", 200, "1"),
        ("GET", "/i/", 200, "i j"),
        ("GET", "/n/x", 200, "n c d"),
        ("GET", "/m/x", 200, "m c d"),
        # 405 and 204: the route that has the path.
        ("PUT", "/n/x", 405, "n c d"),
        ("OPTIONS", "/n/x", 204, "n c d"),
        ("PUT", "/m/x", 405, "m c d"),
        ("POST", "/p/q", 405, "q"),  # Two have it, and reach as far: the first one.
        # 308: what is redirected to.
        ("GET", "/s/x", 308, "s"),
        # 404: the prefix that reaches furthest into the path.
        ("GET", "/z", 404, ""),
        ("GET", "/i/z", 404, "i j"),
        ("GET", "/i/y/z", 404, "k"),
        ("GET", "/n/z", 404, "n c"),
        ("GET", "/m/z", 404, "m c"),
        ("GET", "/p/z", 404, "p"),
        # A router that goes by keys has matched its prefix, whatever the key.
        ("GET", "/h/z", 404, "o h"),
        # What has not matched the path itself answers nothing about it.
        ("GET", "/h", 404, ""),
        ("GET", "/n", 404, ""),
        ("GET", "/i", 404, ""),
    ],
)
async def test_what_an_answer_goes_through(
    method: str, target: str, status: int, names: str
) -> None:
    start = (await call(TABLE, http(target, method=method))).sent[0]
    passed = [value.decode() for name, value in start["headers"] if name == b"passed"]
    assert (start["status"], passed) == (status, ["top", *names.split()])


async def test_middleware_is_made_once_for_each_declaration() -> None:
    """Not for each request, nor for each table that the declaration stands in."""
    made: list[Any] = []

    def making(app: Any) -> Any:
        made.append(app)
        return app

    route = path("x", ok, middleware=[making])
    inner = URLRouter([route], middleware=[making])
    router = URLRouter([path("a/", inner), path("b/", inner)], middleware=[making])
    for target in ("/a/x", "/b/x", "/a/x", "/a/z"):
        await call(router, http(target))
    router.replace([path("c/", inner)])
    assert (await call(router, http("/c/x"))).sent[0]["status"] == 200
    assert len(made) == 3


async def test_the_lifespan_does_not_pass_through() -> None:
    """What is called for a lifespan is the application."""
    types: list[str] = []

    def noting(app: Any) -> Any:
        async def note(scope: Any, receive: Any, send: Any) -> Any:
            types.append(scope["type"])
            return await app(scope, receive, send)

        return note

    @asynccontextmanager
    async def lifespan(_router: Any) -> Any:
        yield

    inner = URLRouter([path("x", ok)], lifespan=lifespan, middleware=[noting])
    router = URLRouter([mount("m", inner, middleware=[noting])], middleware=[noting])
    async with Client(router).lifespan():
        assert not types
    await call(router, http("/m/x"))
    assert types == ["http"] * 3


async def test_middleware_that_loses_the_route() -> None:
    """It cannot go on, and the error says what was lost and by which middleware."""

    def forgetful(app: Any) -> Any:
        async def forget(scope: Any, receive: Any, send: Any) -> Any:
            return await app({"type": "http", "path": scope["path"]}, receive, send)

        return forget

    router = URLRouter([path("x", ok, middleware=[forgetful])])
    with pytest.raises(RuntimeError, match=r"lacks 'route': <function .*forgetful"):
        await call(router, http("/x"))


@pytest.mark.parametrize(
    ("middleware", "message"),
    [
        (Passed, "middleware of a route must be a list of callables, not <class "),
        ("text", "middleware of a route must be a list of callables, not 'text'"),
        (None, "middleware of a route must be a list of callables, not None"),
        ([Passed, 7], "item 2 of the middleware of a route cannot be called: 7"),
        ([7, 8], "2 mistakes in the middleware of a route"),
        ([lambda _app: None], "returned None is not an ASGI application"),
    ],
)
def test_what_is_no_middleware(middleware: Any, message: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        path("x", ok, middleware=middleware)
    assert message in str(caught.value)
