"""A router inside a Litestar application.

Litestar takes its prefix off the path, puts a slash behind what is left, and leaves the
root path as it was; the raw path tells what was asked for. It is given the router's
lifespan, because it calls no other.

    hypercorn examples.inside_litestar:app
    curl http://127.0.0.1:8000/outer
    curl http://127.0.0.1:8000/routed/users/7/
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

from litestar import Litestar, MediaType, asgi, get
from litestar.types import Receive, Scope, Send

from asgi_routes import URLRouter, path, reverse


async def user(scope: Any, receive: Any, send: Any) -> None:
    following = reverse(scope, "user", [scope["path_params"]["id"] + 1])
    body = f"after this comes {following}, from {scope['state']['pool']}\n".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def pool(router: Any) -> AsyncIterator[dict[str, str]]:
    yield {"pool": "a pool"}


router = URLRouter([path("users/<int:id>/", user, name="user")], lifespan=pool)


@asgi("/routed", is_mount=True, copy_scope=True)
async def routed(scope: Scope, receive: Receive, send: Send) -> None:
    path = unquote(scope["raw_path"].decode("ascii"))
    root_path = scope["root_path"] + "/routed"
    await router({**scope, "path": path, "root_path": root_path}, receive, send)


@get("/outer", media_type=MediaType.TEXT)
async def outer() -> str:
    return "Litestar\n"


app = Litestar([routed, outer], lifespan=[router.lifespan_context], openapi_config=None)
