"""A host that is cancelled still stops what was started, and then the cancellation goes on."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette

from asgi_routes import Lifespan, LifespanError, URLRouter, mount
from asgi_routes.lifespan import WITH_STATE, run
from tests.lifespan.actors import SCOPE, App, Deaf, Failing, Server, Silent
from tests.spec.driving import Wrapper

pytestmark = pytest.mark.anyio


class Slow(App):
    """Takes its time to stop, in several steps."""

    async def stopped(self, send: Any) -> None:
        for _ in range(3):
            await anyio.sleep(0.001)
        self.log.append(f"-{self.name} done")
        await super().stopped(send)


class Tidying(Silent):
    """Never starts, and tidies up when it is told so by a cancellation."""

    async def started(self, receive: Any, send: Any) -> None:
        try:
            await super().started(receive, send)
        finally:
            self.log.append(f"x{self.name}")


def own(log: list[str]) -> Any:
    @asynccontextmanager
    async def lifespan(router: Any) -> AsyncIterator[None]:
        log.append("+own")
        yield
        log.append("-own")

    return lifespan


async def serve(router: Any) -> Server:
    server = Server(router)
    await router(server.scope, server.receive, server.send)
    return server


async def enter(router: Any) -> None:
    async with router.lifespan_context():
        await anyio.sleep_forever()


async def framework(router: Any) -> None:
    await serve(Starlette(lifespan=router.lifespan_context))


HOSTS = [serve, enter, framework]
STOPPED = ["+own", "+a", "+b", "-b", "-b done", "-a", "-a done", "-own"]


@pytest.mark.parametrize("host", HOSTS)
async def test_a_cancelled_scope(log: list[str], host: Callable[[Any], Awaitable[Any]]) -> None:
    routes = [mount("a", Slow("a", log)), mount("b", Wrapper(Slow("b", log)))]
    router = URLRouter(routes, lifespan=own(log))
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(host, router)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
    assert scope.cancelled_caught
    assert log == STOPPED
    assert not WITH_STATE


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("times", [1, 3])
def test_a_cancelled_task(host: Callable[[Any], Any], times: int) -> None:
    """As asyncio cancels, without a scope; a second time is no help to it."""
    log: list[str] = []
    routes = [mount("a", Slow("a", log)), mount("b", Slow("b", log))]
    router = URLRouter(routes, lifespan=own(log))

    async def main() -> None:
        task = asyncio.create_task(host(router))
        while len(log) < len(["+own", "+a", "+b"]):  # noqa: ASYNC110 - a list tells nobody
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)  # Until the host waits for its end.
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert log == STOPPED


@pytest.mark.parametrize("concurrent", [False, True])
async def test_while_it_starts(log: list[str], *, concurrent: bool) -> None:
    """What was started is stopped; what was starting is cancelled, before what it may need is stopped."""
    lifespan = Lifespan([App("a", log), Tidying("b", log), App("c", log)], concurrent=concurrent)
    with anyio.move_on_after(5) as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve, lifespan)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    assert not scope.cancelled_caught
    if concurrent:
        assert sorted(log[:3]) == ["+a", "+b", "+c"]
        assert log[3:] == ["-c", "xb", "-a"]
    else:
        assert log == ["+a", "+b", "xb", "-a"]


async def test_before_anything_has_begun(log: list[str]) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with Lifespan([App("a", log)]).context():
            raise AssertionError("it is cancelled")
    assert scope.cancelled_caught
    assert [line for line in log if line[0] == "-"] == ["-a"] * log.count("+a")


@pytest.mark.parametrize("patience", [0.05, None])
async def test_one_that_does_not_stop(
    log: list[str], monkeypatch: pytest.MonkeyPatch, patience: float | None
) -> None:
    """It holds up a cancelled host for so long, also where a server may wait for ever."""
    monkeypatch.setattr(run, "_PATIENCE_ONCE_CANCELLED", 0.05)
    lifespan = Lifespan([App("a", log), Deaf("b", log)], shutdown_timeout=patience)
    began = anyio.current_time()
    with anyio.fail_after(5), anyio.CancelScope() as scope:
        async with lifespan.context():
            scope.cancel()
            await anyio.sleep_forever()
    assert anyio.current_time() - began < 2
    assert log == ["+a", "+b", "-b", "-a"]


async def test_while_it_stops(log: list[str]) -> None:
    """Nothing is stopped twice."""
    with anyio.CancelScope() as scope:
        async with Lifespan([Slow("a", log), Slow("b", log)]).context():
            scope.deadline = anyio.current_time() + 0.002
    assert log == ["+a", "+b", "-b", "-b done", "-a", "-a done"]


async def test_what_else_the_host_may_raise(log: list[str]) -> None:
    """It comes out as it is, after all have stopped."""
    for error in (KeyError("x"), SystemExit(3), GeneratorExit()):
        log.clear()
        with pytest.raises(type(error)) as caught:
            async with Lifespan([App("a", log)]).context():
                raise error
        assert caught.value is error
        assert log == ["+a", "-a"]


async def test_an_application_that_ends_the_process(log: list[str]) -> None:
    """Who exits, exits; the others are stopped before."""

    class Exiting(App):
        async def started(self, receive: Any, send: Any) -> None:
            sys.exit(3)

    class ExitingLater(App):
        async def started(self, receive: Any, send: Any) -> None:
            await send({"type": "lifespan.startup.complete"})
            await anyio.sleep(0.01)
            sys.exit(3)

    for kind in (Exiting, ExitingLater):
        log.clear()
        with anyio.fail_after(5), pytest.raises(SystemExit) as caught:
            async with Lifespan([App("a", log), kind("b", log)]).context():
                await anyio.sleep_forever()
        assert caught.value.code == 3
        assert log == ["+a", "+b", "-a"]


def test_a_cancelled_error_that_nobody_has_asked_for() -> None:
    """In asyncio an application can raise it: by waiting for a task of its own that was cancelled."""
    log: list[str] = []

    class Leaking(App):
        async def started(self, receive: Any, send: Any) -> None:
            raise asyncio.CancelledError

    class Dying(App):
        async def started(self, receive: Any, send: Any) -> None:
            await send({"type": "lifespan.startup.complete"})
            await asyncio.sleep(0)
            raise asyncio.CancelledError

    async def main() -> None:
        a, leaking, dying = App("a", log), Leaking("l", log), Dying("d", log)
        async with Lifespan([a, leaking, dying]).context():
            await asyncio.sleep(0.01)
            log.append("body")

    with pytest.raises(LifespanError, match=r"Dying: failed while running: CancelledError\(\)"):
        asyncio.run(main())
    assert log == ["+a", "+l", "+d", "body", "-a"]


async def test_a_failing_start_that_is_cancelled_while_it_is_taken_back(log: list[str]) -> None:
    class Cancelling(Slow):
        async def stopped(self, send: Any) -> None:
            scope.cancel()
            await super().stopped(send)

    with anyio.CancelScope() as scope:
        async with Lifespan([Cancelling("a", log), Failing("b", log)]).context():
            raise AssertionError("it has not started")
    assert scope.cancelled_caught
    assert log == ["+a", "+b", "-a", "-a done"]


async def test_the_scope_of_the_lifespan_is_the_servers() -> None:
    """Nothing is left behind in it."""
    scope = {**SCOPE, "state": {}}
    await Server(URLRouter([]), scope).run()
    assert scope == {**SCOPE, "state": {}}
