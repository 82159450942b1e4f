"""The command line in processes of its own, each of them a fork that has loaded the command and nothing else."""

import os
from collections.abc import Iterable
from pathlib import Path

from tests.forking import ROOT, Told, run


def ask(*arguments: str, folder: Path = ROOT, **environment: str) -> Told:
    """Ask in a folder, and return what was told."""
    return run(
        *("asgi_routes", *arguments),
        modules=["asgi_routes.cli.commands"],
        folder=folder,
        environment={**clean_environment(), **environment},
    )


def ask_all(questions: Iterable[tuple[str, ...]], folder: Path, **environment: str) -> list[Told]:
    """Ask one after another."""
    return [ask(*arguments, folder=folder, **environment) for arguments in questions]


def clean_environment() -> dict[str, str]:
    """Return the environment without what changes the answers."""
    changing = ("ASGI_ROUTES_", "DJANGO_", "COLUMNS", "NO_COLOR", "FORCE_COLOR")
    return {name: value for name, value in os.environ.items() if not name.startswith(changing)}
