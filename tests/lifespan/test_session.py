"""A session with one application: those that read on, hand their events to other tasks, or are slow."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from fastapi import FastAPI
from hypercorn.middleware.dispatcher import AsyncioDispatcherMiddleware, TrioDispatcherMiddleware
from starlette.applications import Starlette

from asgi_routes import HostRouter, Lifespan, ProtocolTypeRouter, URLRouter, mount
from asgi_routes.lifespan import session
from tests.lifespan.actors import COMPLETE, App, Failing, ReadingOn, Server
from tests.spec.driving import Wrapper, call, http

pytestmark = pytest.mark.anyio


LATE = 0.15
"""Seconds; more than what those that read on are given in these tests."""


class Dispatcher:
    """The one of Hypercorn that is for the event loop that it runs in."""

    def __init__(self, mounts: dict[str, Any]) -> None:
        self.mounts = mounts

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        is_asyncio = anyio.get_cancelled_exc_class() is asyncio.CancelledError
        kind = AsyncioDispatcherMiddleware if is_asyncio else TrioDispatcherMiddleware
        await kind(self.mounts)(scope, receive, send)


class Late(App):
    """Takes longer to start than those that read on are given."""

    async def started(self, receive: Any, send: Any) -> None:
        await anyio.sleep(LATE)
        self.log.append(f"{self.name} is up")
        await super().started(receive, send)


def pump(app: Any) -> Any:
    """Return a middleware that hands events and answers on from tasks of its own."""

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        put, get = anyio.create_memory_object_stream[Any](8)

        async def pass_on() -> None:
            while True:
                await put.send(await receive())

        with put, get:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(pass_on)
                await app(scope, get.receive, send)
                tasks.cancel_scope.cancel()

    return middleware


def framework(kind: Any, name: str, log: list[str]) -> Any:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        log.append(f"+{name}")
        await anyio.sleep(0.001)
        yield
        log.append(f"-{name}")

    return kind(lifespan=lifespan)


PLACES = {
    "mount": lambda app: URLRouter([mount("d", app)]),
    "mount on": lambda app: URLRouter([mount("d", app, lifespan="on")]),
    "host": lambda app: HostRouter({"a.example": app}),
    "type": lambda app: ProtocolTypeRouter({"http": app}),
    "default": lambda app: URLRouter([], default=app),
    "alone": lambda app: Lifespan([app]),
}


@pytest.mark.parametrize("place", PLACES)
async def test_hypercorns_dispatcher(
    log: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """It is started, and told to stop."""
    monkeypatch.setattr(session, "_READING_ON", {"auto": 4, "on": 4})
    apps = {"/a": framework(Starlette, "a", log), "/b": framework(FastAPI, "b", log)}
    server = await Server(PLACES[place](Dispatcher(apps))).run()
    assert server.types == COMPLETE
    assert sorted(log) == ["+a", "+b", "-a", "-b"]
    assert not caplog.records


async def test_hypercorns_dispatcher_is_cancelled(log: list[str]) -> None:
    """While it starts, and one of its two applications is up; or later."""
    started, late = framework(Starlette, "a", log), Late("b", log)
    for apps in ({"/a": started, "/b": late}, {"/a": started}):
        log.clear()
        with anyio.fail_after(5), anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                server = Server(URLRouter([mount("d", Dispatcher(apps), lifespan="on")]))
                tasks.start_soon(server.run)
                await anyio.sleep(0.02)
                scope.cancel()
        assert [line for line in log if "a" in line and "b" not in line] == ["+a", "-a"]


async def test_a_late_answer_counts(log: list[str], caplog: pytest.LogCaptureFixture) -> None:
    """The others do not wait for it; but it is told to stop, and its state is found then."""
    caplog.set_level(logging.INFO, "asgi_routes.lifespan")
    late, b = Late("late", log), App("b", log)
    late.state = {"db": 1}
    passing = pump(late)
    router = URLRouter([mount("late", passing), mount("b", b)])

    async def body() -> None:
        log.append("serves")
        await anyio.sleep(2 * LATE)
        assert log[-1] == "late is up"

    server = await Server(router).run(body)
    assert server.types == COMPLETE
    assert log == ["+late", "+b", "serves", "late is up", "-b", "-late"]
    assert [record.getMessage() for record in caplog.records] == [
        "late: does not support the lifespan protocol: called receive() again instead of answering",
        "late: started after all",
    ]


async def test_a_late_failure_is_said(log: list[str], caplog: pytest.LogCaptureFixture) -> None:
    class LateFailing(Failing):
        async def started(self, receive: Any, send: Any) -> None:
            await anyio.sleep(LATE)
            await super().started(receive, send)

    router = URLRouter([mount("late", pump(LateFailing("late", log)))])
    server = await Server(router).run(lambda: anyio.sleep(2 * LATE))
    assert server.types == COMPLETE
    assert caplog.records[-1].getMessage() == "late: failed to start after all: no database"
    assert caplog.records[-1].levelno == logging.ERROR


async def test_a_late_state_is_found(log: list[str]) -> None:
    class LateReading(Late):
        """Reads on beside its start, so that it is called by its own name."""

        async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
            if scope["type"] != "lifespan":
                return await super().__call__(scope, receive, send)
            return await pump(super().__call__)(scope, receive, send)

    late = LateReading("late", log)
    late.state = {"db": 1}
    router = URLRouter([mount("late", late)])
    found: list[Any] = []

    async def body() -> None:
        for _ in range(2):
            found.append((await call(router, http("/late/"))).returned[1].get("state"))
            await anyio.sleep(2 * LATE)

    assert (await Server(router).run(body)).types == COMPLETE
    assert found == [None, {"db": 1}]


async def test_one_that_ignores_it_holds_nothing_up(log: list[str]) -> None:
    """Neither the start nor the end; one that asks again and again has no more time."""

    class Asking(App):
        async def started(self, receive: Any, send: Any) -> None:
            while True:
                with anyio.move_on_after(0.01):
                    await receive()

    began = anyio.current_time()
    apps = [ReadingOn("r", log), Asking("s", log), App("a", log)]
    assert (await Server(Lifespan(apps)).run()).types == COMPLETE
    assert anyio.current_time() - began < 1
    assert log == ["+r", "+s", "+a", "-a"]


@pytest.mark.parametrize("policy", ["auto", "on"])
async def test_a_timeout_for_starting(log: list[str], policy: Any) -> None:
    """It is for those that read on, too, and what it means depends on the policy."""
    monkeypatched = {"auto": 4.0, "on": 4.0}
    lifespan = Lifespan(
        [URLRouter([mount("r", ReadingOn("r", log), lifespan=policy)])], startup_timeout=0.05
    )
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(session, "_READING_ON", monkeypatched)
        server = await Server(lifespan).run()
    if policy == "auto":
        assert server.types == COMPLETE
    else:
        assert server.sent[0]["message"] == "r: did not answer startup within 0.05 s"


async def test_one_that_polls_is_told_to_stop(log: list[str]) -> None:
    """An event that nobody has taken is still there for the next one that asks."""

    class Polling(App):
        async def started(self, receive: Any, send: Any) -> None:
            await send({"type": "lifespan.startup.complete"})
            event = None
            while event is None:
                with anyio.move_on_after(0.005):
                    event = await receive()
            self.log.append(f"-{self.name}")
            await self.stopped(send)

    server = await Server(Lifespan([Polling("p", log)])).run(lambda: anyio.sleep(0.03))
    assert server.types == COMPLETE
    assert log == ["+p", "-p"]


async def test_two_that_ask_at_once(log: list[str]) -> None:
    """One of them gets the event, and the other goes on waiting."""

    class Two(App):
        async def started(self, receive: Any, send: Any) -> None:
            async def ask() -> None:
                self.log.append((await receive())["type"])
                await self.stopped(send)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask)
                tasks.start_soon(ask)
                await send({"type": "lifespan.startup.complete"})

    assert (await Server(Lifespan([Two("t", log)])).run()).types == COMPLETE
    assert log == ["+t", "lifespan.shutdown"]


class Hanging(App):
    """Takes a while to start."""

    async def started(self, receive: Any, send: Any) -> None:
        await anyio.sleep(0.2)
        await super().started(receive, send)


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
    own, app = "tests.lifespan.test_session:slow_pool", "tests.lifespan.test_session:Hanging"
    # How often each is named depends on how busy the machine is.
    assert list(dict.fromkeys(record.getMessage() for record in caplog.records)) == [
        f"http → shop ({own}) has not answered lifespan.startup yet",
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
