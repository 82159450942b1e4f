"""Random tables and paths through the real Django and Channels, and through ours.

``PARITY_CASES`` says how many; `make parity` runs a million.
"""

import os
from collections import Counter
from typing import Any

import pytest

from tests.parity.cases import Generator
from tests.parity.differences import RULES, Difference
from tests.parity.sides import Notes, call, our_side, resolve, their_side

CASES = int(os.environ.get("PARITY_CASES", "32000"))
CHUNKS = max(8, CASES // 50_000)
PATHS_PER_TABLE = 40
NESTED = (*["router"] * 5, "marked", "wrapped", "hidden")
ROOT_PATHS = ["", "", "", "", "/root", "/root/", "/a"]


def explained(case: Difference) -> str:
    """Return the name of the rule that explains a difference, or fail."""
    for rule in RULES:
        if rule(case):
            return rule.__name__
    pytest.fail(
        f"unexplained: path {case.path!r}, root_path {case.root_path!r}\n"
        f"theirs {case.theirs}\nours   {case.ours}\n" + "\n".join(map(repr, case.table))
    )


def prefixed(path: str, root_path: str, make: Generator) -> str:
    """Return the path as it is below a root path, or, sometimes, not quite."""
    if not root_path or make.random.random() < 0.1:
        return path
    return make.random.choice([root_path, root_path, root_path.rstrip("/"), "/root"]) + path


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_channels(chunk: int, record_property: Any) -> None:
    """The same application is called with the same url_route and path_remaining, or none is."""
    counts: Counter[str] = Counter()
    for number in range(CASES // 2 // CHUNKS // PATHS_PER_TABLE + 1):
        make = Generator(chunk * 1_000_000 + number)
        table = make.table(NESTED)
        notes = Notes()
        their, our = their_side(notes), our_side()
        their_router, our_router = their.router(their.routes(table)), our.router(our.routes(table))
        for _ in range(PATHS_PER_TABLE):
            root_path = make.random.choice(ROOT_PATHS)
            path = prefixed(make.path(table), root_path, make)
            theirs, ours = call(their_router, path, root_path), call(our_router, path, root_path)
            counts["cases"] += 1
            counts["matches"] += ours is not None
            if theirs != ours:
                case = Difference(table, path, root_path, theirs, ours, notes)
                counts[explained(case)] += 1
    report(counts, record_property)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_django(chunk: int, record_property: Any) -> None:
    """Includes resolve as Django's own resolver does, without any exception to that."""
    counts: Counter[str] = Counter()
    for number in range(CASES // 2 // CHUNKS // PATHS_PER_TABLE + 1):
        make = Generator(-chunk * 1_000_000 - number - 1)
        table = make.table(("include",))
        patterns = their_side(Notes()).routes(table)
        our = our_side()
        router = our.router(our.routes(table))
        for _ in range(PATHS_PER_TABLE):
            path = "/" + make.path(table).removeprefix("/")
            theirs, ours = resolve(patterns, path), call(router, path, "")
            if ours is not None:
                ours = ours._replace(rest=None)
            counts["cases"] += 1
            counts["matches"] += ours is not None
            assert ours == theirs, (path, table)
    report(counts, record_property)


def report(counts: Counter[str], record_property: Any) -> None:
    """Print the counts, and assert that the cases were worth it."""
    for name, count in counts.items():
        record_property(name, count)
    print(dict(counts))
    assert counts["matches"] >= counts["cases"] / 2
