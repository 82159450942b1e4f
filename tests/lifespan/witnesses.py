"""Applications that behave as they are told, and write down everything that happens to them."""

import functools
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import anyio
import anyio.lowlevel

FOREVER = 100_000
"""Seconds; nobody waits for that."""
SLOW, LATE = 1.1, 6.3
"""Seconds; less and more than those that read on are given, and never the end of any other time."""


class Event(NamedTuple):
    """What has happened to whom, and when."""

    kind: str
    who: str
    at: float


@dataclass
class Journal:
    """All events, and what is to happen after some of them."""

    began: float = 0
    events: list[Event] = field(default_factory=list)
    after: Callable[[int], None] = lambda _: None

    def note(self, kind: str, who: str) -> None:
        self.events.append(Event(kind, who, anyio.current_time() - self.began))
        self.after(len(self.events))

    def of(self, who: str) -> list[str]:
        return [event.kind for event in self.events if event.who == who]


class Witness:
    """An application that starts and stops as it is told.

    Args:
        name: for the journal.
        start: ok, slow, late, hang, fail, return, raise, raise late, read on.
        stop: ok, slow, hang, fail, raise; or leave, die: it does not wait for the end.
    """

    def __init__(self, name: str, start: str, stop: str, journal: Journal) -> None:
        self.name, self._start, self._stop, self._journal = name, start, stop, journal

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._note("asked")
        try:
            if self._start == "return":
                return
            if self._start == "raise":
                raise ValueError("it knows no lifespan")
            assert (await receive())["type"] == "lifespan.startup"
            if await self._starts(receive, send):
                await self._stops(receive, send)
        finally:
            self._note("end")

    async def _starts(self, receive: Any, send: Any) -> bool:
        await anyio.sleep({"slow": SLOW, "late": LATE, "hang": FOREVER}.get(self._start, 0))
        match self._start:
            case "fail":
                self._note("fail")
                await send({"type": "lifespan.startup.failed", "message": "told to"})
                raise RuntimeError("told to fail")
            case "raise late":
                raise KeyError("text")
            case "read on":
                while True:
                    await receive()
        self._note("start")
        await send({"type": "lifespan.startup.complete"})
        return True

    async def _stops(self, receive: Any, send: Any) -> None:
        if self._stop in ("leave", "die"):
            await anyio.lowlevel.checkpoint()
            self._note("gone")
            assert self._stop == "leave"
            return
        assert (await receive())["type"] == "lifespan.shutdown"
        self._note("stop")
        await anyio.sleep({"slow": SLOW, "hang": FOREVER}.get(self._stop, 0))
        assert self._stop != "raise"
        outcome = "failed" if self._stop == "fail" else "complete"
        await send({"type": f"lifespan.shutdown.{outcome}"})

    def _note(self, kind: str) -> None:
        self._journal.note(kind, self.name)


class Holding:
    """A middleware that holds the next application in an attribute of some name."""

    def __init__(self, name: str, app: Any) -> None:
        setattr(self, name, app)
        self._name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await getattr(self, self._name)(dict(scope), receive, send)


class Blocking:
    """A middleware that passes no lifespan on."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("it knows requests only")


class Pump:
    """A middleware that hands events on from another task."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        put, get = anyio.create_memory_object_stream[Any](8)

        async def pass_on() -> None:
            while True:
                put.send_nowait(await receive())

        with put, get:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(pass_on)
                try:
                    await self.app(scope, get.receive, send)
                finally:
                    tasks.cancel_scope.cancel()


class Dispatcher:
    """What Hypercorn's does: hands events on to many, and answers when all have."""

    def __init__(self, apps: Sequence[Any]) -> None:
        self._apps = apps

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        answered = {"lifespan.startup.complete": 0, "lifespan.shutdown.complete": 0}

        async def collect(message: Any) -> None:
            if (kind := message["type"]) in answered:
                answered[kind] += 1
                if answered[kind] == len(self._apps):
                    await send(message)

        streams = [anyio.create_memory_object_stream[Any](8) for _ in self._apps]
        with ExitStack() as closing:
            for stream in (half for both in streams for half in both):
                closing.enter_context(stream)
            await self._dispatch(scope, receive, collect, streams)

    async def _dispatch(self, scope: Any, receive: Any, collect: Any, streams: list[Any]) -> None:
        async with anyio.create_task_group() as tasks:
            for app, (_, get) in zip(self._apps, streams, strict=True):
                tasks.start_soon(app, scope, get.receive, collect)
            message = {"type": ""}
            while message["type"] != "lifespan.shutdown":
                message = await receive()
                for put, _ in streams:
                    put.send_nowait(message)


def close_over(app: Any) -> Any:
    """Return a middleware that nobody can look through."""

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        return await app(dict(scope), receive, send)

    return middleware


WRAPPERS: dict[str, Callable[[Any], Any]] = {
    **{
        name: functools.partial(Holding, name)
        for name in (
            *("app", "_app", "asgi_app", "inner", "application", "next_app"),
            *("wrapped", "_wrapped", "func", "__wrapped__"),
        )
    },
    "partial": functools.partial,
    "pump": Pump,
    "blocking": Blocking,
    "closure": close_over,
}
