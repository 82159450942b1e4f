"""What is said in the log: a start that hangs, and a router that nobody starts."""

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from asgi_routes import Lifespan, ProtocolTypeRouter, URLRouter, mount
from asgi_routes.lifespan import participants, session, warn_if_never_started
from tests.lifespan.actors import COMPLETE, App, Server
from tests.spec.driving import Wrapper

pytestmark = pytest.mark.anyio


class Hanging(App):
    """Takes a while to start."""

    async def started(self, receive: Any, send: Any) -> None:
        await anyio.sleep(0.2)
        await super().started(receive, send)


@asynccontextmanager
async def pool(router: Any) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def slow_pool(router: Any) -> AsyncIterator[None]:
    await anyio.sleep(0.2)
    yield


@pytest.mark.parametrize("concurrent", [False, True])
async def test_a_start_that_hangs_is_named(
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    concurrent: bool,
) -> None:
    monkeypatch.setattr(session, "_SLOW_START", 0.05)
    monkeypatch.setattr(session, "_STILL_SLOW", 0.1)
    inner = URLRouter([mount("api", Wrapper(Hanging("b", log)))], lifespan=slow_pool)
    router = ProtocolTypeRouter(
        {"http": URLRouter([mount("shop", inner), mount("a", App("a", log))])}
    )
    assert (await Server(Lifespan([router], concurrent=concurrent)).run()).types == COMPLETE
    own, app = "tests.lifespan.test_warnings:slow_pool", "tests.lifespan.test_warnings:Hanging"
    assert [record.getMessage() for record in caplog.records] == [
        f"http → shop ({own}) has not answered lifespan.startup yet",
        f"http → shop ({own}) has not answered lifespan.startup yet",
        f"http → shop → api ({app}) has not answered lifespan.startup yet",
        f"http → shop → api ({app}) has not answered lifespan.startup yet",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


async def test_each_that_hangs_is_named(
    log: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where they start all at once."""
    monkeypatch.setattr(session, "_SLOW_START", 0.05)
    apps = {"a": Hanging("a", log), "b": App("b", log), "c": Hanging("c", log)}
    routes = [mount(name, app) for name, app in apps.items()]
    await Server(Lifespan([URLRouter(routes)], concurrent=True)).run()
    assert sorted(record.getMessage()[:2] for record in caplog.records) == ["a ", "c "]


async def test_a_router_that_nobody_starts(caplog: pytest.LogCaptureFixture) -> None:
    """It is named once, and says what to do."""
    router, other = URLRouter([], lifespan=pool), ProtocolTypeRouter({}, lifespan=slow_pool)
    for _ in range(3):
        warn_if_never_started(router)
        warn_if_never_started(other)
    own = "tests.lifespan.test_warnings:pool"
    assert [record.getMessage() for record in caplog.records] == [
        f"{kind} serves requests, but its lifespan has never been started: the server or framework "
        "around it does not call it. Run it with router.lifespan_context(), for example "
        "Starlette(lifespan=router.lifespan_context)"
        for kind in (
            f"URLRouter(lifespan={own})",
            f"ProtocolTypeRouter(lifespan={own[:-4]}slow_pool)",
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
    assert key in participants._SETTLED
    del router
    gc.collect()
    assert key not in participants._SETTLED


def test_a_router_that_cannot_be_referred_to_weakly(caplog: pytest.LogCaptureFixture) -> None:
    class Own:
        __slots__ = ("lifespan",)

    router = Own()
    router.lifespan = pool
    warn_if_never_started(router)
    warn_if_never_started(router)
    assert len(caplog.records) == 1
