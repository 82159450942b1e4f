"""What the servers serve: GitHub's 1,225 operations behind our router, Starlette's, and none at all."""

import os
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any

from starlette.routing import Route, Router, WebSocketRoute

from asgi_routes import (
    HostRouter,
    MethodRouter,
    ProtocolTypeRouter,
    URLRouter,
    include,
    mount,
    not_found,
    path,
)
from benchmarks.load.answers import Operation, room
from benchmarks.load.changing import PREFIX, Changing
from benchmarks.load.requests import Answers
from benchmarks.peers import written
from benchmarks.tables import operations

TABLE = operations()


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
    """Serve the same answers from a dict: what the server and the applications take without a router."""
    if scope["type"] == "lifespan":
        await receive()
        find_all()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["type"] == "websocket":
        await room(scope, receive, send)
        return
    found = find_all().get((scope["method"], scope["path"]))
    if found is None:
        await not_found(scope, receive, send)
        return
    operation, params = found
    await operation({**scope, "path_params": params}, receive, send)


class Refusing(Operation):
    """Answers that the method is wrong, in the words of ours."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"18")]
        await send({"type": "http.response.start", "status": 405, "headers": headers})
        await send({"type": "http.response.body", "body": b"Method Not Allowed"})


@cache
def find_all() -> dict[tuple[str, str], tuple[Operation, dict[str, str]]]:
    """Return what serves every request that is sent, without a router."""
    found: dict[tuple[str, str], tuple[Operation, dict[str, str]]] = {}
    for asked in Answers().mix("bare"):
        if asked.status == HTTPStatus.OK:
            method, text, *params = asked.body.split(" ")[:-1]
            pairs = dict(one.split("=", 1) for one in params)
            found[asked.method, asked.target] = Operation(f"{method} {text}"), pairs
        elif asked.status == HTTPStatus.METHOD_NOT_ALLOWED:
            found[asked.method, asked.target] = Refusing(""), {}
    return found


class Passing:
    """A middleware that does nothing."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def make_optioned() -> ProtocolTypeRouter:
    """Return the table through a host, an include, a mount, a middleware, and options for paths."""
    below = [one for one in ours() if one.pattern.source.startswith("user/")]
    others = [one for one in ours() if not one.pattern.source.startswith("user/")]
    cut = [
        path(written(text.removeprefix("/user/"), "<{}>", "<int:{}>"), route.target)
        for text, route in zip((t for t in TABLE if t.startswith("/user/")), below, strict=True)
    ]
    router = URLRouter(
        [path("", include(others)), mount("user", URLRouter(cut))],
        root_path="in_path",
        encoded_slashes="preserve",
        middleware=[Passing],
    )
    hosts = HostRouter(dict.fromkeys(("127.0.0.1", "localhost"), router))
    return ProtocolTypeRouter({"http": hosts, "websocket": make_websockets()})


def make_websockets() -> URLRouter:
    """Return what serves websockets."""
    return URLRouter([path("rooms/<name>/", room)])


def make_routed() -> ProtocolTypeRouter:
    """Return the table behind our router."""
    return ProtocolTypeRouter({"http": URLRouter(ours()), "websocket": make_websockets()})


def make_changing() -> ProtocolTypeRouter:
    """Return the same, a part of which is replaced while it serves."""
    changing = Changing()
    routes = [
        path("-/tables/", changing.report),
        *ours(but=PREFIX + "/"),
        mount(PREFIX.removeprefix("/"), changing.router),
    ]
    mapping = {"http": URLRouter(routes), "websocket": make_websockets()}
    return ProtocolTypeRouter(mapping, lifespan=changing.running)


def make_starlette() -> Router:
    """Return the table behind Starlette's router."""
    return Router(
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


_MAKERS: dict[str, Callable[[], Any]] = {
    "bare": lambda: bare,
    "routed": make_routed,
    "optioned": make_optioned,
    "changing": make_changing,
    "starlette": make_starlette,
}
app = _MAKERS[os.environ["SERVED"]]()
"""One variant: no process holds those that it does not serve."""
