"""Put three servers under load, check what they answer, print it, and save it: ``make load``.

Each serves GitHub's 1,225 operations behind our router, the same while a part of its table is replaced ten
times a second, behind Starlette's router, behind hosts, mounts and options,
and without a router, in interleaved rounds. The ratios
are what can be compared between machines.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from rich.console import Console
from rich.table import Table

from benchmarks.load.rounds import measured
from tests.live.servers import KINDS, Kind

SERVERS = {
    kind.name: kind
    for kind in (
        Kind("hypercorn", "hypercorn --bind 127.0.0.1:0 --workers 2 --log-level INFO"),
        Kind("uvicorn", "uvicorn --host 127.0.0.1 --port 0 --ws wsproto --no-access-log"),
        *(kind for kind in KINDS if kind.name == "granian"),
    )
}
FOLDER = Path(__file__).parent
NO_WRK = "wrk is not installed: apt-get install wrk, brew install wrk, or github.com/wg/wrk"
SHOWN = [
    "requests",
    "a second",
    "CPU, µs each",
    "wrong answers",
    "broken connections",
    "late answers",
    "lines of exceptions",
]


def printed(console: Console, name: str, result: dict[str, Any]) -> None:
    """Print the results of one server."""
    table = Table(title=name, title_justify="left")
    for column in ("", *SHOWN, "other clients", "of them wrong", "memory, MiB"):
        table.add_column(column, justify="right" if column else "left")
    for variant, row in result["variants"].items():
        others = sum(row["other clients"].values()) + row["other clients, wrong"]
        memory = [row[f"memory at the {when}, MiB"] for when in ("start", "end")]
        table.add_row(
            variant,
            *(f"{row[column]:,.0f}" for column in SHOWN),
            f"{others:,}",
            str(row["other clients, wrong"]),
            "{:,.0f} to {:,.0f}".format(*memory),
        )
    console.print(table)
    console.print(", ".join(f"{name}: {ratio:.2f}" for name, ratio in result["ratios"].items()))
    over = result["CPU over bare, µs each"]
    console.print(
        "CPU over bare, µs:", ", ".join(f"{name} {more:.1f}" for name, more in over.items())
    )
    for one in result["tables"]:
        console.print(
            f"process {one['process']}: {one['replaced']} tables, {one['a second']:.1f} a second; "
            f"{one['alive']} alive, {one['alive, collected']} after a collection"
        )
    for variant, row in result["variants"].items():
        for line in (*row["examples"], *row["first lines"]):
            console.print(f"{variant}: {line}", style="red", markup=False)


def mistakes(results: dict[str, Any]) -> int:
    """Return how many answers of ours were wrong, connections broken, exceptions logged, tables kept."""
    keys = (
        "wrong answers",
        "broken connections",
        "late answers",
        "other clients, wrong",
        "lines of exceptions",
    )
    return sum(
        result["variants"][variant][key]
        for result in results.values()
        for variant in ("routed", "optioned", "changing")
        for key in keys
    ) + sum(one["alive, collected"] - 1 for result in results.values() for one in result["tables"])


def main() -> None:
    """Run everything; the exit code says whether every answer of ours was right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300, help="of load on ours, for each server")
    parser.add_argument("--only", choices=[*SERVERS], action="append")
    parser.add_argument("--save", type=Path, default=FOLDER / "results.json")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit(NO_WRK)
    console = Console(width=160)
    results = {}
    for name in arguments.only or SERVERS:
        console.print(f"== {name}")
        results[name] = anyio.run(partial(measured, SERVERS[name], arguments.seconds))
        printed(console, name, results[name])
    versions = {
        name: importlib.metadata.version(name)
        for name in ("hypercorn", "uvicorn", "granian", "starlette")
    }
    saved = {
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "seconds": arguments.seconds,
        "versions": versions,
        "servers": results,
    }
    arguments.save.write_text(json.dumps(saved, indent=1) + "\n")
    console.print(f"saved {arguments.save.name}")
    sys.exit(1 if mistakes(results) else 0)


if __name__ == "__main__":
    main()
