"""The tutorial: every curl command on its pages, and its deployment, with real servers behind nginx."""

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live.servers import (
    KINDS,
    ROOT,
    AcceptConnection,
    Server,
    TextMessage,
    WebSocket,
    ask,
    running,
)
from tests.proxies.proxies import Rules, in_front, is_installed
from tests.transcripts import ADDRESS, is_shown, read_commands

TUTORIAL = ROOT / "examples" / "tutorial"
PAGES = sorted((ROOT / "docs" / "tutorial").glob("[1-9]*.rst"))
SERVERS = [kind for kind in KINDS if kind.name in ("uvicorn h11", "hypercorn asyncio")]
OPTION = {"uvicorn h11": "in_path", "hypercorn asyncio": "stripped"}
"""What the last part says to set ``BOARD_ROOT_PATH`` to, below a prefix."""

pytestmark = [
    pytest.mark.skipif(not is_installed("nginx"), reason="nginx-light is not installed"),
    pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed"),
]


@contextmanager
def deployed(kind_name: str, file: str, root_path: str = "") -> Iterator[Server]:
    """Serve the board as the last part says, and yield what stands in front: nginx, with its port."""
    [kind] = [kind for kind in SERVERS if kind.name == kind_name]
    text = (TUTORIAL / "deploy" / file).read_text()
    text = re.sub(r"([{}])", r"\1\1", text).replace("127.0.0.1:8000", "127.0.0.1:{backend}")
    rules = Rules("nginx", file, text.replace("listen 80;", "listen 127.0.0.1:{port};"))
    with running(*kind.arguments("board.app:app", root_path)) as server:
        with in_front("nginx", [rules], server.port) as [(_, port)]:
            yield Server(server.process, server.output, port)
        assert server.stop() in (0, -signal.SIGTERM)  # Uvicorn ends by the signal that it got.
        assert "Traceback" not in server.log, server.log


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what the tutorial sets, with a database of its own."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TUTORIAL), str(ROOT)]))
    monkeypatch.setenv("BOARD_DATABASE", str(tmp_path / "board.sqlite3"))
    monkeypatch.setenv("BOARD_TOKEN", "secret")


def test_what_the_pages_show() -> None:
    """Each command prints what the page says; ``...`` stands for what is left out."""
    # What the first part shows is before there is a board.
    shown = [(page.name, *one) for page in PAGES[1:] for one in read_commands(page)]
    curls = [one for one in shown if one[1].startswith("curl ")]
    assert len(curls) >= 10
    with deployed("hypercorn asyncio", "board.conf") as server:
        for page, command, output in curls:
            words = shlex.split(command.replace(ADDRESS, f"http://127.0.0.1:{server.port}"))
            done = subprocess.run([*words, "-s"], capture_output=True, text=True, check=True)
            assert is_shown(done.stdout.splitlines(), output), (page, command, done)


@pytest.mark.parametrize("kind", [kind.name for kind in SERVERS])
def test_below_a_prefix(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every URL that the application makes leads back to it, with one spelling for each."""
    monkeypatch.setenv("BOARD_ROOT_PATH", OPTION[kind])
    with deployed(kind, "below-prefix.conf", "/board") as server:
        page = ask(server, "/board/").body.decode()
        urls = dict(re.findall(r'(href|src|data-\w+)="([^"]+)"', page))
        assert urls["data-room"] == "/board/rooms/lobby/"
        for attribute in ("href", "src", "data-notices"):
            assert ask(server, urls[attribute]).status == 200, urls[attribute]
        assert ask(server, "/board/board/").status == 404
        assert ask(server, "/board/api/notices").headers["location"] == "/board/api/notices/"
        check_chat(server, urls["data-room"])


def check_chat(server: Server, target: str) -> None:
    """Let two clients talk to each other."""
    with WebSocket(server, target) as ada, WebSocket(server, target) as bob:
        ada_hears, bob_hears = ada.events(), bob.events()
        assert isinstance(next(ada_hears), AcceptConnection)
        assert isinstance(next(bob_hears), AcceptConnection)
        bob.send("hello")
        for hears in (ada_hears, bob_hears):
            message = next(hears)
            assert isinstance(message, TextMessage)
            assert message.data == "hello"
