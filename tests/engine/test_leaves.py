"""The source of what comes at the end of the way: one row's checks, parameters and rest."""

import pytest

from asgi_routes.engine import Mode, Row, Step
from asgi_routes.engine.shapes import read_shape
from asgi_routes.engine.source import LeafSource, Namespace, write_leaf
from asgi_routes.patterns import Parameter
from tests.spec.rows import pattern, row

SLUG = "s0 and not s0.strip('-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz')"
LEAVES: list[tuple[list[str], LeafSource, list[str]]] = [
    (["a/"], LeafSource("", "{{}}", "''", may_refuse=False, constants=0), []),
    (["a/<x>/"], LeafSource("s1", "{{'x': s1}}", "''", may_refuse=False, constants=0), []),
    (
        ["a/<int:x>"],
        LeafSource(
            "s1.isdigit() and s1.isascii()", "{{'x': int(s1)}}", "''", may_refuse=True, constants=0
        ),
        [],
    ),
    (
        ["<slug:x>/<uuid:y>"],
        LeafSource(
            f"{SLUG} and fits0(s1)",
            "{{'x': s0, 'y': convert1(s1)}}",
            "''",
            may_refuse=True,
            constants=0,
        ),
        ["fits0", "convert1"],
    ),
    (
        ["a/<path:p>"],
        LeafSource(
            "(tail := path[len(s0) + 1:]) and '\\n' not in tail",
            "{{'p': tail}}",
            "''",
            may_refuse=False,
            constants=0,
        ),
        [],
    ),
    (
        ["<path:p>"],
        LeafSource(
            "(tail := path) and '\\n' not in tail",
            "{{'p': tail}}",
            "''",
            may_refuse=False,
            constants=0,
        ),
        [],
    ),
    (
        ["prefix a/"],
        LeafSource("", "{{}}", "path[len(s0) + 1:]", may_refuse=False, constants=0),
        [],
    ),
    (["prefix "], LeafSource("", "{{}}", "path", may_refuse=False, constants=0), []),
    (
        ["mount a/<x>"],
        LeafSource(
            "s1", "{{'x': s1}}", "path[len(s0) + len(s1) + 1:]", may_refuse=False, constants=0
        ),
        [],
    ),
    (["mount "], LeafSource("", "{{}}", "path", may_refuse=False, constants=0), []),
    # What the row's own matcher has to do.
    (["re:a"], LeafSource("", None, "", may_refuse=False, constants=0), []),
    (["<a>-<b>"], LeafSource("", None, "", may_refuse=False, constants=0), []),
]


@pytest.mark.parametrize(("steps", "source", "objects"), LEAVES, ids=str)
def test_leaves(steps: list[str], source: LeafSource, objects: list[str]) -> None:
    """The expressions that check and convert; the rest of the path; the objects that they need."""
    names = Namespace()
    assert open_leaf(row(*steps), names) == source
    assert [*names.objects] == objects


def test_constants_of_a_leaf() -> None:
    """Default kwargs stand in the order of their steps, behind the parameters of each."""
    steps = (
        Step(pattern("<x>/"), Mode.PREFIX, {"k{}": 1}),
        Step(pattern("<y>"), Mode.ENDPOINT, {"m": 2, "n": 3}),
    )
    shown = "{{'x': s0, 'k{{}}': {k0}, 'y': s1, 'm': {k1}, 'n': {k2}}}"
    assert read_shape(Row(0, steps, None)).has_kwargs
    assert open_leaf(Row(0, steps, None), Namespace()) == LeafSource(
        "s0 and s1", shown, "''", may_refuse=False, constants=3
    )


def open_leaf(row: Row[None], names: Namespace) -> LeafSource:
    """Return the source of a leaf of which all columns are open."""
    shape = read_shape(row)
    columns = [number for number, one in enumerate(shape.cells) if isinstance(one, Parameter)]
    return write_leaf(shape, tuple(columns), names)
