"""What the types of results are: type-checked, never run."""

from typing import Any, assert_type

from asgi_routes import Match, NoMatch, URLRouter, path, reverse, route_path
from asgi_routes.routes import (
    Route,
)
from asgi_routes.types import App


async def app(scope: Any, receive: Any, send: Any) -> None: ...


router = URLRouter([path("", app)])
found = router.match({"type": "http", "path": "/"})
assert_type(found, Match | NoMatch)
if found:
    assert_type(found, Match)
    assert_type(found.app, App)
else:
    assert_type(found, NoMatch)
    assert_type(found.reason, str)
    assert_type(found.allowed, frozenset[str])
assert_type(path("", app), Route)
assert_type(route_path({"path": "/"}), str)
assert_type(router.source(), str)
assert_type(router.reverse("name", [1], query={"a": 1}), str)
assert_type(reverse({"type": "http"}, "name", kwargs={"id": 7}, fragment="x"), str)
