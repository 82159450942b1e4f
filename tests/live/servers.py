"""Real servers in processes of their own, and clients that speak over real sockets."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
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

from tests.forking import ROOT, Process, start
from tests.ports import free_port

HTTP_ADDRESS = r"http://127\.0\.0\.1:(\d+)"
PATIENCE = 30
"""Seconds that anything may take: a machine may be slow, but nothing may hang."""
_IMPORTED = [
    *("asgi_routes.testing", "asgi_routes.cli.commands", "asgi_routes.worker"),
    *("uvicorn.main", "uvicorn.lifespan.on", "uvicorn.loops.asyncio"),
    *("uvicorn.protocols.http.h11_impl", "uvicorn.protocols.http.httptools_impl"),
    "uvicorn.protocols.websockets.wsproto_impl",
    *("hypercorn.run", "hypercorn.asyncio.run", "hypercorn.trio.run", "granian.cli"),
    # What Daphne imports, without its reactor, which has an event loop.
    *("twisted.internet.asyncioreactor", "autobahn.twisted.websocket", "twisted.web.http"),
]
"""What takes longest to import of that which is started here."""


@dataclass
class Server:
    """A running server: its port, and what it has written so far."""

    process: Process | subprocess.Popen[bytes]
    output: Path
    port: int = 0

    @property
    def log(self) -> str:
        return self.output.read_text()

    def wait_for(self, text: str) -> re.Match[str]:
        """Wait until something is in the log that a regex matches."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = re.search(text, self.log, re.DOTALL)
            if found:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"no {text!r} in what the server wrote:\n{self.log}")

    def wait_for_connection(self) -> None:
        """Wait until somebody listens: a process that was started is not always as far as that."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                connect(self).close()
            except ConnectionRefusedError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def started(*arguments: str, is_forked: bool = True) -> Iterator[Server]:
    """Run ``python -m …``, and end it; what is measured is not forked."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "log"
        with output.open("wb") as log:
            process: Process | subprocess.Popen[bytes]
            if is_forked:
                process = start(*arguments, modules=_IMPORTED, out=log.fileno())
            else:
                command = [sys.executable, "-m", *arguments]
                process = subprocess.Popen(
                    command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
                )
        try:
            yield Server(process, output)
        finally:
            # Its workers, too: some outlive a server that was killed.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)


@contextlib.contextmanager
def running(*arguments: str, ready: str = HTTP_ADDRESS, is_forked: bool = True) -> Iterator[Server]:
    """Run ``python -m …``, and wait until it says at which address it serves."""
    with started(*arguments, is_forked=is_forked) as server:
        server.port = int(server.wait_for(ready)[1])
        server.wait_for_connection()
        yield server


@contextlib.contextmanager
def hypercorn(app: str, worker: str, *options: str) -> Iterator[Server]:
    """Serve an application under Hypercorn, with one kind of worker."""
    with running(*_HYPERCORN[worker].split(), *options, app) as server:
        yield server


@dataclass(frozen=True)
class Kind:
    """A kind of server.

    Attributes:
        name: as it is printed.
        command: what follows ``python -m``; ``{port}`` is a free port.
        root_path: its option for a root path.
        ready: a regex that finds the port in what it prints once it serves.
        prepends: whether it puts the root path in front of the path.
        denies: whether it answers a websocket with a status and a body.
        has_lifespan: whether it knows the lifespan protocol.
    """

    name: str
    command: str
    root_path: str = "--root-path"
    ready: str = HTTP_ADDRESS
    prepends: bool = False
    denies: bool = True
    has_lifespan: bool = True

    def arguments(self, app: str, root_path: str = "") -> list[str]:
        """Return the command line for an application."""
        options = [self.root_path, root_path] if root_path else []
        return [*self.command.format(port=free_port()).split(), *options, app]


_UVICORN = "uvicorn --host 127.0.0.1 --port 0 --ws wsproto --http "
_ONE_HYPERCORN = "hypercorn --bind 127.0.0.1:0 --log-level INFO --graceful-timeout 2 -k "
_HYPERCORN = {
    # In one process; that of trio knows SIGTERM from its parent only.
    "asyncio": _ONE_HYPERCORN + "asyncio --workers 0",
    "trio": _ONE_HYPERCORN + "trio",
}
KINDS = [
    Kind("uvicorn httptools", _UVICORN + "httptools", prepends=True),
    Kind("uvicorn h11", _UVICORN + "h11", prepends=True),
    Kind("hypercorn asyncio", _HYPERCORN["asyncio"]),
    Kind("hypercorn trio", _HYPERCORN["trio"]),
    Kind(
        "granian",
        "granian --interface asgi --host 127.0.0.1 --port {port}",
        root_path="--url-path-prefix",
        ready=HTTP_ADDRESS + ".*Started worker-1",
    ),
    Kind(
        "daphne",
        "daphne -e tcp:0:interface=127.0.0.1",
        ready=r"Listening on TCP address 127\.0\.0\.1:(\d+)",
        denies=False,
        has_lifespan=False,
    ),
]


@dataclass
class Response:
    """What came back over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


def connect(server: Server) -> socket.socket:
    """Return a connected socket."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)


def ask(
    server: Server, target: str, method: str = "GET", headers: Mapping[str, str] = {}
) -> Response:
    """Send one request, and return the response to it."""
    sent = {"host": "localhost", "connection": "close", **headers}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {sent[name]}" for name in sent), "", ""]
    with connect(server) as client:
        client.sendall("\r\n".join(lines).encode())
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
    if headers.get("transfer-encoding") == "chunked":
        body = b"".join(_chunks(stream))
    else:
        body = stream.read(size) if has_body else b""  # type: ignore[attr-defined]
    return Response(status, headers, body)


def _chunks(stream: object) -> Iterator[bytes]:
    while size := int(stream.readline(), 16):  # type: ignore[attr-defined]
        yield stream.read(size)  # type: ignore[attr-defined]
        stream.readline()  # type: ignore[attr-defined]


class WebSocket:
    """A websocket client over a plain socket."""

    def __init__(
        self,
        server: Server,
        target: str,
        *headers: tuple[bytes, bytes],
        subprotocols: Sequence[str] = (),
    ) -> None:
        self.socket = connect(server)
        self.connection = WSConnection(ConnectionType.CLIENT)
        request = Request(
            host="localhost",
            target=target,
            extra_headers=[*headers],
            subprotocols=[*subprotocols],
        )
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
    "KINDS",
    "PATIENCE",
    "ROOT",
    "AcceptConnection",
    "Kind",
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
    "started",
)
