"""Messages, and applications that send them in whatever order."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import anyio.lowlevel

START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": []}
BODY: dict[str, Any] = {"type": "http.response.body", "body": b"ok"}
MORE = {**BODY, "more_body": True}
ACCEPT = {"type": "websocket.accept"}
CLOSE = {"type": "websocket.close"}
TEXT = {"type": "websocket.send", "text": "x"}
DENIAL = {"type": "websocket.http.response.start", "status": 401, "headers": [(b"a", b"b")]}
DENIAL_BODY = {"type": "websocket.http.response.body", "body": b"no"}
STARTED = {"type": "lifespan.startup.complete"}
STOPPED = {"type": "lifespan.shutdown.complete"}


def sending(*messages: Any, then: str = "return") -> Callable[..., Any]:
    """Return an application that reads once, sends these, and then returns, raises or stays."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        for message in messages:
            await send(message)
        if then == "raise":
            raise KeyError("boom")
        while then == "read":
            await receive()
        if then == "stay":
            await anyio.sleep_forever()

    return app


def swallowing(*messages: Any) -> Callable[..., Any]:
    """Return an application that keeps the errors of its sends to itself."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        for message in messages:
            with suppress(AssertionError):
                await send(message)

    return app
