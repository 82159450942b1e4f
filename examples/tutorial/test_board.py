"""The tests of the notice board: of its routes, and of what it answers."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from asgi_routes.testing import Client, WebSocketDenied, assert_no_route, assert_routes
from board.admin import TOKEN
from board.app import app

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a database of its own."""
    monkeypatch.setenv("BOARD_DATABASE", str(tmp_path / "board.sqlite3"))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Return a client of the application while it is started."""
    client = Client(app)
    async with client.lifespan():
        yield client


def test_routes() -> None:
    assert_routes(app, "GET", "/api/notices/7/", name="notice", kwargs={"id": 7})
    assert_routes(app, "WEBSOCKET", "/rooms/lobby/", name="room", kwargs={"room": "lobby"})
    assert_no_route(app, "GET", "/api/notices/seven/")


async def test_notices(client: Client) -> None:
    posted = await client.post("/api/notices/", body=json.dumps({"text": "hello"}).encode())
    assert posted.status == 201
    notice = {"url": posted.headers["location"], "text": "hello"}
    assert (await client.get(notice["url"])).json() == notice
    assert (await client.get("/api/notices/")).json() == [notice]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"text": 7}', b'{"text": " "}', b"\xff"])
async def test_invalid_notices(client: Client, body: bytes) -> None:
    assert (await client.post("/api/notices/", body=body)).status == 400
    assert (await client.get("/api/notices/")).json() == []


async def test_chat(client: Client) -> None:
    async with client.websocket("/rooms/lobby/") as ada, client.websocket("/rooms/lobby/") as bob:
        await bob.send_text("hello")
        assert await ada.receive_text() == await bob.receive_text() == "hello"
    with pytest.raises(WebSocketDenied):
        async with client.websocket("/nowhere/"):
            pass


async def test_guard(client: Client) -> None:
    await client.post("/api/notices/", body=b'{"text": "spam"}')
    assert (await client.delete("/admin/notices/1/")).status == 401
    # The guard answers for everything below its prefix, whether it exists or not.
    assert (await client.get("/admin/nowhere/")).status == 401
    token = {"authorization": f"Bearer {TOKEN}"}
    assert (await client.delete("/admin/notices/1/", headers=token)).status == 204
    assert (await client.delete("/admin/notices/1/", headers=token)).status == 404
    assert (await client.get("/admin/nowhere/", headers=token)).status == 404


async def test_pages(client: Client) -> None:
    home = await client.get("/")
    assert home.status == 200
    assert '<body data-notices="/api/notices/" data-room="/rooms/lobby/">' in home.text
    assert (await client.get("/static/board.css")).headers["content-type"].startswith("text/css")
    assert (await client.get("/static/nothing.css")).status == 404


async def test_misses(client: Client) -> None:
    page = await client.get("/nowhere/")
    assert (page.status, '<a href="/">' in page.text) == (404, True)
    miss = await client.get("/api/nowhere/")
    assert (miss.status, miss.json()["error"]) == (404, "No route found for path 'api/nowhere/'.")
    wrong = await client.delete("/api/notices/")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert (await client.get("/api/notices")).headers["location"] == "/api/notices/"


async def test_below_a_prefix() -> None:
    """With a root path, every URL begins with it."""
    client = Client(app, root_path="/board")
    async with client.lifespan():
        home = await client.get("/board/")
        posted = await client.post("/board/api/notices/", body=b'{"text": "hello"}')
    assert 'data-room="/board/rooms/lobby/"' in home.text
    assert posted.json()["url"] == "/board/api/notices/1/"
