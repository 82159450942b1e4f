"""A small application of each framework: a page, a link to it, a websocket, something at startup.

Each has ``/hello/{name}/``, ``/link`` (the URL of a page, as the framework makes it), ``/started`` (what
its startup has left), and, where the framework has websockets, an echo at ``/echo``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


def starlette() -> Any:
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route, WebSocketRoute

    async def hello(request: Any) -> Any:
        return PlainTextResponse(f"hello {request.path_params['name']}")

    async def link(request: Any) -> Any:
        return PlainTextResponse(str(request.url_for("hello", name="ada")))

    async def started(request: Any) -> Any:
        return PlainTextResponse(getattr(request.state, "db", "nothing"))

    async def echo(websocket: Any) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, str]]:
        yield {"db": "started"}

    return Starlette(
        routes=[
            Route("/hello/{name}/", hello, name="hello"),
            Route("/link", link),
            Route("/started", started),
            WebSocketRoute("/echo", echo),
        ],
        lifespan=lifespan,
    )


def fastapi() -> Any:
    from fastapi import FastAPI, Request, WebSocket
    from fastapi.responses import PlainTextResponse

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, str]]:
        yield {"db": "started"}

    app = FastAPI(lifespan=lifespan, default_response_class=PlainTextResponse)

    @app.get("/hello/{name}/", name="hello")
    async def hello(name: str) -> str:
        return f"hello {name}"

    async def link(request: Request) -> str:
        return str(request.url_for("hello", name="ada"))

    async def started(request: Request) -> str:
        return getattr(request.state, "db", "nothing")

    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    app.get("/link")(link)
    app.get("/started")(started)
    app.websocket("/echo")(echo)
    return app


def django() -> Any:
    from django.conf import settings
    from django.core.asgi import get_asgi_application
    from django.http import HttpResponse
    from django.urls import path, reverse

    async def hello(request: Any, name: str) -> Any:
        return HttpResponse(f"hello {name}")

    async def link(request: Any) -> Any:
        return HttpResponse(request.build_absolute_uri(reverse("hello", args=["ada"])))

    async def started(request: Any) -> Any:
        return HttpResponse("started")  # It has no startup.

    pages = [
        path("hello/<name>/", hello, name="hello"),
        path("link", link),
        path("started", started),
    ]
    if not settings.configured:
        settings.configure()
    settings.ALLOWED_HOSTS = ["*"]
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    settings.ROOT_URLCONF = type("urls", (), {"urlpatterns": pages})
    return get_asgi_application()


def quart() -> Any:
    from quart import Quart, url_for, websocket

    app = Quart("ours")
    app.config["SERVER_NAME"] = None

    @app.before_serving
    async def start() -> None:
        app.extensions["db"] = "started"

    @app.get("/hello/<name>/")
    async def hello(name: str) -> str:
        return f"hello {name}"

    @app.get("/link")
    async def link() -> str:
        return url_for("hello", name="ada", _external=True)

    @app.get("/started")
    async def started() -> str:
        return str(app.extensions.get("db", "nothing"))

    @app.websocket("/echo")
    async def echo() -> None:
        await websocket.send(await websocket.receive())

    return app


def flask() -> Any:
    from a2wsgi import WSGIMiddleware
    from flask import Flask, url_for

    app = Flask("ours")

    @app.get("/hello/<name>/")
    def hello(name: str) -> str:
        return f"hello {name}"

    @app.get("/link")
    def link() -> str:
        return url_for("hello", name="ada", _external=True)

    @app.get("/started")
    def started() -> str:
        return "started"  # It has no startup.

    wrapped: Any = WSGIMiddleware(app)
    return wrapped


def litestar() -> Any:
    from litestar import Litestar, MediaType, Request, WebSocket, get, websocket

    @get("/hello/{who:str}/", name="hello", media_type=MediaType.TEXT)
    async def hello(request: Request[Any, Any, Any]) -> str:
        return f"hello {request.path_params['who']}"

    @get("/link", media_type=MediaType.TEXT)
    async def link(request: Request[Any, Any, Any]) -> str:
        return str(request.url_for("hello", who="ada"))

    @get("/started", media_type=MediaType.TEXT)
    async def started(request: Request[Any, Any, Any]) -> str:
        return str(request.app.state.get("db", "nothing"))

    @websocket("/echo")
    async def echo(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        app.state["db"] = "started"
        yield

    return Litestar([hello, link, started, echo], lifespan=[lifespan], openapi_config=None)


def falcon() -> Any:
    import falcon.asgi

    app = falcon.asgi.App()

    class Startup:
        db = "nothing"

        async def process_startup(self, scope: Any, event: Any) -> None:
            self.db = "started"

    startup = Startup()

    class Hello:
        async def on_get(self, request: Any, response: Any, name: str) -> None:
            response.text = f"hello {name}"

    class Link:
        async def on_get(self, request: Any, response: Any) -> None:
            response.text = request.prefix + "/hello/ada/"

    class Started:
        async def on_get(self, request: Any, response: Any) -> None:
            response.text = startup.db

    class Echo:
        async def on_websocket(self, request: Any, websocket: Any) -> None:
            await websocket.accept()
            await websocket.send_text(await websocket.receive_text())

    app.add_middleware(startup)
    app.add_route("/hello/{name}/", Hello())
    app.add_route("/link", Link())
    app.add_route("/started", Started())
    app.add_route("/echo", Echo())
    return app
