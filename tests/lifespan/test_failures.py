"""What happens in the lifespan when an application or the server misbehaves."""

from typing import Any

import anyio
import pytest

from asgi_routes import (
    Lifespan,
    URLRouter,
    mount,
)
from tests.lifespan.actors import (
    COMPLETE,
    SCOPE,
    App,
    Deaf,
    Failing,
    RaisingLate,
    ReadingOn,
    Server,
    Silent,
    raising,
    returning,
)
from tests.spec.driving import call, http

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("concurrent", [False, True])
async def test_one_that_fails_takes_back_the_others(log: list[str], concurrent: bool) -> None:  # noqa: FBT001
    """Those before it are stopped in reverse, those behind it never start; then failure is said."""
    apps = [App("a", log), App("b", log), Failing("c", log), App("d", log)]
    server = await Server(Lifespan(apps, concurrent=concurrent)).run()
    assert server.types == ["lifespan.startup.failed"]
    assert server.sent[0]["message"] == "Failing: no database"
    if concurrent:
        assert sorted(log[:4]) == ["+a", "+b", "+c", "+d"]
        assert log[4:] == ["-d", "-b", "-a"]
    else:
        assert log == ["+a", "+b", "+c", "-b", "-a"]


async def test_what_the_server_raises_goes_back_to_it(log: list[str]) -> None:
    """Hypercorn raises in send(): swallowed, it would start anyway."""

    class Hypercorn(Server):
        async def send(self, message: Any) -> None:
            await super().send(message)
            if message["type"] == "lifespan.startup.failed":
                raise LookupError

    with pytest.raises(ExceptionGroup) as caught:
        await Hypercorn(Lifespan([App("a", log), Failing("b", log)])).run()
    assert [type(error) for error in caught.value.exceptions] == [LookupError]
    assert log == ["+a", "+b", "-a"]

    class Broken(Server):
        async def send(self, message: Any) -> None:
            await super().send(message)
            raise OSError("gone")

    with pytest.raises(ExceptionGroup) as broken:
        await Broken(Lifespan([App("c", log)])).run()
    assert [type(error) for error in broken.value.exceptions] == [OSError]
    assert log[-2:] == ["+c", "-c"]


@pytest.mark.parametrize(
    ("policy", "app", "problem"),
    [
        ("on", raising, "m: raised ValueError"),
        ("on", returning, "m: returned without an answer"),
        ("on", ReadingOn("r", []), "m: reads on instead of answering"),
        ("on", RaisingLate("r", []), "m: raised KeyError('text')"),
        ("auto", raising, None),
        ("off", Failing("f", []), None),
    ],
)
async def test_policies(policy: Any, app: Any, problem: str | None) -> None:
    """on: it must answer; auto: it may not know the protocol; off: it is not asked."""
    server = await Server(URLRouter([mount("m", app, lifespan=policy)])).run()
    assert server.types == (["lifespan.startup.failed"] if problem else COMPLETE)
    assert server.sent[0].get("message", "").startswith(problem or "")


async def test_timeouts(log: list[str]) -> None:
    """One that says nothing does not hold up the others for ever."""
    lifespan = Lifespan([App("a", log), Silent("b", log)], startup_timeout=0.05)
    server = await Server(lifespan).run()
    assert server.sent[0]["message"] == "Silent: did not answer startup within 0.05 s"
    assert log == ["+a", "+b", "-a"]
    log.clear()
    lifespan = Lifespan([App("a", log), Deaf("b", log)], shutdown_timeout=0.05)
    server = await Server(lifespan).run()
    assert server.sent[1]["message"] == "Deaf: did not answer shutdown within 0.05 s"
    assert log == ["+a", "+b", "-b", "-a"]


async def test_cancellation_reaches_all(log: list[str]) -> None:
    """A server that is cancelled leaves no task behind, and nothing that is not stopped."""

    class Watching(App):
        async def started(self, receive: Any, send: Any) -> None:
            try:
                await super().started(receive, send)
            finally:
                self.log.append(f"x{self.name}")

    apps = [Watching("a", log), Watching("b", log)]
    server = Server(Lifespan(apps))
    with anyio.move_on_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.app, server.scope, server.receive, server.send)
            await server.answered.wait()
            tasks.cancel_scope.cancel()
    assert log == ["+a", "+b", "-b", "xb", "-a", "xa"]
    a = apps[0]
    router = URLRouter([mount("a", a)])
    assert "state" not in (await call(router, http("/a"))).returned[1]


async def test_events_out_of_order() -> None:
    """A server that only ever says shutdown gets its answer; other types are refused."""
    outcome = await call(URLRouter([]), SCOPE, [{"type": "lifespan.shutdown"}])
    assert outcome.types == ["lifespan.shutdown.complete"]
    with pytest.raises(ValueError, match="not 'http'"):
        await call(Lifespan([]), {"type": "http"})
