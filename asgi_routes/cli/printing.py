"""Tables and texts for people, on a terminal and in a pipe.

Rule: on a terminal, a table in colours, or a list where the terminal is too narrow for one; in a
pipe, one plain line for each row, a tab between the columns, with nothing cut off or filled up. Every
text that is not ours comes escaped, so no other tab and no other line end is in it.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from asgi_routes.cli.standard_output import has_colors, is_narrow, is_terminal, say, width
from asgi_routes.errors import show

_STYLES = ("bold", "green", "cyan", "", "dim")


def print_json(value: Any) -> None:
    """Print data as JSON."""
    say(json.dumps(value, indent=2))


def make_plain(value: Any) -> Any:
    """Return somebody's value as JSON has it; one that it lacks becomes a text.

    >>> import uuid
    >>> make_plain([7, uuid.UUID(int=7)]), make_plain(10**5000), make_plain({(1, 2): 3})
    ([7, '00000000-0000-0000-0000-000000000007'], 'a number of more than 4,300 digits', '{(1, 2): 3}')
    """
    try:
        return json.loads(json.dumps(value, default=str, allow_nan=False))
    except Exception:  # noqa: BLE001 - a text of it is somebody's code
        return show(value)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their headings."""
    every = [tuple(row) for row in rows]
    if not is_terminal():
        for row in (headings, *every):
            say("\t".join(row))
    elif is_narrow():
        _print_list(headings, every)
    else:
        _print_columns(headings, every)


def _print_list(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    first, *others = headings
    label = max(map(len, others), default=0)
    for head, *values in rows:
        say(style(head or first, bold=True))
        indent = " " * (len(head) - len(head.lstrip(" ")) + 2)
        for heading, value in zip(others, values, strict=True):
            if value:
                say(f"{indent}{style(heading.ljust(label), dim=True)}  {value}")


def _print_columns(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold underline")
    for number, heading in enumerate(headings):
        table.add_column(heading, style=_STYLES[number % len(_STYLES)], overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    colors = has_colors()
    console = Console(
        width=width(), force_terminal=colors, color_system="standard" if colors else None
    )
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        say(line.rstrip())


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print what is known, a line each, and leave out what is not."""
    known = [(name, value) for name, value in facts if value]
    label = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        if is_terminal():
            say(f"{style(name.ljust(label), dim=True)}  {value}")
        else:
            say(f"{name}\t{value}")


def style(text: str, **styles: Any) -> str:
    """Return a text in colours, where there are any."""
    return click.style(text, **styles) if has_colors() else text


def escape(text: str) -> str:
    r"""Return a text in which nothing can move the cursor or break the line.

    >>> escape("a\nb")
    'a\\nb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
