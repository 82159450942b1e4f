"""Routers with a lifespan of their own, and frameworks that run it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from asgi_routes import (
    HostRouter,
    ImproperlyConfigured,
    Lifespan,
    LifespanError,
    ProtocolTypeRouter,
    URLRouter,
    mount,
)
from tests.lifespan.actors import SCOPE, App, Failing, Server
from tests.spec.driving import call, http

pytestmark = pytest.mark.anyio


def context_of(log: list[str], state: Any = None, *, fails: str = "") -> Callable[[Any], Any]:
    """Return a lifespan of a router's own."""

    @asynccontextmanager
    async def context(router: Any) -> AsyncIterator[Any]:
        assert callable(router.match)
        log.append("+own")
        if fails == "start":
            raise RuntimeError("no start")
        try:
            yield state
        finally:
            log.append("-own")
        if fails == "stop":
            raise RuntimeError("no stop")

    return context


async def test_a_lifespan_of_its_own(log: list[str]) -> None:
    """It is around those of the applications, and its state is for all of them and the server."""
    app = App("a", log)
    inner = URLRouter([mount("a", app)], lifespan=context_of(log, {"inner": 1}))
    router = ProtocolTypeRouter({"http": inner}, lifespan=context_of(log, {"pool": 2}))
    server = Server(router, {**SCOPE, "state": {}})
    await server.run()
    assert log == ["+own", "+own", "+a", "-a", "-own", "-own"]
    assert server.scope["state"] == {"pool": 2, "inner": 1}
    assert app.scope["state"] == {"pool": 2, "inner": 1}


@pytest.mark.parametrize(
    ("fails", "types"),
    [
        ("start", ["lifespan.startup.failed"]),
        ("stop", ["lifespan.startup.complete", "lifespan.shutdown.failed"]),
    ],
)
async def test_a_lifespan_of_its_own_that_fails(
    log: list[str], fails: str, types: list[str]
) -> None:
    """It must work: what it raises is said to the server."""
    router = HostRouter({"a.example": App("a", log)}, lifespan=context_of(log, fails=fails))
    server = await Server(router).run()
    assert server.types == types
    assert f"no {fails}" in server.sent[-1]["message"]
    assert log == (["+own"] if fails == "start" else ["+own", "+a", "-a", "-own"])


async def test_lifespan_context(log: list[str]) -> None:
    """A framework that has a lifespan of its own runs that of the router in it."""
    a = App("a", log)
    a.state = {"db": 1}
    router = URLRouter([mount("a", a)], lifespan=context_of(log, {"pool": 2}))
    async with router.lifespan_context(object()) as state:
        assert state == {"pool": 2}
        found = (await call(router, http("/a/x", state={}))).returned[1]["state"]
        assert found == {"pool": 2, "db": 1}
        log.append("body")
    assert log == ["+own", "+a", "body", "-a", "-own"]
    async with URLRouter([]).lifespan_context() as state:
        assert state is None
    with pytest.raises(ZeroDivisionError):
        async with router.lifespan_context():
            raise ZeroDivisionError
    assert log[5:] == ["+own", "+a", "-a", "-own"]
    with pytest.raises(LifespanError) as caught:
        async with URLRouter([mount("f", Failing("f", log))]).lifespan_context():
            raise AssertionError("the body must not run")
    assert caught.value.phase == "startup"
    assert caught.value.problems == ("f: no database",)


def test_mistakes() -> None:
    """They show when a router is made."""

    async def generator(router: Any) -> AsyncIterator[None]:
        yield

    with pytest.raises(ImproperlyConfigured, match="decorate it with contextlib"):
        URLRouter([], lifespan=generator)  # type: ignore[arg-type]
    with pytest.raises(ImproperlyConfigured, match="pass the function that returns it"):
        ProtocolTypeRouter({}, lifespan=context_of([])(URLRouter([])))
    with pytest.raises(ImproperlyConfigured, match="cannot be called"):
        HostRouter({}, lifespan=5)  # type: ignore[arg-type]
    with pytest.raises(ImproperlyConfigured, match="item 1 of Lifespan"):
        Lifespan([None])  # type: ignore[list-item]
