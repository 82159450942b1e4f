"""An application is started once, whatever wrappers it is reached through, and all find its state."""

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from asgi_routes import HostRouter, Lifespan, ProtocolTypeRouter, URLRouter, mount, path
from asgi_routes.lifespan import WITH_STATE, participants
from tests.lifespan.actors import COMPLETE, SCOPE, App, Server
from tests.spec.driving import Wrapper, call, hidden, http

pytestmark = pytest.mark.anyio

NAMES = [
    *("app", "_app", "asgi_app", "inner", "application", "next_app"),
    *("wrapped", "_wrapped", "func", "__wrapped__"),
]


class Holding:
    """A middleware that holds the next application in an attribute of some name."""

    def __init__(self, app: Any, name: str = "app") -> None:
        setattr(self, name, app)
        self._name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await getattr(self, self._name)(dict(scope), receive, send)


class OnlyRequests(Wrapper):
    """A middleware that knows no lifespan."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        assert scope["type"] == "http"
        return await super().__call__(scope, receive, send)


def fastapi(log: list[str]) -> FastAPI:
    """Return a FastAPI that writes down its lifespan, and says what its requests find."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, str]]:
        log.append("+m")
        yield {"db": f"open {len(log)}"}
        log.append("-m")

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        log.append(scope["state"]["db"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    app = FastAPI(lifespan=lifespan)
    app.mount("/x", answer)
    return app


async def serve_and_ask(router: Any, *requests: tuple[Any, str]) -> None:
    async def ask() -> None:
        for app, where in requests:
            await call(app, {**http(where), "root_path": "", "query_string": b""})

    server = await Server(router).run(ask)
    assert server.types == COMPLETE
    assert not WITH_STATE


async def test_http_behind_gzip_and_the_rest_bare(log: list[str]) -> None:
    m = fastapi(log)
    router = ProtocolTypeRouter({"http": GZipMiddleware(m), "websocket": m})
    await serve_and_ask(router, (router, "/x/"))
    assert log == ["+m", "open 1", "-m"]


@pytest.mark.parametrize("bare_first", [False, True])
async def test_wherever_it_stands(log: list[str], *, bare_first: bool) -> None:
    m = fastapi(log)
    wrapped = [CORSMiddleware(m), GZipMiddleware(CORSMiddleware(m))]
    apps = [m, *wrapped] if bare_first else [*wrapped, m]
    router = URLRouter([mount(f"{number}", app) for number, app in enumerate(apps)])
    await serve_and_ask(router, (router, "/0/x/"), (router, "/1/x/"), (router, "/2/x/"))
    assert log == ["+m", "open 1", "open 1", "open 1", "-m"]


@pytest.mark.parametrize("name", NAMES)
async def test_names_of_attributes(log: list[str], name: str) -> None:
    app = App("a", log)
    app.state = {"db": 1}
    router = URLRouter([mount("1", Holding(app, name)), mount("2", app), path("3", Wrapper(app))])

    async def ask() -> None:
        for where in ("/1/x", "/2/x", "/3"):
            assert (await call(router, http(where))).returned[1]["state"] == {"db": 1}

    assert (await Server(router).run(ask)).types == COMPLETE
    assert log == ["+a", "-a"]


async def test_wrappers_that_come_later_or_stand_elsewhere(log: list[str]) -> None:
    """Routes may be replaced, and `Lifespan` may name what the router has behind a wrapper."""
    app = App("a", log)
    app.state = {"db": 1}
    inner = URLRouter([mount("1", Wrapper(app))])
    router = ProtocolTypeRouter({"http": inner, "lifespan": Lifespan([Wrapper(app)])})

    async def ask() -> None:
        assert (await call(router, http("/1/x"))).returned[1]["state"] == {"db": 1}
        inner.replace([mount("2", Wrapper(Wrapper(app))), mount("3", hidden(app))])
        assert (await call(router, http("/2/x"))).returned[1]["state"] == {"db": 1}
        assert "state" not in (await call(router, http("/3/x"))).returned[1]

    assert (await Server(router).run(ask)).types == COMPLETE
    assert log == ["+a", "-a"]


@pytest.mark.parametrize("concurrent", [False, True])
@pytest.mark.parametrize("bare", [False, True])
async def test_a_wrapper_that_refuses_for_it(
    log: list[str], *, concurrent: bool, bare: bool
) -> None:
    """The first that takes part is the one; each is asked once."""
    app = App("a", log)
    app.state = {"db": 1}
    first = OnlyRequests(app)
    others = [app, Wrapper(app)] if bare else [Wrapper(app), app]
    lifespan = Lifespan([first, OnlyRequests(app), *others, first], concurrent=concurrent)

    async def ask() -> None:
        router = URLRouter([mount("1", first)])
        assert (await call(router, http("/1/x"))).returned[1]["state"] == {"db": 1}

    assert (await Server(lifespan).run(ask)).types == COMPLETE
    assert log == ["+a", "-a"]


async def test_a_router_with_a_lifespan_behind_wrappers(log: list[str]) -> None:
    """It runs once, and what it yields is there through any of them."""

    @asynccontextmanager
    async def pool(router: Any) -> AsyncIterator[dict[str, int]]:
        log.append("+own")
        yield {"pool": 1}
        log.append("-own")

    async def end(scope: Any, receive: Any, send: Any) -> Any:
        return scope.get("state")

    r = URLRouter([mount("a", App("a", log)), path("end", end)], lifespan=pool)
    for apps in ([Wrapper(r), r, hidden(r)], [r, Holding(r, "_app")], [hidden(r), r]):
        log.clear()
        router = HostRouter({f"{number}.example": app for number, app in enumerate(apps)})
        server = Server(router, {**SCOPE, "state": {}})

        async def ask(router: Any = router, server: Any = server, apps: Any = apps) -> None:
            for number in range(len(apps)):
                headers = [(b"host", b"%d.example" % number)]
                scope = http("/end", headers=headers, state=dict(server.scope["state"]))
                assert (await call(router, scope)).returned["pool"] == 1

        assert (await server.run(ask)).types == COMPLETE
        assert log == ["+own", "+a", "-a", "-own"]


@pytest.mark.parametrize("framework_first", [False, True])
async def test_a_router_that_a_framework_starts(log: list[str], *, framework_first: bool) -> None:
    """A FastAPI that runs the router's lifespan as its own, and hands no scope on."""

    @asynccontextmanager
    async def pool(router: Any) -> AsyncIterator[dict[str, int]]:
        log.append("+own")
        yield {"pool": 1}
        log.append("-own")

    r = URLRouter([mount("a", App("a", log))], lifespan=pool)
    m = FastAPI(lifespan=r.lifespan_context)
    m.mount("/r", r)
    apps = {"http": m, "websocket": r} if framework_first else {"websocket": r, "http": m}
    server = await Server(ProtocolTypeRouter(apps), {**SCOPE, "state": {}}).run()
    assert server.types == COMPLETE
    assert log == ["+own", "+a", "-a", "-own"]
    assert server.scope["state"] == {"pool": 1}


async def test_another_event_loop_knows_nothing_of_this_one(log: list[str]) -> None:
    """What an application runs in a thread has lifespans of its own."""
    a = App("a", log)

    class Working(App):
        async def started(self, receive: Any, send: Any) -> None:
            await anyio.to_thread.run_sync(anyio.run, self._work)
            await super().started(receive, send)

        async def _work(self) -> None:
            async with Lifespan([a]).context():
                self.log.append("works")

    assert (await Server(Lifespan([a, Working("w", log)])).run()).types == COMPLETE
    assert log == ["+a", "+w", "+a", "works", "-a", "-w", "-a"]


async def serve(name: str, scope: Any, receive: Any, send: Any) -> Any:
    """Serve one of several tenants; this is no application."""


async def serve_any(scope: Any, receive: Any, send: Any, tenant: str = "") -> Any:
    """Serve one of several tenants, the default one too."""


class AnswersAll:
    """Has another application under every name each time that it is asked."""

    def __getattr__(self, name: str) -> Any:
        return lambda scope, receive, send: None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


def decorated(name: str) -> Any:
    @functools.wraps(serve)
    async def app(scope: Any, receive: Any, send: Any) -> Any:
        return await serve(name, scope, receive, send)

    return app


@pytest.mark.parametrize(
    "make",
    [
        lambda: functools.partial(serve, "a"),
        lambda: functools.partial(serve_any, tenant="a"),
        lambda: decorated("a"),
        AnswersAll,
        lambda: Holding(App, "wrapped"),
    ],
)
def test_what_is_no_wrapper(make: Any) -> None:
    """Two that hold the same are two applications where that is not what they serve."""
    one, other = make(), make()
    assert participants.find_core(one) is one
    assert participants.find_core(other) is other


def test_what_is_one() -> None:
    """A decorator, a partial without arguments, and methods."""
    app = App("a", [])
    assert participants.find_core(functools.partial(app)) is app
    assert (
        participants.find_core(Wrapper(functools.partial(serve_any, tenant="a"))).func is serve_any
    )
    assert participants.find_core(functools.wraps(serve_any)(hidden(serve_any))) is serve_any
    core = participants.find_core(Wrapper(app.__call__))
    assert participants.identify(core) == participants.identify(app.__call__)
