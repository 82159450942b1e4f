"""Frameworks mounted below a router of ours, and routers of ours mounted inside frameworks."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

import pytest

from asgi_routes import URLRouter, mount, path, reverse
from asgi_routes.testing import Client
from tests.frameworks import applications
from tests.frameworks.client import echoed, get, scope_for
from tests.spec.driving import call, named

pytestmark = pytest.mark.anyio

NAMES = ["starlette", "fastapi", "django", "quart", "litestar", "falcon", "flask"]
STRIPPED = {"falcon"}
REDIRECTING = {"starlette": 307, "fastapi": 307, "django": 301, "quart": 308, "flask": 308}
WITHOUT_STARTUP = {"django", "flask"}
ROOTS = ["", "/root"]


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio only: most frameworks know no other event loop."""
    return "asyncio"


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Return the name of one framework after the other."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def router(name: str) -> URLRouter:
    """Return a router with an application of the framework in it, twice."""
    app = getattr(applications, name)()
    strip = name in STRIPPED
    return URLRouter(
        [mount("m", app, strip=strip), path("n/", URLRouter([mount("<int:x>", app, strip=strip)]))]
    )


@pytest.fixture
def cell(name: str, record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return a function that gives a test its place in the table that is printed."""
    return lambda column: record_property("matrix", ("frameworks below", name, column))


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("prefix", ["/m", "/n/7"])
@pytest.mark.parametrize("is_stripped", [False, True])
async def test_reach(
    router: URLRouter, cell: Any, root: str, prefix: str, is_stripped: Any
) -> None:
    """Pages are reached, below a root path too, whether a proxy has stripped it or not."""
    cell("reach")
    target = prefix if is_stripped else root + prefix
    response = await get(router, f"{target}/hello/ada%20l/", root_path=root)
    assert (response.status, response.text) == (200, "hello ada l")


@pytest.mark.parametrize("target", ["/m/nowhere", "/m/m/hello/ada/", "/mx/hello/ada/", "/n/x/link"])
async def test_404(router: URLRouter, cell: Any, target: str) -> None:
    """What is not there is not there: no page has two addresses."""
    cell("404 inside")
    assert (await get(router, target)).status == 404


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("is_stripped", [False, True])
async def test_links(router: URLRouter, name: str, cell: Any, root: str, is_stripped: Any) -> None:
    """URLs that the framework makes lead back to the page."""
    cell("URL generation")
    target = "/m/link" if is_stripped else f"{root}/m/link"
    page = f"http://ex.test{root}/m/hello/ada{'' if name == 'litestar' else '/'}"
    assert (await get(router, target, root_path=root)).text == page


@pytest.mark.parametrize("root", ROOTS)
async def test_slash_redirect(router: URLRouter, name: str, cell: Any, root: str) -> None:
    """Who redirects to the page with a slash does so to the right one."""
    cell("slash redirect")
    response = await get(router, f"{root}/m/hello/ada", root_path=root)
    if name not in REDIRECTING:  # Litestar has no difference, Falcon no redirect.
        assert response.status == (200 if name == "litestar" else 404)
        return
    assert response.status == REDIRECTING[name]
    location = response.headers["location"].removeprefix("http://ex.test")
    assert location == f"{root}/m/hello/ada/"


@pytest.mark.parametrize("root", ROOTS)
async def test_websocket(router: URLRouter, name: str, cell: Any, root: str) -> None:
    """Websockets are reached where the framework has them."""
    cell("websocket")
    if name == "django":  # It has none, and says so.
        with pytest.raises(ValueError, match="websocket"):
            await echoed(router, f"{root}/m/echo", root_path=root)
        return
    found = await echoed(router, f"{root}/m/echo", root_path=root)
    if name == "flask":
        assert found == ["websocket.close"]
        return
    assert found[:2] == ["websocket.accept", "hello"]


async def test_lifespan_state(router: URLRouter, name: str, cell: Any) -> None:
    """What the framework does at startup has been done, once, before the first request."""
    cell("lifespan state")
    before = await get(router, "/m/started")
    assert before.text == ("started" if name in WITHOUT_STARTUP else "nothing")
    async with router.lifespan_context():
        for target in ("/m/started", "/n/7/started"):
            assert (await get(router, target)).text == "started"


async def test_all_under_one_router() -> None:
    """One lifespan starts them all; Django, which knows none, disturbs nobody."""
    apps = {name: getattr(applications, name)() for name in NAMES}
    router = URLRouter([mount(name, app, strip=name in STRIPPED) for name, app in apps.items()])
    async with router.lifespan_context():
        for name in NAMES:
            assert (await get(router, f"/{name}/started")).text == "started"
            assert (await get(router, f"/{name}/hello/ada/")).text == "hello ada"


OURS = URLRouter(
    [path("", named("index")), path("users/<int:id>/", named("user")), mount("app", named("app"))]
)


def in_starlette() -> Any:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount("/o", OURS)])


def in_fastapi() -> Any:
    from fastapi import FastAPI

    app = FastAPI()
    app.mount("/o", OURS)
    return app


def in_litestar(router: Any = None) -> Any:
    from litestar import Litestar, asgi

    router = router or OURS

    @asgi("/o", is_mount=True, copy_scope=True)
    async def ours(scope: Any, receive: Any, send: Any) -> None:
        # Litestar takes its prefix off the path, and puts a slash behind it; the raw one is as it was.
        path, root_path = unquote(scope["raw_path"].decode("ascii")), scope["root_path"] + "/o"
        await router({**scope, "path": path, "root_path": root_path}, receive, send)

    return Litestar([ours], openapi_config=None, lifespan=[router.lifespan_context])


def in_channels() -> Any:
    from channels.routing import URLRouter as ChannelsRouter
    from django.urls import re_path

    return ChannelsRouter([re_path(r"^o/", OURS)])


def in_quart() -> Any:
    from quart import Quart

    app = Quart("around")

    @app.get("/page")
    async def page() -> str:
        return "a page of Quart"

    inner: Any = app.asgi_app
    app.asgi_app = URLRouter([path("o/", OURS), mount("", inner)])  # type: ignore[method-assign]
    return app


@pytest.mark.parametrize(
    "around",
    [in_starlette, in_fastapi, in_litestar, in_channels, in_quart],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize(
    ("target", "expected", "params"),
    [
        ("/o/users/7/", "user", {"id": 7}),
        ("/o/", "index", {}),
        ("/o/app/x", "app", {}),
        ("/o/nowhere/", None, None),
        ("/o/users/x/", None, None),
    ],
)
async def test_inside(
    around: Any, target: str, expected: str | None, params: Any, record_property: Any
) -> None:
    """A router of ours works inside a framework, and sees the same paths as without."""
    place = ("frameworks above", around.__name__.removeprefix("in_"), target)
    record_property("matrix", place)
    found: list[Any] = []

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        found.append(scope)
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    OURS.replace(
        [
            path("", noting, name="index"),
            path("users/<int:id>/", noting, name="user"),
            mount("app", noting, name="app"),
        ]
    )
    if expected is None and around is in_channels:
        with pytest.raises(ValueError, match="No route found for path"):
            await get(around(), target)  # It tries its next route, and has none.
        return
    response = await get(around(), target)
    if expected is None:
        assert response.status == 404  # The answer is ours, or Quart's, which is behind us.
        assert response.text == "Not Found" or around is in_quart
        return
    (scope,) = found
    assert scope["route"].name == expected
    assert scope["url_route"]["kwargs"] == params


@asynccontextmanager
async def yielding(router: Any) -> AsyncIterator[dict[str, str]]:
    yield {"db": "started"}


def around_starlette(router: Any) -> Any:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount("/o", router)], lifespan=router.lifespan_context)


def around_fastapi(router: Any) -> Any:
    from fastapi import FastAPI

    app = FastAPI(lifespan=router.lifespan_context)
    app.mount("/o", router)
    return app


def around_quart(router: Any) -> Any:
    from quart import Quart

    app = Quart("around")
    inner: Any = app.asgi_app
    app.asgi_app = URLRouter([path("o/", router), mount("", inner)])  # type: ignore[method-assign]
    return app


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize(
    "around",
    [around_starlette, around_fastapi, in_litestar, around_quart],
    ids=["starlette", "fastapi", "litestar", "quart"],
)
async def test_urls_and_state_inside(around: Any, root: str, record_property: Any) -> None:
    """URLs that a router makes inside a framework lead back, and its state arrives in its applications."""
    record_property(
        "matrix", ("frameworks above", around.__name__.partition("_")[2], f"URLs {root}")
    )

    async def telling(scope: Any, receive: Any, send: Any) -> None:
        said = f"{reverse(scope, 'user', [8])} {scope['state'].get('db')}"
        headers = [(b"content-length", b"%d" % len(said))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": said.encode()})

    router = URLRouter(
        [path("users/<int:id>/", telling, name="user"), path("file", telling), mount("m", telling)],
        lifespan=yielding,
    )
    app = around(router)
    client = Client(app, root_path=root)
    async with client.lifespan():
        for target in ("/o/users/7/", "/o/file", "/o/m/a"):
            response = await client.get(root + target)
            assert response.text == f"{root}/o/users/8/ started", target
        assert (await client.get(root + "/o/file/")).status == 404


async def test_the_sandwich() -> None:
    """Starlette → ours → Starlette: the inner one's URLs are its own (starlette#814)."""
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    async def outer_link(request: Any) -> Any:
        return PlainTextResponse(str(request.url_for("ours:outer")))

    inner = applications.starlette()
    router = URLRouter([mount("in", inner), mount("with", inner, isolate=False)])
    app = Starlette(
        routes=[Mount("/o", router, name="ours"), Route("/outer", outer_link, name="ours:outer")],
        lifespan=router.lifespan_context,
    )
    async with app.router.lifespan_context(app) as state:
        assert state is None
        assert (await get(app, "/outer")).text == "http://ex.test/outer"
        assert (await get(app, "/o/in/link")).text == "http://ex.test/o/in/hello/ada/"
        assert (await get(app, "/o/in/started")).text == "started"
        response = await get(app, "/r/o/in/link", root_path="/r")
        assert response.text == "http://ex.test/r/o/in/hello/ada/"
        response = await get(app, "/o/in/hello/ada")
        assert response.headers["location"] == "http://ex.test/o/in/hello/ada/"
        with pytest.raises(Exception, match="No route exists"):
            await get(app, "/o/with/link")


async def test_nothing_of_a_scope_leaks_into_another() -> None:
    """What a framework writes into the scope that it was given stays in that one."""
    for name in NAMES:
        router = URLRouter([mount("m", getattr(applications, name)(), strip=name in STRIPPED)])
        scope = scope_for("http", "/m/hello/ada/")
        before = dict(scope)
        await call(router, scope, [{"type": "http.request", "body": b"", "more_body": False}])
        del scope["route"]
        assert scope == before
