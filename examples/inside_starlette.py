"""A router inside a Starlette application, with another Starlette application inside the router.

Starlette calls no lifespan but its own, so it is given the router's: the application in
the router is started and stopped with it.

    hypercorn examples.inside_starlette:app
    curl http://127.0.0.1:8000/outer
    curl http://127.0.0.1:8000/routed/users/7/
    curl http://127.0.0.1:8000/routed/inner/link
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from asgi_routes import URLRouter, mount, path


async def user(scope: Any, receive: Any, send: Any) -> None:
    response = PlainTextResponse(f"user {scope['path_params']['id']}\n")
    await response(scope, receive, send)


async def outer(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.url_for('outer')}\n")


async def link(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.url_for('link')} knows {request.state.database}\n")


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[dict[str, str]]:
    yield {"database": "its database"}


inner = Starlette(routes=[Route("/link", link, name="link")], lifespan=lifespan)
router = URLRouter([path("users/<int:id>/", user), mount("inner", inner)])
app = Starlette(
    routes=[Route("/outer", outer, name="outer"), Mount("/routed", router)],
    lifespan=router.lifespan_context,
)
