"""The thumbnails of the example, over real sockets: uploaded, made by a worker, told of, and fetched."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.live.servers import (
    Response,
    Server,
    TextMessage,
    WebSocket,
    ask,
    connect,
    hypercorn,
    read_response,
    started,
)
from tests.worker.engines import NatsEngine


def picture(width: int, height: int) -> bytes:
    """Return an image as a PNG file."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "PNG")
    return file.getvalue()


def post(server: Server, body: bytes) -> Response:
    """Upload a file."""
    head = f"POST /uploads/ HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n"
    with connect(server) as client:
        client.sendall(head.encode() + body)
        with client.makefile("rb") as stream:
            return read_response(stream)


def news(server: Server, target: str) -> dict[str, str]:
    """Return what the websocket tells."""
    with WebSocket(server, target) as client:
        [text] = [event.data for event in client.events() if isinstance(event, TextMessage)]
    found: dict[str, str] = json.loads(text)
    return found


def check(server: Server) -> None:
    """Upload an image and something else; wait for the news, and look at the thumbnail."""
    urls = json.loads(post(server, picture(600, 400)).body)
    assert news(server, urls["news"]) == {"thumbnail": urls["thumbnail"]}
    response = ask(server, urls["thumbnail"])
    assert response.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(response.body)) as thumbnail:
        assert thumbnail.size == (128, 85)
    # Who asks later is told at once.
    assert news(server, urls["news"]) == {"thumbnail": urls["thumbnail"]}
    urls = json.loads(post(server, b"no image").body)
    assert news(server, urls["news"]) == {"error": "UnidentifiedImageError"}
    assert ask(server, urls["thumbnail"]).status == 404


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_in_one_process(loop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One command: the worker is beside the server, and the messages are in its memory."""
    monkeypatch.setenv("THUMBNAILS", str(tmp_path))
    monkeypatch.delenv("BROKER", raising=False)
    with hypercorn("examples.thumbnails:app", loop) as server:
        assert b"uploads/" in ask(server, "/").body
        check(server)
        assert server.stop() == 0


def test_in_two_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The work is done by ``asgi-routes worker``; the server only sends and tells."""
    monkeypatch.setenv("THUMBNAILS", str(tmp_path))
    with NatsEngine() as engine:
        monkeypatch.setenv("BROKER", engine.url)
        command = ("worker", "examples.thumbnails:jobs", "--broker", engine.url)
        with (
            hypercorn("examples.thumbnails:app", "asyncio") as server,
            started("asgi_routes", *command) as worker,
        ):
            check(server)
            assert worker.stop() == 0
            assert "1 done, 0 retried, 1 dead" in worker.log
            assert server.stop() == 0
