"""Measure the workers: ``make bench-worker``.

How many messages a second each sends and handles, and what becomes of them when a worker is killed (``kill -9``) in
the middle of its work. Everything runs in one go on this machine, in interleaved rounds; the figures of a
machine are its own, their order is not. Each message has 200 bytes.
"""

import argparse
import asyncio
import contextlib
import importlib.metadata
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table as Printed

from benchmarks.worker import servers
from benchmarks.worker.contestants import CONCURRENCY, CONTESTANTS, LEASE, Contestant, sending
from benchmarks.worker.working import message

FOLDER = Path(__file__).parent
PAUSE = 0.02
"""Seconds that the work on a message takes in the trial with a kill."""
SENDERS = 10


@contextlib.contextmanager
def worker(
    one: Contestant, url: str, channel: str, log: Path, pause: float, count: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the process that works, and kill it."""
    arguments = [one.name, url, channel, str(log), str(pause), str(count)]
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-W", "ignore", "-m", "benchmarks.worker.working", *arguments]
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def entries(log: Path) -> list[tuple[int, int]]:
    """Return the number of each message that was done, and when."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [(int(number), int(at)) for number, at in map(str.split, lines)]


def wait(log: Path, enough: Callable[[list[Any]], bool], process: Any, quiet: float) -> None:
    """Wait until enough is done, or nothing more is for some seconds."""
    before, since = -1, time.monotonic()
    while not enough(found := entries(log)):
        if len(found) != before:
            before, since = len(found), time.monotonic()
        if process.poll() is not None or time.monotonic() > since + quiet:
            return
        time.sleep(0.05)


async def sent(one: Contestant, url: str, channel: str, count: int) -> float:
    """Send messages, several at a time; return how many a second."""
    numbers = iter(range(count))

    async def send_some(target: Any) -> None:
        for number in numbers:
            await target.send(channel, message(number))

    async with sending(one.name, url) as target:
        begun = time.monotonic()
        await asyncio.gather(*(send_some(target) for _ in range(SENDERS)))
        return count / (time.monotonic() - begun)


def throughput(one: Contestant, url: str, channel: str, folder: Path, count: int) -> dict[str, Any]:
    """Return how many messages a second were sent, and then handled."""
    log = folder / f"{channel}.log"
    rate = asyncio.run(sent(one, url, channel, count))
    with worker(one, url, channel, log, 0, 0 if one.server else count) as process:
        wait(log, lambda found: len(found) >= count, process, 60)
    times = [at for _, at in entries(log)]
    assert len(times) >= count, f"{one.name} handled {len(times)} of {count}"
    handled = (len(times) - 1) / ((max(times) - min(times)) / 1e9)
    return {"sent/s": rate, "handled/s": handled}


def killed(one: Contestant, url: str, channel: str, folder: Path, count: int) -> dict[str, Any]:
    """Return what became of messages whose worker was killed after a third of them."""
    log = folder / f"{channel}.log"
    if one.server:
        asyncio.run(sent(one, url, channel, count))
    with worker(one, url, channel, log, PAUSE, 0 if one.server else count) as process:
        wait(log, lambda found: len(found) >= count // 3, process, 60)
    before = len(entries(log))
    with worker(one, url, channel, log, PAUSE, 0) as process:
        wait(log, lambda found: len(dict(found)) >= count, process, 5 * LEASE)
    numbers = [number for number, _ in entries(log)]
    handled = len(set(numbers))
    return {
        "sent": count,
        "done when killed": before,
        "handled": handled,
        "lost": count - handled,
        "handled twice": len(numbers) - handled,
    }


def measured(arguments: Any, folder: Path, progress: Progress) -> dict[str, Any]:
    """Return all results; those that cannot be measured say why."""
    results: dict[str, Any] = {}
    urls: dict[Contestant, str] = {}
    with contextlib.ExitStack() as stack:
        for one in CONTESTANTS:
            missing = one.missing()
            if one.server and not servers.found(one.server):
                missing = f"no {one.server} here: {servers.HOW_TO_GET[one.server]}"
            if missing:
                results[one.name] = {"not measured": missing}
                continue
            server = servers.running(one.server, folder / f"server{len(results)}")
            urls[one] = stack.enter_context(server)
            results[one.name] = {"rounds": []}
        task = progress.add_task("workers", total=len(urls) * (arguments.rounds + 1))
        for number in range(arguments.rounds):
            for one, url in urls.items():
                channel = f"round{number}-{len(one.name)}"
                found = throughput(one, url, channel, folder, arguments.messages)
                results[one.name]["rounds"].append(found)
                progress.advance(task)
        for one, url in urls.items():
            rounds = results[one.name].pop("rounds")
            for rate in ("sent/s", "handled/s"):
                results[one.name][rate] = round(statistics.median(each[rate] for each in rounds))
            found = killed(one, url, f"killed-{len(one.name)}", folder, arguments.messages // 10)
            results[one.name]["kill -9"] = found
            progress.advance(task)
    return results


def printed(console: Console, results: dict[str, Any]) -> None:
    """Print the results as a table."""
    table = Printed(title="workers; the last columns after a kill -9", title_justify="left")
    for column in ("", "sent/s", "handled/s", "sent", "lost", "twice", ""):
        table.add_column(column, justify="right" if column else "left")
    for name, row in results.items():
        if "not measured" in row:
            table.add_row(name, *[""] * 5, f"not measured: {row['not measured']}")
            continue
        kill = row["kill -9"]
        counts = (str(kill[key]) for key in ("sent", "lost", "handled twice"))
        table.add_row(name, f"{row['sent/s']:,}", f"{row['handled/s']:,}", *counts, "")
    console.print(table)


def main() -> None:
    """Run all measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", type=Path, default=FOLDER / "results.json")
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as name, Progress(console=console) as progress:
        brokers = measured(arguments, Path(name), progress)
    packages = {name for one in CONTESTANTS for name in one.packages if not one.missing()}
    installed = importlib.metadata.packages_distributions()
    used = {installed[name][0] for name in packages}
    programs = {one.server for one in CONTESTANTS if one.server and servers.found(one.server)}
    results = {
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in sorted(used)},
        "servers": {program: servers.version(program) for program in sorted(programs)},
        "concurrency": CONCURRENCY,
        "messages": arguments.messages,
        "brokers": brokers,
    }
    printed(console, brokers)
    arguments.save.write_text(json.dumps(results, indent=1) + "\n")
    console.print(f"saved {arguments.save.name}")


if __name__ == "__main__":
    main()
