"""The shapes in which routers are put together, and the template that is to be seen of each connection.

Every shape leads to the same item, so that what differs is the way to it.
"""

from collections.abc import Callable
from typing import Any

from channels.middleware import BaseMiddleware
from channels.security.websocket import OriginValidator
from channels.sessions import CookieMiddleware
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from asgi_routes import HostRouter, ProtocolTypeRouter, URLRouter, mount, path
from examples import metrics
from tests.observability.sdks import Case


class WithUser(BaseMiddleware):  # type: ignore[misc]
    """A middleware as Channels' own are: it hands a copy of the scope on."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await super().__call__({**scope, "user": "ada"}, receive, send)


def with_auth(app: Any) -> Any:
    """Wrap an application as ``AuthMiddlewareStack`` does: one copy of the scope after the other."""
    return CookieMiddleware(WithUser(app))


async def greet(scope: Any, receive: Any, send: Any) -> None:
    """Accept a websocket from someone who is known, and close it."""
    assert scope["user"] == "ada"
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 1000})


def items(**options: Any) -> URLRouter:
    """Return the router at the end of every way."""
    route = path("items/<int:id>/", metrics.answer("item {id}"), methods=["GET"])
    return URLRouter([route], slashes="redirect", **options)


def fastapi() -> FastAPI:
    """Return an application that names its own routes."""
    app = FastAPI(openapi_url=None)

    @app.get("/items/{id}")
    async def item(id: int) -> int:  # noqa: A002 - the parameter is called so
        return id

    return app


def starlette() -> Starlette:
    """Return the same, with a mount of its own."""

    async def item(request: Any) -> PlainTextResponse:
        return PlainTextResponse(str(request.path_params["id"]))

    routes = [Route("/items/{id:int}", item)]
    return Starlette(routes=[*routes, Mount("/old", routes=routes)])


def channels() -> ProtocolTypeRouter:
    """Return the layout of Channels' documentation: protocols, then middleware, then routes."""
    rooms = URLRouter([path("<slug:room>/", greet)])
    pages = [path("api/", items()), mount("shop", fastapi())]
    return ProtocolTypeRouter(
        {
            "http": with_auth(URLRouter(pages)),
            "websocket": OriginValidator(with_auth(URLRouter([path("rooms/", rooms)])), ["*"]),
        }
    )


LAYOUTS: dict[str, Callable[[], Any]] = {
    "nested": lambda: URLRouter([path("api/", items())]),
    "nested, three deep": lambda: URLRouter([path("", URLRouter([path("api", items())]))]),
    "middleware=": lambda: URLRouter(
        [path("api/", items(middleware=[WithUser]), middleware=[with_auth])]
    ),
    "wrapped by hand": lambda: URLRouter([path("api/", with_auth(items()))]),
    "wrapped at each level": lambda: URLRouter(
        [path("", WithUser(URLRouter([path("api/", with_auth(items()))])))]
    ),
    "mounted": lambda: URLRouter([mount("api", items())]),
    "mounted, wrapped by hand": lambda: URLRouter([mount("api", with_auth(items()))]),
    "mounted, middleware=": lambda: URLRouter([mount("api", items(), middleware=[with_auth])]),
    "channels": channels,
    "hosts": lambda: HostRouter({"<name>.test": with_auth(URLRouter([path("api/", items())]))}),
}
"""Each has ``/api/items/<int:id>/``."""

ITEM = ("/api/items/<int:id>/", "/api/items/{id}/")
ITEM_CASES = {
    "200": Case("http", "/api/items/7/", 200, *ITEM),
    "405": Case("http", "/api/items/7/", 405, *ITEM, method="PUT"),
    "308": Case("http", "/api/items/7", 308, *ITEM),
    "204": Case("http", "/api/items/7/", 204, *ITEM, method="OPTIONS"),
    "404": Case("http", "/api/nowhere/7/", 404),
    "404 of a value": Case("http", "/api/items/x/", 404),
    "404 outside": Case("http", "/nowhere/7/", 404),
}

FRAMEWORKS: dict[str, tuple[Callable[[], Any], Case]] = {
    "fastapi": (
        lambda: URLRouter([mount("shop", fastapi())]),
        Case("http", "/shop/items/7", 200, "/shop/items/{id}", "/shop/items/{id}"),
    ),
    "fastapi, 405": (
        lambda: URLRouter([mount("shop", fastapi())]),
        Case("http", "/shop/items/7", 405, "/shop/items/{id}", "/shop/items/{id}", method="PUT"),
    ),
    "fastapi, nested": (
        lambda: URLRouter([path("<slug:of>/", URLRouter([mount("shop", fastapi())]))]),
        Case(
            "http", "/me/shop/items/7", 200, "/<slug:of>/shop/items/{id}", "/{of}/shop/items/{id}"
        ),
    ),
    "fastapi, middleware=": (
        lambda: URLRouter([mount("shop", fastapi())], middleware=[WithUser]),
        Case("http", "/shop/items/7", 200, "/shop/items/{id}", "/shop/items/{id}"),
    ),
    "fastapi in Channels' layout": (
        channels,
        Case("http", "/shop/items/7", 200, "/shop/items/{id}", "/shop/items/{id}"),
    ),
    "fastapi by its host": (
        lambda: HostRouter({"ex.test": fastapi()}),
        Case("http", "/items/7", 200, "/items/{id}", "/items/{id}"),
    ),
    "fastapi by its host, middleware=": (
        lambda: HostRouter({"ex.test": fastapi()}, middleware=[WithUser]),
        Case("http", "/items/7", 200, "/items/{id}", "/items/{id}"),
    ),
    "fastapi by its host, wrapped by hand": (
        lambda: ProtocolTypeRouter({"http": WithUser(HostRouter({"ex.test": fastapi()}))}),
        Case("http", "/items/7", 200, "/items/{id}", "/items/{id}"),
    ),
    "fastapi by a host with a parameter": (
        lambda: HostRouter({"<name>.test": fastapi()}),
        Case("http", "/items/7", 200, "/items/{id}", "/items/{id}"),
    ),
    "starlette": (
        lambda: URLRouter([mount("shop", starlette())]),
        Case("http", "/shop/items/7", 200, "/shop/items/{id:int}", "/shop/items/{id}"),
    ),
    "starlette, in a mount of its own": (
        lambda: URLRouter([mount("shop", starlette())]),
        Case("http", "/shop/old/items/7", 200, "/shop/old/items/{id:int}", "/shop/old/items/{id}"),
    ),
}
"""Applications that name their own routes, and one request to each."""

ROOM = Case("websocket", "/rooms/lobby/", 101, "/rooms/<slug:room>/", "/rooms/{room}/")
NO_ROOM = Case("websocket", "/rooms/a/b/", 404)
