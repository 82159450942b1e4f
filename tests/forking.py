"""Programs of Python in processes of their own, without starting Python for each.

Rule: a program runs in a fork of a process that has imported certain modules and nothing else, with
real descriptors, in a session of its own, and ends as ``python -m`` ends.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

ROOT = Path(__file__).parents[1]
PATIENCE = 120
"""Seconds that a program may take which somebody waits for: a machine may be slow, but nothing may hang."""
_NUMBER = struct.Struct("i")


class Process:
    """A program that runs; it has what a ``subprocess.Popen`` has.

    Attributes:
        pid: of the process, which is its group's and its session's as well.
        returncode: its exit code, or the number of the signal that ended it, negative; None before
            somebody asked.
    """

    def __init__(self, status: socket.socket) -> None:
        self.returncode: int | None = None
        self._status = status
        self.pid = self._receive()

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has one.

        Raises:
            subprocess.TimeoutExpired: after so many seconds.
        """
        if self.returncode is None:
            self._status.settimeout(timeout)
            try:
                self._end(self._receive())
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
        return self.returncode  # type: ignore[return-value]

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it, as ``kill -9`` does."""
        self.send_signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop it where it is, until it gets ``SIGCONT``; return when it has stopped or ended."""
        self.send_signal(signal.SIGSTOP)
        if self.returncode is None:
            self._status.settimeout(None)
            status = self._receive()
            if not os.WIFSTOPPED(status):
                self._end(status)

    def _end(self, status: int) -> None:
        self.returncode = os.waitstatus_to_exitcode(status)
        self._status.close()

    def _receive(self) -> int:
        data = self._status.recv(_NUMBER.size)
        if not data:
            raise RuntimeError("what it was forked from has ended")
        number: int
        [number] = _NUMBER.unpack(data)
        return number


class _Loaded:
    """A process that has imported modules, as long as tests run."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forking", str(theirs.fileno()), *modules],
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        atexit.register(self._close)

    def ask(self, program: Mapping[str, Any], descriptors: Sequence[int]) -> None:
        data = json.dumps(program).encode() + b"\n"
        sent = socket.send_fds(self._control, [data], descriptors)
        self._control.sendall(data[sent:])

    def _close(self) -> None:
        self._control.close()
        self._process.wait()


_load = functools.cache(_Loaded)
_one_at_a_time = threading.Lock()


def start(
    *arguments: str,
    modules: Sequence[str],
    out: int = 2,
    err: int | None = None,
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> Process:
    """Run ``python -m`` with arguments.

    Args:
        *arguments: the name of a module, and what it gets as arguments.
        modules: what takes long to import of that which it needs; without those not installed.
        out: the descriptor of what it prints to.
        err: the same for its errors; ``out``, where that is not given.
        folder: where it runs.
        environment: ours, where none is given.
    """
    program = {
        "arguments": arguments,
        "folder": str(folder),
        "environment": dict(os.environ if environment is None else environment),
    }
    status, theirs = socket.socketpair()
    with theirs, _one_at_a_time:
        descriptors = [theirs.fileno(), out, out if err is None else err]
        _load(tuple(modules)).ask(program, descriptors)
    return Process(status)


class Told(NamedTuple):
    """What a program ended with and printed."""

    code: int
    out: str
    err: str


def run(
    *arguments: str,
    modules: Sequence[str],
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> Told:
    """Run ``python -m`` with arguments to its end; `start` says what each of these is."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = start(
            *arguments,
            modules=modules,
            out=out.fileno(),
            err=err.fileno(),
            folder=folder,
            environment=environment,
        )
        code = process.wait(PATIENCE)
        return Told(code, _read(out), _read(err))


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _fork_for_each(control: socket.socket) -> list[str]:
    """Fork for each program that is asked for, and return its arguments there.

    Raises:
        SystemExit: nobody can ask any more.
    """
    running: dict[int, socket.socket] = {}
    woken, waking = socket.socketpair()
    waking.setblocking(False)  # noqa: FBT003 - it has no keyword
    signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            woken.recv(1 << 16)
            _report_ends(running)
        if control not in ready:
            continue
        data, descriptors, *_ = socket.recv_fds(control, 1 << 20, 3)
        while data and not data.endswith(b"\n"):
            data += control.recv(1 << 20)
        if not data:
            raise SystemExit
        client = socket.socket(fileno=descriptors[0])
        if not (child := os.fork()):
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for other in (control, woken, waking, *running.values()):
                other.close()
            return _become(json.loads(data), client, descriptors[1:])
        running[child] = client
        for descriptor in descriptors[1:]:
            os.close(descriptor)


def _report_ends(running: dict[int, socket.socket]) -> None:
    """Tell of each process that has stopped or ended."""
    while running and (ended := os.waitpid(-1, os.WNOHANG | os.WUNTRACED))[0]:
        pid, status = ended
        with suppress(BrokenPipeError):
            running[pid].sendall(_NUMBER.pack(status))
        if not os.WIFSTOPPED(status):
            running.pop(pid).close()


def _become(program: Mapping[str, Any], client: socket.socket, descriptors: list[int]) -> list[str]:
    os.setsid()
    with client:
        client.sendall(_NUMBER.pack(os.getpid()))
    for number, descriptor in enumerate(descriptors, 1):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(program["environment"])
    os.chdir(program["folder"])
    paths = [program["folder"], *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    sys.path[:0] = [path for path in paths if path and path not in sys.path]
    return [*program["arguments"]]


if __name__ == "__main__":
    for _module in sys.argv[2:]:
        with suppress(ModuleNotFoundError):
            importlib.import_module(_module)
    gc.collect()
    gc.freeze()  # Else each fork copies every page at its end.
    sys.argv[1:] = _fork_for_each(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
