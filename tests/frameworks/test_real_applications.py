"""Whole applications that people mount, the real ones, each by the recipe that ``docs/reference/routes.rst`` has for it."""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from asgi_routes import ProtocolTypeRouter, URLRouter, mount, path
from asgi_routes.inspection.check import check
from asgi_routes.testing import Client

pytestmark = pytest.mark.anyio
_SEPARATE = "make applications tries it: it is not among what all other tests need"


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio only: most of them know no other event loop."""
    return "asyncio"


def static(folder: Path) -> Any:
    from starlette.middleware.exceptions import ExceptionMiddleware
    from starlette.staticfiles import StaticFiles

    (folder / "a.css").write_text("a style")
    return mount("static", ExceptionMiddleware(StaticFiles(directory=folder)))


def prometheus(folder: Path) -> Any:
    from prometheus_client import make_asgi_app

    return mount("metrics", make_asgi_app())


def datasette(folder: Path) -> Any:
    from datasette.app import Datasette

    with sqlite3.connect(folder / "shop.db") as connection:
        connection.execute("create table items (name)")
        connection.execute("insert into items values ('a lamp')")
    connection.close()
    made = Datasette([str(folder / "shop.db")], settings={"base_url": "/data/"})
    return mount("data", made.app(), strip=True)


def socketio(folder: Path) -> Any:
    import socketio

    return mount("socket.io", socketio.ASGIApp(socketio.AsyncServer(async_mode="asgi")))


def socketio_elsewhere(folder: Path) -> Any:
    import socketio

    app = socketio.ASGIApp(socketio.AsyncServer(async_mode="asgi"))
    return mount("chat", app, strip=True)


def nicegui(folder: Path) -> Any:
    pytest.importorskip("nicegui", reason=_SEPARATE)
    from fastapi import FastAPI
    from nicegui import ui

    @ui.page("/")
    def page() -> None:
        ui.label("a label")

    api = FastAPI()
    ui.run_with(api, mount_path="/gui")
    return mount("apps", api)


def gradio(folder: Path) -> Any:
    pytest.importorskip("gradio", reason=_SEPARATE)
    import gradio
    from fastapi import FastAPI

    with gradio.Blocks() as demo:
        box = gradio.Textbox(label="a box")
        box.submit(str.upper, box, gradio.Textbox(), api_name="upper")
    return mount("apps", gradio.mount_gradio_app(FastAPI(), demo, path="/gui"))


POLL = "socket.io/?EIO=4&transport=polling"
RECIPES: dict[str, tuple[Callable[[Path], Any], list[tuple[str, int, str]]]] = {
    "StaticFiles": (static, [("/static/a.css", 200, "a style"), ("/static/b.css", 404, "")]),
    "prometheus_client": (prometheus, [("/metrics", 200, "python_info")]),
    "Datasette": (
        datasette,
        [
            ("/data/", 200, 'href="/data/shop"'),
            ("/data/shop/items.json", 200, "a lamp"),
            ("/data/-/static/app.css", 200, ""),
        ],
    ),
    "socket.io": (socketio, [(f"/{POLL}", 200, "sid"), ("/socket.io.js", 404, "")]),
    "socket.io elsewhere": (socketio_elsewhere, [(f"/chat/{POLL}", 200, "sid")]),
    "NiceGUI": (nicegui, [("/apps/gui/", 200, "a label")]),
    "Gradio": (
        gradio,
        [("/apps/gui/", 200, "a box"), ("/apps/gui/gradio_api/info", 200, "/upper")],
    ),
}


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("prefix", ["", "/n"], ids=["top", "nested"])
async def test_recipe(name: str, prefix: str, tmp_path: Path, record_property: Any) -> None:
    """It is served and started, at the top and below another router, and `check` has no objection."""
    build, asked = RECIPES[name]
    if name in ("Datasette", "socket.io", "NiceGUI") and prefix:
        return  # The first two have to be told the whole public prefix; the last starts once.
    record_property("matrix", ("applications", name, prefix or "top"))
    router = URLRouter([build(tmp_path)])
    app = URLRouter([path("n/", router)]) if prefix else router
    assert [finding.id for finding in check(app)] == []
    client = Client(app, timeout=30)
    async with client.lifespan():
        for target, status, text in asked:
            response = await client.get(prefix + target)
            assert response.status == status, target
            assert text in response.text, target


async def test_mcp(record_property: Any) -> None:
    """A session manager, which can be started once only, is; by itself."""
    fastmcp = pytest.importorskip("fastmcp", reason=_SEPARATE)
    import httpx

    server = fastmcp.FastMCP("shop")

    @server.tool  # type: ignore[untyped-decorator, unused-ignore]
    def add(a: int, b: int) -> int:
        return a + b

    app = server.http_app(path="/")
    served = ProtocolTypeRouter(
        {"http": URLRouter([mount("mcp", app), path("n/", URLRouter([mount("mcp", app)]))])}
    )
    client = Client(served, timeout=30)

    def over_asgi(**options: Any) -> Any:
        options.pop("auth", None)
        return httpx.AsyncClient(transport=httpx.ASGITransport(served), **options)

    async with client.lifespan():
        for target in ("/mcp/", "/n/mcp/"):
            transport = fastmcp.client.transports.StreamableHttpTransport(
                f"http://testserver{target}", httpx_client_factory=over_asgi
            )
            async with fastmcp.Client(transport) as session:
                found = await session.call_tool("add", {"a": 2, "b": 3})
                assert found.data == 5
    record_property("matrix", ("applications", "FastMCP", "top"))


async def test_a_dispatcher_below() -> None:
    """Hypercorn's, which hands the lifespan on from another task: all are started, and stopped."""
    from hypercorn.middleware import DispatcherMiddleware
    from starlette.applications import Starlette

    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        seen.append("start")
        yield
        seen.append("stop")

    inner = DispatcherMiddleware({"/d/api": Starlette(lifespan=lifespan)})
    client = Client(URLRouter([mount("", inner)]), timeout=30)
    async with client.lifespan():
        assert (await client.get("/d/api/x")).status == 404
        assert seen == ["start"]
    assert seen == ["start", "stop"]


def bare_static() -> Any:
    from starlette.staticfiles import StaticFiles

    return StaticFiles(check_dir=False, directory="nowhere")


def bare_socketio() -> Any:
    import socketio

    return socketio.ASGIApp(socketio.AsyncServer(async_mode="asgi"))


def bare_datasette() -> Any:
    from datasette.app import Datasette

    return Datasette([]).app()


def bare_wsgi() -> Any:
    from asgiref.wsgi import WsgiToAsgi

    return WsgiToAsgi(lambda environ, start: [])


def through_a2wsgi() -> Any:
    from a2wsgi import WSGIMiddleware

    return WSGIMiddleware(lambda environ, start: [])


@pytest.mark.parametrize(
    ("build", "mounted", "at_a_path"),
    [
        (bare_static, ["R208"], ["R205", "R208"]),
        (bare_socketio, ["R208"], ["R205"]),
        (bare_datasette, ["R208"], ["R205"]),
        (bare_wsgi, ["R208"], ["R208"]),
        (through_a2wsgi, [], ["R205"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_check_knows_what_they_need(build: Any, mounted: Any, at_a_path: Any) -> None:
    """Without a recipe, `check` says what is missing."""
    assert [one.id for one in check(URLRouter([mount("x", build())]))] == mounted
    assert [one.id for one in check(URLRouter([path("x/", build())]))] == at_a_path


async def test_socketio_below_two_prefixes() -> None:
    """It looks for its own path in the whole one, where it was not stripped."""
    router = URLRouter([path("n/", URLRouter([mount("socket.io", bare_socketio())]))])
    assert [one.id for one in check(router)] == ["R208"]


async def test_links_of_starlette_below_a_mount() -> None:
    """Its ``url_for`` knows the prefix, of files, too."""
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    async def page(request: Any) -> Any:
        links = request.url_for("page"), request.url_for("files", path="a.css")
        return PlainTextResponse(" ".join(map(str, links)))

    app = Starlette(
        routes=[Route("/page", page, name="page"), Mount("/files", bare_static(), name="files")]
    )
    response = await Client(URLRouter([mount("<tenant>", app)])).get("/acme/page")
    assert response.text == "http://testserver/acme/page http://testserver/acme/files/a.css"


async def test_routes_of_starlette_through_its_router() -> None:
    """What the error for a Route in a list names."""
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route, Router

    async def page(request: Any) -> Any:
        return PlainTextResponse(f"page {request.path_params['n']}")

    app = URLRouter([mount("", Router([Route("/page/{n:int}", page)]))])
    assert (await Client(app).get("/page/7")).text == "page 7"
    assert (await Client(app).get("/page/x")).status == 404


async def test_gradio_answers(tmp_path: Path) -> None:
    """What somebody typed is sent, and its answer is read from a stream of events."""
    client = Client(URLRouter([gradio(tmp_path)]), timeout=30)
    call = "/apps/gui/gradio_api/call/upper"
    async with client.lifespan():
        body = json.dumps({"data": ["a word"]}).encode()
        headers = {"content-type": "application/json"}
        asked = await client.post(call, headers=headers, body=body)
        event = json.loads(asked.body)["event_id"]
        answer = await client.get(f"{call}/{event}")
        assert 'data: ["A WORD"]' in answer.text
