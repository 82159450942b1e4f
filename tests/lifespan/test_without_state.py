"""What a router's own lifespan yields, where the server gives no ``state``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from asgi_routes import HostRouter, Lifespan, ProtocolTypeRouter, URLRouter, mount, path
from tests.lifespan.actors import COMPLETE, SCOPE, App, Server
from tests.spec.driving import Wrapper, call, hidden, http

pytestmark = pytest.mark.anyio


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
