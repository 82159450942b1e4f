"""The lifespan of routers: who takes part, in which order, and what happens when one misbehaves."""

import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import pytest

from asgi_routes import (
    ChannelNameRouter,
    HostRouter,
    ImproperlyConfigured,
    Lifespan,
    LifespanError,
    MethodRouter,
    ProtocolTypeRouter,
    URLRouter,
    include,
    mount,
    path,
)
from tests.spec.driving import Wrapper, call, hidden, http

pytestmark = pytest.mark.anyio

SCOPE = {"type": "lifespan", "asgi": {"version": "3.0"}}
COMPLETE = ["lifespan.startup.complete", "lifespan.shutdown.complete"]


class App:
    """An application that knows the protocol, and writes down what happens to it."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log = name, log
        self.state: dict[str, Any] = {}
        self.scope: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] != "lifespan":
            return self.name, scope
        self.scope = scope
        assert (await receive())["type"] == "lifespan.startup"
        self.log.append(f"+{self.name}")
        scope.setdefault("state", {}).update(self.state)
        await self.started(receive, send)
        return None

    async def started(self, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        self.log.append(f"-{self.name}")
        await self.stopped(send)

    async def stopped(self, send: Any) -> None:
        await send({"type": "lifespan.shutdown.complete"})


class Failing(App):
    """Fails to start, and raises then, as Starlette does."""

    async def started(self, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.failed", "message": "no database"})
        raise RuntimeError("no database")


class FailingToStop(App):
    """Says that it could not stop."""

    async def stopped(self, send: Any) -> None:
        await send({"type": "lifespan.shutdown.failed", "message": "still busy"})


class RaisingToStop(App):
    """Raises when it is stopped."""

    async def stopped(self, send: Any) -> None:
        raise RuntimeError("broken")


class Dying(App):
    """Starts, and dies at once."""

    async def started(self, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.complete"})
        await anyio.lowlevel.checkpoint()
        raise RuntimeError("gone")


class Leaving(App):
    """Starts, and returns without waiting for the end."""

    async def started(self, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.complete"})


class Staying(App):
    """Answers, but never returns."""

    async def stopped(self, send: Any) -> None:
        await send({"type": "lifespan.shutdown.complete"})
        await anyio.sleep_forever()


class Deaf(App):
    """Never answers that it has stopped."""

    async def stopped(self, send: Any) -> None:
        await anyio.sleep_forever()


class Silent(App):
    """Never answers that it has started."""

    async def started(self, receive: Any, send: Any) -> None:
        await anyio.sleep_forever()


class ReadingOn(App):
    """Reads one event after the other, and answers none."""

    async def started(self, receive: Any, send: Any) -> None:
        while True:
            await receive()


class RaisingLate(App):
    """Has read the event before it finds out that it does not know it."""

    async def started(self, receive: Any, send: Any) -> None:
        raise KeyError("text")


class Answering(App):
    """Answers as if it had been a request."""

    async def started(self, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})


async def raising(scope: Any, receive: Any, send: Any) -> None:
    """Refuse what it does not know, as Django does."""
    raise ValueError("Django can only handle ASGI/HTTP connections, not lifespan.")


async def returning(scope: Any, receive: Any, send: Any) -> None:
    """Do nothing at all."""


class Server:
    """What a server does with the lifespan of an application."""

    def __init__(self, app: Any, scope: Any = SCOPE) -> None:
        self.app, self.scope = app, {**scope}
        self.sent: list[Any] = []
        self._shut_down = anyio.Event()
        self._answered = anyio.Event()
        self._events = 0

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.sent]

    async def receive(self) -> Any:
        self._events += 1
        if self._events == 1:
            return {"type": "lifespan.startup"}
        await self._shut_down.wait()
        return {"type": "lifespan.shutdown"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        self._answered.set()

    async def run(self, body: Callable[[], Awaitable[None]] | None = None) -> "Server":
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.app, self.scope, self.receive, self.send)
                await self._answered.wait()
                if body is not None and self.sent[0]["type"] == "lifespan.startup.complete":
                    await body()
                self._shut_down.set()
        return self


@pytest.fixture
def log() -> list[str]:
    """Return what the applications write down."""
    return []


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
        "11: failed to stop: RuntimeError('broken')",
        "12: failed while it ran: RuntimeError('gone')",
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
    assert said["4"].getMessage() == "4: takes no part in the lifespan: raised KeyError('text')"
    assert said["4"].exc_info is None


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
        assert found == {"db": 1}
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


async def test_cancellation_reaches_all(log: list[str]) -> None:
    """A server that is cancelled leaves no task behind."""

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
            await server._answered.wait()
            tasks.cancel_scope.cancel()
    assert sorted(log) == ["+a", "+b", "xa", "xb"]
    a = apps[0]
    router = URLRouter([mount("a", a)])
    assert "state" not in (await call(router, http("/a"))).returned[1]


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


async def test_events_out_of_order() -> None:
    """A server that only ever says shutdown gets its answer; other types are refused."""
    outcome = await call(URLRouter([]), SCOPE, [{"type": "lifespan.shutdown"}])
    assert outcome.types == ["lifespan.shutdown.complete"]
    with pytest.raises(ValueError, match="not 'http'"):
        await call(Lifespan([]), {"type": "http"})


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


def test_mistakes() -> None:
    """They show when a router is made."""

    async def generator(router: Any) -> AsyncIterator[None]:
        yield

    with pytest.raises(ImproperlyConfigured, match="decorate it with contextlib"):
        URLRouter([], lifespan=generator)  # type: ignore[arg-type]
    with pytest.raises(ImproperlyConfigured, match="give the function that makes it"):
        ProtocolTypeRouter({}, lifespan=context_of([])(URLRouter([])))
    with pytest.raises(ImproperlyConfigured, match="cannot be called"):
        HostRouter({}, lifespan=5)  # type: ignore[arg-type]
    with pytest.raises(ImproperlyConfigured, match="item 1 of Lifespan"):
        Lifespan([None])  # type: ignore[list-item]
