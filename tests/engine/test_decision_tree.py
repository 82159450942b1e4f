"""What a table becomes before it is source: shapes, trees and ranges, each on one line."""

import pytest

from asgi_routes.engine.decision_tree import TreeBuilder, build_ranges, find_leaves
from asgi_routes.engine.shapes import read_shape
from asgi_routes.engine.source import list_rows
from asgi_routes.patterns import Parameter
from tests.engine.drawn import cell, shapes, shown
from tests.spec.rows import row

# The steps of a row; its cells, from how many segments to how many, and its tail; the one path that it
# matches.
SHAPES: list[tuple[list[str], str, str | None]] = [
    ([""], " 1-1 ", ""),
    (["a"], "a 1-1 ", "a"),
    (["a/b/"], "a/b/ 3-3 ", "a/b/"),
    (["/a"], "/a 2-2 ", "/a"),
    (["a//b"], "a//b 3-3 ", "a//b"),
    (["a/<x>/"], "a/<x>/ 3-3 ", None),
    (["<x>-<y>/a"], "*/a 2-2 None", None),
    (["a<x>"], "* 1-1 None", None),
    (["a/<path:p>"], "a 2- <p>", None),
    (["a/b<path:p>"], "a 2- None", None),
    (["<path:p>/a"], " 1- None", None),
    (["<path:p>"], " 1- <p>", None),
    (["prefix "], " 1- rest", None),
    (["prefix a/"], "a 2- rest", None),
    (["prefix a/b"], "a 2- None", None),
    (["mount "], " 1- rest", None),
    (["mount a"], "a 1- mount", None),
    (["mount a/<x>"], "a/<x> 2- mount", None),
    (["prefix a/", "b/"], "a/b/ 3-3 ", "a/b/"),
    (["prefix a/", "<x>"], "a/<x> 2-2 ", None),
    # A nested router reads on behind a slash, or takes one off.
    (["level a/", "b"], "a/b 2-2 ", "a/b"),
    (["level a", "b"], "a/b 2-2 ", "a/b"),
    (["level a", "/b/"], "a//b/ 4-4 ", "a//b/"),
    (["level ", "b"], "b 1-1 ", "b"),
    (["level a", "level b", "<x>"], "a/b/<x> 3-3 ", None),
    (["level a", "prefix b/", "level c", "<x>"], "a/b/c/<x> 4-4 ", None),
    (["level <x>", "<even:y>/"], "<x>/<y>/ 3-3 ", None),
    (["level <uuid:x>", "b"], "<x>/b 2-2 ", None),
    (["level a<x>", "b"], "*/b 2-2 None", None),
    (["level a", "<path:p>"], "a 2- <p>", None),
    (["level a", "mount b"], "a/b 2- mount", None),
    (["level a/", "level b/"], "a/b 3- rest", None),
    (["level a"], " 1- None", None),
    (["level a", "re:^b/c$"], "a/b 3- None", None),
    (["level a", "re:b"], "a 2- None", None),
    # What begins there may match nothing, and then nothing may follow.
    (["level a", ""], " 1- None", None),
    (["level a", "level ", "b"], " 1- None", None),
    (["level a", "re:^b?"], " 1- None", None),
    (["level a", "<ab:x>"], " 1- None", None),
    (["level a", "<twice:x>"], " 1- None", None),
    (["level <ab:x>", "b"], " 1- None", None),
    (["level <path:p>", "b"], " 1- None", None),
    (["level re:^a", "b"], " 1- None", None),
    (["prefix a/", "<path:p>"], "a 2- <p>", None),
    (["prefix ", "prefix ", "mount a/"], "a/ 2- mount", None),
    # The step before ends inside of a segment.
    (["prefix a", "b"], " 1- None", None),
    # Of a regex that is anchored, what is literal up to a slash is known.
    (["prefix a/", "re:^b/c$"], "a/b 3- None", None),
    (["prefix re:^a/", "b"], "a 2- None", None),
    (["re:^a/b$"], "a 2- None", None),
    ([r"re:\Aa/b/(c)"], "a/b 3- None", None),
    (["re:a/b"], " 1- None", None),
    (["re:^(a)/"], " 1- None", None),
    (["re:^$"], " 1- None", None),
]


@pytest.mark.parametrize(("steps", "text", "literal"), SHAPES, ids=str)
def test_shapes(steps: list[str], text: str, literal: str | None) -> None:
    """What a row asks of each segment, as far as it can be said."""
    shape = read_shape(row(*steps))
    tail = f"<{shape.tail.name}>" if isinstance(shape.tail, Parameter) else shape.tail
    cells = "/".join(map(cell, shape.cells))
    assert f"{cells} {shape.least}-{'' if shape.most is None else repr(shape.most)} {tail}" == text
    assert shape.literal == literal


# The routes, and their tree, as `shown` writes it.
TREES: list[tuple[list[str], str]] = [
    (["a/x"], "0=a 1=x 0"),
    (["a/x", "<b>/x"], "0=a 1=x 0, 1=x 1?0"),
    (["a/x", "a/y", "b/x"], "0{a: 1=x 0, 1=y 1; b: 1=x 2}"),
    (["<p>/x", "a/x", "b/y"], "1{x: 0?0, 0=a 1; y: 0=b 2}"),
    (
        ["a/b/x", "a/b/y", "a/c/x", "b/c/z"],
        "2{x: 0=a 1=b 0, 0=a 1=c 2; y: 0=a 1=b 1; z: 0=b 1=c 3}",
    ),
    (["a/<q>", "b/<q>", "c/d/e", "f/<s>/g"], "0{a: 0?1; b: 1?1; c: 1=d 2=e 2; f: 2=g 3?1}"),
    (["<a>-x/y", "a/x", "b/x"], "1{y: 0; x: 0=a 1, 0=b 2}"),
    (["<a>/x", "<b>/x", "<c>/z", "a/b"], "1{x: 0?0, 1?0; z: 2?0; b: 0=a 3}"),
    (["<a>/<b>", "<b>/<c>", "<c>/<d>"], "0?0?1, 1?0?1, 2?0?1"),
    # A column is a text in two shapes at least; of three with a text in it one may have none.
    (["a/<x>", "<x>/b", "<x>/<y>"], "0=a 0?1, 1=b 1?0, 2?0?1"),
    (["a/<x>", "a/<y>", "<x>/b"], "0{a: 0?1, 1?1}, 1=b 2?0"),
    # A row without a text is tried in the branches of those behind it, where it accepts the text.
    (
        ["<p>/x", "a/<q>", "b/y", "<r>/<s>", "a/v"],
        "1{x: 0?0; y: 0=a 1, 0=b 2; v: 0{a: 1, 3, 4}, 3?0}, 0=a 1?1, 3?0?1",
    ),
    (
        ["<int:p>/<q>", "a/<q>", "1/<r>", "<slug:p>/<r>", "a/<t>", "b/<t>", "a/<u>"],
        "0{a: 1?1, 3?1, 4?1, 6?1; 1: 0?1, 2?1; b: 3?1, 5?1}, 0?0?1, 3?0?1",
    ),
    (
        ["a/<q>", "<a>-x/y", "b/<q>", "<path:p>", "a/z"],
        "0{a: 1{y: 0, 1; z: 0, 3, 4}, 0?1, 3; b: 1=y 1, 2?1}, 1=y 1, 3",
    ),
    (
        ["a/b/<x>", "a/c/<x>", "a/<y>/d", "b/b/<x>"],
        "0{a: 1{b: 0?2; c: 1?2}, 2=d 2?1; b: 1=b 3?2}",
    ),
]


@pytest.mark.parametrize(("texts", "tree"), TREES, ids=str)
def test_trees(texts: list[str], tree: str) -> None:
    """First the segment that is a text in most rows, and wherever one is, the rows in order."""
    assert shown(TreeBuilder(len(texts)).build(shapes(*texts))) == tree


@pytest.mark.parametrize(
    ("texts", "tree"),
    [
        (
            ["<p>/x", "a/<q>", "b/y", "<r>/<s>", "a/v"],
            "1{x: 0?0}, 0=a 1?1, 1{y: 0=b 2}, 3?0?1, 1{v: 0=a 4}",
        ),
        (
            ["<int:p>/<q>", "a/<q>", "1/<r>", "<slug:p>/<r>", "a/<t>", "b/<t>", "a/<u>"],
            "0?0?1, 0{a: 1?1; 1: 2?1}, 3?0?1, 0{a: 4?1, 6?1; b: 5?1}",
        ),
    ],
    ids=str,
)
def test_trees_without_copies(texts: list[str], tree: str) -> None:
    """Where no copy can be afforded, a choice goes as far as it needs none."""
    allows_none = TreeBuilder(-8)
    assert shown(allows_none.build(shapes(*texts))) == tree


@pytest.mark.parametrize(
    ("kind", "parameters", "texts", "copies"),
    [
        # Eight copies a row, and 64, and not one more.
        ("slug", 24, 16, 24 * 16),
        ("slug", 24, 17, 0),
        # Eight looks a copy, even where nothing is copied.
        ("int", 128, 136, 0),
        ("int", 128, 137, None),
    ],
)
def test_a_tree_grows_with_its_table(
    kind: str, parameters: int, texts: int, copies: int | None
) -> None:
    """Rows are copied, and texts looked at, in proportion to the rows."""
    before = shapes(
        *(f"<{kind}:p>/<q{number}>" for number in range(parameters)),
        *(f"t{number}/<q>" for number in range(texts)),
    )
    builder = TreeBuilder(len(before))
    tree = builder.build(before)
    assert len(list_rows(tree)) == len(before) + (copies or 0)
    is_one_choice = shown(tree).startswith("0{")
    assert is_one_choice == (copies is not None and (kind == "int" or copies > 0))
    if copies:  # There are none left for the next tree of the table.
        assert shown(builder.build(shapes("<p>/<q>", "a/<q>", "a/<r>"))) == "0?0?1, 0{a: 1?1, 2?1}"


SPANS: list[tuple[list[str], str]] = [
    ([], ""),
    (["a"], "1-1 1: 0=a 0; 2- 0: None"),
    ([""], "1-1 1: 0= 0; 2- 0: None"),
    (["a", "b/c"], "1-1 1: 0=a 0; 2-2 2: 0=b 1=c 1; 3- 0: None"),
    (["a/b/c/d"], "1-3 0: None; 4-4 4: 0=a 1=b 2=c 3=d 0; 5- 0: None"),
    (
        ["a/<path:p>", "b/c/d"],
        "1-1 0: None; 2-2 1: 0=a 0; 3-3 3: 0=a 0, 0=b 1=c 2=d 1; 4- 1: 0=a 0",
    ),
    (["<path:p>"], "1- 0: 0"),
    (["re:a", "b/"], "1-1 0: 0; 2-2 2: 0, 0=b 1= 1; 3- 0: 0"),
]


@pytest.mark.parametrize(("texts", "expected"), SPANS, ids=str)
def test_spans(texts: list[str], expected: str) -> None:
    """From how many segments to how many, how many the tree looks at, and the tree."""
    ranges = build_ranges(shapes(*texts), TreeBuilder(len(texts)))
    assert expected == "; ".join(
        f"{lengths.least}-{lengths.most or ''} {lengths.columns}: {lengths.tree and shown(lengths.tree)}"
        for lengths in ranges
    )
    for number, text in enumerate(texts):
        path = text.replace("<path:p>", "x/y").removeprefix("re:")
        assert number in [leaf.shape.row.index for leaf in find_leaves(ranges, path)]
    assert [*find_leaves(ranges, "no/such/row/is/there")] == [
        leaf for leaf in find_leaves(ranges, "no/such/row/is/there") if leaf.shape.tail != ""
    ]
