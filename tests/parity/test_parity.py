"""Random tables and paths through the real Django and Channels, and through ours.

``PARITY_CASES`` says how many; `make parity` runs a million.
"""

import os
from collections import Counter
from typing import Any, NamedTuple

import pytest

from asgi_routes.migration.differences import Explanations
from asgi_routes.scopes import RootPath
from tests.parity.cases import Declared, Generator
from tests.parity.sides import Asked, Called, Notes, Resolving, TheirSide, call, our_side, resolve

pytestmark = pytest.mark.filterwarnings("ignore::asgi_routes.SlowRegexWarning")
CASES = int(os.environ.get("PARITY_CASES", "6000"))
CHUNKS = max(8, CASES // 50_000)
PATHS_PER_TABLE = 40
NESTED = (*["router"] * 5, "marked", "wrapped", "hidden", "include", "include")
OPTIONS: list[RootPath] = ["in_path", "in_path", "auto", "stripped"]
ROOT_PATHS = [*[""] * 8, "/root", "/root", "/root/", "/root/", "/a", "/a", "/"]


class Case(NamedTuple):
    """A call of both sides."""

    table: tuple[Declared, ...]
    asked: Asked
    theirs: Called | None
    ours: Called | None


def compared(case: Case, explanations: Explanations) -> list[str]:
    """Return the rules that explain a difference; none where the sides agree.

    Ours has to answer what the rules say, also where Channels happens to answer the same without them.
    """
    expected, applied = explanations.expected(case.asked)
    told = f"expected {expected} by {sorted(applied)}\n" + "\n".join(map(repr, case.table))
    assert case.ours == expected, f"{case._replace(table=())}\n{told}"
    if case.theirs == case.ours:
        return []
    rules = explanations.of(case.asked, case.ours)
    assert rules, f"unexplained: {case._replace(table=())}\n{told}"
    several = ["several rules"] if len(rules) > 1 else []
    return ["differences", *several, *(rule.value for rule in rules)]


def prefixed(path: str, root_path: str, make: Generator) -> str:
    """Return the path as it is below a root path, or, sometimes, not quite."""
    if not root_path or make.random.random() < 0.1:
        return path
    stripped = root_path.rstrip("/")
    return make.random.choice([stripped, stripped, stripped, root_path, "/root"]) + path


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_channels(chunk: int, record_property: Any) -> None:
    """The same application is called with the same url_route and path_remaining, or none is.

    Where one of the rules applies, ours answers what the rule says.
    """
    counts: Counter[str] = Counter()
    for number in range(CASES // 2 // CHUNKS // PATHS_PER_TABLE + 1):
        make = Generator(chunk * 1_000_000 + number)
        table = make.table(NESTED)
        option = make.random.choice(OPTIONS)
        explanations = Explanations(table, option)
        their, our = TheirSide(Notes()), our_side(option)
        their_router, our_router = their.router(their.routes(table)), our.router(our.routes(table))
        for _ in range(PATHS_PER_TABLE):
            root_path = make.random.choice(ROOT_PATHS)
            path = prefixed(make.path(table), root_path, make)
            asked = Asked(path, root_path, make.random.random() < 0.2)
            theirs, ours = call(their_router, asked), call(our_router, asked)
            counts["cases"] += 1
            counts["matches"] += ours is not None
            counts.update(compared(Case(table, asked, theirs, ours), explanations))
    report(counts, record_property)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_django(chunk: int, record_property: Any) -> None:
    """Includes resolve as Django's own resolver does, without any exception to that."""
    counts: Counter[str] = Counter()
    for number in range(CASES // 2 // CHUNKS // PATHS_PER_TABLE + 1):
        make = Generator(-chunk * 1_000_000 - number - 1)
        table = make.table(("include",))
        patterns = Resolving(Notes()).routes(table)
        our = our_side()
        router = our.router(our.routes(table))
        for _ in range(PATHS_PER_TABLE):
            path = "/" + make.path(table).removeprefix("/")
            theirs, ours = resolve(patterns, path), call(router, Asked(path))
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
