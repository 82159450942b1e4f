"""One server with everything that it serves, under load in interleaved rounds.

Each variant has a server process of its own; while one has its turn the others have nothing to do.
"""

import json
import os
import re
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import psutil

from benchmarks.load.clients import PATIENCE, Clients
from benchmarks.load.requests import Answers, Asked, one_sided
from tests.live.servers import Kind, Server, running

VARIANTS = {"routed": 1.0, "optioned": 0.4, "bare": 0.4, "starlette": 0.4, "changing": 1.0}
"""What is served, and how long its turn is."""
ROUND = 10
"""Seconds of a whole turn."""
WARM_UP = 2
CONNECTIONS = 16
SCRIPT = Path(__file__).parent / "wrk.lua"
_MIB = 2**20
_PROBLEM = re.compile(r"Traceback|Exception|Error\b|ERROR|CRITICAL")


@dataclass
class Variant:
    """One running server, and what has come of it.

    Attributes:
        server: the running server.
        asked: what is asked for.
        file: the same for wrk.
        clients: those beside the load.
        right, wrong: answers to wrk.
        failed: connections of wrk that broke.
        late: answers that took more than `PATIENCE` seconds.
        rates: answers a second, one for each round.
        costs: seconds of CPU for an answer, of all processes of the server, one for each round.
        memory: seconds since the start, and MiB of all processes of the server.
        examples: wrong answers.
    """

    server: Server
    asked: list[Asked]
    file: Path
    clients: Clients
    right: int = 0
    wrong: int = 0
    failed: int = 0
    late: int = 0
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    memory: list[tuple[int, float]] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def measure_memory(self, since: float) -> None:
        """Add what the server and its workers occupy now."""
        total = sum(one.memory_info().rss for one in self._processes()) / _MIB
        self.memory.append((round(time.monotonic() - since), round(total, 1)))

    def _processes(self) -> list[psutil.Process]:
        process = psutil.Process(self.server.process.pid)
        return [process, *process.children(recursive=True)]

    def _count_seconds(self) -> float:
        """Return how many seconds of CPU the server and its workers have taken."""
        times = [one.cpu_times() for one in self._processes()]
        return float(sum(one.user + one.system for one in times))

    async def load(self, seconds: float) -> None:
        """Put the server under load: of wrk alone, for the figures; then with the other clients.

        What these cost is the same a second for all, and so more for each answer of a slow server.
        """
        half = max(1, round(seconds / 2))
        before = self._count_seconds()
        answered, rate = await self._ask(half)
        self.rates.append(rate)
        self.costs.append((self._count_seconds() - before) / max(1, answered))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.clients.run, half)
            await self._ask(half)

    async def _ask(self, seconds: float) -> tuple[int, float]:
        """Let wrk ask, and return how many answers it got, and how many a second."""
        options = [f"-t{CONNECTIONS}", f"-c{CONNECTIONS}", f"-d{seconds:g}s"]
        options += ["--timeout", f"{PATIENCE}s", "-s", str(SCRIPT)]
        address = f"http://127.0.0.1:{self.server.port}"
        done = await anyio.run_process(["wrk", *options, address, str(self.file)])
        *counts, example = done.stdout.decode().splitlines()[-1].split("\t")
        right, wrong, failed, late, microseconds = map(int, counts)
        self.right += right
        self.wrong += wrong
        self.failed += failed
        self.late += late
        if example:
            self.examples.append(example)
        return right + wrong, (right + wrong) / microseconds * 1e6

    def result(self) -> dict[str, Any]:
        """Return everything that is of interest."""
        problems = [line for line in self.server.log.splitlines() if _PROBLEM.search(line)]
        return {
            "requests": self.right + self.wrong,
            "a second": statistics.median(self.rates),
            "CPU, µs each": statistics.median(self.costs) * 1e6,
            "wrong answers": self.wrong,
            "broken connections": self.failed,
            "late answers": self.late,
            "other clients": dict(sorted(self.clients.done.items())),
            "other clients, wrong": len(self.clients.wrong),
            "examples": [*self.examples[:3], *self.clients.wrong[:3]],
            "lines of exceptions": len(problems),
            "first lines": problems[:3],
            "memory at the start, MiB": self.memory[0][1],
            "memory at the end, MiB": self.memory[-1][1],
            "memory, MiB by second": dict(self.memory),
        }


@contextmanager
def served(kind: Kind) -> Iterator[dict[str, Variant]]:
    """Serve all variants with one kind of server."""
    answers = Answers()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        variants = {}
        for name in VARIANTS:
            os.environ["SERVED"] = name
            arguments = kind.arguments("benchmarks.load.served:app")
            server = stack.enter_context(running(*arguments, ready=kind.ready, is_forked=False))
            asked = answers.mix(name)
            file = folder / f"{name}.tsv"
            file.write_text("".join(map(_line, asked)))
            more = one_sided() * 200 if name == "changing" else []
            clients = Clients(server.port, name, [*asked, *more])
            variants[name] = Variant(server, asked, file, clients)
        yield variants


async def measured(kind: Kind, seconds: int) -> dict[str, Any]:
    """Return what came of the rounds: ours is under load for so many seconds, half of them changing."""
    with served(kind) as variants:
        for variant in variants.values():
            await variant.load(WARM_UP)
            variant.rates.clear()
            variant.costs.clear()
        since = time.monotonic()
        for variant in variants.values():
            variant.measure_memory(since)
        length = min(ROUND, seconds // 2)
        for number in range(max(1, seconds // (2 * ROUND))):
            order = [*VARIANTS] if number % 2 else [*reversed(VARIANTS)]
            for name in order:
                variant = variants[name]
                await variant.load(max(1, round(length * VARIANTS[name])))
                for one in variants.values():
                    one.measure_memory(since)
        tables = await anyio.to_thread.run_sync(reports, variants["changing"].server.port)
        for variant in variants.values():
            variant.server.stop()  # What goes wrong at the end is in the log, too.
        results = {name: variant.result() for name, variant in variants.items()}
    rate = {name: results[name]["a second"] for name in VARIANTS}
    cost = {name: results[name]["CPU, µs each"] for name in VARIANTS}
    return {
        "variants": results,
        "tables": tables,
        "CPU over bare, µs each": {name: cost[name] - cost["bare"] for name in VARIANTS},
        "ratios": {
            f"{one} / {other}": rate[one] / rate[other]
            for one, other in [
                ("routed", "bare"),
                ("optioned", "bare"),
                ("routed", "starlette"),
                ("starlette", "bare"),
                ("changing", "routed"),
            ]
        },
    }


def reports(port: int) -> list[dict[str, Any]]:
    """Return what each worker says of its tables, before and after they were collected."""
    found: dict[int, dict[str, Any]] = {}
    for query in ("", "?collected"):
        for _ in range(20):
            address = f"http://127.0.0.1:{port}/-/tables/{query}"
            with urllib.request.urlopen(address) as response:
                said = json.load(response)
            one = found.setdefault(said["process"], said)
            one["alive, collected" if query else "alive"] = said["alive"]
    return [*found.values()]


def _line(one: Asked) -> str:
    numbered = str(int(one.is_numbered))
    return "\t".join([one.method, one.target, str(one.status), numbered, one.body]) + "\n"
