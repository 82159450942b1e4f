"""Rows from lines of text, and what becomes of them as one line."""

from asgi_routes.converters import registered_converters
from asgi_routes.engine import Mode, Row, Step
from asgi_routes.engine.shapes import ANY, Cell, Shape, shape_of
from asgi_routes.engine.tree import InOrder, Leaf, Switch, Test, Tree
from asgi_routes.patterns import Parameter, Pattern, parse_path, parse_regex

MODES = {"E": Mode.ENDPOINT, "P": Mode.PREFIX, "M": Mode.MOUNT}


def pattern(text: str) -> Pattern:
    """Return a pattern; a regex is what begins with ``re:``."""
    if text.startswith("re:"):
        return parse_regex(text.removeprefix("re:"))
    return parse_path(text, registered_converters())


def row(*steps: str) -> Row[None]:
    """Return a row of steps such as ``E a/b``, and ``EL a/b`` where a level begins."""
    found = []
    for text in steps:
        mode, _, source = text.partition(" ")
        found.append(Step(pattern(source), MODES[mode[0]], {}, is_level=mode[1:] == "L"))
    return Row(0, tuple(found), None)


def shapes(*texts: str) -> list[Shape]:
    """Return the shapes of a table of routes."""
    steps = [(Step(pattern(text), Mode.ENDPOINT, {}),) for text in texts]
    return [shape_of(Row(index, one, None)) for index, one in enumerate(steps)]


def shown(tree: Tree) -> str:
    """Write a tree: ``column=text`` for a test, ``column{text: …}`` for a choice, rows by number.

    Behind a row stand the columns in which its parameters have yet to be checked.
    """
    match tree:
        case Leaf(shape=shape, open=columns):
            return "".join([str(shape.row.index), *(f"?{column}" for column in columns)])
        case Test(column=column, text=text, then=then):
            return f"{column}={text} {shown(then)}"
        case Switch(column=column, cases=cases):
            branches = "; ".join(f"{text}: {shown(case)}" for text, case in cases.items())
            return f"{column}{{{branches}}}"
        case InOrder(trees=trees):
            return ", ".join(map(shown, trees))


def cell(one: Cell) -> str:
    """Write what a row asks of a segment."""
    return "*" if one is ANY else f"<{one.name}>" if isinstance(one, Parameter) else str(one)
