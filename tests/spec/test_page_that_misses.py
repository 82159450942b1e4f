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


@pytest.mark.parametrize(("target", "text"), [("/x", "page"), ("/x/y", "Not Found")])
def test_a_page_that_misses_is_answered_plainly(target: str, text: str) -> None:
    """The page inherits the policy that called it, which ends there."""
    app = URLRouter([], default=NotFound(page=URLRouter([path("<p>", ok)])))
    response = anyio.run(Client(app).get, target)
    assert (response.status, response.text) == (404, text)
