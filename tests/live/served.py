"""What the servers of the matrix serve: routers with a lifespan, and applications that show their scope."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgi_routes import ProtocolTypeRouter, SubprotocolRouter, URLRouter, mount, path, route_path


async def show(scope: Any, receive: Any, send: Any) -> None:
    """Answer with what is in the scope, as JSON."""
    shown = {key: scope.get(key) for key in ("path", "root_path", "path_params", "method")}
    shown["raw_path"] = (scope.get("raw_path") or b"").decode("latin-1")
    shown["route_path"] = route_path(scope)
    shown["state"] = dict(scope.get("state") or {})
    body = json.dumps(shown).encode()
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Send back every text."""
    await receive()
    offered = scope.get("subprotocols") or [None]
    await send({"type": "websocket.accept", "subprotocol": offered[0]})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event.get("text") or ""})


class Whole:
    """A whole application with a lifespan and a state."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await show(scope, receive, send)
            return
        await receive()
        print(f"+{self.name}", flush=True)
        scope["state"]["of"] = self.name
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print(f"-{self.name}", flush=True)
        await send({"type": "lifespan.shutdown.complete"})


@asynccontextmanager
async def announced(router: object) -> AsyncIterator[None]:
    """Say when the router starts and stops."""
    print("+router", flush=True)
    yield
    print("-router", flush=True)


@asynccontextmanager
async def refused(router: object) -> AsyncIterator[None]:
    """Fail to start."""
    raise RuntimeError("the database is away")
    yield


urls = URLRouter(
    [
        path("users/<int:id>/", show),
        path("only/", show, methods=["GET"]),
        mount("m", Whole("m")),
        mount("stripped", Whole("stripped"), strip=True),
        path("slashes/", URLRouter([path("a/", show)], slashes="redirect")),
    ]
)
app = ProtocolTypeRouter(
    {
        "http": urls,
        "websocket": URLRouter(
            [path("echo/<room>", echo), path("spoken", SubprotocolRouter({"b": echo, "a": echo}))]
        ),
    },
    lifespan=announced,
)
strict = URLRouter([path("users/<int:id>/", show)], root_path="in_path")
failing = ProtocolTypeRouter({"http": URLRouter([mount("m", Whole("m"))])}, lifespan=refused)
failing_last = ProtocolTypeRouter(
    {"http": URLRouter([mount("m", Whole("m"))]), "websocket": URLRouter([], lifespan=refused)}
)
