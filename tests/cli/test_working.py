"""``asgi-routes worker``: real processes, real signals, what they print and how they end."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.test_commands import run
from tests.live.servers import PATIENCE, ROOT, Server, started

TRACE = re.compile(r"^Traceback .*?(?=^\d{4}-)", re.MULTILINE | re.DOTALL)
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} ", re.MULTILINE)


@contextmanager
def run_worker(attribute: str, *options: str) -> Iterator[Server]:
    """Run a worker on the messages that an application sends itself."""
    app = f"tests.cli.worked:{attribute}"
    with started("asgi_routes", "worker", app, "--broker", "memory:", *options) as process:
        yield process


def wait_for(process: Server, pattern: str) -> None:
    """Wait until a process has printed something."""
    end = time.monotonic() + PATIENCE
    while not re.search(pattern, process.log):
        assert process.process.poll() is None, process.log
        assert time.monotonic() < end, process.log
        time.sleep(0.02)


def lines(process: Server) -> list[str]:
    """Return what was printed, without times, tracebacks, and the random part of pauses."""
    plain = STAMP.sub("", TRACE.sub("", process.log))
    return re.sub(r"retrying in \d\.\d\d s", "retrying in … s", plain).splitlines()


def test_lines(tmp_path: Path) -> None:
    """A line for the start, each retry and dead letter, the drain, and what it has done."""
    health = tmp_path / "health"
    with run_worker("app", "--max-attempts", "2", "--health-file", str(health)) as process:
        wait_for(process, "dead, channel")
        assert health.exists()
        assert process.stop() == 0
        assert lines(process) == [
            "started",
            "ready; mail, slow; 10 at once each",
            "to ann",
            "retry, channel 'mail', message bad, attempt 1, retrying in … s; ValueError: no such\\naddress",
            "dead, channel 'mail', message bad, attempt 2; attempt 2: ValueError: no such\\naddress",
            "draining; 0 in flight, with 25 s to finish",
            "stopped",
            "ended",
            "1 done, 1 retried, 1 dead",
        ]
        assert process.log.count("worked.py") == 2, "a traceback for each attempt"
        assert process.log.count("ValueError: no such") == 4


@pytest.mark.parametrize(
    ("app", "said"),
    [
        ("tests.cli.worked:app", "serves channel 'mial'; did you mean 'mail'?"),
        ("tests.inspection.sample:urls", "there is no ChannelNameRouter in it"),
    ],
)
def test_a_channel_that_nobody_serves(app: str, said: str) -> None:
    """It is refused: each of its messages would die at once."""
    assert said in run("worker", app, "--broker", "memory:", "--channel", "mial", code=2)


def test_a_channel_that_a_wrapper_may_serve() -> None:
    """It is warned of: what is around the router may give it another name."""
    with run_worker("guarded", "--channel", "mial", "--channel", "mail") as process:
        wait_for(process, "to ann")
        assert process.stop() == 0
        assert lines(process)[0] == (
            "Warning: no application in 'tests.cli.worked:guarded' serves channel 'mial', unless the "
            "wrapper around its router does; did you mean 'mail'?"
        )


def test_on_event() -> None:
    """A function of one's own is called with what happens."""
    hook = "tests.cli.worked:print_event"
    with run_worker("app", "--max-attempts", "1", "--on-event", hook) as process:
        wait_for(process, "event dead")
        assert process.stop() == 0
        told = sorted(re.findall("^event .*$", process.log, re.MULTILINE))
        assert told == [
            "event dead mail bad",
            "event done mail good",
            "event start mail bad",
            "event start mail good",
        ]


def test_drain() -> None:
    """What runs when SIGTERM comes may end; then the exit code is 0."""
    with run_worker("slowly", "--channel", "slow", "--concurrency", "slow=3") as process:
        wait_for(process, "slow began")
        process.process.send_signal(signal.SIGTERM)
        wait_for(process, "draining; 1 in flight, with 25 s to finish")
        process.process.send_signal(signal.SIGUSR1)
        assert process.process.wait(PATIENCE) == 0
        assert lines(process) == [
            "started",
            "ready; slow; 3 at once each",
            "slow began",
            "draining; 1 in flight, with 25 s to finish",
            "slow ended",
            "stopped",
            "ended",
            "1 done, 0 retried, 0 dead",
        ]


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT], ids=str)
def test_second_signal(first: signal.Signals) -> None:
    """What still runs when a second signal comes is handed back at once; the exit code is 0."""
    with run_worker("slowly") as process:
        wait_for(process, "slow began")
        process.process.send_signal(first)
        wait_for(process, "draining")
        assert process.stop() == 0
        assert lines(process)[3:] == [
            "draining; 1 in flight, with 25 s to finish",
            "handed back, channel 'slow', message job, attempt 1",
            "stopped",
            "ended",
            "0 done, 0 retried, 0 dead, 1 handed back",
        ]


def test_drain_timeout() -> None:
    """What takes longer than that is handed back without a second signal."""
    with run_worker("slowly", "--drain-timeout", "0.1") as process:
        wait_for(process, "slow began")
        assert process.stop() == 0
        assert "handed back, channel 'slow', message job, attempt 1" in lines(process)


@pytest.mark.parametrize("signals", [1, 2])
def test_thread_that_does_not_end(signals: int) -> None:
    """It holds the process neither at the deadline nor at a second signal; its message is kept."""
    timeout = "0.1" if signals == 1 else "600"
    with run_worker("threaded", "--drain-timeout", timeout) as process:
        wait_for(process, "thread began")
        if signals == 2:
            process.process.send_signal(signal.SIGTERM)
            wait_for(process, "draining")
        assert process.stop() == 4
        assert lines(process)[-3:] == [
            "handed back, channel 'slow', message job, attempt 1",
            "1 in flight still run in threads; their messages are returned to the broker",
            "stopped; exit code 4",
        ]


def test_abandoned_thread() -> None:
    """A thread that was given up does not hold the process, either."""
    with run_worker("abandoning", "--drain-timeout", "0.1") as process:
        wait_for(process, "thread began")
        assert process.stop() == 4
        assert lines(process)[-1] == "exiting while threads of abandoned messages are still running"


def test_lifespan_that_fails() -> None:
    """The exit code is 3, and the reason is the last line."""
    with run_worker("failing") as process:
        assert process.process.wait(PATIENCE) == 3
        assert "the database is away" in lines(process)[-1]


def test_progress_on_a_terminal() -> None:
    """One line is kept up to date there."""
    ours, theirs = pty.openpty()
    app = ["tests.cli.worked:app", "--broker", "memory:"]
    process = subprocess.Popen(
        [sys.executable, "-m", "asgi_routes", "worker", *app],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        seen = b""
        while b"running; 0 in flight; 1 done, " not in seen:
            assert select.select([ours], [], [], PATIENCE)[0], seen
            seen += os.read(ours, 65536)
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait(PATIENCE)
        os.close(ours)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["worker", "tests.cli.worked:app"], "Missing option '--broker'"),
        (["worker", "tests.cli.worked:none", "--broker", "memory:"], "has no 'none'"),
        (["worker", "tests.cli.worked:globs", "--broker", "memory:"], "Worker has no channels"),
        (
            ["worker", "tests.cli.worked:app", "--broker", "memory:", "--channel", ""],
            "a channel name",
        ),
        (
            ["worker", "tests.cli.worked:app", "--broker", "kafka://ann:secret@a"],
            "no broker has URLs that start with 'kafka:'; there are memory:, nats://…",
        ),
        *(
            (
                ["worker", "tests.cli.worked:app", "--broker", "memory:", "--concurrency", wrong],
                "is neither NUMBER nor NAME=NUMBER",
            )
            for wrong in ("0", "mail=", "=3", "mail=0", "mail=x")
        ),
        (
            ["worker", "tests.cli.worked:app", "--broker", "memory:", "--concurrency", "mial=2"],
            "names channel 'mial', which it does not have; did you mean 'mail'?",
        ),
        *(
            (["worker", "tests.cli.worked:app", "--broker", "memory:", "--on-event", name], said)
            for name, said in (
                ("tests.cli.worked:print_evnt", "did you mean 'print_event'?"),
                ("tests.cli.nowhere:x", "no module named 'tests.cli.nowhere'"),
                ("tests.cli.test_working:TRACE", "is not a function"),
            )
        ),
        (["dead", "list", "--broker", "memory:"], "exist only in the process of the worker"),
        (["dead", "drop", "--broker", "memory:"], "give ids of dead letters or --all"),
        (["dead", "replay", "1", "--all", "--broker", "memory:"], "give ids of dead letters or"),
    ],
)
def test_what_cannot_be_asked(arguments: list[str], said: str) -> None:
    """Exit code 2, and one line that says why, without a password."""
    text = " ".join(run(*arguments, code=2).split())
    assert said in text
    assert "secret" not in text


def test_broker_by_environment() -> None:
    """The URL can be in the environment."""
    assert "start with 'x:'" in run(
        "worker", "tests.cli.worked:app", code=2, ASGI_ROUTES_BROKER="x://a"
    )
