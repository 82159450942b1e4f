"""Pages and defaults: what they are called with, and what becomes of a page that misses, too."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from asgi_routes import (
    ChannelNameRouter,
    HostRouter,
    MethodRouter,
    NotFound,
    ProtocolTypeRouter,
    URLRouter,
    include,
    mount,
    path,
    reverse,
)
from asgi_routes.testing import Client
from tests.spec.driving import Wrapper, call


async def ok(_scope: Any, _receive: Any, send: Any) -> None:
    """Answer with a page."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


class Copying:
    """A middleware that hands on a new scope with nothing but what ASGI and routes know."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        known = ("type", "method", "path", "headers", "root_path", "path_remaining", "route")
        await self.app({key: scope[key] for key in known if key in scope}, receive, send)


PAGES = {
    "bare": URLRouter([path("<p>", ok)]),
    "copying": Copying(URLRouter([path("<p>", ok)])),
    "nested": URLRouter([path("", URLRouter([path("<p>", ok)]))]),
}


@pytest.mark.parametrize(("target", "text"), [("/x", "page"), ("/x/y", "Not Found")])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_page_that_misses_is_answered_plainly(page: Any, target: str, text: str) -> None:
    """The page inherits the policy that called it, which ends there."""
    app = URLRouter([], default=NotFound(page=page))
    response = anyio.run(Client(app).get, target)
    assert (response.status, response.text) == (404, text)


@pytest.mark.parametrize(
    ("route", "text"), [("", "page"), ("y", "Method Not Allowed")], ids=["hit", "miss"]
)
def test_a_page_for_methods_that_misses(route: str, text: str) -> None:
    """The same for 405, which stays 405, with its ``Allow``; the route that has the path left nothing of it."""
    look = NotFound(method_not_allowed=URLRouter([path(route, ok)]))
    app = URLRouter([path("<p>", ok, methods=["POST"])], default=look)
    response = anyio.run(Client(app).get, "/x")
    assert (response.status, response.text) == (405, text)
    assert response.headers["allow"] == "OPTIONS, POST"


async def told(scope: Any, _receive: Any, send: Any) -> None:
    """Answer with what a page and a default go by."""
    seen = (scope.get("path_remaining"), scope["route"].path, reverse(scope, "n"))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": repr(seen).encode()})


def passing(app: Any) -> Any:
    """Return a middleware that does nothing."""

    async def pass_on(scope: Any, receive: Any, send: Any) -> Any:
        return await app(scope, receive, send)

    return pass_on


NAMED = path("n", ok, name="n")
PAGE = NotFound(page=told)
PREFIXES: dict[str, Callable[[Any], Any]] = {
    "include": lambda layers: URLRouter(
        [path("m/", include([NAMED]), middleware=layers)], default=PAGE
    ),
    "nested": lambda layers: URLRouter(
        [path("m/", URLRouter([NAMED]), middleware=layers)], default=PAGE
    ),
    "nested, asked for variants": lambda layers: URLRouter(
        [path("m/", URLRouter([NAMED], slashes="redirect"), middleware=layers)], default=PAGE
    ),
    "below a host": lambda layers: HostRouter(
        {"one.example": URLRouter([path("m/", include([NAMED]), middleware=layers)])}, default=PAGE
    ),
}


@pytest.mark.parametrize("layers", [[], [passing]], ids=["plain", "middleware"])
@pytest.mark.parametrize("made", PREFIXES.values(), ids=PREFIXES)
def test_a_page_is_called_where_the_furthest_prefix_is(made: Any, layers: Any) -> None:
    """Whether that has middleware or not, and it knows the URLs of the outermost router by path."""
    request = {"headers": [("host", "one.example")]}
    response = anyio.run(lambda: Client(made(layers)).get("/m/y/", **request))
    assert response.text == repr(("y/", "/m/", "/m/n"))


MOUNTED: dict[str, Any] = {
    "url": URLRouter([], default=told),
    "host": HostRouter({}, default=told),
    "method": MethodRouter({}, default=told),
    "method below a host": HostRouter({"one.example": MethodRouter({}, default=told)}),
    "url below a host": HostRouter({"one.example": URLRouter([], default=told)}),
}


@pytest.mark.parametrize("wrap", [lambda app: app, Wrapper], ids=["bare", "wrapped"])
@pytest.mark.parametrize("app", MOUNTED.values(), ids=MOUNTED)
def test_a_default_below_a_mount_gets_what_its_router_got(app: Any, wrap: Any) -> None:
    """There is nothing remaining of a path below a mount; `root_path` says where it is."""
    router = URLRouter([mount("m", wrap(app)), NAMED])
    request = {"headers": [("host", "one.example")]}
    response = anyio.run(lambda: Client(router).get("/m/y", **request))
    assert response.text == repr((None, "", "/n"))


async def keys(scope: Any, _receive: Any, send: Any) -> None:
    """Answer with whether the application was told of a miss."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str("route_miss" in scope).encode()})


LEADING: dict[str, Any] = {
    "application": keys,
    "url": URLRouter([path("x", keys)]),
    "mounted": URLRouter([mount("", keys)]),
    "type": ProtocolTypeRouter({"http": keys}),
    "type with middleware": ProtocolTypeRouter({"http": keys}, middleware=[passing]),
    "two": ProtocolTypeRouter({"http": URLRouter([path("x", MethodRouter({"GET": keys}))])}),
}


@pytest.mark.parametrize("wrap", [lambda app: app, Wrapper, passing], ids=["bare", "held", "not"])
@pytest.mark.parametrize(("name", "app"), LEADING.items(), ids=LEADING)
def test_only_a_page_and_a_default_are_told_of_a_miss(name: str, app: Any, wrap: Any) -> None:
    """What they lead to, when they are routers, is none."""
    is_told = name == "application"
    for default in (wrap(app), NotFound(page=wrap(app))):
        response = anyio.run(Client(URLRouter([], default=default)).get, "/x")
        assert response.text == str(is_told)


@pytest.mark.anyio
@pytest.mark.parametrize("given", [{}, {"route": "of somebody else"}], ids=["none", "foreign"])
async def test_what_nothing_goes_by_the_path_to(given: Any) -> None:
    """An application gets what it would have got without middleware and wrappers."""
    seen: list[Any] = []

    async def work(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope)

    scope = {"type": "channel", "channel": "jobs", **given}
    for layers, wrap in (([passing], passing), ([passing], Wrapper), ([], Wrapper)):
        jobs = wrap(ChannelNameRouter({"jobs": work}, middleware=layers))
        await call(wrap(ProtocolTypeRouter({"channel": jobs}, middleware=layers)), scope)
        assert seen.pop() == scope
