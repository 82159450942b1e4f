"""A user's file, with applications of every kind: type-checked, never run. No cast, no ignore."""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import asgiref.typing
import hypercorn.asyncio
import hypercorn.config
import starlette.routing
import starlette.types
from channels.generic.websocket import AsyncWebsocketConsumer
from fastapi import FastAPI
from quart import Quart
from starlette.applications import Starlette

from asgi_routes import (
    ChannelNameRouter,
    Child,
    Converter,
    Converters,
    HostRouter,
    Lifespan,
    Match,
    MethodRouter,
    NoMatch,
    ProtocolTypeRouter,
    Router,
    SubprotocolRouter,
    URLRouter,
    format_path,
    include,
    mount,
    path,
    re_path,
    register_converter,
)
from asgi_routes.types import App, Receive, Scope, Send


async def plain(scope: Any, receive: Any, send: Any) -> None: ...


async def ours(scope: Scope, receive: Receive, send: Send) -> None: ...


async def of_starlette(
    scope: starlette.types.Scope, receive: starlette.types.Receive, send: starlette.types.Send
) -> None: ...


async def of_asgiref(
    scope: asgiref.typing.HTTPScope,
    receive: asgiref.typing.ASGIReceiveCallable,
    send: asgiref.typing.ASGISendCallable,
) -> None: ...


async def spelled_out(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None: ...


class Instance:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Middleware:
    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Chat(AsyncWebsocketConsumer):
    pass


class Hex:
    regex = "[0-9a-f]+"

    def to_python(self, value: str) -> int:
        return int(value, 16)

    def to_url(self, value: int) -> str:
        return f"{value:x}"


class Computed:
    @property
    def regex(self) -> str:
        return "[0-9a-f]{8}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Header(Router):
    def match(self, scope: Scope) -> Match | NoMatch:
        if b"x" in dict(scope["headers"]):
            return Match(plain, scope)
        return NoMatch("no x")

    def children(self) -> Iterable[Child]:
        return [Child("x", plain)]


register_converter(Hex, "hex")
a_converter: Converter = Hex()
registry = Converters({"hex": Hex, "computed": Computed()})
inner = URLRouter([path("", plain), re_path(r"^x/(\d+)/$", plain), format_path("{id:d}/", plain)])
shop = [path("<hex:item>/", plain, {"kind": "thing"}, "item", converters=registry)]

urls = URLRouter(
    [
        path("plain", plain),
        path("ours", ours),
        path("starlette", of_starlette),
        path("asgiref", of_asgiref),
        path("spelled/out", spelled_out),
        path("instance", Instance()),
        path("partial", functools.partial(plain)),
        path("consumer", Chat.as_asgi()),
        path("nested/", inner),
        path("wrapped/", Middleware(inner)),
        path("header/", Header()),
        path("shop/", include(shop)),
        path("again/", include((shop, "shop"), namespace="again")),
        path("module/", include("shop.urls")),
        path("", Starlette()),
        mount("starlette", Starlette()),
        mount("fastapi", FastAPI()),
        mount("quart", Quart(__name__), name="quart"),
        path("quart", Quart(__name__)),
        path("fastapi", FastAPI()),
    ],
    default=Starlette(),
    root_path="in_path",
)
urls.replace([path("", plain)])
application = ProtocolTypeRouter(
    {
        "http": urls,
        "websocket": Middleware(URLRouter([path("chat", Chat.as_asgi())], default=None)),
        "channel": ChannelNameRouter({"thumbnails-*": plain, "chat": Chat.as_asgi()}),
        "aprs": plain,
    },
    default=plain,
)


@asynccontextmanager
async def with_state(_: Router) -> AsyncIterator[dict[str, object]]:
    yield {"pool": object()}


@asynccontextmanager
async def without_state(_: URLRouter) -> AsyncIterator[None]:
    yield


whole = ProtocolTypeRouter(
    {
        "http": HostRouter({"<tenant>.example.com": urls, "www.example.com": FastAPI()}),
        "websocket": URLRouter([path("graphql", SubprotocolRouter({"graphql-ws": plain}))]),
        "lifespan": Lifespan([urls, FastAPI()], startup_timeout=5.0),
    },
    lifespan=with_state,
)
more = URLRouter(
    [
        path("x", MethodRouter({"GET": plain, "POST": ours})),
        path("y", plain, methods=["GET"]),
        re_path(r"^z$", plain, methods={"PUT"}),
        mount("falcon", plain, strip=True, at_prefix="redirect", lifespan="off"),
    ],
    slashes="redirect",
    encoded_slashes="preserve",
    lifespan=without_state,
)
FastAPI(lifespan=more.lifespan_context)
Starlette(lifespan=more.lifespan_context)

# Where others want an application, a router is one.
outer = Starlette(routes=[starlette.routing.Mount("/routed", app=urls)])
FastAPI().mount("/routed", urls)
Starlette().mount("/routed", application)


async def main() -> None:
    await hypercorn.asyncio.serve(application, hypercorn.config.Config())
