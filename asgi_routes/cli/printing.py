"""Tables and texts for people, on a terminal and in a pipe.

Rule: on a terminal, a table in colours; in a pipe, plain aligned text, one line for each row, with
nothing cut off.
"""

from collections.abc import Iterable, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

_STYLES = ("bold", "green", "cyan", "", "dim")


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their headings."""
    console = Console()
    if not console.is_terminal:
        for line in _align([headings, *rows]):
            click.echo(line)
        return
    table = Table(box=None, pad_edge=False, header_style="bold underline")
    for number, heading in enumerate(headings):
        table.add_column(heading, style=_STYLES[number % len(_STYLES)], overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return each row as a line, its columns one below the other.

    >>> _align([["path", "name"], ["/a/long/one", "x"]])
    ['path         name', '/a/long/one  x']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print what is known, a line each, and leave out what is not."""
    known = [(name, value) for name, value in facts if value]
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        click.echo(f"{click.style(name.ljust(width), dim=True)}  {value}")


def escape(text: str) -> str:
    r"""Return a text in which nothing can move the cursor or break the line.

    >>> escape("a\nb")
    'a\\nb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
