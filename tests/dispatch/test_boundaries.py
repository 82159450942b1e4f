"""Routers that somebody has wrapped by hand: the search ends there, and everything below is theirs."""

import functools
import warnings
from typing import Any
from unittest.mock import MagicMock

import pytest

from asgi_routes import (
    HostRouter,
    MethodRouter,
    NoRouteFound,
    ProtocolTypeRouter,
    SuspiciousRouteWarning,
    URLRouter,
    mount,
    path,
    re_path,
)
from asgi_routes.apps import Kind, kind_of, routes_by_path
from tests.spec.driving import Wrapper, call, hidden, http, named

pytestmark = pytest.mark.anyio

A, B, C = map(named, "ABC")
INNER = URLRouter([path("b/", A), path("", C)])


def held_as(name: str) -> Any:
    """Return a wrapper class that holds its application in an attribute of this name."""

    class Holding:
        def __init__(self, app: Any) -> None:
            setattr(self, name, app)

        async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
            return await getattr(self, name)(scope, receive, send)

    return Holding


Inner = held_as("inner")
HOLDERS = [
    held_as(name)
    for name in ("_app", "asgi_app", "inner", "application", "next_app", "wrapped", "_wrapped")
]


class Guard(URLRouter):
    """A router that is called in its own way."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        if (b"x-key", b"1") not in scope["headers"]:
            return "refused"
        return await super().__call__(scope, receive, send)


class Unmarked(Wrapper):
    """A page that holds a router to make URLs with."""

    _path_routing = False


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
    ("app", "kind", "is_prefix"),
    [
        (INNER, Kind.ROUTER, True),
        (Wrapper(INNER), Kind.BOUNDARY, True),
        *((holder(INNER), Kind.BOUNDARY, True) for holder in HOLDERS),
        (Wrapper(Inner(Wrapper(INNER))), Kind.BOUNDARY, True),
        (functools.partial(INNER), Kind.BOUNDARY, True),
        (decorated(INNER), Kind.BOUNDARY, True),
        (marked(INNER), Kind.BOUNDARY, True),
        (Wrapper(marked(INNER)), Kind.BOUNDARY, True),
        (Fragile(INNER), Kind.BOUNDARY, True),
        (Guard([]), Kind.BOUNDARY, True),
        (Wrapper(ProtocolTypeRouter({"http": INNER})), Kind.BOUNDARY, True),
        (ProtocolTypeRouter({"http": Wrapper(INNER)}), Kind.ROUTER, True),
        (MethodRouter({"GET": A}), Kind.ROUTER, False),
        (Wrapper(MethodRouter({"GET": A})), Kind.BOUNDARY, False),
        (Unmarked(INNER), Kind.ENDPOINT, False),
        (Wrapper(Unmarked(INNER)), Kind.ENDPOINT, False),
        (hidden(INNER), Kind.ENDPOINT, False),
        (Wrapper(A), Kind.ENDPOINT, False),
        (A, Kind.ENDPOINT, False),
        (Circle(), Kind.ENDPOINT, False),
        (Endless(), Kind.ENDPOINT, False),
        (MagicMock(), Kind.ENDPOINT, False),
        (MagicMock(_path_routing=1), Kind.ENDPOINT, False),
    ],
)
def test_kinds(app: Any, kind: Kind, is_prefix: bool) -> None:  # noqa: FBT001
    """A router is seen through the usual attributes, and nothing else is taken for one."""
    assert kind_of(app) is kind
    assert routes_by_path(app) is is_prefix


class Keeper:
    """It holds a router in an attribute that no wrapper has."""

    def __init__(self, router: Any) -> None:
        self.table = router

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any: ...


def test_a_router_where_nobody_looks_is_warned_of() -> None:
    """At the line of the route; not for a mount, and not where the class says what it is."""
    for route in (path, re_path):
        with pytest.warns(SuspiciousRouteWarning, match="'table'") as caught:
            route("a/", Keeper(INNER))
        assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mount("a/", Keeper(INNER))
        path("a/", Unmarked(INNER))
        path("a/", Wrapper(INNER))
        path("a/", MagicMock())


WRAPS = [Wrapper, *HOLDERS, functools.partial, decorated, marked, lambda app: Wrapper(Inner(app))]


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("route", [path, re_path, mount], ids=lambda function: function.__name__)
async def test_what_is_wrapped_has_everything_below(wrap: Any, route: Any) -> None:
    """Under every kind of route the wrapper is called, and no later route is tried."""
    text = "^a/" if route is re_path else "a/"
    router = URLRouter([route(text, wrap(INNER)), path("a/c/", B)])
    for tail, name in [("b/", "A"), ("", "C")]:
        outcome = await call(router, http(f"/a/{tail}"))
        assert outcome.returned[0] == name
    for tail in ("c/", "d/", "b"):
        assert (await call(router, http(f"/a/{tail}"))).sent[0]["status"] == 404


async def test_what_cannot_be_seen_is_an_endpoint() -> None:
    """A closure serves an exact path; behind a regex it gets what that left, as with Channels."""
    router = URLRouter([re_path("^a/", hidden(INNER)), path("a/c/", B), path("e/", hidden(INNER))])
    assert (await call(router, http("/a/b/"))).returned[0] == "A"
    assert (await call(router, http("/a/c/"))).sent[0]["status"] == 404
    assert (await call(router, http("/e/"))).returned[0] == "C"
    assert not router.match(http("/e/b/"))


@pytest.mark.parametrize(
    "around",
    [
        lambda guard: URLRouter([path("g/", guard)]),
        lambda guard: URLRouter([mount("g", guard)]),
        lambda guard: ProtocolTypeRouter({"http": URLRouter([path("g/", guard)])}),
        lambda guard: URLRouter([path("g/", MethodRouter({"GET": guard}))]),
        lambda guard: URLRouter([path("g/", Wrapper(guard))]),
    ],
)
async def test_a_router_that_is_called_in_its_own_way_is_never_passed_by(around: Any) -> None:
    """A guard that is a router guards, wherever it stands."""
    router = around(Guard([path("x/", A)]))
    assert (await call(router, http("/g/x/", headers=[]))).returned == "refused"
    assert (await call(router, http("/g/x/", headers=[(b"x-key", b"1")]))).returned[0] == "A"


async def test_a_405_below_a_boundary_knows_the_routes_before_it() -> None:
    """The methods of all of them are in Allow; a mount of the bare router says the same."""
    inner = URLRouter([path("x/", A, methods=["POST"])])
    for boundary in (path("a/", Wrapper(inner)), mount("a", inner), mount("a", Wrapper(inner))):
        router = URLRouter([path("a/x/", B, methods=["GET"]), boundary])
        start = (await call(router, http("/a/x/", method="PUT"))).sent[0]
        assert start["status"] == 405
        assert dict(start["headers"])[b"allow"] == b"GET, HEAD, OPTIONS, POST"
        assert (await call(router, http("/a/x/", method="OPTIONS"))).sent[0]["status"] == 204


async def test_misses_of_routers_in_one_table_go_on() -> None:
    """Whatever goes by keys between them."""
    deepest = URLRouter([path("one/", A)])
    middle = URLRouter([path("", deepest), path("two/", B)])
    inner = HostRouter({"h": URLRouter([path("", middle), path("post/", A, methods=["POST"])])})
    router = URLRouter(
        [path("x/", inner), path("x/post/", B, methods=["PUT"]), path("x/behind/", C)]
    )
    headers = [(b"host", b"h")]
    for tail, name in [("one/", "A"), ("two/", "B"), ("behind/", "C")]:
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


async def test_a_wrong_method_goes_on_past_a_default() -> None:
    """A default serves paths that no route of its router has; others may have the method."""
    nested = URLRouter([path("b/", A, methods=["GET"])], default=C)
    router = URLRouter([path("a/", nested), path("a/b/", B, methods=["POST"])])
    assert (await call(router, http("/a/b/", method="POST"))).returned[0] == "B"
    assert (await call(router, http("/a/b/", method="PUT"))).sent[0]["status"] == 405


async def test_a_default_has_the_websockets_of_paths_with_methods() -> None:
    """A route with methods has no websocket."""
    router = URLRouter([path("b/", A, methods=["GET"])], default=C)
    for app in (router, URLRouter([path("", router)])):
        assert app.match({"type": "websocket", "path": "/b/"}).app is C  # type: ignore[union-attr]


async def test_a_default_has_the_methods_of_its_route() -> None:
    """What leads to its router says so for the default, too."""
    router = URLRouter([path("n/", URLRouter([], default=C), methods=["GET"])])
    assert (await call(router, http("/n/x"))).returned[0] == "C"
    start = (await call(router, http("/n/x", method="PUT"))).sent[0]
    assert (start["status"], dict(start["headers"])[b"allow"]) == (405, b"GET, HEAD, OPTIONS")


async def test_a_default_may_be_a_router() -> None:
    """A nested router's default is followed like any other application, and ends the search."""
    nested = URLRouter([path("b/", A)], default=URLRouter([path("c/", C)]))
    router = URLRouter([path("a/", nested), path("a/d/", B)])
    assert (await call(router, http("/a/c/"))).returned[0] == "C"
    assert router.match(http("/a/c/")).app is C  # type: ignore[union-attr]
    assert not router.match(http("/a/d/"))


@pytest.mark.parametrize("error", [NoRouteFound("mine"), ValueError("mine"), LookupError("mine")])
async def test_an_applications_errors_are_its_own(error: Exception) -> None:
    """Whatever an application raises, no other route is tried."""

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


@pytest.mark.parametrize(
    ("wrap", "messages", "sent"),
    [
        (Wrapper, ["websocket.connect"], ["websocket.close"]),
        (
            Accepting,
            ["websocket.connect", "websocket.receive"],
            ["websocket.accept", "websocket.close"],
        ),
        (Reading, ["websocket.connect", "websocket.disconnect"], []),
    ],
)
async def test_a_websocket_that_a_wrapper_has_begun(
    wrap: Any, messages: list[str], sent: list[str]
) -> None:
    """The miss is answered in the state in which the wrapper hands it on."""
    router = URLRouter([path("a/", wrap(INNER)), path("a/c/", B)])
    scope = {"type": "websocket", "path": "/a/c/"}
    outcome = await call(router, scope, [{"type": kind} for kind in messages])
    assert outcome.types == sent


async def test_routes_pass_receive_and_send_through() -> None:
    """The application gets the server's very functions, also behind routers."""

    async def app(scope: Any, receive: Any, send: Any) -> Any:
        return receive, send

    async def receive() -> Any: ...

    async def send(message: Any) -> None: ...

    nested = path("a", Wrapper(URLRouter([path("", app)])))
    for route in (path("a", app), re_path("^a$", app), mount("a", app), re_path("^a", app), nested):
        assert await URLRouter([route])(http("/a"), receive, send) == (receive, send)


async def test_boundaries_in_one_another_without_end() -> None:
    """A path cannot lead a request through so many calls that Python's stack ends."""
    tree = URLRouter([])
    tree.replace([path("", A), path("<x>/", Wrapper(tree))])
    assert (await call(tree, http("/" + "a/" * 20))).returned[0] == "A"
    assert (await call(tree, http("/" + "a/" * 5000))).sent[0]["status"] == 404
