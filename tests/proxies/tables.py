"""What came through, as tables: with every layout and server, and as SECURITY has it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tests.proxies.layouts import PEERS
from tests.proxies.matrix import ALONE, LAYOUTS, Reached
from tests.proxies.proxies import ALL_RULES, VERSIONS, Rules

DEFAULTS = ("flat", "include", "nested", "mount", "regex", "format", "redirect")
_OURS = (*DEFAULTS, "both")
_RULES = (*ALL_RULES, ALONE)


def write_table(found: Sequence[Reached]) -> str:
    """Return a row for each configuration and version, with the servers that it is the same for."""
    rows = [("proxy and rule", "asked over", "server", *LAYOUTS)]
    for rules in _RULES:
        for version in VERSIONS:
            by_counts: dict[tuple[str, ...], list[str]] = defaultdict(list)
            for one in _of(found, rules, version):
                by_counts[tuple(str(one.count(layout)) for layout in LAYOUTS)].append(one.server)
            for counts, servers in by_counts.items():
                rows.append((_name(rules), version, ", ".join(servers), *counts))
    return _draw(rows)


def write_summary(found: Sequence[Reached]) -> str:
    """Return the table of SECURITY: with the server that lets most of them in.

    Versions of HTTP for which the numbers are the same are one row.
    """
    columns = [_OURS, ("preserve",), ("reject",), *((peer,) for peer in PEERS)]
    rows: list[tuple[str, ...]] = []
    for rules in (one for one in _RULES if one.root is None):
        by_counts: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for version in VERSIONS:
            if own := [*_of(found, rules, version)]:
                counts = tuple(str(_most(own, layouts)) for layouts in columns)
                by_counts[counts].append(version.removeprefix("HTTP/"))
        rows += [
            (str(len(rows) + number), _name(rules), ", ".join(versions), *counts)
            for number, (counts, versions) in enumerate(by_counts.items(), 1)
        ]
    heads = ("row", "proxy and rule", "HTTP", "ours", "``preserve``", "``reject``", *PEERS)
    return _draw([heads, *rows])


def _of(found: Iterable[Reached], rules: object, version: str) -> Iterator[Reached]:
    return (one for one in found if one.rules is rules and one.version == version)


def _most(found: Iterable[Reached], layouts: Iterable[str]) -> int:
    return max(one.count(layout) for one in found for layout in layouts)


def _name(rules: Rules) -> str:
    return f"{rules.proxy}{rules.name and ', ' + rules.name}"


def _draw(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    line = "  ".join("=" * width for width in widths)
    texts = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([line, texts[0], line, *texts[1:], line])
