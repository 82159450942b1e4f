"""Measure the workers: ``make bench-worker``.

How many messages a second each sends and handles, how much processor time that takes, what a worker takes that has
nothing to do, and what becomes of messages when one is killed (``kill -9``) in the middle of its work.
Everything runs in one go on this machine, in interleaved rounds; the figures of a machine are its own, their
order is not. Each message has 200 bytes. The figures are saved, and written into ``benchmarks/RESULTS.rst``.
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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from benchmarks.worker import report, servers
from benchmarks.worker.contestants import CONCURRENCY, CONTESTANTS, LEASE, Contestant, sending
from benchmarks.worker.working import message

FOLDER = Path(__file__).parent
PAUSE = 0.02
"""Seconds that the work on a message takes in the trial with a kill."""
SENDERS = 10
IDLE = 100
"""Channels that have nothing to do."""


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


def entries(log: Path) -> list[tuple[int, int, int]]:
    """Return the number of each message that was done, when, and its process' time until then."""
    # The last line may be half written.
    lines = log.read_text().rpartition("\n")[0].splitlines() if log.exists() else []
    return [(int(number), int(at), int(used)) for number, at, used in map(str.split, lines)]


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

    async with sending(one.name, url, channel) as target:
        begun = time.monotonic()
        await asyncio.gather(*(send_some(target) for _ in range(SENDERS)))
        return count / (time.monotonic() - begun)


def throughput(one: Contestant, url: str, channel: str, folder: Path, count: int) -> dict[str, Any]:
    """Return how many messages a second were sent, and then handled, and at what cost."""
    log = folder / f"{channel}.log"
    rate = asyncio.run(sent(one, url, channel, count))
    with worker(one, url, channel, log, 0, 0 if one.server else count) as process:
        wait(log, lambda found: len(found) >= count, process, 60)
    found = entries(log)
    assert len(found) >= count, f"{one.name} handled {len(found)} of {count}"
    (_, begun, used_before), (_, ended, used) = found[0], found[-1]
    return {
        "sent/s": rate,
        "handled/s": (len(found) - 1) / ((ended - begun) / 1e9),
        "CPU": (used - used_before) / 1000 / (len(found) - 1),
    }


def idle(one: Contestant, url: str, seconds: float) -> float:
    """Return which part of a core a worker takes that has nothing to do, in percent."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.worker.idle", one.name, url]
    done = subprocess.run(  # noqa: S603
        [*command, str(IDLE), str(seconds)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def killed(one: Contestant, url: str, channel: str, folder: Path, count: int) -> dict[str, Any]:
    """Return what became of messages whose worker was killed after a third of them."""
    log = folder / f"{channel}.log"
    if one.server:
        asyncio.run(sent(one, url, channel, count))
    with worker(one, url, channel, log, PAUSE, 0 if one.server else count) as process:
        wait(log, lambda found: len(found) >= count // 3, process, 60)
    before = len(entries(log))
    with worker(one, url, channel, log, PAUSE, 0) as process:
        wait(log, lambda found: len({number for number, *_ in found}) >= count, process, 5 * LEASE)
    numbers = [number for number, *_ in entries(log)]
    handled = len(set(numbers))
    return {
        "sent": count,
        "done when killed": before,
        "handled": handled,
        "lost": count - handled,
        "handled twice": len(numbers) - handled,
    }


def started(stack: contextlib.ExitStack, folder: Path) -> tuple[dict[Any, str], dict[str, Any]]:
    """Start the servers; return the URL of each that can be measured, and why others cannot."""
    urls: dict[Contestant, str] = {}
    missing: dict[str, Any] = {}
    running: dict[str, str] = {}
    for one in CONTESTANTS:
        why = one.missing()
        if one.server and not servers.found(one.server):
            why = f"no {one.server} here: {servers.HOW_TO_GET[one.server]}"
        if why:
            missing[one.name] = {"not measured": why}
            continue
        if one.server not in running:
            server = servers.running(one.server, folder / f"server{len(running)}")
            running[one.server] = stack.enter_context(server)
        urls[one] = running[one.server]
    return urls, missing


def measured(arguments: Any, folder: Path, progress: Progress) -> dict[str, Any]:
    """Return all results; those that cannot be measured say why."""
    with contextlib.ExitStack() as stack:
        urls, missing = started(stack, folder)
        rounds: dict[str, list[Any]] = {one.name: [] for one in urls}
        task = progress.add_task("workers", total=len(urls) * (arguments.rounds + 1))
        for number in range(arguments.rounds):
            for index, (one, url) in enumerate(urls.items()):
                channel = f"round{number}-{index}"
                found = throughput(one, url, channel, folder, arguments.messages)
                rounds[one.name].append({name: round(value) for name, value in found.items()})
                progress.advance(task)
        results: dict[str, Any] = {}
        for index, (one, url) in enumerate(urls.items()):
            row: dict[str, Any] = {
                figure: round(statistics.median(each[figure] for each in rounds[one.name]))
                for figure in ("sent/s", "handled/s", "CPU")
            }
            results[one.name] = row
            row["rounds"] = rounds[one.name]
            if one.is_killed:
                count = arguments.messages // 10
                row["kill -9"] = killed(one, url, f"killed{index}", folder, count)
            if not one.peer:
                row["idle"] = round(idle(one, url, arguments.idle), 2)
            progress.advance(task)
    return {one.name: {**results, **missing}[one.name] for one in CONTESTANTS}


def main() -> None:
    """Run all measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", type=Path, default=FOLDER / "results.json")
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--idle", type=float, default=60.0, help="seconds without a message")
    parser.add_argument("--report", type=Path, default=report.RESULTS, help="the page of results")
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
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "concurrency": CONCURRENCY,
        "messages": arguments.messages,
        "brokers": brokers,
    }
    arguments.save.write_text(json.dumps(results, indent=1) + "\n")
    section = report.write_section(results)
    report.put_in(arguments.report, section)
    console.print(section, highlight=False, markup=False)
    console.print(f"saved {arguments.save.name}, and the section in {arguments.report.name}")


if __name__ == "__main__":
    main()
