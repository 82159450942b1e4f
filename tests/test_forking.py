"""Forked programs are told apart, stop, go on and end, many at once, and end as Python ends."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.forking import PATIENCE, run, start

SERVER = ("http.server", "0", "--bind", "127.0.0.1")


def test_many_at_once() -> None:
    """Each is told of what became of its own, however fast one thing follows another."""

    def play(number: int) -> int:
        process = start(*SERVER, modules=["socketserver"])
        for _ in range(number % 5):
            process.freeze()
            process.send_signal(signal.SIGCONT)
        assert process.poll() is None
        process.send_signal(signal.SIGKILL if number % 2 else signal.SIGTERM)
        return -process.wait(PATIENCE)

    with ThreadPoolExecutor(8) as pool:
        ends = [*pool.map(play, range(300))]
    assert ends == [signal.SIGTERM, signal.SIGKILL] * 150


@pytest.mark.parametrize(
    ("code", "ends", "says"),
    [
        ("pass", 0, ""),
        ("raise SystemExit(7)", 7, ""),
        ("raise SystemExit('no')", 1, "no"),
        ("import atexit; atexit.register(print, 'over')", 0, "over"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero"),
        ("import threading; threading.Timer(0.1, print, ['late']).start()", 0, "late"),
        ("import sys; print(sys.argv[1:], __name__)", 0, "['a', 'b c'] __main__"),
        ("import os; os.kill(os.getpid(), 15)", -signal.SIGTERM, ""),
    ],
)
def test_it_ends_as_python_ends(code: str, ends: int, says: str, tmp_path: Path) -> None:
    """With its threads, what is registered for the end, and its traceback."""
    (tmp_path / "program.py").write_text(code)
    told = run("program", "a", "b c", modules=[], folder=tmp_path)
    assert told.code == ends
    assert (told.out + told.err).rstrip().rpartition("\n")[2] == says
