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
SERVERS = {kind.name.split()[0]: kind for kind in KINDS if kind.name.endswith((" h11", " asyncio"))}
OPTION = {"uvicorn": "in_path", "hypercorn": "stripped"}
"""The servers of the last part, and what ``BOARD_ROOT_PATH`` is for them, below a prefix."""
EACH = os.environ.get("DEPLOYMENTS") == "all"
"""Whether both servers are asked in both places: a usual run takes one for each."""

pytestmark = [
    pytest.mark.skipif(not is_installed("nginx"), reason="nginx-light is not installed"),
    pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed"),
]


@contextmanager
def deployed(name: str, file: str, root_path: str = "") -> Iterator[Server]:
    """Serve the board as the last part says, and yield what stands in front: nginx, with its port."""
    text = (TUTORIAL / "deploy" / file).read_text()
    text = re.sub(r"([{}])", r"\1\1", text).replace("127.0.0.1:8000", "127.0.0.1:{backend}")
    rules = Rules("nginx", file, text.replace("listen 80;", "listen 127.0.0.1:{port};"))
    with running(*SERVERS[name].arguments("board.app:app", root_path)) as server:
        with in_front([rules], server.port) as [(_, _, port)]:
            yield Server(server.process, server.output, port)
        assert server.stop() in (0, -signal.SIGTERM)  # Uvicorn ends by the signal that it got.
        assert "Traceback" not in server.log, server.log


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what the tutorial sets, with a database of its own."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TUTORIAL), str(ROOT)]))
    monkeypatch.setenv("BOARD_DATABASE", str(tmp_path / "board.sqlite3"))
    monkeypatch.setenv("BOARD_TOKEN", "secret")


@pytest.mark.parametrize("name", OPTION if EACH else ["uvicorn"])
def test_at_a_host_of_its_own(name: str) -> None:
    """Each command prints what its page says, and the chat works."""
    # What the first part shows is before there is a board.
    shown = [(page.name, *one) for page in PAGES[1:] for one in read_commands(page)]
    curls = [one for one in shown if one[1].startswith("curl ")]
    assert len(curls) >= 10
    with deployed(name, "board.conf") as server:
        for page, command, output in curls:
            words = shlex.split(command.replace(ADDRESS, f"http://127.0.0.1:{server.port}"))
            done = subprocess.run([*words, "-s"], capture_output=True, text=True, check=True)
            assert is_shown(done.stdout.splitlines(), output), (page, command, done)
        check_chat(server, "/rooms/lobby/")


@pytest.mark.parametrize("name", OPTION if EACH else ["hypercorn"])
def test_below_a_prefix(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every URL that the application makes leads back to it, with one spelling for each."""
    monkeypatch.setenv("BOARD_ROOT_PATH", OPTION[name])
    with deployed(name, "below-prefix.conf", "/board") as server:
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
