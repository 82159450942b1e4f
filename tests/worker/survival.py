"""Workers in processes of their own that are killed, and what they have written until then."""

import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

import anyio

from tests.forking import Process, start
from tests.worker.engines import PATIENCE, Engine


class Crew:
    """Worker processes on one engine.

    Args:
        kind: of the engine.
        engine: started.
        log: a file that all of them write to.
        lease: seconds.
        max_attempts: of the workers.
    """

    def __init__(
        self, kind: str, engine: Engine, log: Path, *, lease: float, max_attempts: int
    ) -> None:
        self._log = log
        self._told: list[tuple[int, str, int]] = []
        self._read = 0
        self._arguments = [kind, engine.url, str(lease), str(max_attempts), str(log)]
        self.processes: list[Process] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
            process.wait(PATIENCE)

    def hire(self) -> None:
        """Start one more worker."""
        program = ["tests.worker.killed", *self._arguments]
        self.processes.append(start(*program, modules=["tests.worker.engines"]))

    def replace_dead(self) -> list[list[int]]:
        """Start a worker for each that was killed; return what each had started and not done."""
        dead = [process for process in self.processes if process.poll() == -signal.SIGKILL]
        for process in dead:
            self.processes.remove(process)
            self.hire()
        return [self.in_flight(process) for process in dead]

    async def freeze(self) -> list[Process]:
        """Stop all workers in the middle of their work; return those that work on something."""
        while True:
            await wait_until(lambda: any(map(self.in_flight, self.processes)))
            for process in self.processes:
                process.freeze()
            if working := [process for process in self.processes if self.in_flight(process)]:
                return working
            self.thaw()

    def thaw(self) -> None:
        """Let those go on that were stopped."""
        for process in self.processes:
            process.send_signal(signal.SIGCONT)

    async def drain(self) -> list[int]:
        """Ask all to end; return their exit codes.

        One that has only begun to import has no handler for the signal yet: it would die of it.
        """
        await wait_until(lambda: {process.pid for process in self.processes} <= self._ready())
        for process in self.processes:
            process.terminate()
        return [process.wait(PATIENCE) for process in self.processes]

    def count(self, word: str) -> Counter[int]:
        """Return how often each message was started, or done, by whomever."""
        return Counter(number for _, said, number in self._lines() if said == word)

    def has_done(self, number: int) -> bool:
        """Tell whether so many different messages are done."""
        return len(self.count("done")) >= number

    def in_flight(self, process: Process) -> list[int]:
        """Return what a worker has started and not done."""
        flying: Counter[int] = Counter()
        for pid, said, number in self._lines():
            if pid == process.pid and said != "ready":
                flying[number] += 1 if said == "start" else -1
        return [*flying.elements()]

    def _ready(self) -> set[int]:
        return {pid for pid, said, _ in self._lines() if said == "ready"}

    def _lines(self) -> list[tuple[int, str, int]]:
        """Return what all have written, of which only what is new is read: it is asked all the time."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            new, newline, _ = log.read().rpartition(b"\n")
        self._read += len(new + newline)
        for line in new.decode().splitlines():
            pid, said, number = line.split()
            self._told.append((int(pid), said, int(number)))
        return self._told


async def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; the test's own time bound ends it."""
    while not condition():  # noqa: ASYNC110 - it is about other processes
        await anyio.sleep(0.01)


async def wait_until_empty(left: Callable[[], Awaitable[int]]) -> None:
    """Wait until an engine has no message that is not done."""
    while await left():  # noqa: ASYNC110 - as above
        await anyio.sleep(0.1)
