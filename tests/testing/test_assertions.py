"""assert_routes() and assert_no_route()."""

from typing import Any

import pytest

from asgi_routes import (
    Match,
    MethodRouter,
    URLRouter,
)
from asgi_routes.testing import (
    assert_no_route,
    assert_routes,
)
from tests.testing.served import NAMED, ROUTER, Version, remove, show

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("GET", "/users/7/", {}),
        ("get", "/users/7/?a=1", {"name": "user", "kwargs": {"id": 7}, "args": [], "to": show}),
        ("DELETE", "/users/7/", {"to": remove}),
        ("PUT", "/users/7/all", {"args": ("7", "all"), "kwargs": {}, "to": NAMED}),
        ("GET", "/m%C3%A9thode/a%20b/", {"kwargs": {"name": "a b"}, "to": NAMED.method}),
        ("GET", "/méthode/a b/", {"kwargs": {"name": "a b"}}),
        ("GET", "/shop/cart", {"kwargs": {}, "to": show}),
        ("GET", "/hosts/", {"headers": {"Host": "a.ex.test"}, "kwargs": {"tenant": "a"}}),
        ("GET", "/hosts/", {"headers": [(b"host", "b.ex.test")], "kwargs": {"tenant": "b"}}),
        ("GET", "/api/users/7/", {"root_path": "/api", "name": "user"}),
        ("WEBSOCKET", "/chat/a/", {"name": "chat", "kwargs": {"room": "a"}}),
        ("websocket", "/chat/b/?x", {"kwargs": {"room": "b"}}),
    ],
)
def test_assert_routes(method: str, target: str, expected: Any) -> None:
    """What is served as expected is returned."""
    found = assert_routes(ROUTER, method, target, **expected)
    assert isinstance(found, Match)
    assert found.scope["type"] == ("websocket" if method.lower() == "websocket" else "http")


FOUND = "\n  found: route '/users/<int:id>/', name 'user', args (), kwargs {'id': 7}, to {show}"


@pytest.mark.parametrize(
    ("method", "target", "expected", "message"),
    [
        (
            "GET",
            "/nowhere/?a=1",
            {},
            "GET /nowhere/?a=1 is not served: No route found for path 'nowhere/'.",
        ),
        (
            "put",
            "/users/7/",
            {},
            (
                "PUT /users/7/ is not served: Path 'users/7/' has no route for method 'PUT'.\n"
                "  allowed methods: DELETE, GET, HEAD, OPTIONS"
            ),
        ),
        (
            "GET",
            "/users/7",
            {},
            (
                "GET /users/7 is not served: No route found for path 'users/7'.\n"
                "  redirected to: /users/7/"
            ),
        ),
        (
            "GET",
            "/users/7/",
            {"name": "users"},
            "GET /users/7/ is not served as expected\n"
            "  name: expected 'users', found 'user'" + FOUND,
        ),
        (
            "GET",
            "/users/7/",
            {"kwargs": {"id": "7"}, "args": [7], "to": NAMED},
            "GET /users/7/ is not served as expected\n"
            "  args: expected (7,), found ()\n"
            "  kwargs: expected {'id': '7'}, found {'id': 7}\n"
            "  to: expected <Named>, found {show}" + FOUND,
        ),
        (
            "WEBSOCKET",
            "/users/7/",
            {},
            "WEBSOCKET /users/7/ is not served: No route found for path 'users/7/'.",
        ),
    ],
)
def test_assert_routes_fails(method: str, target: str, expected: Any, message: str) -> None:
    """The error says what was found instead."""
    with pytest.raises(AssertionError) as caught:
        assert_routes(ROUTER, method, target, **expected)
    assert str(caught.value) == message.replace("{show}", f"{show.__module__}.show")


def test_assert_routes_of_other_routers() -> None:
    """Routers by something else than the path; those of others; what is no router."""
    served = assert_routes(MethodRouter({"GET": show}), "GET", "/", args=(), kwargs={}, to=show)
    assert "url_route" not in served.scope
    with pytest.raises(AssertionError) as caught:
        assert_routes(MethodRouter({"GET": NAMED}), "GET", "/", name="x")
    assert str(caught.value).splitlines()[2] == (
        "  found: no route with a path, name None, args (), kwargs {}, to <Named>"
    )
    assert_routes(Version(), "GET", "/7/", headers={"X-Version": "1"}, name="user", to=show)
    assert assert_no_route(Version(), "GET", "/7/").reason == "No."
    assert_no_route(Version(), "GET", "/x/", headers={"X-Version": "1"})
    with pytest.raises(
        TypeError, match="<Named> is not a router, and no attribute of it leads to one"
    ):
        assert_routes(NAMED, "GET", "/")
    for check in (assert_routes, assert_no_route):
        with pytest.raises(
            ValueError, match="a path must start with a slash: '/users/', not 'users/'"
        ):
            check(ROUTER, "GET", "users/")


def test_assert_no_route() -> None:
    """The miss is returned; a match is an error that says what it is."""
    miss = assert_no_route(ROUTER, "PUT", "/users/7/")
    assert miss.allowed == {"GET", "HEAD", "OPTIONS", "DELETE"}
    assert assert_no_route(ROUTER, "GET", "/users/7", root_path="/x").location == "/x/users/7/"
    assert_no_route(ROUTER, "GET", "/hosts/")
    assert_no_route(URLRouter([], default=show), "GET", "/")
    with pytest.raises(AssertionError) as caught:
        assert_no_route(ROUTER, "GET", "/users/7/")
    assert str(caught.value) == f"GET /users/7/ is served{FOUND}".replace(
        "{show}", f"{show.__module__}.show"
    )
    with pytest.raises(AssertionError):
        assert_no_route(ROUTER, "GET", "/hosts/", headers={"host": "a.ex.test"})
