"""What Channels' own tests of its routers assert, held against ours.

With ``default=None`` a miss raises, and with ``root_path="in_path"`` a path outside the root path
is one, as there.
"""

from typing import Any

import pytest

from asgi_routes import (
    ChannelNameRouter,
    ImproperlyConfigured,
    ProtocolTypeRouter,
    URLRouter,
    include,
    path,
    re_path,
)

pytestmark = pytest.mark.anyio


def returning(value: Any) -> Any:
    """Return an application that returns a value."""

    async def app(scope: Any, receive: Any, send: Any) -> Any:
        return value

    return app


async def returning_scope(scope: Any, receive: Any, send: Any) -> Any:
    return scope


def router(*routes: Any) -> URLRouter:
    return URLRouter(routes, default=None, root_path="in_path")


async def ask(app: Any, path: str, **more: Any) -> Any:
    return await app({"type": "http", "path": path, **more}, None, None)


async def test_protocol_type_router() -> None:
    """Dispatch by type, with the return value handed back."""
    app: Any = ProtocolTypeRouter(
        {"websocket": returning("ws"), "http": returning("http")}, default=None
    )
    assert await app({"type": "websocket"}, None, None) == "ws"
    assert await app({"type": "http"}, None, None) == "http"
    with pytest.raises(ValueError, match="No application configured for scope type 'aprs'"):
        await app({"type": "aprs"}, None, None)
    with pytest.raises(KeyError):
        await app({"tyyype": "http"}, None, None)


async def test_channel_name_router() -> None:
    """Dispatch by channel."""
    app: Any = ChannelNameRouter({"test": returning(1), "other_test": returning(2)}, default=None)
    assert await app({"channel": "test"}, None, None) == 1
    assert await app({"channel": "other_test"}, None, None) == 2
    with pytest.raises(ValueError, match="No application configured for channel name 'chat'"):
        await app({"channel": "chat"}, None, None)
    with pytest.raises(ValueError, match="only serves scopes of type 'channel'"):
        await app({"type": "http"}, None, None)


async def test_url_router() -> None:
    """Literals, unanchored and positional regexes, kwargs, defaults, and the root path."""
    app = router(
        path("", returning(1)),
        path("foo/", returning(2)),
        re_path(r"bar", returning(3)),
        re_path(r"^posarg/(\d+)/$", returning_scope),
        path("defaultkwargs/", returning_scope, kwargs={"default": 42}),
        path("kwarg/<str:name>/", returning_scope),
    )
    assert await ask(app, "/") == 1
    assert await ask(app, "/foo/") == 2
    assert await ask(app, "/bar/") == 3
    assert await ask(app, "/bar/baz/") == 3
    assert (await ask(app, "/posarg/123/"))["url_route"] == {"args": ("123",), "kwargs": {}}
    named = (await ask(app, "/kwarg/hello/"))["url_route"]
    assert named == {"args": (), "kwargs": {"name": "hello"}}
    defaults = (await ask(app, "/defaultkwargs/"))["url_route"]
    assert defaults == {"args": (), "kwargs": {"default": 42}}
    assert await ask(app, "/root/", root_path="/root") == 1
    assert await ask(app, "/root/foo/", root_path="/root") == 2
    for missed, root_path in [("/foo/", "/root"), ("/nonexistent/", "")]:
        with pytest.raises(ValueError, match="No route found for path"):
            await ask(app, missed, root_path=root_path)


async def test_url_router_nesting() -> None:
    """Parameters of all levels come together, named and positional."""
    inner = router(
        re_path(r"^book/(?P<book>[\w\-]+)/page/(?P<page>\d+)/$", returning_scope),
        re_path(r"^test/(\d+)/$", returning_scope),
    )
    app = router(
        re_path(r"^universe/(?P<universe>\d+)/", inner), re_path(r"^positional/(\w+)/", inner)
    )
    found = (await ask(app, "/universe/42/book/channels-guide/page/10/"))["url_route"]
    assert found == {
        "args": (),
        "kwargs": {"universe": "42", "book": "channels-guide", "page": "10"},
    }
    found = (await ask(app, "/positional/foo/test/3/"))["url_route"]
    assert found == {"args": ("foo", "3"), "kwargs": {}}


async def test_url_router_nesting_path() -> None:
    """A middleware function that says so itself is a prefix under path()."""
    inner = router(path("test/<int:page>/", returning_scope))

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        return await inner(scope, receive, send)

    middleware._path_routing = True  # type: ignore[attr-defined]
    app = router(path("number/<int:number>/", middleware))
    found = (await ask(inner, "/test/3/"))["url_route"]
    assert found == {"args": (), "kwargs": {"page": 3}}
    found = (await ask(app, "/number/42/test/3/"))["url_route"]
    assert found == {"args": (), "kwargs": {"number": 42, "page": 3}}
    for missed in ("/number/42/test/3/bla/", "/number/42/blub/"):
        with pytest.raises(ValueError, match="No route found for path"):
            await ask(app, missed)


async def test_url_router_path() -> None:
    """Untyped and typed parameters."""
    app = router(
        path("", returning(1)),
        path("foo/", returning(2)),
        path("author/<name>/", returning_scope),
        path("year/<int:year>/", returning_scope),
    )
    assert await ask(app, "/") == 1
    assert await ask(app, "/foo/") == 2
    assert (await ask(app, "/author/andrewgodwin/"))["url_route"]["kwargs"] == {
        "name": "andrewgodwin"
    }
    assert (await ask(app, "/year/2012/"))["url_route"]["kwargs"] == {"year": 2012}
    with pytest.raises(ValueError, match="No route found for path"):
        await ask(app, "/nonexistent/")


@pytest.mark.parametrize("root_path", ["", "/root"])
async def test_path_remaining(root_path: str) -> None:
    """What an inner router has no route for is looked for behind it."""
    app = router(
        path("prefix/", router(path("no-match/", returning(1)))),
        path("prefix/stuff/", returning(2)),
    )
    assert await ask(app, f"{root_path}/prefix/stuff/", root_path=root_path) == 2
    assert await ask(app, f"{root_path}/prefix/no-match/", root_path=root_path) == 1
    for missed in ("/root/root/prefix/stuff/", "/root/prefix/root/stuff/", "/prefix/root/stuff/"):
        with pytest.raises(ValueError, match="No route found for path"):
            await ask(app, missed, root_path="/root")


async def test_invalid_routes() -> None:
    """Channels refuses include(). Here it works, under a path; by itself it is no route."""
    with pytest.raises(ImproperlyConfigured, match=r"include\(\) goes under a prefix"):
        URLRouter([include([])])  # type: ignore[list-item]
    assert await ask(router(path("a/", include([path("b/", returning(1))]))), "/a/b/") == 1
