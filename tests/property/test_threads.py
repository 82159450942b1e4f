"""Laws for threads: event loops of several threads share routers, and another thread changes them."""

import gc
import itertools
import sys
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Event, get_ident
from typing import Any

import anyio
import pytest

from asgi_routes import HostRouter, URLRouter, mount, path, reverse
from asgi_routes.lifespan import WITH_STATE
from asgi_routes.routes import (
    Route,
)

BACKENDS = ["asyncio", "trio"]
CHANGES = 100
LEAST_ROUNDS = 300
PARITIES = ("even", "odd")
METHODS = {"even": {"DELETE", "GET", "HEAD", "OPTIONS"}, "odd": {"OPTIONS", "PATCH", "POST"}}


@pytest.fixture(autouse=True)
def _many_switches() -> Iterator[None]:
    """Let threads take turns as often as the interpreter can (it has no turns where it has no GIL)."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def together(*works: Callable[[], object]) -> None:
    """Run each in a thread of its own, all from the same moment on; what one raises is raised."""
    barrier = Barrier(len(works))

    def begun(work: Callable[[], object]) -> None:
        barrier.wait()
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(begun, work) for work in works]:
            future.result()


class Generation:
    """A table, told from all others by what its applications return and where they are found."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.parity = PARITIES[number % 2]

    async def serve(self, scope: Any, receive: Any, send: Any) -> Any:
        return self, scope

    def routes(self) -> list[Route]:
        seen = {"generation": self.number}
        verbs = ("GET", "DELETE") if self.parity == "even" else ("POST", "PATCH")
        return [
            path("literal", self.serve, seen),
            path(f"only/{self.parity}/", self.serve, seen),
            path(f"items/<int:{self.parity}>/", self.serve, seen),
            *(path("verbs/<int:id>/", self.serve, seen, methods=[verb]) for verb in verbs),
            path("<slug:rest>/", URLRouter([path(f"<slug:{self.parity}>", self.serve, seen)])),
        ]


async def ask(router: URLRouter, prefix: str, number: int) -> None:
    """Ask for one thing of each kind; every answer has to be that of exactly one table."""
    for text in ("literal", f"items/{number}/", f"a{number}/b"):
        found, scope = await router({"type": "http", "path": prefix + text}, None, None)  # type: ignore[arg-type]
        assert scope["path_params"].pop("generation") == found.number
        if text != "literal":
            assert found.parity in scope["route"].path
            assert found.parity in scope["path_params"]
    for parity in PARITIES:
        match = router.match({"type": "http", "path": f"{prefix}only/{parity}/"})
        assert not match or match.app.__self__.parity == parity  # type: ignore[attr-defined]
    scope = {"type": "http", "path": f"{prefix}verbs/{number}/", "method": "PUT"}
    miss = router.match(scope)
    assert not miss
    assert miss.allowed in METHODS.values()


def test_tables_change_under_two_event_loops() -> None:
    """Two event loops serve from a router while a third thread replaces its table, or one around it.

    Each match is that of one table, and the tables that were replaced are freed.
    """
    changed = Event()
    alive: weakref.WeakSet[Generation] = weakref.WeakSet()
    numbers = itertools.count()

    def next_routes() -> list[Route]:
        alive.add(generation := Generation(next(numbers)))
        return generation.routes()

    inner = URLRouter(next_routes())
    outer = URLRouter([path("in/", inner), mount("at", inner), path("", inner)])

    async def serve() -> None:
        rounds = 0
        while rounds < LEAST_ROUNDS or not changed.is_set():
            for router, prefix in ((inner, "/"), (outer, "/in/"), (outer, "/at/"), (outer, "/")):
                await ask(router, prefix, rounds)
            rounds += 1

    def change() -> None:
        try:
            for _ in range(CHANGES):
                inner.replace(next_routes())
        finally:
            changed.set()

    together(change, *(partial(anyio.run, serve, backend=backend) for backend in BACKENDS))
    gc.collect()
    assert [generation.number for generation in alive] == [CHANGES]


def test_routers_that_contain_each_other_change_in_two_threads() -> None:
    """Whoever comes last, the table around ends as the newest tables inside say."""
    inner, other = URLRouter([]), URLRouter([])
    outer = URLRouter([path("a/", inner), path("b/", other)])

    def change(router: URLRouter) -> None:
        for number in range(CHANGES):
            router.replace([path(f"<int:id>/{number}", Generation(number).serve)])

    together(partial(change, inner), partial(change, other), partial(change, inner))
    for prefix in ("/a", "/b"):
        assert outer.match({"type": "http", "path": f"{prefix}/7/{CHANGES - 1}"})
        assert not outer.match({"type": "http", "path": f"{prefix}/7/{CHANGES - 2}"})


def test_urls_are_made_while_routers_are_put_around() -> None:
    """A thread makes URLs in a router while others put it into new ones, which are dropped again."""
    router = URLRouter([path("users/<int:id>/", Generation(0).serve, name="user")])
    match = router.match({"type": "http", "path": "/users/7/"})
    assert match
    done = Event()

    def put_around() -> None:
        kept = [HostRouter({f"{number}.example": router}) for number in range(CHANGES)]
        assert all(one in router.enclosing for one in kept)

    def make_urls() -> None:
        while not done.is_set():
            assert reverse(match.scope, "user", [8]) == "/users/8/"
            with pytest.raises(LookupError):
                reverse(match.scope, "nobody")

    def put_around_twice() -> None:
        try:
            together(put_around, put_around)
        finally:
            done.set()

    together(make_urls, put_around_twice)


class Whole:
    """A whole application whose state is the thread that has started it."""

    async def serve(self, scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] != "lifespan":
            return scope["state"]
        await receive()
        scope["state"]["thread"] = get_ident()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return await send({"type": "lifespan.shutdown.complete"})


def test_lifespans_in_two_event_loops() -> None:
    """Two event loops start and stop one router again and again; each has the state of its own."""
    whole = Whole()
    router = URLRouter([mount("first", whole.serve), mount("second", whole.serve)])

    async def live() -> None:
        for _ in range(CHANGES):
            async with router.lifespan_context():
                scope = {"type": "http", "path": "/first/x", "state": {}}
                assert await router(scope, None, None) == {"thread": get_ident()}  # type: ignore[arg-type]

    together(*(partial(anyio.run, live, backend=backend) for backend in BACKENDS))
    assert not WITH_STATE
