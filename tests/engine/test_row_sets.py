"""Sets of rows: the right rows, in order, of a size in proportion to the table."""

import itertools
import random
import tracemalloc
from typing import Any

import pytest

from asgi_routes.engine import LinearMatcher, Mode, Row, Step, compile_rows, decision_tree
from asgi_routes.engine.row_sets import build_row_sets, find_leaves_in_sets
from asgi_routes.engine.shapes import read_shape
from asgi_routes.patterns import parse_path
from asgi_routes.patterns.converters import Converters
from tests.engine.tables import ALL_TABLES, make_paths
from tests.spec.rows import rows


@pytest.fixture
def _no_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_tree, "_COPIES_A_ROW", 0)
    monkeypatch.setattr(decision_tree, "_COPIES_FREE", 0)


@pytest.mark.usefixtures("_no_copies")
@pytest.mark.parametrize("table", ALL_TABLES, ids=str)
def test_sets_answer_as_the_linear_matcher(table: list[str]) -> None:
    made = rows(*table)
    linear = LinearMatcher(made)
    matcher = compile_rows(made, linear).matcher
    for text in make_paths(table):
        assert show(matcher(text)) == show(linear(text)), text


def show(hit: Any) -> str | None:
    """Return a hit in a form in which 1 is not True, nor one order of keys another."""
    return None if hit is None else repr((hit[0].index, hit[1], [*hit[2].items()], hit[3]))


def test_many_kinds_of_parameters() -> None:
    """Those behind the first few are looked at by the rows' own matchers."""
    kinds = {}
    for number in range(40):
        kinds[f"k{number}"] = type(
            "Kind", (), {"regex": f"[a-c]{{{number + 1}}}", "to_python": str, "to_url": str}
        )
    registry = Converters(kinds)
    texts = [f"<k{number}:p>/{'xy'[number % 2]}" for number in range(40)]
    texts[20:20] = ["aaa/x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/y"]
    made = [
        Row(index, (Step(parse_path(text, registry), Mode.ENDPOINT, {}),), None)
        for index, text in enumerate(texts)
    ]
    (sets,) = build_row_sets([*map(read_shape, made)], frozenset())
    assert sum(bool(leaf.open) for leaf in sets.leaves) == 24
    assert len(sets.columns[0].by_parameter) == 16
    linear = LinearMatcher(made)
    for size, end in itertools.product(range(45), "xyz"):
        text = f"{'a' * size}/{end}"
        expected = [row.index for row in made if linear.could_match(row, text)]
        leaves = find_leaves_in_sets(sets, text.split("/"))
        found = [leaf.shape.row.index for leaf in leaves]
        assert [index for index in found if index in expected] == expected


def make_random_table(count: int) -> list[str]:
    """Return routes in which texts and numbers stand anywhere, in any order."""
    draw = random.Random(count)  # noqa: S311 - to be repeated, not to be secret
    texts = ["a", "b", *(f"x{number}" for number in range(40))]
    made: set[str] = set()
    while len(made) < count:
        kinds = [draw.choice([draw.choice(texts), "<N>", "<int:N>"]) for _ in range(5)]
        made.add("/".join(kind.replace("N", f"p{n}") for n, kind in enumerate(kinds)))
    return sorted(made, key=lambda text: draw.random())


def test_a_table_takes_source_and_memory_in_proportion() -> None:
    """Of rows without any order in them, too."""
    lines, held = [], []
    for count in (1000, 4000):
        made = rows(*make_random_table(count))
        tracemalloc.start()
        compiled = compile_rows(made, LinearMatcher(made))
        held.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        lines.append(compiled.source.count("\n"))
    assert lines[1] < lines[0] * 6
    assert held[1] < held[0] * 6
    assert lines[1] < 4000 * 3
