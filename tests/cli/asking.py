"""The command line in processes of its own, many of them without starting Python for each.

Rule: each question is asked in a fork of a process that has loaded the command and nothing else, with
real descriptors, and ends as the command ends.
"""

import json
import os
import subprocess
import sys
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

def ask(number, question):
    for descriptor, name in ((1, "out"), (2, "err")):
        file = os.open(f"{number}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, descriptor)
        os.close(file)
    os.environ.update(question["environment"])
    os.chdir(question["folder"])
    main(question["arguments"])

questions = json.load(sys.stdin)
for number, question in enumerate(questions):
    child = os.fork()
    if not child:
        ask(number, question)
        os._exit(99)
    question["code"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(json.dumps([one["code"] for one in questions]))
"""


class Told(NamedTuple):
    """What a command ended with and printed."""

    code: int
    out: str
    err: str


def ask_all(
    questions: Iterable[tuple[str, ...]], folder: Path, logs: Path, **environment: str
) -> list[Told]:
    """Ask in a folder, and return what was told."""
    asked = [
        {"arguments": [*arguments], "folder": str(folder), "environment": environment}
        for arguments in questions
    ]
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", _LOADED],
        input=json.dumps(asked),
        cwd=logs,
        env={**clean_environment(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return [
        Told(code, *((logs / f"{number}.{name}").read_text() for name in ("out", "err")))
        for number, code in enumerate(json.loads(done.stdout))
    ]


def clean_environment() -> dict[str, str]:
    """Return the environment without what changes the answers."""
    changing = ("ASGI_ROUTES_", "DJANGO_", "COLUMNS", "NO_COLOR", "FORCE_COLOR")
    return {name: value for name, value in os.environ.items() if not name.startswith(changing)}
