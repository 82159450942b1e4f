"""Shapes: what a row asks of each segment of a path, as one line."""

import pytest

from asgi_routes.engine.shapes import ANY, Cell, read_shape
from asgi_routes.patterns import Parameter
from tests.spec.rows import row

# The steps of a row; its cells, from how many segments to how many, and its tail; the one path
# that it matches.
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
    (["level a", "<ab:x>"], "a 2- None", None),
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
    cells = "/".join(map(spell, shape.cells))
    assert f"{cells} {shape.least}-{'' if shape.most is None else repr(shape.most)} {tail}" == text
    assert shape.literal == literal


def spell(cell: Cell) -> str:
    """Write what a row asks of a segment."""
    return "*" if cell is ANY else f"<{cell.name}>" if isinstance(cell, Parameter) else str(cell)
