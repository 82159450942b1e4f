"""A real Hypercorn in a process of its own, and clients that speak over real sockets."""

import contextlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)

ROOT = Path(__file__).parents[2]
PATIENCE = 30
"""Seconds that anything may take: a machine may be slow, but nothing may hang."""


@dataclass
class Server:
    """A running server: its port, and what it has written so far."""

    process: subprocess.Popen[bytes]
    output: Path
    port: int = 0

    @property
    def log(self) -> str:
        return self.output.read_text()

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[Server]:
    """Run ``python -m …``, and wait until it says at which address it serves."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "log"
        with output.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )
        server = Server(process, output)
        try:
            server.port = _port(server)
            yield server
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(PATIENCE)


@contextlib.contextmanager
def hypercorn(app: str, worker: str, *options: str) -> Iterator[Server]:
    """Serve an application under Hypercorn, with one kind of worker."""
    options = ("-k", worker, "--bind", "127.0.0.1:0", "--graceful-timeout", "2", *options)
    with running("hypercorn", *options, "--log-level", "INFO", app) as server:
        yield server


def _port(server: Server) -> int:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", server.log)
        if found:
            return int(found[1])
        if server.process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start:\n{server.log}")


@dataclass
class Response:
    """What came back over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


def connect(server: Server) -> socket.socket:
    """Return a connected socket."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)


def ask(server: Server, target: str, method: str = "GET") -> Response:
    """Send one request, and return the response to it."""
    with connect(server) as client:
        client.sendall(
            f"{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode()
        )
        with client.makefile("rb") as stream:
            return read_response(stream, has_body=method != "HEAD")


def read_response(stream: object, *, has_body: bool = True) -> Response:
    """Read one response: a status line, headers, and as much body as they announce."""
    head = iter(stream.readline, b"\r\n")  # type: ignore[attr-defined]
    status = int(next(head).split()[1])
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.decode("latin-1").partition(":") for line in head)
    }
    size = int(headers.get("content-length", -1))
    body = stream.read(size) if has_body else b""  # type: ignore[attr-defined]
    return Response(status, headers, body)


class WebSocket:
    """A websocket client over a plain socket."""

    def __init__(self, server: Server, target: str, *headers: tuple[bytes, bytes]) -> None:
        self.socket = connect(server)
        self.connection = WSConnection(ConnectionType.CLIENT)
        request = Request(host="localhost", target=target, extra_headers=[*headers])
        self.socket.sendall(self.connection.send(request))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def events(self) -> Iterator[Event]:
        """Yield the events that come, until the server closes."""
        while True:
            yield from self.connection.events()
            data = self.socket.recv(65536)
            self.connection.receive_data(data or None)
            if not data:
                yield from self.connection.events()
                return

    def send(self, text: str) -> None:
        self.socket.sendall(self.connection.send(TextMessage(data=text)))

    def close(self) -> None:
        self.socket.sendall(self.connection.send(CloseConnection(code=1000)))


__all__ = (
    "AcceptConnection",
    "RejectConnection",
    "RejectData",
    "Response",
    "Server",
    "TextMessage",
    "WebSocket",
    "ask",
    "connect",
    "hypercorn",
    "read_response",
    "running",
)
