"""Routes of very many segments: they are built and matched like any other."""

from typing import Any

import pytest

from asgi_routes import URLRouter, path, re_path
from asgi_routes.inspection import inspect


async def app(scope: Any, receive: Any, send: Any) -> None: ...
async def short(scope: Any, receive: Any, send: Any) -> None: ...
async def longer(scope: Any, receive: Any, send: Any) -> None: ...
async def rest(scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.parametrize("front", ["", "<x>/", "<int:x>/"])
@pytest.mark.parametrize("count", [31, 32, 33, 97, 1000])
def test_long_routes(front: str, count: int) -> None:
    """One, and more of them that begin alike, before and behind others."""
    text = front + "a/" * count
    router = URLRouter(
        [path(text, app), path("<y>/", short), path(text + "b/", longer), path("<path:z>", rest)]
    )
    start = "/1/" if front else "/"
    for end, expected in (
        ("a/" * count, app),
        ("a/" * count + "b/", longer),
        ("a/" * (count - 1) + "c/", rest),
        ("a/" * (count + 1), rest),
    ):
        found = router.match({"type": "http", "method": "GET", "path": start + end})
        assert found
        assert found.endpoint is expected


def test_engines_are_shown() -> None:
    """What matches a route is a part of the application as data."""
    routes = [path("<int:x>-<y>/", app), re_path(r"^\w+/$", app)]
    for engine in ("re", "re2"):
        node = inspect(URLRouter(routes, regex=engine))
        assert [one.engine for one in node.routes()] == ["table", engine]
