"""What the servers serve: GitHub's 1,225 operations behind our router, Starlette's, and none at all."""

from typing import Any

from starlette.routing import Route, Router, WebSocketRoute

from asgi_routes import MethodRouter, ProtocolTypeRouter, URLRouter, mount, path
from benchmarks.load.answers import Operation, room
from benchmarks.load.changing import PREFIX, Changing
from benchmarks.peers import written
from benchmarks.tables import operations

TABLE = operations()
NAMELESS = Operation("")


def ours(*, but: str = "nothing") -> list[Any]:
    """Return the table as routes of ours, without those that begin with a prefix."""
    return [
        path(
            written(text, "<{}>", "<int:{}>").removeprefix("/"),
            MethodRouter({method: Operation(f"{method} {text}") for method in methods}),
        )
        for text, methods in TABLE.items()
        if not text.startswith(but)
    ]


class Room:
    """The room as an object: Starlette takes functions for endpoints of its own kind."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await room(scope, receive, send)


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Serve everything with the same application: what the server does without a router."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await (room if scope["type"] == "websocket" else NAMELESS)(scope, receive, send)


WEBSOCKETS = URLRouter([path("rooms/<name>/", room)])
CHANGING = Changing()

routed = ProtocolTypeRouter({"http": URLRouter(ours()), "websocket": WEBSOCKETS})
changing = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [
                path("-/tables/", CHANGING.report),
                *ours(but=PREFIX + "/"),
                mount(PREFIX.removeprefix("/"), CHANGING.router),
            ]
        ),
        "websocket": WEBSOCKETS,
    },
    lifespan=CHANGING.running,
)
starlette = Router(
    [
        *(
            Route(
                written(text, "{{{}}}", "{{{}:int}}"),
                Operation(f"{method} {text}"),
                methods=[method],
            )
            for text, methods in TABLE.items()
            for method in methods
        ),
        WebSocketRoute("/rooms/{name}/", Room()),
    ],
    redirect_slashes=False,
)
