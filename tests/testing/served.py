"""Applications and routers to be called."""

from typing import Any

from asgi_routes import (
    HostRouter,
    Match,
    NoMatch,
    ProtocolTypeRouter,
    Router,
    URLRouter,
    mount,
    path,
    re_path,
)
from tests.testing.wrong import ACCEPT, CLOSE


async def show(scope: Any, receive: Any, send: Any) -> None: ...


async def remove(scope: Any, receive: Any, send: Any) -> None: ...


class Named:
    """An application that is no function."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    async def method(self, scope: Any, receive: Any, send: Any) -> None: ...

    def __repr__(self) -> str:
        return "<Named>"


class Version(Router):
    """A router that knows nothing of other routers."""

    def match(self, scope: Any) -> Match | NoMatch:
        return Match(users, scope) if (b"x-version", b"1") in scope["headers"] else NoMatch("No.")

    def children(self) -> Any:
        return []


NAMED = Named()
users = URLRouter(
    [
        path("<int:id>/", show, name="user", methods=["GET"]),
        path("<int:id>/", remove, methods=["DELETE"]),
        re_path(r"^(\d+)/(\w+)$", NAMED, name="pair"),
    ]
)
ROUTER = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [
                path("users/", users),
                path("méthode/<name>/", NAMED.method),
                mount("shop", show),
                path("hosts/", HostRouter({"<tenant>.ex.test": show})),
            ],
            slashes="redirect",
        ),
        "websocket": URLRouter([path("chat/<room>/", show, name="chat")]),
    }
)


async def chat(scope: Any, receive: Any, send: Any) -> None:
    """Echo, and do as one is told."""
    assert await receive() == {"type": "websocket.connect"}
    headers = [(b"x", b"y")]
    chosen = scope["subprotocols"][-1] if scope["subprotocols"] else None
    await send({**ACCEPT, "subprotocol": chosen, "headers": headers})
    while (event := await receive())["type"] == "websocket.receive":
        if event["text"] == "close":
            await send({**CLOSE, "code": 4001, "reason": "told so"})
        elif event["text"] == "raise":
            raise KeyError("boom")
        elif event["text"] == "return":
            return
        else:
            await send({"type": "websocket.send", "text": event["text"], "bytes": event["bytes"]})
    LEFT.append((event["code"], event["reason"]))


LEFT: list[tuple[int, str]] = []
