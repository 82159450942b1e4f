"""Who takes part in the lifespan of a router, and in which order."""

import logging
from typing import Any

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
    Answering,
    App,
    Dying,
    FailingToStop,
    Leaving,
    RaisingLate,
    RaisingToStop,
    ReadingOn,
    Server,
    Staying,
    raising,
    returning,
)
from tests.spec.driving import Wrapper, hidden

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
