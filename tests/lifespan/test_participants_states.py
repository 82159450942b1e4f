"""The states that participants leave, which requests find them, and the warning where none is left."""

import gc
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import pytest

from asgi_routes import (
    HostRouter,
    Lifespan,
    ProtocolTypeRouter,
    URLRouter,
    mount,
    path,
)
from asgi_routes.lifespan import participants, warn_if_never_started
from tests.lifespan.actors import COMPLETE, SCOPE, App, Server
from tests.spec.driving import Wrapper, call, hidden, http

pytestmark = pytest.mark.anyio


async def test_replaced_routes(log: list[str]) -> None:
    """Who was there at the start keeps its state, wherever it is mounted; who was not is left alone."""
    kept, dropped, added = App("kept", log), App("dropped", log), App("added", log)
    kept.state = {"db": "of kept"}
    router = URLRouter([mount("a", kept.__call__), mount("b", dropped)])

    async def requests() -> None:
        # A method is another object each time that one asks for it.
        router.replace([mount("x", kept.__call__), mount("y", added)])
        found = (await call(router, http("/x/", state={}))).returned[1]["state"]
        assert found == {"db": "of kept"}
        assert (await call(router, http("/y/", state={}))).returned[1]["state"] == {}

    assert (await Server(router).run(requests)).types == COMPLETE
    assert log == ["+kept", "+dropped", "-dropped", "-kept"]


async def test_state_reaches_the_requests(log: list[str]) -> None:
    """Each application finds its own state in its requests, laid over that of the server in place."""
    a, b, c = App("a", log), App("b", log), App("c", log)
    a.state, b.state = {"db": "of a"}, {"db": "of b", "n": []}
    router = ProtocolTypeRouter(
        {
            "http": URLRouter([mount("a", a), mount("b", Wrapper(b)), path("c", c)], default=b),
            "websocket": hidden(URLRouter([mount("a", a)])),
        }
    )
    server = Server(router, {**SCOPE, "state": {"of": "the server", "db": None}})

    async def requests() -> None:
        state = {"of": "the server", "db": None}
        found = (await call(router, http("/a/x", state=state))).returned[1]["state"]
        assert found is state
        assert found == {"of": "the server", "db": "of a"}
        found = (await call(router, http("/b/x", state={}))).returned[1]["state"]
        assert found["n"] is b.state["n"]
        # Daphne has no state.
        found = (await call(router, http("/a/x"))).returned[1]["state"]
        assert found == {"of": "the server", "db": "of a"}
        assert "state" not in (await call(router, http("/c"))).returned[1]
        found = (await call(router, http("/nowhere", state={}))).returned[1]["state"]
        assert found["db"] == "of b"
        scope = {"type": "websocket", "path": "/a/x", "state": {}}
        assert (await call(router, scope)).returned[1]["state"] == {"db": "of a"}

    await server.run(requests)
    assert server.types == COMPLETE
    assert server.scope["state"] == {"of": "the server", "db": None}
    assert a.scope["state"] is not b.scope["state"]
    assert "state" not in (await call(router, http("/a/x"))).returned[1]


def test_two_event_loops() -> None:
    """One router in two event loops has two states."""
    ready = threading.Barrier(2, timeout=5)
    found: dict[int, Any] = {}

    class OfThread(App):
        async def started(self, receive: Any, send: Any) -> None:
            self.scope["state"]["thread"] = threading.get_ident()
            ready.wait()
            await super().started(receive, send)

    app = OfThread("a", [])
    router = URLRouter([mount("a", app)])

    async def serve() -> None:
        async with router.lifespan_context():
            scope = (await call(router, http("/a/x", state={}))).returned[1]
            found[threading.get_ident()] = scope["state"]["thread"]
            ready.wait()

    runs = [partial(anyio.run, serve, backend=backend) for backend in ("asyncio", "trio")]
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 2
    assert all(ident == own for ident, own in found.items())


def yielding(values: Any) -> Any:
    @asynccontextmanager
    async def lifespan(router: Any) -> AsyncIterator[Any]:
        yield values

    return lifespan


async def end(scope: Any, receive: Any, send: Any) -> Any:
    return "end", scope


def router_of(log: list[str]) -> URLRouter:
    app = App("a", log)
    app.state = {"db": 2}
    routes = [path("", end), mount("a", app), mount("w", Wrapper(app)), path("hidden", hidden(end))]
    return URLRouter(routes, lifespan=yielding({"pool": 1}), default=end)


SHARED, OF_APP = {"pool": 1}, {"pool": 1, "db": 2}
FOUND = {"/": SHARED, "/a/": OF_APP, "/w/": OF_APP, "/hidden": SHARED, "/nowhere": SHARED}

AROUND = {
    "itself": lambda r: r,
    "behind a key": lambda r: ProtocolTypeRouter({"http": r}),
    "below another": lambda r: URLRouter([path("", r)]),
    "behind a wrapper": lambda r: ProtocolTypeRouter({"http": Wrapper(r)}),
    "behind a closure": lambda r: HostRouter({"a.example": hidden(r)}),
}


@pytest.mark.parametrize("where", FOUND)
@pytest.mark.parametrize("around", AROUND)
async def test_requests_find_it(log: list[str], around: str, where: str) -> None:
    router = AROUND[around](router_of(log))
    headers = [(b"host", b"a.example")]

    async def ask() -> None:
        for _ in range(2):
            scope = http(where, headers=headers)
            state = (await call(router, scope)).returned[1]["state"]
            assert state == FOUND[where]
            assert "state" not in scope
            state["of this"] = "request"

    assert (await Server(router).run(ask)).types == COMPLETE
    assert "state" not in (await call(router, http("/", headers=headers))).returned[1]


async def test_after_a_change_of_routes(log: list[str]) -> None:
    router = router_of(log)

    async def ask() -> None:
        router.replace([path("new", end)])
        assert (await call(router, http("/new"))).returned[1]["state"] == {"pool": 1}

    await Server(router).run(ask)


async def test_in_a_framework_without_state(log: list[str]) -> None:
    router = router_of(log)
    async with router.lifespan_context() as state:
        assert state == {"pool": 1}
        assert (await call(router, http("/"))).returned[1]["state"] == {"pool": 1}
        async with Lifespan([router_of(log)]).context():
            assert (await call(router, http("/"))).returned[1]["state"] == {"pool": 1}
    assert "state" not in (await call(router, http("/"))).returned[1]


async def test_a_state_of_the_server_is_the_servers(log: list[str]) -> None:
    """Where it has one, what it brings is what there is."""
    router = router_of(log)
    server = Server(router, {**SCOPE, "state": {"of": "server"}})

    async def ask() -> None:
        state = {"of": "server", "pool": "of this request"}
        found = (await call(router, http("/", state=state))).returned[1]["state"]
        assert found is state
        assert found == {"of": "server", "pool": "of this request"}
        assert "state" not in (await call(router, http("/"))).returned[1]

    await server.run(ask)
    assert server.scope["state"] == {"of": "server", "pool": 1}


@asynccontextmanager
async def pool(router: Any) -> AsyncIterator[None]:
    yield


async def test_a_router_that_nobody_starts(caplog: pytest.LogCaptureFixture) -> None:
    """It is named once, and says what to do."""
    router, other = URLRouter([], lifespan=pool), ProtocolTypeRouter({}, lifespan=pool)
    for _ in range(3):
        warn_if_never_started(router)
        warn_if_never_started(other)
    own = "tests.lifespan.test_participants_states:pool"
    assert [record.getMessage() for record in caplog.records] == [
        f"{kind} serves requests, but its lifespan was never started: the server or framework "
        "around it does not run it. Use router.lifespan_context(), for example "
        "Starlette(lifespan=router.lifespan_context)"
        for kind in (
            f"URLRouter(lifespan={own})",
            f"ProtocolTypeRouter(lifespan={own})",
        )
    ]
    assert caplog.records[0].levelno == logging.WARNING


@pytest.mark.parametrize("around", [None, Wrapper, lambda r: URLRouter([mount("r", r)])])
async def test_a_router_that_somebody_has_started(
    caplog: pytest.LogCaptureFixture, around: Any
) -> None:
    """Directly, behind a wrapper, below another one; and once is for ever."""
    router = URLRouter([], lifespan=pool)
    await Server(Lifespan([around(router) if around else router])).run()
    warn_if_never_started(router)
    assert not caplog.records


async def test_while_it_starts(caplog: pytest.LogCaptureFixture) -> None:
    """Its lifespan may make requests."""

    @asynccontextmanager
    async def asking(router: Any) -> AsyncIterator[None]:
        warn_if_never_started(router)
        yield

    await Server(URLRouter([], lifespan=asking)).run()
    assert not caplog.records


def test_nothing_is_kept_of_routers_that_are_gone() -> None:
    """Another one may get the id."""
    router = URLRouter([], lifespan=pool)
    key = id(router)
    warn_if_never_started(router)
    assert key in participants.SETTLED
    del router
    gc.collect()
    assert key not in participants.SETTLED


def test_a_router_that_cannot_be_referred_to_weakly(caplog: pytest.LogCaptureFixture) -> None:
    class Own:
        __slots__ = ("lifespan",)

    router = Own()
    router.lifespan = pool
    warn_if_never_started(router)
    warn_if_never_started(router)
    assert len(caplog.records) == 1
