"""Applications that know the lifespan protocol, or do not, and what a server does with them."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio

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
        self.answered = anyio.Event()
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
        self.answered.set()

    async def run(self, body: Callable[[], Awaitable[None]] | None = None) -> "Server":
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.app, self.scope, self.receive, self.send)
                await self.answered.wait()
                if body is not None and self.sent[0]["type"] == "lifespan.startup.complete":
                    await body()
                self._shut_down.set()
        return self
