"""The end of the way: the expressions that check and convert the parameters of one row.

In: a shape, and the columns that are still open. Out: pieces of Python source, with the objects that
they need. The rule kept here: the source of a leaf does not name its row, so that rows which differ
only in their texts have the same source, and can share it.
"""

import functools
import re
from dataclasses import dataclass
from typing import Any

from asgi_routes.engine.runs import Run, parameter_piece
from asgi_routes.engine.shapes import Shape
from asgi_routes.patterns import Parameter
from asgi_routes.patterns.converters import IntConverter, TextConverter

_SEGMENT, _DIGITS = "[^/]+", "[0-9]+"


@dataclass(frozen=True, slots=True)
class LeafSource:
    """The source of a leaf.

    Attributes:
        check: an expression that has to be true; empty where nothing has to be checked.
        kwargs: a dict display; None where the row's own matcher makes the hit.
        rest: an expression for what is left of the path.
        may_refuse: whether a converter can raise `ValueError`.
        constants: how many default kwargs it has, ``{k0}``, ``{k1}`` and so on in ``kwargs``.
    """

    check: str
    kwargs: str | None
    rest: str
    may_refuse: bool
    constants: int


class Names:
    """The objects that generated source needs, each under a name of its own."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}
        self._names: dict[tuple[str, object], str] = {}

    def of(self, prefix: str, key: object, value: Any) -> str:
        """Return the name of a value; the same for the same key."""
        name = self._names.get((prefix, key))
        if name is None:
            name = self._names[prefix, key] = f"{prefix}{len(self._names)}"
            self.objects[name] = value
        return name


def leaf_source(shape: Shape, unchecked: tuple[int, ...], names: Names) -> LeafSource:
    """Return the source of a leaf, the open columns of which have yet to be checked."""
    if shape.tail is None:
        return LeafSource("", None, "", may_refuse=False, constants=0)
    checks = [_check(f"s{column}", shape.cells[column], names) for column in unchecked]
    rest = _rest(shape)
    if isinstance(shape.tail, Parameter):
        # The class of "path" is every character but the line break.
        checks.append(f"(tail := {rest}) and '\\n' not in tail")
        rest = "''"
    captured = [
        (parameter, f"s{column}")
        for column, parameter in enumerate(shape.cells)
        if isinstance(parameter, Parameter)
    ]
    if isinstance(shape.tail, Parameter):
        captured.append((shape.tail, "tail"))
    values = {id(parameter): _value(parameter, text, names) for parameter, text in captured}
    items: list[str] = []
    constants = 0
    for step in shape.row.steps:
        items += [f"{p.name!r}: {values[id(p)]}" for p in step.pattern.parameters]
        for name in step.kwargs:
            shown = repr(name).replace("{", "{{").replace("}", "}}")
            items.append(f"{shown}: {{k{constants}}}")
            constants += 1
    may_refuse = any(values[id(parameter)] != text for parameter, text in captured)
    kwargs = "{{" + ", ".join(items) + "}}"
    return LeafSource(" and ".join(checks), kwargs, rest, may_refuse, constants)


def _check(text: str, cell: object, names: Names) -> str:
    assert isinstance(cell, Parameter)
    if cell.regex == _SEGMENT:
        return text
    if cell.regex == _DIGITS:
        return f"{text}.isdigit() and {text}.isascii()"
    members = _members(cell.regex)
    if members is not None:
        return f"{text} and not {text}.strip({members!r})"
    return f"{names.of('fits', cell.regex, re.compile(cell.regex).fullmatch)}({text})"


@functools.lru_cache
def _members(regex: str) -> str | None:
    """Return the characters of a positive class of ASCII letters, digits and signs, or None."""
    piece = parameter_piece(regex)
    if not isinstance(piece, Run) or (piece.least, piece.most) != (1, None):
        return None
    if not re.fullmatch(r"\[[A-Za-z0-9_.~-]+\]", piece.chars):
        return None
    return "".join(chr(code) for code in range(128) if re.match(piece.chars, chr(code)))


def _value(parameter: Parameter, text: str, names: Names) -> str:
    converter = parameter.converter
    if type(converter) is TextConverter:
        return text
    if type(converter) is IntConverter:
        return f"int({text})"
    assert converter is not None
    return f"{names.of('convert', id(converter), converter.to_python)}({text})"


def _rest(shape: Shape) -> str:
    if shape.tail == "":
        return "''"
    count = len(shape.cells)
    slashes = count - 1 if shape.tail == "mount" else count
    lengths = [f"len(s{column})" for column in range(count)]
    start = " + ".join([*lengths, *([str(slashes)] if slashes else [])])
    return f"path[{start}:]" if start else "path"
