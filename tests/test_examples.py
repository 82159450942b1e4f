"""The examples that need no server: what of them no browser can reach, and those that a client can ask directly."""

import importlib
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from asgi_routes import not_found
from asgi_routes.inspection.check import check
from asgi_routes.testing import Client
from board import app as board
from examples import chat, from_channels, hosts_and_methods, own_router, quickstart, tenants
from tests.documents.reading import blocks
from tests.spec.driving import call
from tests.transcripts import ask_as_curl, is_shown, read_commands
from tests.worker.engines import NatsEngine

DOCS = Path(__file__).parents[1] / "docs"

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("channel", ["thumbnails-big", "thumbnails-small"])
async def test_channel(channel: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A message is handed to the application of its channel, by its name or a glob."""
    await call(quickstart.app, {"type": "channel", "channel": channel}, [{"image": "a.png"}])
    assert capsys.readouterr().out == f"{channel}: a thumbnail of a.png\n"


@pytest.mark.parametrize(
    "app",
    [
        board.app,
        chat.app,
        from_channels.application,
        hosts_and_methods.app,
        own_router.app,
        quickstart.app,
        tenants.app,
    ],
    ids=[
        "tutorial",
        "chat",
        "from_channels",
        "hosts_and_methods",
        "own_router",
        "quickstart",
        "tenants",
    ],
)
def test_nothing_is_found(app: Any) -> None:
    """They are as one should write."""
    assert [one for one in check(app) if one.level != "info"] == []


async def test_custom_scope_type() -> None:
    """A protocol that ASGI does not know is served like any other."""
    report: Any = {"type": "aprs.report", "id": 7}
    outcome = await call(quickstart.app, {"type": "aprs", "call": "OE1ABC"}, [report])
    assert outcome.sent == [{"type": "aprs.ack", "call": "OE1ABC", "id": 7}]


async def test_channel_from_channels() -> None:
    """The consumer of a channel gets its message."""
    scope = {"type": "channel", "channel": "thumbnails-generate"}
    outcome = await call(from_channels.application, scope, [{"type": "generate", "id": 3}])
    assert outcome.sent == [{"type": "generated", "id": 3}]


def test_main(capsys: pytest.CaptureFixture[str]) -> None:
    """Run as a program, the quickstart sends both itself."""
    import asyncio  # noqa: PLC0415 - the tests around run on trio, too

    asyncio.run(quickstart.send_what_no_browser_can())
    assert len(capsys.readouterr().out.splitlines()) == 2


async def check_chat(one: Client, other: Client) -> None:
    """Let two clients of a room talk, while a third one is in another room."""
    async with (
        one.websocket("/rooms/lobby/?name=ada") as ada,
        other.websocket("/rooms/lobby/") as somebody,
        other.websocket("/rooms/cellar/?name=carl") as carl,
    ):
        assert "/rooms/lobby/?name=" in (await one.get("/")).text
        for socket, name in ((ada, "ada"), (somebody, "somebody")):
            await socket.send_text("hello")
            for hears in (ada, somebody):
                assert json.loads(await hears.receive_text()) == {"name": name, "text": "hello"}
        await carl.send_text("nobody here")
        assert json.loads(await carl.receive_text())["name"] == "carl"


async def test_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients of a room hear each other, and when all have left, nothing of it is kept."""
    monkeypatch.setattr(chat, "URL", "memory:")
    client = Client(chat.app)
    async with client.lifespan() as state:
        await check_chat(client, client)
        assert not state["bus"]._outboxes


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_chat_over_nats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that have a connection each, as two processes have, hear each other."""
    with NatsEngine() as engine:
        monkeypatch.setattr(chat, "URL", engine.url)
        one, other = Client(chat.app), Client(chat.app)
        async with one.lifespan(), other.lifespan():
            await check_chat(one, other)


async def test_tenants(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant signs up at one host and is served at another; nobody sees the notes of others."""
    monkeypatch.setattr(tenants, "notes_of", {})
    www, acme, globex = (
        Client(tenants.app, headers={"host": f"{name}.example.com"})
        for name in ("www", "acme", "globex")
    )
    assert (await acme.get("/notes/")).status == 404
    for client, name in ((www, b"acme"), (www, b"globex")):
        signed_up = await client.post("/tenants/", body=name)
        assert signed_up.json() == {"notes": f"//{name.decode()}.example.com/notes/"}
    for taken in (b"acme", b"www", b"a/b", b"", b"UPPER"):
        assert (await www.post("/tenants/", body=taken)).status == 409
    note = (await acme.post("/notes/", body=b"buy milk")).json()["note"]
    assert note == "/notes/1/"
    assert (await acme.get("/notes/1/")).json() == "buy milk"
    assert (await acme.get("/notes/")).json() == ["buy milk"]
    assert (await globex.get("/notes/")).json() == []
    assert (await globex.get("/notes/1/")).status == 404
    # An unknown tenant is told nothing, not even which methods there are.
    nobody = Client(tenants.app, headers={"host": "nobody.example.com"})
    assert (await nobody.delete("/notes/")).status == 404
    assert (await www.get("/notes/")).status == 404


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # Channels knows no other.
@pytest.mark.parametrize(
    "name",
    [
        "quickstart",
        "tenants",
        "hosts_and_methods",
        "inside_frameworks",
        "from_channels",
        "metrics",
        "own_router",
    ],
)
async def test_what_the_pages_show(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each curl command on the page of an example prints what the page says."""
    monkeypatch.setattr(tenants, "notes_of", {})
    client, count = Client(not_found), 0
    for command, output in read_commands(DOCS / "examples" / f"{name}.rst"):
        word, *words = shlex.split(command)
        if word == "hypercorn":
            module, _, attribute = words[-1].partition(":")
            client = Client(getattr(importlib.import_module(module), attribute))
        elif word == "curl" and output:
            async with client.lifespan():
                assert await ask_as_curl(client, words) == output, command
            count += 1
    assert count > 0


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_each_part_of_the_tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The application of each part, as far as it is built by then, answers as its page shows."""
    monkeypatch.setenv("BOARD_DATABASE", str(tmp_path / "board.sqlite3"))
    monkeypatch.setattr(board.admin, "_expected", b"Bearer secret")
    count = 0
    for page in sorted((DOCS / "tutorial").glob("[1-9]*.rst")):
        namespace = dict(vars(board))
        for block in blocks(page):
            if block.caption == "board/app.py":
                exec(block.code, namespace)  # noqa: S102 - as the reader does
        client = Client(namespace["app"])
        async with client.lifespan():
            for command, output in read_commands(page):
                word, *words = shlex.split(command)
                if word == "curl":
                    printed = await ask_as_curl(client, words)
                    assert is_shown(printed, output), (page.name, command, printed)
                    count += 1
    assert count >= 13
