"""The pictures of the site that are made from data: ``python -m docs.pictures``.

They are committed, so that a page shows them wherever it is read. A test makes them again and
compares. Each is readable on light and on dark pages.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parent
STATIC = DOCS / "_static"
_STYLE = (
    "text{font-family:system-ui,sans-serif;font-size:14px;fill:#1f2933}"
    ".code{font-family:ui-monospace,monospace;font-size:13px}"
    ".quiet{fill:#52606d;font-size:12px}"
    ".box{fill:#e4ecf3;stroke:#52606d}.ours{fill:#fde3d3;stroke:#b3410f}.miss{fill:#f5f7fa;stroke:#9aa5b1}"
    ".line{stroke:#52606d;fill:none}.page{fill:#ffffff}"
    "@media(prefers-color-scheme:dark){text{fill:#e4e7eb}.quiet{fill:#9aa5b1}"
    ".box{fill:#243b53;stroke:#829ab1}.ours{fill:#5c2b13;stroke:#f0a878}"
    ".miss{fill:#1f2933;stroke:#616e7c}.line{stroke:#9aa5b1}.page{fill:#131416}}"
)


def _svg(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f'<rect width="{width}" height="{height}" class="page"/>'
    )
    return "\n".join([head, *parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _box(x: float, y: float, width: float, height: float, kind: str = "box") -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="5" class="{kind}"/>'


def read_levels() -> dict[int, list[str]]:
    """Return the folders of the package by level, as the page on the architecture has them."""
    text = (DOCS / "explanation" / "architecture.rst").read_text()
    levels: dict[int, list[str]] = {}
    for level, name in re.findall(r"^(\d+) +``(\w+/?)`` ", text, re.MULTILINE):
        levels.setdefault(int(level), []).append(name)
    return levels


def draw_architecture() -> str:
    """Return the levels of the package, the highest on top."""
    levels = read_levels()
    width, row, parts = 720, 46, [_text(8, 18, "imports go down only", "quiet")]
    for number, (level, names) in enumerate(sorted(levels.items(), reverse=True)):
        top = 28 + number * row
        parts.append(_text(8, top + 23, str(level), "quiet"))
        share = (width - 40) / len(names)
        for place, name in enumerate(names):
            left = 32 + place * share
            parts.append(_box(left, top, share - 8, row - 10))
            parts.append(_text(left + share / 2 - 4, top + 23, name, "code", "middle"))
    return _svg(width, 28 + row * len(levels), "The folders of asgi_routes on their levels", parts)


class Row(NamedTuple):
    """A declaration in the picture of the search.

    Attributes:
        depth: 1 in the nested router, else 0.
        declared: as it is written.
        said: what comes of it for the request.
        is_found: whether its application is called.
        is_tried: whether the search comes to it.
    """

    depth: int
    declared: str
    said: str
    is_found: bool = False
    is_tried: bool = True


SEARCHED = (
    Row(0, 'path("", home)', "does not match: go on"),
    Row(0, 'path("api/", api)', "the prefix matches: its rows come next"),
    Row(1, 'path("items/", items)', "does not match: go on"),
    Row(1, 'path("users/<int:id>/", user, methods=["PUT"])', "matches, but not for GET: go on"),
    Row(0, 'path("api/users/<int:id>/", show)', "matches: show is called", is_found=True),
    Row(0, 'mount("api", legacy)', "not tried; a mount ends the search", is_tried=False),
)


def draw_search() -> str:
    """Return how one request is searched for in a table."""
    parts = [_text(8, 20, "GET /api/users/7/", "code")]
    for number, row in enumerate(SEARCHED):
        top, left = 34 + number * 44, 8 + row.depth * 28
        kind = "ours" if row.is_found else "box" if row.is_tried else "miss"
        parts += [
            _box(left, top, 412 - left, 34, kind),
            _text(left + 10, top + 22, row.declared, "code"),
            _text(424, top + 22, row.said, "" if row.is_found else "quiet"),
        ]
        if row.depth:
            parts.append(f'<path d="M20 {top - 10}V{top + 17}H{left}" class="line"/>')
    height = 34 + len(SEARCHED) * 44
    return _svg(680, height, "How a route is found: rows are tried in order", parts)


def read_app() -> str:
    """Return the application that the page on the command line asks."""
    text = (DOCS / "reference" / "command-line.rst").read_text()
    found = re.search(r":caption: app\.py\n\n(.*?)\n(?=\S)", text, re.DOTALL)
    assert found
    return textwrap.dedent(found[1]).rstrip() + "\n"


COMMANDS = ("show app:app", "match app:app /users/7/", "match app:app /users/a.b/", "check app:app")


def draw_command_line() -> str:
    """Return a terminal with the command line in it. It needs the extra ``cli``."""
    from rich.console import Console  # noqa: PLC0415 - the other pictures need nothing
    from rich.text import Text  # noqa: PLC0415 - as above

    console = Console(record=True, width=92, file=io.StringIO())
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": "92", "TERM": "xterm-256color"}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "app.py").write_text(read_app())
        for command in COMMANDS:
            done = subprocess.run(
                [sys.executable, "-m", "asgi_routes", *command.split()],
                cwd=folder,
                env={**environment, "PYTHONPATH": str(DOCS.parent)},
                capture_output=True,
                text=True,
                check=False,
            )
            console.print(Text(f"$ asgi-routes {command}", "bold"))
            console.print(Text.from_ansi(done.stdout.rstrip()))
            console.print()
    made = console.export_svg(title="asgi-routes", unique_id="cli")
    return re.sub(r"@font-face \{.*?\}\s*", "", made, flags=re.DOTALL)  # They are on another host.


PICTURES = {"architecture.svg": draw_architecture, "search.svg": draw_search}
"""Those that are made anew in a test; that of the command line changes with the version of rich."""

if __name__ == "__main__":
    for name, draw in {**PICTURES, "command-line.svg": draw_command_line}.items():
        (STATIC / name).write_text(draw())
