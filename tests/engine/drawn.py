"""What becomes of rows, as one line."""

from asgi_routes.engine.decision_tree import InOrder, Leaf, Switch, Test, Tree
from asgi_routes.engine.shapes import ANY, Cell, Shape, read_shape
from asgi_routes.patterns import Parameter
from tests.spec.rows import rows


def shapes(*texts: str) -> list[Shape]:
    """Return the shapes of a table of routes."""
    return [*map(read_shape, rows(*texts))]


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
            parts = [f"({shown(one)})" if isinstance(one, InOrder) else shown(one) for one in trees]
            return ", ".join(parts)


def cell(one: Cell) -> str:
    """Write what a row asks of a segment."""
    return "*" if one is ANY else f"<{one.name}>" if isinstance(one, Parameter) else str(one)
