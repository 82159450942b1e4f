"""The command line in processes of its own, each of them a fork that has loaded the command and nothing else."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, NamedTuple

from tests.forking import ROOT, start

PATIENCE = 120


class Told(NamedTuple):
    """What a command ended with and printed."""

    code: int
    out: str
    err: str


def ask(*arguments: str, folder: Path = ROOT, **environment: str) -> Told:
    """Ask in a folder, and return what was told."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = start(
            *("asgi_routes", *arguments),
            modules=["asgi_routes.cli.commands"],
            out=out.fileno(),
            err=err.fileno(),
            folder=folder,
            environment={**clean_environment(), **environment},
        )
        code = process.wait(PATIENCE)
        return Told(code, _read(out), _read(err))


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def ask_all(questions: Iterable[tuple[str, ...]], folder: Path, **environment: str) -> list[Told]:
    """Ask one after another."""
    return [ask(*arguments, folder=folder, **environment) for arguments in questions]


def clean_environment() -> dict[str, str]:
    """Return the environment without what changes the answers."""
    changing = ("ASGI_ROUTES_", "DJANGO_", "COLUMNS", "NO_COLOR", "FORCE_COLOR")
    return {name: value for name, value in os.environ.items() if not name.startswith(changing)}
