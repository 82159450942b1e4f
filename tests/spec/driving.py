"""Calling an application by hand, and applications to call."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import anyio

from asgi_routes.types import App


@dataclass
class Outcome:
    """What came of a call: what the application returned and sent, and the scope afterwards."""

    returned: Any
    sent: list[Any]
    scope: Any
    unread: list[Any] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.sent]


async def call(app: App, scope: Any, received: Iterable[Any] = ()) -> Outcome:
    """Call an application with the messages that it may receive; reading on waits for ever."""
    queue, sent = list(received), []

    async def receive() -> Any:
        if not queue:
            await anyio.sleep_forever()
        return queue.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    with anyio.fail_after(5):
        returned = await app(scope, receive, send)
    return Outcome(returned, sent, scope, queue)


def named(name: str) -> App:
    """Return an application that returns its name and its scope."""

    async def app(scope: Any, receive: Any, send: Any) -> tuple[str, Any]:
        return name, scope

    app.__qualname__ = name
    return app


class Wrapper:
    """A middleware as most are written: it holds the next application in ``app``."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self.app(dict(scope), receive, send)


def hidden(app: App) -> App:
    """Return a middleware that nobody can look through."""

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        return await app(dict(scope), receive, send)

    return middleware


def http(path: str, **more: Any) -> dict[str, Any]:
    """Return an http scope."""
    return {"type": "http", "method": "GET", "path": path, "headers": [], **more}
