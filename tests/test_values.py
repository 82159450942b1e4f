"""Everything public survives being copied, deep-copied and pickled, or says what does not."""

import inspect
import os
import pickle
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from copy import copy, deepcopy
from multiprocessing import get_context
from threading import Event, Thread
from typing import Any

import pytest

import asgi_routes
import asgi_routes.testing
import asgi_routes.worker
from asgi_routes import (
    ChannelNameRouter,
    Child,
    Converters,
    HostRouter,
    ImproperlyConfigured,
    Lifespan,
    LifespanError,
    MethodRouter,
    NoMatch,
    NoReverseMatch,
    NoRouteFound,
    NotFound,
    ProtocolTypeRouter,
    RoutingError,
    SubprotocolRouter,
    URLRouter,
    format_path,
    include,
    mount,
    not_found,
    path,
    re_path,
    reverse,
)
from asgi_routes.errors import ImproperlyConfiguredGroup
from asgi_routes.worker import BrokerFullError, MessageTooLargeError


async def serve(scope: Any, receive: Any, send: Any) -> None:
    """Serve nothing."""


class Passing:
    """A middleware."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


class Hex:
    """A converter."""

    regex = "[0-9a-f]+"

    def to_python(self, value: str) -> int:
        return int(value, 16)

    def to_url(self, value: int) -> str:
        return f"{value:x}"


MINE = Converters({"hex": Hex()})
ROUTES = [
    path("users/<int:id>/", serve, {"tab": "all"}, name="user", methods=["GET"]),
    path("<hex:colour>/", serve, converters=MINE),
    re_path(r"^(?P<year>[0-9]{4})/$", serve, name="year"),
    format_path("{day:%Y-%m-%d}/{price:.2f}", serve),
    path("in/", include(([path("", serve, name="index")], "shop"), middleware=[Passing])),
    mount("shop", URLRouter([path("<slug:item>/", serve, name="item")])),
    path("guarded/", Passing(URLRouter([path("x/", serve)]))),
]
ROUTER = URLRouter(ROUTES, default=NotFound(page=serve))


def http(target: str, **more: Any) -> dict[str, Any]:
    """Return a scope."""
    return {"type": "http", "method": "GET", "path": target, "headers": [], **more}


def raised(function: Callable[[], object]) -> RoutingError:
    """Return the error that something raises."""
    with pytest.raises(RoutingError) as caught:
        function()
    return caught.value


ERRORS: list[Exception] = [
    RoutingError("x"),
    ImproperlyConfigured("x", source="<a", span=(0, 1), hint="y"),
    raised(lambda: path("<itn:a>/<b c>", serve)),
    NoRouteFound("x", ["GET"]),
    NoReverseMatch("x", "name", ["why"], "hint"),
    raised(lambda: ROUTER.reverse("nobody")),
    raised(lambda: ROUTER.reverse("user", ["x"])),
    LifespanError("startup", ["a", "b"]),
    BrokerFullError("mail", 7),
    MessageTooLargeError(2, 1),
    asgi_routes.testing.WebSocketClosed(4404, "gone", accepted=False),
    asgi_routes.testing.WebSocketDenied(403, asgi_routes.testing.Headers([]), b"no"),
    asgi_routes.worker.BrokerClosedError("x"),
    asgi_routes.worker.BrokerUnavailableError("x", will_pass=False),
    asgi_routes.worker.InvalidMessageError("x"),
    asgi_routes.worker.LeaseLostError("x"),
    asgi_routes.worker.WorkerError("x"),
    asgi_routes.SlowRegexWarning("x"),
    asgi_routes.SuspiciousRouteWarning("x"),
]
ROUTERS: list[tuple[Any, dict[str, Any]]] = [
    (ROUTER, http("/users/7/")),
    (URLRouter(ROUTES, root_path="in_path", slashes="redirect"), http("/a/1999/", root_path="/a")),
    (URLRouter(ROUTES, encoded_slashes="preserve", middleware=[Passing]), http("/ff/")),
    (ProtocolTypeRouter({"http": ROUTER}), http("/users/7/")),
    (
        HostRouter({"<hex:shop>.example": ROUTER}, converters=MINE),
        http("/users/7/", headers=[(b"host", b"a1.example")]),
    ),
    (MethodRouter({"GET": ROUTER}, head=False, options=False), http("/in/")),
    (ChannelNameRouter({"mail-*": serve}), {"type": "channel", "channel": "mail-7"}),
    (SubprotocolRouter({"mqtt": serve}), {"type": "websocket", "subprotocols": ["mqtt"]}),
]
OTHERS = (
    ROUTES[0],
    include(ROUTES),
    MINE,
    Child("http", serve),
    Lifespan([ROUTER]),
    NotFound(),
    NoMatch("x"),
)
WAYS: list[Callable[[Any], Any]] = [
    copy,
    deepcopy,
    lambda value: pickle.loads(pickle.dumps(value)),  # noqa: S301
]


def test_all_that_is_public_is_here() -> None:
    """Functions and what cannot be made are copied and pickled by their names."""
    here = {type(value) for value in (*ERRORS, *OTHERS, *(router for router, _ in ROUTERS))}
    for module in (asgi_routes, asgi_routes.testing, asgi_routes.worker):
        for name in module.__all__:
            value = getattr(module, name)
            assert deepcopy(value) is value
            if value is not_found or inspect.isclass(value):
                assert pickle.loads(pickle.dumps(value)) is value  # noqa: S301
            if inspect.isclass(value) and module is asgi_routes and not inspect.isabstract(value):
                is_protocol = getattr(value, "_is_protocol", False)
                assert is_protocol or value in here or value is asgi_routes.Match, name
            if inspect.isclass(value) and issubclass(value, Exception):
                assert value in here, name


@pytest.mark.parametrize("again", WAYS)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors(error: Exception, again: Callable[[Any], Any]) -> None:
    error.add_note("a note")
    same = again(error)
    assert type(same) is type(error)
    assert str(same) == str(error)
    assert [*map(repr, vars(same).values())] == [*map(repr, vars(error).values())]
    if isinstance(error, ImproperlyConfiguredGroup):
        assert isinstance(same, ImproperlyConfiguredGroup)
        assert [*map(str, same.exceptions)] == [*map(str, error.exceptions)]


def test_an_error_does_not_break_a_pool_of_processes() -> None:
    """What a job raises comes out of the pool, which goes on with the others."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(ROUTER.reverse, "user", [given]) for given in ("x", 7)]
        with pytest.raises(NoReverseMatch, match="is no int for 'id'"):
            jobs[0].result()
        assert jobs[1].result() == "/users/7/"


@pytest.mark.parametrize("again", WAYS)
@pytest.mark.parametrize(("router", "scope"), ROUTERS, ids=lambda value: type(value).__name__)
def test_routers(router: Any, scope: Any, again: Callable[[Any], Any]) -> None:
    """A router finds the same again, with the same settings and names."""
    found, same = router.match(scope), again(router).match(scope)
    assert same.endpoint is serve
    assert plain(same.scope) == plain(found.scope)
    assert [*map(repr, same.middleware)] == [*map(repr, found.middleware)]
    if hasattr(router, "reverse"):
        assert reverse(same.scope, "user", [8]) == reverse(found.scope, "user", [8])
    refused = scope | {"path": "/nowhere", "method": "PUT", "channel": "x", "subprotocols": []}
    assert repr(again(router).match(refused)) == repr(router.match(refused))


@pytest.mark.parametrize("again", WAYS)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.pattern.source)
def test_routes(route: Any, again: Callable[[Any], Any]) -> None:
    """A route can stand in a table in the place of the one that it was made of."""
    same = again(route)
    assert (same.declared, same.kwargs, same.methods) == (
        route.declared,
        route.kwargs,
        route.methods,
    )
    with pytest.raises(TypeError):
        same.kwargs["tab"] = "other"
    for target in ("/users/7/", "/ff/", "/1999/", "/2020-01-02/1.50", "/in/", "/shop/a/"):
        found, other = URLRouter([route]).match(http(target)), URLRouter([same]).match(http(target))
        assert repr(found) == repr(other) or plain(found.scope) == plain(other.scope)  # type: ignore[union-attr]


def plain(scope: Any) -> dict[str, Any]:
    """Return a scope with what its route says in the place of the route."""
    route = scope.get("route")
    return {**scope, "route": route and (route.path, route.path_format, route.name)}


@pytest.mark.parametrize("again", WAYS)
@pytest.mark.parametrize("others", OTHERS, ids=lambda value: type(value).__name__)
def test_others(others: Any, again: Callable[[Any], Any]) -> None:
    assert type(again(others)) is type(others)
    assert again(not_found) is not_found


@pytest.mark.parametrize("again", WAYS)
def test_matches(again: Callable[[Any], Any]) -> None:
    """What was found says the same, and can be called; a deep copy has a scope of its own."""
    found = ROUTER.match(http("/users/7/", state={"seen": []}))
    same = again(found)
    assert (same.app, same.endpoint) == (serve, serve)
    assert plain(same.scope) == plain(found.scope)
    assert same.route.path == "/users/<int:id>/"
    assert [hop.key for hop in same.hops] == [hop.key for hop in found.hops]
    assert [one.name for one in same.declarations] == ["user"]
    assert (same.scope["state"] is found.scope["state"]) is (again is copy)
    miss = ROUTER.match(http("/users/7/", method="PUT"))
    same = again(miss)
    assert (same.reason, same.allowed, same.status) == (miss.reason, miss.allowed, 405)
    assert not same


@pytest.mark.parametrize("again", WAYS)
def test_child_scopes(again: Callable[[Any], Any]) -> None:
    """In another process a scope has its parameters and its template, but no router to ask."""
    for target in ("/users/7/", "/shop/a/", "/in/"):
        scope = ROUTER.match(http(target)).scope  # type: ignore[union-attr]
        assert plain(again(scope)) == plain(scope)
    if again in (copy, deepcopy):
        assert reverse(again(scope), "user", [7]) == "/users/7/"
    else:
        with pytest.raises(NoReverseMatch, match="no router has passed on this scope"):
            reverse(again(scope), "user", [7])


def test_what_does_not_survive_says_so() -> None:
    """A match through middleware is called through the routers of its process."""
    found = ROUTER.match(http("/in/"))
    with pytest.raises(
        TypeError, match=r"calls middleware, .*Passing.*, cannot be pickled: pickle"
    ):
        pickle.dumps(found)
    assert deepcopy(found).app is found.app  # type: ignore[union-attr]

    async def local(scope: Any, receive: Any, send: Any) -> None: ...

    with pytest.raises((pickle.PicklingError, AttributeError), match="local"):
        pickle.dumps(URLRouter([path("", local)]))


class Slow:
    """An application at which making a table lingers, for as long as somebody likes."""

    def __init__(self, is_reached: Event, may_go_on: Event) -> None:
        self.events = is_reached, may_go_on

    @property
    def app(self) -> Any:
        """What it wraps."""
        is_reached, may_go_on = self.events
        is_reached.set()
        may_go_on.wait(30)
        return serve

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve nothing."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_fork_while_a_table_is_made() -> None:
    """A child can make routers and replace tables, whatever another thread was at; so can its parent."""
    is_reached, may_go_on = Event(), Event()
    inner = URLRouter([path("old/", serve)])
    outer = URLRouter([path("in/", inner)])
    router = URLRouter([path("old/", serve)])
    may_go_on.set()
    lingering = path("new/", Slow(is_reached, may_go_on))
    is_reached.clear()
    may_go_on.clear()
    thread = Thread(target=router.replace, args=([lingering],))
    thread.start()
    assert is_reached.wait(30)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # Of forking beside threads, which this is about.
        child = os.fork()
    if child == 0:
        status = 1
        try:
            inner.replace([path("new/", serve)])
            made = URLRouter([path("", serve)])
            is_new = outer.match(http("/in/new/")) and made.match(http("/"))
            status = 0 if is_new and router.match(http("/old/")) else 2
        finally:
            os._exit(status)
    may_go_on.set()
    thread.join(30)
    assert exit_of(child) == 0
    assert router.match(http("/new/"))


def exit_of(child: int) -> int | None:
    """Return with what a child has ended; kill it if it hangs."""
    ended = Event()
    found: list[int] = []

    def wait() -> None:
        found.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        ended.set()

    Thread(target=wait, daemon=True).start()
    if not ended.wait(30):
        os.kill(child, 9)
        return None
    return found[0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_forks_while_tables_change() -> None:
    """Whenever a process is forked, the child has all of the tables of one moment."""
    inner = URLRouter([path("0/", serve)])
    around = [URLRouter([path("in/", inner)]) for _ in range(5)]
    is_done = Event()

    def change() -> None:
        number = 0
        while not is_done.is_set():
            number += 1
            inner.replace([path(f"{number}/", serve)])

    thread = Thread(target=change)
    thread.start()
    try:
        for _ in range(20):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                child = os.fork()
            if child == 0:
                status = 1
                try:
                    (route,) = inner.declarations
                    asked = http(f"/in/{route.pattern.source}")
                    status = 0 if all(router.match(asked) for router in around) else 2
                    inner.replace([path("child/", serve)])
                    status = status or (0 if around[0].match(http("/in/child/")) else 3)
                finally:
                    os._exit(status)
            assert exit_of(child) == 0
    finally:
        is_done.set()
        thread.join(30)
