"""Measure everything, print it, and save it: ``make bench``.

One part alone: ``make bench ARGS=shapes``, ``urls``, ``formats``, ``dispatch``, ``large`` or ``replace``.

Every figure is a median of interleaved rounds in this one process; the ratios are what can be compared
between machines.
"""

import argparse
import importlib.metadata
import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table as Printed

from benchmarks import formats, large, measurements, shapes, urls
from benchmarks.clock import ROUNDS, interleaved, medians
from benchmarks.methods import methods
from benchmarks.peers import PEERS, Peer
from benchmarks.picture import drawn
from benchmarks.tables import Table, all_tables

FOLDER = Path(__file__).parent
REGEX_PEERS = ("asgi_routes", "channels", "django")


def matching(routes: list[str]) -> Callable[[str], bool]:
    """Return whether one of the routes matches a path."""
    peer = PEERS["asgi_routes"](Table("", routes, list))
    return lambda path: peer.find(path[1:]) is not None


def checked(table: Table) -> tuple[dict[str, Peer], dict[str, str]]:
    """Return every peer with the table in it, and what each does not do as the first match would."""
    peers, notes = {}, {}
    paths = table.paths()
    expected: list[Any] | None = None
    for name, make in PEERS.items():
        if table.regexes and name not in REGEX_PEERS:
            continue
        peer = peers[name] = make(table)
        found = [peer.answer(peer.find(path if peer.takes_slash else path[1:])) for path in paths]
        if expected is None:
            expected = found
            assert all((answer is not None) == table.hits for answer in found)
        others = sum(
            (ours and ours[0]) != (theirs and theirs[0])
            or (peer.gives and peer.converts and ours != theirs)
            for ours, theirs in zip(expected, found, strict=True)
        )
        said = [f"refuses {len(peer.refused)} routes"] if peer.refused else []
        said += [f"{others / len(paths):.1%} other answers"] if others else []
        said += [] if peer.converts else ["text only"]
        said += [] if peer.gives else ["no parameters"]
        notes[name] = ", ".join(said)
    return peers, notes


def compared(progress: Progress) -> dict[str, Any]:
    """Return the comparison with all peers, table by table."""
    results = {}
    for table in all_tables(matching):
        task = progress.add_task(table.name, total=None)
        peers, notes = checked(table)
        progress.update(task, total=ROUNDS * (len(peers) + 1))
        candidates = {name: (peer.find, peer.takes_slash) for name, peer in peers.items()}
        found = medians(interleaved(candidates, table.paths, lambda t=task: progress.advance(t)))
        results[table.name] = {
            name: {
                "ns": ns,
                "dict.get": ns / found["dict.get"],
                "falcon": ns / found["falcon"] if "falcon" in found else None,
                "channels": ns / found["channels"],
                "notes": notes.get(name, ""),
            }
            for name, ns in found.items()
        }
    return results


def printed(console: Console, results: dict[str, Any]) -> None:
    """Print all results as tables."""
    for name, peers in results["peers"].items():
        table = Printed(title=name, title_justify="left")
        for column in ("", "ns", "/ dict.get", "/ Falcon", ""):
            table.add_column(column, justify="right" if column else "left")
        for peer, row in sorted(peers.items(), key=lambda item: item[1]["ns"]):
            falcon = "" if row["falcon"] is None else f"{row['falcon']:.2f}"
            cells = (f"{row['ns']:,.0f}", f"{row['dict.get']:.2f}", falcon, row["notes"])
            table.add_row(peer, *cells)
        console.print(table)
    print_shapes(console, results["shapes"])
    print_urls(console, results["urls"])
    print_formats(console, results["formats"])
    for name in (
        "growth",
        "globs of channels, ns",
        "building",
        "hostile",
        "hostile peers, ms",
        "methods",
        "dispatch",
        "replace",
        "hosts",
    ):
        print_plainly(console, name, results[name])
    print_large(console, results["large"])
    console.print(f"\nimport: {results['import, ms']:.1f} ms")


def print_plainly(console: Console, name: str, result: Any) -> None:
    """Print a result as it is."""
    console.print(f"\n[bold]{name}")
    console.print_json(data=result)


def print_large(console: Console, results: dict[str, dict[str, dict[str, float]]]) -> None:
    """Print what large tables take by the number of routes."""
    for kind, sizes in results.items():
        table = Printed(title=f"large tables, {kind}", title_justify="left")
        table.add_column("routes", justify="right")
        for column in next(iter(sizes.values())):
            table.add_column(column, justify="right")
        for size, row in sizes.items():
            cells = (f"{cell:,.2f}" for cell in row.values())
            table.add_row(f"{int(size):,}", *cells)
        console.print(table)


def print_shapes(console: Console, results: dict[str, dict[str, float]]) -> None:
    """Print what a whole call takes in each shape, beside the plain one."""
    table = Printed(title="shapes", title_justify="left")
    table.add_column()
    for column in ("ns", "/ plain", "/ plain, without the coroutine of its middleware"):
        table.add_column(column, justify="right")
    for shape, row in results.items():
        ns, *ratios = row.values()
        table.add_row(shape, f"{ns:,.0f}", *(f"{ratio:.2f}" for ratio in ratios))
    console.print(table)


def print_urls(console: Console, results: dict[int, dict[str, dict[str, float]]]) -> None:
    """Print what a URL takes by the number of names, beside Django."""
    table = Printed(title="URLs from names", title_justify="left")
    table.add_column(no_wrap=True)
    for size in results:
        table.add_column(f"us, {size} names", justify="right")
        table.add_column("/ Django", justify="right")
    for name in next(iter(results.values())):
        rows = [results[size][name] for size in results]
        cells = [
            text for row in rows for text in (f"{row['us']:.1f}", f"{row['times Django']:.2f}")
        ]
        table.add_row(name, *cells)
    console.print(table)


def print_formats(console: Console, results: dict[str, Any]) -> None:
    """Print what a typed field takes, beside a converter of path(), and hostile paths."""
    table = Printed(title="typed fields", title_justify="left")
    for column in results["fields"][0]:
        table.add_column(column, justify="right" if column[:2] in ("ns", "ra") else "left")
    for row in results["fields"]:
        shown = (f"{cell:.2f}" if isinstance(cell, float) else cell for cell in row.values())
        table.add_row(*shown)
    console.print(table)
    console.print("\n[bold]formats on paths of 16 KiB")
    console.print_json(data=results["hostile"])


def measured_formats(progress: Progress) -> dict[str, Any]:
    """Return the comparison of typed fields, and hostile paths for all of them."""
    fields = progress.add_task("formats", total=len(formats.FIELDS))
    aligned = len(formats.KINDS) * len(formats.ALIGNED)
    paths = progress.add_task("formats on hostile paths", total=aligned)
    return {
        "fields": formats.measured(lambda: progress.advance(fields)),
        "hostile": formats.hostile(lambda: progress.advance(paths)),
    }


def measured_urls(progress: Progress) -> dict[int, dict[str, dict[str, float]]]:
    """Return the comparison of URLs."""
    task = progress.add_task("URLs", total=urls.ROUNDS * len(urls.SIZES))
    return urls.measured(lambda: progress.advance(task))


def measured_shapes(progress: Progress) -> dict[str, dict[str, float]]:
    """Return the comparison of the shapes."""
    task = progress.add_task("shapes", total=shapes.ROUNDS)
    return shapes.measured(lambda: progress.advance(task))


def measured_dispatch(progress: Progress) -> dict[str, float]:
    """Return the comparison of whole calls."""
    task = progress.add_task("dispatch", total=None)
    return measurements.dispatch(lambda: progress.advance(task))


def measured_large(progress: Progress) -> dict[str, dict[str, dict[str, float]]]:
    """Return what large tables take."""
    task = progress.add_task("large tables", total=len(large.KINDS) * len(large.SIZES))
    return large.growth(lambda: progress.advance(task))


def measured_replacing(progress: Progress) -> dict[str, dict[str, float]]:
    """Return what replacing takes."""
    progress.add_task("replace", total=None)
    return large.replacing()


PARTS: dict[str, tuple[Callable[[Progress], Any], Callable[[Console, Any], None]]] = {
    "shapes": (measured_shapes, print_shapes),
    "urls": (measured_urls, print_urls),
    "formats": (measured_formats, print_formats),
    "dispatch": (measured_dispatch, lambda console, found: print_plainly(console, "ns", found)),
    "large": (measured_large, print_large),
    "replace": (
        measured_replacing,
        lambda console, found: print_plainly(console, "replace", found),
    ),
}
"""What can be measured alone, and how it is printed."""


def measured(progress: Progress) -> dict[str, Any]:
    """Return all results."""
    results: dict[str, Any] = {
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in PEERS},
        "peers": compared(progress),
        "shapes": measured_shapes(progress),
        "urls": measured_urls(progress),
        "formats": measured_formats(progress),
    }
    task = progress.add_task("growth", total=None)
    results["growth"] = measurements.growth(lambda: progress.advance(task))
    results["globs of channels, ns"] = measurements.globs(lambda: progress.advance(task))
    results["methods"] = methods(lambda: progress.advance(task))
    results["dispatch"] = measured_dispatch(progress)
    results["replace"] = measured_replacing(progress)
    results["large"] = measured_large(progress)
    task = progress.add_task("building, hosts, hostile paths, import", total=5)
    for name, measure in (
        ("building", measurements.building),
        ("hosts", large.hosts),
        ("hostile", measurements.hostile),
        ("hostile peers, ms", measurements.hostile_peers),
        ("import, ms", measurements.importing),
    ):
        results[name] = measure()
        progress.advance(task)
    both = results["methods"]
    both["ratio"] = both["asgi_routes"] / both["sanic-routing"]
    return results


def main() -> None:
    """Run all measurements, or those of one part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=[*PARTS], help="alone, and nothing is saved")
    parser.add_argument("--save", type=Path, default=FOLDER / "results.json")
    arguments = parser.parse_args()
    console = Console()
    if arguments.part is not None:
        measure, show = PARTS[arguments.part]
        with Progress(console=console) as progress:
            alone = measure(progress)
        show(console, alone)
        return
    with Progress(console=console) as progress:
        results = measured(progress)
    printed(console, results)
    arguments.save.write_text(json.dumps(results, indent=1) + "\n")
    arguments.save.with_suffix(".svg").write_text(drawn(results["peers"]["GitHub"]))
    console.print(f"saved {arguments.save.name} and its picture")


if __name__ == "__main__":
    main()
