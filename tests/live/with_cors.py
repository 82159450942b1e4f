"""A nested router behind Starlette's CORS middleware, in every way in which one can be put there.

Each form stands under its own name, in three places: with nothing behind it, before a catch-all,
and before a page that answers GET alone.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from asgi_routes import (
    ProtocolTypeRouter,
    URLRouter,
    format_path,
    include,
    mount,
    path,
    re_path,
)

OPTIONS: dict[str, Any] = {"allow_origins": ["*"], "allow_methods": ["PUT"]}
CORS = partial(CORSMiddleware, **OPTIONS)


def answer(text: str) -> Any:
    """Return an application that answers with a text."""
    body = text.encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


class Around:
    """A middleware that holds the next application under a name that nobody looks for."""

    def __init__(self, app: Any) -> None:
        self.behind_me = CORS(app)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self.behind_me(scope, receive, send)


ITEMS = [path("x/", answer("x"), methods=["POST"])]


def api(**options: Any) -> URLRouter:
    """Return the router that everything here is about."""
    return URLRouter(ITEMS, **options)


PARTS: dict[str, Callable[[str], Any]] = {
    "router": lambda prefix: path(prefix, api(middleware=[CORS])),
    "starlette-object": lambda prefix: path(
        prefix, api(middleware=[Middleware(CORSMiddleware, **OPTIONS)])
    ),
    "path": lambda prefix: path(prefix, api(), middleware=[CORS]),
    "re-path": lambda prefix: re_path(f"^{prefix}", api(), middleware=[CORS]),
    "format-path": lambda prefix: format_path(prefix, api(), middleware=[CORS]),
    "include": lambda prefix: path(prefix, include(ITEMS, middleware=[CORS])),
    "two-above": lambda prefix: path(prefix, URLRouter([path("", api())], middleware=[CORS])),
    "keyed": lambda prefix: path(prefix, ProtocolTypeRouter({"http": api()}, middleware=[CORS])),
}
"""Forms with ``middleware=``: it belongs to the routes, so what they miss may be found behind them."""

WHOLES: dict[str, Callable[[str], Any]] = {
    "wrapped": lambda prefix: path(prefix, CORS(api())),
    "mounted": lambda prefix: mount(prefix, CORS(api())),
    "mounted-unseen": lambda prefix: mount(prefix, Around(api())),
    "mount": lambda prefix: mount(prefix, api(), middleware=[CORS]),
    "mounted-router": lambda prefix: mount(prefix, api(middleware=[CORS])),
}
"""Forms that are answered as a whole: everything below the prefix belongs to them, with its misses."""


def forms() -> list[Any]:
    """Return every form, each under its name."""
    return [make(f"{name}/") for name, make in (PARTS | WHOLES).items()]


page = answer("a page")
app = URLRouter(
    [
        path("alone/", URLRouter(forms())),
        path("before-all/", URLRouter([*forms(), re_path("", page)])),
        path("before-a-page/", URLRouter([*forms(), re_path("", page, methods=["GET"])])),
    ],
    slashes="redirect",
)
