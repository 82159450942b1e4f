"""Decision trees: what holds for the tree of any table."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from asgi_routes.engine import LinearMatcher
from asgi_routes.engine.decision_tree import (
    Compare,
    InOrder,
    LengthRange,
    Switch,
    Tree,
    TreeBuilder,
    build_ranges,
    find_leaves,
)
from asgi_routes.engine.row_sets import Leaf, RowSets
from asgi_routes.engine.shapes import ANY, Shape, list_columns, read_shape
from asgi_routes.engine.source import list_rows
from asgi_routes.patterns import Parameter
from tests.engine.tables import ALL_TABLES, make_path, make_paths
from tests.spec.rows import rows

AFFORDS_NOTHING = -32
BUDGETS = pytest.mark.parametrize("affords", [True, False], ids=["copies", "no copies"])


def read_shapes(*texts: str) -> list[Shape]:
    """Return the shapes of a table of routes."""
    return [*map(read_shape, rows(*texts))]


def ranges_of(table: list[str], *, affords: bool = True) -> list[LengthRange]:
    """Return the trees of a table, with as many copies as usual or with none."""
    return build_ranges(
        read_shapes(*table), TreeBuilder(len(table) if affords else AFFORDS_NOTHING)
    )


def walk(
    tree: Tree, decided: frozenset[int] = frozenset()
) -> Iterator[tuple[Tree, frozenset[int]]]:
    """Yield every node, with the columns that were decided on the way to it."""
    yield tree, decided
    match tree:
        case Compare(column=column, then=then):
            yield from walk(then, decided | {column})
        case Switch(column=column, cases=cases):
            for case in cases.values():
                yield from walk(case, decided | {column})
        case InOrder(trees=trees):
            for part in trees:
                yield from walk(part, decided)


@BUDGETS
@pytest.mark.parametrize("table", ALL_TABLES, ids=str)
def test_rows_that_match_are_found_in_order(table: list[str], affords: bool) -> None:  # noqa: FBT001
    """Every row whose texts are right comes, none before one that is declared before it."""
    linear = LinearMatcher(rows(*table))
    ranges = ranges_of(table, affords=affords)
    for path in make_paths(table):
        expected = [row.index for row in linear.rows if linear.could_match(row, path)]
        reached = [leaf.shape.row.index for leaf in find_leaves(ranges, path)]
        found = [index for index in dict.fromkeys(reached) if index in expected]
        assert found == expected, path
    for index, route in enumerate(table):
        assert linear.could_match(linear.rows[index], make_path(route)), route


@BUDGETS
@pytest.mark.parametrize("table", ALL_TABLES, ids=str)
def test_what_is_not_open_is_decided(table: list[str], affords: bool) -> None:  # noqa: FBT001
    """All texts of a row were compared on the way to it; its parameters were, or will be."""
    ranges = ranges_of(table, affords=affords)
    for path in make_paths(table):
        segments = path.split("/")
        for leaf in find_leaves(ranges, path):
            for column, cell in enumerate(leaf.shape.cells):
                if isinstance(cell, str):
                    assert segments[column] == cell
                elif isinstance(cell, Parameter) and column not in leaf.open:
                    assert re.fullmatch(cell.regex, segments[column])
    for one in ranges:
        for node, decided in walk(one.tree) if one.tree else ():
            if isinstance(node, Leaf):
                cells = node.shape.cells
                assert not decided & {*node.open}
                assert all(isinstance(cells[column], Parameter) for column in node.open)


@BUDGETS
@pytest.mark.parametrize("table", ALL_TABLES, ids=str)
def test_trees_are_flat(table: list[str], affords: bool) -> None:  # noqa: FBT001
    """No segment is looked at twice on one way, and no order stands in another one."""
    for one in ranges_of(table, affords=affords):
        for node, decided in walk(one.tree) if one.tree else ():
            if isinstance(node, Compare | Switch):
                assert node.column not in decided
                assert node.column < one.columns
            if isinstance(node, InOrder):
                assert len(node.trees) > 1
                assert not any(isinstance(part, InOrder) for part in node.trees)
                if not any(isinstance(inner, Switch) for inner, _ in walk(node)):
                    indexes = [row.index for row in list_rows(node)]
                    assert indexes == sorted({*indexes})


@pytest.mark.parametrize("table", ALL_TABLES, ids=str)
def test_every_row_stands_once_where_no_copy_can_be_afforded(table: list[str]) -> None:
    builder, shapes = TreeBuilder(AFFORDS_NOTHING), read_shapes(*table)
    if shapes:
        tree = builder.build(shapes)
        assert sorted(row.index for row in list_rows(tree)) == [*range(len(table))]


@pytest.mark.parametrize("table", ALL_TABLES, ids=str)
def test_ranges_follow_one_another(table: list[str]) -> None:
    """From one segment to no end; each has just the rows that so many segments can match."""
    ranges = ranges_of(table)
    shapes = read_shapes(*table)
    assert bool(ranges) is bool(table)
    if ranges:
        assert (ranges[0].least, ranges[-1].most) == (1, None)
    kept: list[set[int]] = []
    for one in ranges:
        fitting = {
            shape.row.index
            for shape in shapes
            if shape.least <= one.least <= (shape.most or one.least)
        }
        kept.append({row.index for row in (list_rows(one.tree) if one.tree else ())})
        assert kept[-1] == fitting
        assert one.columns == max((len(shapes[index].cells) for index in fitting), default=0)
    for one, another in pairwise(ranges):
        assert one.most is not None
        assert another.least == one.most + 1
    assert all(one != another for one, another in pairwise(kept))


@pytest.mark.parametrize(
    "table",
    [
        [f"t{number}/<x>" for number in range(40)],
        [f"<x>/t{number}" for number in range(40)],
        # Where two segments are texts in as many rows, the one with more texts decides first.
        [f"a/t{number}/<x>" for number in range(40)],
        # A segment that is a text in more rows goes before one that has more texts.
        [*(f"t{number}/<x>/{'ab'[number % 2]}" for number in range(40)), "<x>/<y>/c"],
    ],
    ids=lambda table: table[0],
)
def test_the_best_segment_is_looked_at_first(table: list[str]) -> None:
    """One look leaves few rows."""
    tree = TreeBuilder(len(table)).build(read_shapes(*table))
    assert isinstance(tree, Switch)
    texts = [cell for shape in read_shapes(*table) if isinstance(cell := shape.cells[-1], str)]
    assert len(tree.cases) == (3 if len(texts) == len(table) and "c" in texts else 40)


def test_a_few_rows_are_tried_in_order() -> None:
    """A choice is made for three rows or more, and for a text that two of them have."""
    for table in (["a/x", "b/x"], ["a/<x>", "<x>/b", "<x>/<y>"]):
        tree = TreeBuilder(9).build(read_shapes(*table))
        assert not any(isinstance(node, Switch) for node, _ in walk(tree))
    tree = TreeBuilder(9).build(read_shapes("a/<x>", "a/<y>", "<x>/b"))
    assert isinstance(tree, InOrder)
    assert isinstance(tree.trees[0], Switch)


def test_a_copy_is_made_only_where_the_text_is_accepted() -> None:
    """A number is not tried where the segment is a word."""
    tree = TreeBuilder(3).build(read_shapes("<int:p>/<q>", "a/<q>", "1/<r>"))
    assert isinstance(tree, InOrder)
    switch = tree.trees[0]
    assert isinstance(switch, Switch)
    indexes = {text: [row.index for row in list_rows(case)] for text, case in switch.cases.items()}
    assert indexes == {"a": [1], "1": [0, 2]}


@pytest.mark.parametrize(
    ("kind", "parameters", "texts", "copies"),
    [
        # Two copies a row, and 64, and not one more.
        ("slug", 4, 36, 4 * 36),
        ("slug", 4, 37, 0),
        # Eight looks a copy, even where nothing is copied.
        ("int", 32, 64, 0),
        ("int", 32, 65, None),
    ],
)
def test_a_tree_grows_with_its_table(
    kind: str, parameters: int, texts: int, copies: int | None
) -> None:
    """Rows are copied, and texts looked at, in proportion to the rows."""
    shapes = read_shapes(
        *(f"<{kind}:p>/<q{number}>" for number in range(parameters)),
        *(f"t{number}/<q>" for number in range(texts)),
    )
    builder = TreeBuilder(len(shapes))
    tree = builder.build(shapes)
    assert len(list_rows(tree)) == len(shapes) + (copies or 0)
    is_choice = isinstance(tree, InOrder) and isinstance(tree.trees[0], Switch)
    assert is_choice is not isinstance(tree, RowSets)
    assert is_choice == (copies is not None and (kind == "int" or copies > 0))
    if copies:  # There are none left for the next tree of the table.
        tree = builder.build(read_shapes("<p>/<q>", "a/<q>", "a/<r>"))
        assert [row.index for row in list_rows(tree)] == [0, 1, 2]


def test_where_copies_cannot_be_afforded_there_are_sets() -> None:
    """In every other branch of the tree, choices are made as before."""
    table = [
        *(f"x/{text}/<q>" for text in "abc"),
        *(f"y/<p>/{text}" for text in "xyz"),
        *(f"y/{text}/<q>" for text in "defg"),
    ]
    tree = TreeBuilder(AFFORDS_NOTHING).build(read_shapes(*table))
    assert isinstance(tree, Switch)
    assert isinstance(tree.cases["x"], Switch)
    assert isinstance(tree.cases["y"], RowSets)


def test_rows_behind_all_texts_are_no_copies() -> None:
    """They are tried once, behind the choice, and so count for nothing."""
    texts = ["t0/<q>", "<slug:p>/<q>", *(f"t{number}/<q>" for number in range(1, 20))]
    table = [*texts, *(f"<slug:p>/<q{number}>" for number in range(200))]
    tree = TreeBuilder(len(table)).build(read_shapes(*table))
    assert isinstance(tree, InOrder)
    assert isinstance(tree.trees[0], Switch)
    assert len(tree.trees[0].cases) == 20


def test_behind_its_cells_nothing_is_known_of_a_shape() -> None:
    columns = list_columns(read_shapes("a/<path:p>", "a/b/c"))
    assert [*columns] == [("a", "a"), (ANY, "b"), (ANY, "c")]
