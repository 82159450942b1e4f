"""Languages beside all paths of a few characters, which `LinearMatcher` says the truth about.

``LANGUAGE_CASES`` says how many rows, pairs and tables; the tests' own number is for every day.
"""

import os
import sys
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from asgi_routes.engine import LinearMatcher, Row
from asgi_routes.inspection.check.comparison import Comparison
from asgi_routes.inspection.check.languages import Language, Undecided, read_language
from asgi_routes.inspection.check.outlines import Outline, list_outlines, meet
from asgi_routes.inspection.check.relations import (
    Reachable,
    Relation,
    Relations,
    Unknown,
    Unreachable,
)
from asgi_routes.patterns.converters import IntConverter
from tests.property.rows import Rows, every_path, matched, written

CASES = int(os.environ.get("LANGUAGE_CASES", "140"))
CHUNKS = 4
PATHS = [every_path("a1/", 6), every_path("a/\n", 6), every_path("a1/\n", 5)]
ROWS_TOGETHER = 6
TABLES = max(48, CASES // 4)
SHADOWS = 3
_REASONS = {"too large to decide", "a regex would take too long to confirm it"}
LONGEST = 3
FEWER_PATHS = [every_path("a1/", 5), every_path("a/\n", 5), every_path("a1/\n", 4)]


pytestmark = pytest.mark.usefixtures("short_numbers")


class Known:
    """A few rows that are understood, beside each other, and which paths they really match."""

    def __init__(self, rows: list[Row[Any]], paths: list[str]) -> None:
        languages = [read_language(row) for row in rows]
        self.undecided = [one for one in languages if isinstance(one, Undecided)]
        self.languages = [one for one in languages if isinstance(one, Language)]
        self.comparison = Comparison(self.languages)
        self.matched = [matched(one.row, paths) for one in self.languages]

    def check(self, wanted: list[int], unwanted: list[int]) -> str:
        """Hold one answer against what is really matched; return which kind it was."""
        found = self.comparison.find_path(wanted, unwanted)
        said = [written(self.languages[index].row) for index in (*wanted, *unwanted)]
        if isinstance(found, Undecided):
            assert found.reason in _REASONS, (said, found)
            return "undecided"
        if found is None:
            both = set.intersection(*(self.matched[index] for index in wanted))
            assert not both.difference(*(self.matched[index] for index in unwanted)), said
            return "none"
        assert all(self.languages[index].matches(found) for index in wanted), (said, found)
        assert not any(self.languages[index].matches(found) for index in unwanted), (said, found)
        return "path"


def checked(known: Known, paths: list[str], make: Rows) -> Counter[str]:
    """Hold all that can be asked of a few rows against what they really match."""
    counts: Counter[str] = Counter(rows=len(known.languages), unread=len(known.undecided))
    for index, language in enumerate(known.languages):
        takes = {path for path in paths if known.comparison.takes(index, path)}
        assert takes == known.matched[index], written(language.row)
        outlines = list_outlines(language.row)
        assert all(meet(outlines, [Outline((*path.split("/"),), is_open=False)]) for path in takes)
        head = known.comparison.find_head(index)
        assert all(path.startswith(head) for path in takes), (written(language.row), head)
        counts[known.check([index], [])] += 1
        others = [other for other in range(len(known.languages)) if other != index]
        for other in others:
            counts[known.check([index, other], [])] += 1
        counts[known.check([index], make.random.sample(others, len(others) // 2))] += 1
    return counts


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_short_path(chunk: int) -> None:
    """A row has the paths of its automaton; what is said to be in common or uncovered is."""
    counts: Counter[str] = Counter()
    for number in range(CASES // CHUNKS // ROWS_TOGETHER + 1):
        make = Rows(chunk * 1_000_000 + number)
        paths = PATHS[number % len(PATHS)]
        known = Known([make.row(index) for index in range(ROWS_TOGETHER)], paths)
        counts += checked(known, paths, make)
    print(counts)
    assert counts["undecided"] < counts["path"] / 100


def test_short_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes long numbers quick is exact, by a Python that takes no more than three digits."""

    def to_python(self: IntConverter, value: str) -> int:
        if len(value) > LONGEST:
            raise ValueError(value)
        return int(value)

    # Python's own limit is 640 or more, and so out of reach for all paths of a few characters.
    monkeypatch.setattr(sys, "get_int_max_str_digits", lambda: LONGEST)
    monkeypatch.setattr(IntConverter, "to_python", to_python)
    paths = every_path("a1/", 7)
    counts: Counter[str] = Counter()
    for number in range(CASES // 40):
        make = Rows(-number - 1_000_000_000)
        counts += checked(Known([make.numbers(index) for index in range(4)], paths), paths, make)
    print(counts)
    assert not counts["unread"] + counts["undecided"]


def planted(make: Rows) -> tuple[list[Row[Any]], set[int]]:
    """Return the rows of a table, and the indexes of some that can never be reached."""
    rows = [make.row(index) for index in range(make.random.randint(2, 9))]
    shadows: list[Row[Any]] = []
    for _ in range(20):
        found = make.shadow(rows)
        if found is None or not all(isinstance(read_language(row), Language) for row in found[0]):
            continue
        bases, shadow = found
        shadow = replace(shadow, index=len(rows))
        least = 1 + max(map(rows.index, bases))
        rows.insert(make.random.randint(least, len(rows)), shadow)
        shadows.append(shadow)
        if len(shadows) == SHADOWS:
            break
    numbered = [replace(row, index=index) for index, row in enumerate(rows)]
    return numbered, {rows.index(shadow) for shadow in shadows}


class Table:
    """The rows of a table, what they really match, and what was said of them."""

    def __init__(self, rows: list[Row[Any]], paths: list[str]) -> None:
        self.relations = [*Relations(rows)]
        shown = [path for one in self.relations for path in shown_paths(one)]
        self.paths = [*paths, *shown, *(path + char for path in shown for char in "a1/\n")]
        self.matched = [matched(row, self.paths) for row in rows]
        linear = LinearMatcher(rows)
        self.reached = {hit[0].index for path in self.paths if (hit := linear(path)) is not None}
        self.linear = linear
        self.dead = {one.index for one in self.relations if isinstance(one, Unreachable)}

    def check(self, relation: Relation) -> None:
        """Hold what was said of a row against what is really matched."""
        match relation:
            case Unreachable(index=index, covering=covering, path=path):
                assert index not in self.reached
                assert all(one < index for one in covering)
                own = self.matched[index]
                assert not own.difference(*(self.matched[one] for one in covering))
                assert (path in own) if covering else (path is None and not own)
            case Reachable(index=index, path=path):
                self._check_reachable(relation)
                hit = self.linear(path)
                assert hit is not None
                assert hit[0].index in {index, *(one for one, _ in relation.unknown)}

    def _check_reachable(self, relation: Reachable) -> None:
        own = self.matched[relation.index]
        told = {one.index for one in relation.overlaps} | {one for one, _ in relation.unknown}
        for index in {*range(relation.index)} - told - self.dead:
            assert not own & self.matched[index]
        for overlap in relation.overlaps:
            assert overlap.path in own & self.matched[overlap.index]
            assert not overlap.is_within or self.matched[overlap.index] <= own


def shown_paths(relation: Relation) -> list[str]:
    """Return the paths that are shown for what is said."""
    match relation:
        case Unreachable(path=path):
            return [] if path is None else [path]
        case Reachable(path=path, overlaps=overlaps):
            return [path, *(overlap.path for overlap in overlaps)]
        case _:
            return []


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_planted_shadows(chunk: int) -> None:
    """All that can never be reached is found, and nothing else; every path shown is true."""
    counts: Counter[str] = Counter()
    for number in range(TABLES // CHUNKS + 1):
        make = Rows(-chunk * 1_000_000 - number - 1)
        rows, shadows = planted(make)
        table = Table(rows, FEWER_PATHS[number % len(FEWER_PATHS)])
        for relation in table.relations:
            counts[type(relation).__name__] += 1
            try:
                table.check(relation)
            except AssertionError as error:
                error.add_note(f"{relation}\n" + "\n".join(map(written, rows)))
                raise
        unread = {one.index for one in table.relations if isinstance(one, Unknown)}
        assert shadows <= table.dead | unread
        counts["found"] += len(shadows & table.dead)
        counts["planted"] += len(shadows)
    print(counts)
    assert counts["found"] > counts["planted"] * 0.9
    assert counts["Reachable"] > counts["planted"] / 2
