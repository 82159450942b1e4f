"""What applications put into the state of the lifespan, and which requests find it."""

import threading
from functools import partial
from typing import Any

import anyio
import pytest

from asgi_routes import (
    ProtocolTypeRouter,
    URLRouter,
    mount,
    path,
)
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
