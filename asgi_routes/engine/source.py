"""Trees to Python source.

In: the trees of a table, one for each number of segments. Out: the text of one function, and the
objects that it needs. The rule kept here: where branches of a switch differ only in rows and texts, the
rows go into dicts and the source is written once; everything else is written out, and says for
which routes it is there.
"""

import functools
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from asgi_routes.engine.rows import Row
from asgi_routes.engine.shapes import Shape
from asgi_routes.engine.splitting import Run, parameter_piece
from asgi_routes.engine.tree import InOrder, Leaf, Span, Switch, Test, Tree
from asgi_routes.patterns import Parameter
from asgi_routes.patterns.converters import IntConverter, TextConverter

Key: TypeAlias = Any
"""What two trees have in common that differ only in rows and texts."""

Follow: TypeAlias = Callable[[Row[Any]], Callable[[str], Any]]

_SEGMENT, _DIGITS = "[^/]+", "[0-9]+"
_FEW_CASES = 4
_SHOWN_ROUTES = 3


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


class SourceWriter:
    """Writes the source of one table."""

    def __init__(self, follow: Follow) -> None:
        self.names = Names()
        self.lines: list[str] = []
        self._follow = follow
        self._leaves: dict[int, LeafSource] = {}
        self._variables = 0

    def line(self, depth: int, text: str) -> None:
        """Write one line."""
        self.lines.append("    " * depth + text)

    # What trees have in common.

    def key(self, tree: Tree) -> Key:
        """Return what the tree is apart from its rows and texts."""
        match tree:
            case Leaf(shape=shape):
                return "leaf", self._leaf(tree), shape.tail is None
            case Test(column=column, then=then):
                return "test", column, self.key(then)
            case InOrder(trees=trees):
                return "order", tuple(self.key(part) for part in trees)
            case Switch(column=column, cases=cases):
                keys = {self.key(case) for case in cases.values()}
                return ("switch", column, keys.pop()) if len(keys) == 1 else ("only", id(tree))
            case _:
                assert_never(tree)

    def data(self, tree: Tree) -> Any:
        """Return the rows and texts of a tree, in the form that its written-once source takes."""
        match tree:
            case Leaf(shape=shape):
                if shape.tail is None:
                    return self._follow(shape.row)
                constants = [value for step in shape.row.steps for value in step.kwargs.values()]
                return (shape.row, *constants) if constants else shape.row
            case Test(text=text, then=then):
                return text, self.data(then)
            case InOrder(trees=trees):
                return tuple(self.data(part) for part in trees)
            case Switch(cases=cases):
                return {text: self.data(case) for text, case in cases.items()}.get
            case _:
                assert_never(tree)

    def _leaf(self, leaf: Leaf) -> LeafSource:
        source = self._leaves.get(id(leaf))
        if source is None:
            source = self._leaves[id(leaf)] = leaf_source(leaf.shape, leaf.open, self.names)
        return source

    # Writing.

    def write_spans(self, spans: Sequence[Span], depth: int) -> None:
        """Write the choice by the number of segments, in halves, and the tree of each."""
        if len(spans) > 1:
            middle = len(spans) // 2
            for keyword, half in (
                (f"if count < {spans[middle].least}:", spans[:middle]),
                ("else:", spans[middle:]),
            ):
                self.line(depth, keyword)
                self.write_spans(half, depth + 1)
            return
        (span,) = spans
        if span.tree is None:
            self.line(depth, "pass")
            return
        if span.columns:
            names = [f"s{column}" for column in range(span.columns)]
            if span.least == span.most:
                names += ["_"] * (span.least - span.columns)
            else:
                names.append("*_")
            self.line(depth, f"{', '.join(names)}{',' * (len(names) == 1)} = segments")
        self.write(span.tree, depth)

    def write(self, tree: Tree, depth: int, data: str | None = None) -> None:
        """Write a tree; its rows and texts are in the variable ``data``, or are written out."""
        before = self._variables
        self._write(tree, depth, data)
        self._variables = before  # A call costs more the more variables there are.

    def _write(self, tree: Tree, depth: int, data: str | None) -> None:
        match tree:
            case Leaf():
                self._write_leaf(tree, depth, data)
            case Test(column=column, text=text, then=then):
                shown = repr(text)
                if data is not None:
                    shown, data = self._unpack(depth, data, 2)
                self.line(depth, f"if s{column} == {shown}:")
                self.write(then, depth + 1, data)
            case InOrder(trees=trees):
                parts: Sequence[str | None] = [None] * len(trees)
                if data is not None:
                    parts = self._unpack(depth, data, len(trees))
                for part, its_data in zip(trees, parts, strict=True):
                    self.write(part, depth, its_data)
            case Switch():
                if data is None:
                    self._write_switch(tree, depth)
                else:
                    self._write_family(tree.column, data, [*tree.cases.values()], depth)
            case _:
                assert_never(tree)

    def _unpack(self, depth: int, data: str, count: int) -> list[str]:
        names = [self._variable() for _ in range(count)]
        self.line(depth, f"{', '.join(names)} = {data}")
        return names

    def _variable(self) -> str:
        self._variables += 1
        return f"r{self._variables}"

    def _write_switch(self, switch: Switch, depth: int) -> None:
        cases = dict(switch.cases)
        sizes = {text: len(rows_of(case)) for text, case in cases.items()}
        often = max(sizes, key=sizes.__getitem__)
        if len(cases) > 1 and sizes[often] * 2 > sum(sizes.values()):
            # Most paths of an API begin alike: comparing is faster than looking up.
            self.line(depth, f"if s{switch.column} == {often!r}:")
            self.write(cases.pop(often), depth + 1)
            self.line(depth, "else:")
            depth += 1
        families: dict[Key, dict[str, Tree]] = defaultdict(dict)
        for text, case in cases.items():
            families[self.key(case)][text] = case
        single: dict[str, Tree] = {}
        for family in sorted(families.values(), key=len, reverse=True):
            if len(family) == 1:
                single.update(family)
                continue
            table = {text: self.data(case) for text, case in family.items()}.get
            name = self.names.of("by_text", id(table), table)
            before = self._variables
            self._write_family(switch.column, name, [*family.values()], depth)
            self._variables = before
        if len(single) <= _FEW_CASES:
            keyword = "if"
            for text, case in single.items():
                self.line(depth, f"{keyword} s{switch.column} == {text!r}:")
                self.write(case, depth + 1)
                keyword = "elif"
        elif single:
            self._write_numbered(switch.column, single, depth)

    def _write_family(self, column: int, table: str, cases: list[Tree], depth: int) -> None:
        found = self._variable()
        routes = [title(row) for case in cases for row in rows_of(case)]
        shown = ", ".join(routes[:_SHOWN_ROUTES]) + (", …" if len(routes) > _SHOWN_ROUTES else "")
        self.line(depth, f"# {len(routes)} routes: {shown}")
        self.line(depth, f"if ({found} := {table}(s{column})) is not None:")
        self.write(cases[0], depth + 1, found)

    def _write_numbered(self, column: int, cases: dict[str, Tree], depth: int) -> None:
        numbers = {text: number for number, text in enumerate(cases)}.get
        number = self._variable()
        name = self.names.of("number", id(numbers), numbers)
        self.line(depth, f"if ({number} := {name}(s{column})) is not None:")
        self._write_halves(number, [*enumerate(cases.items())], depth + 1)

    def _write_halves(
        self, number: str, cases: list[tuple[int, tuple[str, Tree]]], depth: int
    ) -> None:
        if len(cases) == 1:
            _, (text, case) = cases[0]
            self.line(depth, f"# {text!r}")
            self.write(case, depth)
            return
        middle = len(cases) // 2
        self.line(depth, f"if {number} < {cases[middle][0]}:")
        self._write_halves(number, cases[:middle], depth + 1)
        self.line(depth, "else:")
        self._write_halves(number, cases[middle:], depth + 1)

    def _write_leaf(self, leaf: Leaf, depth: int, data: str | None) -> None:
        shape, source = leaf.shape, self._leaf(leaf)
        if data is None:
            self.line(depth, f"# {title(shape.row)}")
        if source.kwargs is None:
            follow = data or self.names.of("follow", shape.row.index, self._follow(shape.row))
            self.line(depth, f"if (hit := {follow}(path)) is not None: return hit")
            return
        row, kwargs = self._row_and_kwargs(leaf, source, depth, data)
        if source.check:
            self.line(depth, f"if {source.check}:")
            depth += 1
        hit = f"return {row}, (), {kwargs}, {source.rest}"
        if source.may_refuse:
            self.line(depth, f"try: {hit}")
            self.line(depth, "except ValueError: pass")
        else:
            self.line(depth, hit)

    def _row_and_kwargs(
        self, leaf: Leaf, source: LeafSource, depth: int, data: str | None
    ) -> tuple[str, str]:
        row = leaf.shape.row
        if data is None:
            values = [value for step in row.steps for value in step.kwargs.values()]
            names = [
                self.names.of("default", (row.index, number), value)
                for number, value in enumerate(values)
            ]
            data = self.names.of("row", row.index, row)
        elif source.constants:
            data, *names = self._unpack(depth, data, source.constants + 1)
        else:
            names = []
        assert source.kwargs is not None
        return data, source.kwargs.format(
            **{f"k{number}": name for number, name in enumerate(names)}
        )


def title(row: Row[Any]) -> str:
    """Return the text of a row as one line, for comments."""
    return (
        "".join(step.pattern.source for step in row.steps).encode("unicode_escape").decode() or "''"
    )


def rows_of(tree: Tree) -> list[Row[Any]]:
    """Return the rows of a tree; one that was copied stands in it more than once."""
    match tree:
        case Leaf(shape=shape):
            return [shape.row]
        case Test(then=then):
            return rows_of(then)
        case InOrder(trees=trees):
            return [row for part in trees for row in rows_of(part)]
        case Switch(cases=cases):
            return [row for case in cases.values() for row in rows_of(case)]
        case _:
            assert_never(tree)
