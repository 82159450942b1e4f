"""The command line in processes of its own, many of them without starting Python for each.

Rule: each question is asked in a fork of a process that has loaded the command and nothing else, with
real descriptors, and ends as the command ends.
"""

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PATIENCE = 120

_LOADED = """
import gc, json, os, sys
from asgi_routes.cli import main
import asgi_routes.cli.commands

gc.freeze()  # Else each fork copies every page at its end.

def ask(question):
    files = os.open(os.devnull, os.O_RDONLY), *(
        os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for name in ("out", "err")
    )
    for descriptor, file in enumerate(files):
        os.dup2(file, descriptor)
        os.close(file)
    os.environ.update(question["environment"])
    os.chdir(question["folder"])
    main(question["arguments"])

for line in sys.stdin:
    child = os.fork()
    if not child:
        ask(json.loads(line))
        os._exit(99)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Told(NamedTuple):
    """What a command ended with and printed."""

    code: int
    out: str
    err: str


class Loaded:
    """A process that has loaded the command, as long as tests run."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            [sys.executable, "-W", "default", "-c", _LOADED],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self._folder.name,
            env={**clean_environment(), "PYTHONPATH": str(ROOT)},
            text=True,
        )
        atexit.register(self.close)

    def ask(self, question: dict[str, object]) -> Told:
        """Ask in a fork, and return what was told."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(question), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        return Told(code, *(Path(self._folder.name, name).read_text() for name in ("out", "err")))

    def close(self) -> None:
        """Let it end."""
        self._process.communicate(timeout=PATIENCE)
        self._folder.cleanup()


load = functools.cache(Loaded)


def ask(*arguments: str, folder: Path = ROOT, **environment: str) -> Told:
    """Ask in a folder, and return what was told."""
    question = {"arguments": arguments, "folder": str(folder), "environment": environment}
    return load().ask(question)


def ask_all(questions: Iterable[tuple[str, ...]], folder: Path, **environment: str) -> list[Told]:
    """Ask one after another."""
    return [ask(*arguments, folder=folder, **environment) for arguments in questions]


def clean_environment() -> dict[str, str]:
    """Return the environment without what changes the answers."""
    changing = ("ASGI_ROUTES_", "DJANGO_", "COLUMNS", "NO_COLOR", "FORCE_COLOR")
    return {name: value for name, value in os.environ.items() if not name.startswith(changing)}
