"""A Redis of our own, on a unix socket, that keeps everything; it can be killed and started again."""

import contextlib
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from asgi_routes.worker.redis.broker import RedisBroker
from tests.worker.engine_process import PATIENCE, EngineProcess


class RedisEngine(EngineProcess):
    """``redis-server``; what it has said it kept, it has after a kill.

    Args:
        *options: more of its command line.

    Raises:
        pytest.skip.Exception: it is not installed.
    """

    def __init__(self, *options: str) -> None:
        if (program := shutil.which("redis-server")) is None:
            pytest.skip("needs Debian's package: apt-get install redis-server")
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
            keys = [key async for key in client.scan_iter("{asgi_routes}:stream:*")]
            return sum([await client.xlen(key) for key in keys])

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(str(self._socket))
            client.sendall(b"PING\r\n")
            return client.recv(100).startswith(b"+PONG")  # Else it is still loading.
        return False
