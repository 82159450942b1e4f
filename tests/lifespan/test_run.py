"""One run of a lifespan: who takes part in which order, and what happens when one misbehaves."""

import logging
from typing import Any

import anyio
import pytest

from asgi_routes import (
    ChannelNameRouter,
    HostRouter,
    Lifespan,
    MethodRouter,
    ProtocolTypeRouter,
    URLRouter,
    include,
    mount,
    path,
)
from tests.lifespan.actors import (
    COMPLETE,
    SCOPE,
    Answering,
    App,
    Deaf,
    Dying,
    Failing,
    FailingToStop,
    Leaving,
    RaisingLate,
    RaisingToStop,
    ReadingOn,
    Server,
    Silent,
    Staying,
    raising,
    returning,
)
from tests.spec.driving import Wrapper, call, hidden, http

pytestmark = pytest.mark.anyio


async def test_in_order_and_in_reverse(log: list[str]) -> None:
    """Whole applications are started in order, and stopped in reverse; endpoints are not called."""
    a, b, c, d, e, f, g = (App(name, log) for name in "abcdefg")
    endpoint = App("endpoint", log)
    router = ProtocolTypeRouter(
        {
            "http": URLRouter(
                [
                    path("", endpoint),
                    mount("a", a),
                    path("in/", include([mount("b", b)])),
                    path("nested/", URLRouter([mount("c", c), path("x", endpoint)], default=d)),
                    path("wrapped/", Wrapper(URLRouter([mount("e", e)]))),
                    path("m", MethodRouter({"GET": endpoint})),
                ]
            ),
            "websocket": HostRouter({"a.example": f}),
            "channel": ChannelNameRouter({"x": endpoint}, default=None),
        },
        default=g,
    )
    server = await Server(router).run()
    assert server.types == COMPLETE
    names = "abcdefg"
    assert log == [f"+{name}" for name in names] + [f"-{name}" for name in reversed(names)]


async def test_nine_applications(log: list[str], caplog: Any) -> None:
    """Whatever the others do, every start has its stop, exactly once, in reverse."""
    twice = App("twice", log)
    apps = [
        App("first", log),
        raising,
        twice,
        ReadingOn("reading", log),
        RaisingLate("late", log),
        returning,
        twice,
        Answering("answering", log),
        Leaving("leaving", log),
        Staying("staying", log),
        FailingToStop("stuck", log),
        RaisingToStop("broken", log),
        Dying("dying", log),
        App("last", log),
    ]
    routes = [mount(f"{number}", app) for number, app in enumerate(apps)]
    server = await Server(URLRouter(routes)).run()
    assert server.types == ["lifespan.startup.complete", "lifespan.shutdown.failed"]
    assert server.sent[1]["message"].splitlines() == [
        "10: still busy",
        "11: failed during shutdown: RuntimeError('broken')",
        "12: failed while running: RuntimeError('gone')",
    ]
    started = ["first", "twice", "staying", "stuck", "broken", "last"]
    assert [line[1:] for line in log if line[0] == "-"] == started[::-1]
    assert [line[1:] for line in log if line[0] == "+" and line[1:] in started] == started
    said = {record.getMessage().partition(":")[0]: record for record in caplog.records}
    assert {name for name, record in said.items() if record.levelno == logging.WARNING} == {
        "3",
        "4",
        "7",
    }
    assert (
        said["4"].getMessage()
        == "4: does not support the lifespan protocol: raised KeyError('text')"
    )
    assert said["4"].exc_info is None


@pytest.mark.parametrize("wrong", ["raises", "returns"])
async def test_a_wrapper_that_keeps_the_lifespan_from_a_router(
    wrong: str, log: list[str], caplog: Any
) -> None:
    """What is behind it is not started, which nobody can have meant."""

    class Guard:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if wrong == "raises" or scope["type"] == "http":
                dict(scope["headers"])
                await self.app(scope, receive, send)

    guarded = Guard(URLRouter([mount("a", App("a", log))]))
    server = await Server(URLRouter([path("", guarded), mount("b", Guard(raising))])).run()
    assert server.types == COMPLETE
    assert log == []
    [record] = [one for one in caplog.records if one.levelno == logging.WARNING]
    said = {"raises": "raised KeyError('headers')", "returns": "returned without an answer"}[wrong]
    assert record.getMessage().endswith(f"does not support the lifespan protocol: {said}")


async def test_the_same_application_once(log: list[str]) -> None:
    """By identity: what cannot be hashed, methods, and through middleware that nobody looks into."""

    class Unhashable(App):
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            raise AssertionError("they are the same by identity")

        async def method(self, scope: Any, receive: Any, send: Any) -> Any:
            return await self(scope, receive, send)

    app, other = Unhashable("a", log), Unhashable("b", log)
    router = ProtocolTypeRouter(
        {
            "http": URLRouter([mount("1", app), mount("2", app), mount("3", other.method)]),
            "websocket": hidden(URLRouter([mount("4", app), mount("5", other.method)])),
        },
        default=app,
    )
    assert (await Server(router).run()).types == COMPLETE
    assert log == ["+a", "+b", "-b", "-a"]


async def test_a_router_in_itself() -> None:
    """It is looked into once."""
    router = URLRouter([])
    router.replace([mount("x", router)])
    assert (await Server(router).run()).types == COMPLETE


async def test_an_application_for_the_lifespan(log: list[str]) -> None:
    """Where the mapping has one, it is all there is; Lifespan fits there."""
    a, b = App("a", log), App("b", log)
    assert (await Server(ProtocolTypeRouter({"http": a, "lifespan": b})).run()).types == COMPLETE
    assert log == ["+b", "-b"]
    router = ProtocolTypeRouter({"http": a, "lifespan": Lifespan([a, b])})
    await Server(router).run()
    assert log[2:] == ["+a", "+b", "-b", "-a"]
    log.clear()
    await Server(ProtocolTypeRouter({"http": router, "lifespan": Lifespan([router])})).run()
    assert log == ["+a", "-a"]


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
        ("on", ReadingOn("r", []), "m: called receive() again instead of answering"),
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
