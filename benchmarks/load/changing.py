"""A router whose table is replaced ten times a second while it serves.

It holds the operations below /user. Every table is declared anew, as from a configuration that was read
again, and has a number, which its routes and its applications know each by themselves: an answer in which
the two differ would be one of two tables.
"""

import gc
import itertools
import json
import os
import time
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio

from asgi_routes import MethodRouter, URLRouter, path
from asgi_routes.routes import (
    Route,
)
from benchmarks.load.answers import Operation, send_text
from benchmarks.peers import written
from benchmarks.tables import operations

PREFIX = "/user"
ONE_SIDED = {"even": "/only/in/even/tables", "odd": "/only/in/odd/tables"}
INTERVAL = 0.1


class Generation:
    """One table: its number, and whether somebody has asked it for something."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.was_asked = False

    def routes(self) -> list[Route]:
        """Declare the routes of the table; one of them is there in every second table only."""
        side = ONE_SIDED["odd" if self.number % 2 else "even"]
        table = operations() | {f"{PREFIX}/:one{side}": ["GET"]}
        return [
            path(
                written(text.removeprefix(f"{PREFIX}/"), "<{}>", "<int:{}>"),
                MethodRouter({method: Numbered(f"{method} {text}", self) for method in methods}),
                {"generation": self.number},
            )
            for text, methods in table.items()
            if text.startswith(f"{PREFIX}/")
        ]


class Numbered(Operation):
    """An operation that knows of which table it is."""

    def __init__(self, name: str, generation: Generation) -> None:
        super().__init__(name)
        self.generation = generation

    def text(self, scope: Any) -> str:
        self.generation.was_asked = True
        params = scope["path_params"]
        told = params.pop("generation")
        return f"{super().text(scope)} {self.generation.number} {told}"


class Changing:
    """The router, and what replaces its table."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._alive: weakref.WeakSet[Generation] = weakref.WeakSet()
        self._replaced = 0
        self._seconds = 0.0
        self.router = URLRouter([])
        self._replace()

    def _replace(self) -> None:
        self._latest = Generation(next(self._numbers))
        self._alive.add(self._latest)
        self.router.replace(self._latest.routes())

    @asynccontextmanager
    async def running(self, _router: object) -> AsyncIterator[None]:
        """Replace the table as long as the server runs, and somebody asks."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._run)
            yield
            tasks.cancel_scope.cancel()

    async def _run(self) -> None:
        due = time.monotonic()
        while True:
            last, due = due, max(due + INTERVAL, time.monotonic() - INTERVAL)
            await anyio.sleep(max(0.0, due - time.monotonic()))
            if self._latest.was_asked:
                await anyio.to_thread.run_sync(self._replace)
                self._replaced += 1
                self._seconds += due - last

    async def report(self, scope: Any, _receive: Any, send: Any) -> None:
        """Answer with how many tables there have been, and how many are still there."""
        if scope["query_string"] == b"collected":
            gc.collect()
        shown = {
            "process": os.getpid(),
            "replaced": self._replaced,
            "a second": self._replaced / self._seconds if self._seconds else 0.0,
            "alive": len(self._alive),
        }
        await send_text(send, json.dumps(shown))
