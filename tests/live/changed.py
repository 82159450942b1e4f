"""A router whose table is replaced a hundred times while it serves, each time after a request."""

import gc
import json
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.abc import TaskStatus

from asgi_routes import URLRouter, mount, path
from asgi_routes.routes import (
    Route,
)

CHANGES = 100


class Generation:
    """One table; an answer says which, and what its route was told."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.asked = anyio.Event()
        self.replaced = anyio.Event()
        ALIVE.add(self)

    def routes(self) -> list[Route]:
        seen = {"told": self.number}
        parity = ("even", "odd")[self.number % 2]
        inside = URLRouter([path(f"{self.number}/<int:id>/", self.answer, seen)])
        return [
            path("", self.answer, seen),
            path("items/<int:id>/", self.answer, seen),
            path("slow/", self.answer_later, seen),
            path(f"only/{parity}/", self.answer, seen),
            path("<slug:any>/", inside),
        ]

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        route, told = scope["route"].path, scope["path_params"]["told"]
        shown = {"generation": self.number, "told": told, "route": route}
        await send_json(send, shown)
        self.asked.set()

    async def answer_later(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer when another table is in the place of this one."""
        self.asked.set()
        if self.number < CHANGES:
            await self.replaced.wait()
        await self.answer(scope, receive, send)


ALIVE: weakref.WeakSet[Generation] = weakref.WeakSet()


async def send_json(send: Any, shown: Any) -> None:
    body = json.dumps(shown).encode()
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


async def report(scope: Any, receive: Any, send: Any) -> None:
    """Say which table is the current one, and how many there are."""
    gc.collect()
    await send_json(send, {"alive": len(ALIVE), "current": max(one.number for one in ALIVE)})


@asynccontextmanager
async def changing(router: object) -> AsyncIterator[None]:
    """Replace the table as soon as it was asked for something, in a thread."""

    async def change(*, task_status: TaskStatus[None]) -> None:
        current = Generation(0)
        live.replace(current.routes())
        task_status.started()
        for number in range(1, CHANGES + 1):
            await current.asked.wait()
            following = Generation(number)
            await anyio.to_thread.run_sync(live.replace, following.routes())
            current.replaced.set()
            current = following

    async with anyio.create_task_group() as tasks:
        await tasks.start(change)
        yield
        tasks.cancel_scope.cancel()


live = URLRouter([])
app = URLRouter(
    [path("tables/", report), mount("mounted", live), path("", live)], lifespan=changing
)
