"""The section of ``benchmarks/RESULTS.rst`` about workers, written from what was measured."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "RESULTS.rst"
_TITLE = "Workers\n=======\n"
_NEXT = re.compile(r"^.+\n=+\n", re.MULTILINE)

_SPEED = """\
``make bench-worker``, on {date}: Python {python}, {servers}; {versions}.
Each worker has ten slots, {messages:,} messages of about 200 bytes that were sent before, and an application that does
nothing; {rounds} interleaved rounds, of which the medians are shown. The processor time is that of the worker's
process; it varies less than the rates do, which other work on the machine has a share in. Peers
fetch ten messages at a time. Channels forgets a message when it hands it out, the others acknowledge each.
"""
_IDLE = """\
A worker on a hundred channels, each with ten slots, that has nothing to do:
"""
_KILLED = """\
A worker's process is killed with ``kill -9`` in the middle of {sent} messages, and another one begins: *lost* are
those that nobody has handled in the end. A ``MemoryBroker`` is for one process, and ends with it.
"""


def write_section(results: dict[str, Any]) -> str:
    """Return the section."""
    brokers = results["brokers"]
    rows = {name: row for name, row in brokers.items() if "not measured" not in row}
    rounds = max(len(row["rounds"]) for row in rows.values())
    killed = {name: row["kill -9"] for name, row in rows.items() if "kill -9" in row}
    facts = {
        **{key: results[key] for key in ("date", "python", "messages")},
        "servers": " and ".join(map(_shorten, results["servers"].values())),
        "versions": ", ".join(f"{name} {of}" for name, of in results["versions"].items()),
        "rounds": rounds,
        "sent": max(row["sent"] for row in killed.values()),
    }
    speeds = [
        (name, f"{row['sent/s']:,}", f"{row['handled/s']:,}", f"{row['CPU']:,}")
        for name, row in rows.items()
    ]
    idle = [(name, f"{row['idle']:.2f} %") for name, row in rows.items() if "idle" in row]
    losses = [(name, str(row["sent"]), str(row["lost"])) for name, row in killed.items()]
    missing = [
        f"Not measured: {name}, {row['not measured']}.\n"
        for name, row in brokers.items()
        if name not in rows
    ]
    return "\n".join(
        [
            _SPEED.format(**facts),
            _write_table(("worker", "sent/s", "handled/s", "CPU µs/message"), speeds),
            *missing,
            _IDLE,
            _write_table(("broker", "of a core"), idle),
            _KILLED.format(**facts),
            _write_table(("killed worker", "sent", "lost"), losses),
        ]
    )


def put_in(page: Path, section: str) -> None:
    """Replace the section in a page that has one."""
    before, title, rest = page.read_text().partition(_TITLE)
    assert title, f"{page} has no section {_TITLE.splitlines()[0]!r}"
    following = _NEXT.search(rest)
    after = rest[following.start() :] if following else ""
    page.write_text(f"{before}{title}\n{section}\n{after}")


def _shorten(version: str) -> str:
    """Return the name and the number in what a server says of its version.

    >>> _shorten("nats-server: v2.15.1"), _shorten("Redis server v=7.0.15 sha=00000000:0")
    ('nats-server 2.15.1', 'Redis 7.0.15')
    """
    name, number = version.split(maxsplit=1)[0].rstrip(":"), re.search(r"\d+(\.\d+)+", version)
    return f"{name} {number[0] if number else ''}".strip()


def _write_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table: the first column to the left, figures to the right."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    rule = " ".join("=" * width for width in widths)
    texts = [
        " ".join(
            text.rjust(width) if column else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return "\n".join([rule, texts[0], rule, *texts[1:], rule, ""])
