"""The commands that pages of docs/ show, each with what it is said to print."""

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

ADDRESS = "http://127.0.0.1:8000"
"""Where servers listen on the pages."""


def read_commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the console blocks of a page, and the lines below it."""
    for block in re.findall(r"::? console\n\n((?: {4}.*\n|\n)+)", page.read_text()):
        for command, output in re.findall(
            r"^\$ (.*)\n((?:[^$].*\n)*)", dedent(block), re.MULTILINE
        ):
            yield command, output.splitlines()


def is_shown(printed: list[str], shown: list[str]) -> bool:
    """Tell whether a page shows what a command has printed.

    It shows all of it, or parts: what stands before each ``...``, and whole lines.
    """
    if not any(line.endswith("...") for line in shown):
        return printed == shown
    parts = [line.removesuffix("...") for line in shown]
    return all(any(line.startswith(part) for line in printed) for part in parts)
