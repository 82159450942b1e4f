"""A router as the page of ``NotFound`` that misses, too."""

from typing import Any

import anyio
import pytest

from asgi_routes import NotFound, URLRouter, path
from asgi_routes.testing import Client


async def ok(_scope: Any, _receive: Any, send: Any) -> None:
    """Answer with a page."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


class Copying:
    """A middleware that hands on a new scope with nothing but what ASGI and routes know."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        known = ("type", "method", "path", "headers", "root_path", "path_remaining", "route")
        await self.app({key: scope[key] for key in known if key in scope}, receive, send)


PAGES = {
    "bare": URLRouter([path("<p>", ok)]),
    "copying": Copying(URLRouter([path("<p>", ok)])),
    "nested": URLRouter([path("", URLRouter([path("<p>", ok)]))]),
}


@pytest.mark.parametrize(("target", "text"), [("/x", "page"), ("/x/y", "Not Found")])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_page_that_misses_is_answered_plainly(page: Any, target: str, text: str) -> None:
    """The page inherits the policy that called it, which ends there."""
    app = URLRouter([], default=NotFound(page=page))
    response = anyio.run(Client(app).get, target)
    assert (response.status, response.text) == (404, text)


@pytest.mark.parametrize(
    ("route", "text"), [("", "page"), ("y", "Method Not Allowed")], ids=["hit", "miss"]
)
def test_a_page_for_methods_that_misses(route: str, text: str) -> None:
    """The same for 405, which stays 405, with its ``Allow``; the route that has the path left nothing of it."""
    look = NotFound(method_not_allowed=URLRouter([path(route, ok)]))
    app = URLRouter([path("<p>", ok, methods=["POST"])], default=look)
    response = anyio.run(Client(app).get, "/x")
    assert (response.status, response.text) == (405, text)
    assert response.headers["allow"] == "OPTIONS, POST"
