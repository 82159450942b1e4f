"""The Python source of decision trees.

Rule: where branches of a switch differ only in rows and texts, these go into dicts and the source
is written once. Everything else is written out, with a comment that says for which routes.
"""

import functools
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from asgi_routes.engine.decision_tree import Compare, InOrder, Switch, Tree, count_columns
from asgi_routes.engine.pieces import Run, read_piece
from asgi_routes.engine.row_sets import Follow, Hits, Leaf, RowSets, SetsOfColumn
from asgi_routes.engine.rows import Row
from asgi_routes.engine.shapes import Shape
from asgi_routes.engine.splitting import make_fits
from asgi_routes.patterns import FormatConverter, Parameter
from asgi_routes.patterns.converters import IntConverter, TextConverter, keep_text

_Key: TypeAlias = Any
"""What two trees have in common that differ only in rows and texts."""

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


class Namespace:
    """The objects that generated source needs, each under a name of its own."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}
        self._names: dict[tuple[str, object], str] = {}

    def name(self, prefix: str, key: object, value: Any) -> str:
        """Return the name of a value; the same for the same key."""
        name = self._names.get((prefix, key))
        if name is None:
            name = self._names[prefix, key] = f"{prefix}{len(self._names)}"
            self.objects[name] = value
        return name


def write_leaf(shape: Shape, unchecked: tuple[int, ...], namespace: Namespace) -> LeafSource:
    """Return the source of a leaf, the open columns of which have yet to be checked."""
    if shape.tail is None:
        return LeafSource("", None, "", may_refuse=False, constants=0)
    checks = [_write_check(f"s{column}", shape.cells[column], namespace) for column in unchecked]
    rest = _write_rest(shape)
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
    values = {
        id(parameter): _write_value(parameter, text, namespace) for parameter, text in captured
    }
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


def _write_check(text: str, cell: object, namespace: Namespace) -> str:
    assert isinstance(cell, Parameter)
    if cell.regex == _SEGMENT:
        return text
    if cell.regex == _DIGITS:
        return f"{text}.isdigit() and {text}.isascii()"
    members = _list_members(cell.regex)
    if members is not None:
        return f"{text} and not {text}.strip({members!r})"
    fits = f"{namespace.name('fits', cell.regex, make_fits(cell.regex))}({text})"
    converter = cell.converter
    if isinstance(converter, FormatConverter) and converter.plain_chars:
        return f"({text} and not {text}.strip({converter.plain_chars!r}) or {fits})"
    return fits


@functools.lru_cache
def _list_members(regex: str) -> str | None:
    """Return the characters of a positive class of ASCII letters, digits and signs, or None."""
    piece = read_piece(regex)
    if not isinstance(piece, Run) or (piece.least, piece.most) != (1, None):
        return None
    if not re.fullmatch(r"\[[A-Za-z0-9_.~-]+\]", piece.chars):
        return None
    return "".join(chr(code) for code in range(128) if re.match(piece.chars, chr(code)))


def _write_value(parameter: Parameter, text: str, namespace: Namespace) -> str:
    converter = parameter.converter
    assert converter is not None
    if type(converter) is TextConverter or converter.to_python is keep_text:
        return text
    if type(converter) is IntConverter:
        return f"int({text})"
    return f"{namespace.name('convert', id(converter), converter.to_python)}({text})"


def _write_rest(shape: Shape) -> str:
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
        self.namespace = Namespace()
        self.lines: list[str] = []
        self._follow = follow
        self._leaves: dict[int, LeafSource] = {}
        self._variables = 0

    def write_line(self, depth: int, text: str) -> None:
        """Write one line."""
        self.lines.append("    " * depth + text)

    # What trees have in common.

    def make_key(self, tree: Tree) -> _Key:
        """Return what the tree is apart from its rows and texts."""
        match tree:
            case Leaf(shape=shape):
                return "leaf", self._get_leaf(tree), shape.tail is None
            case Compare(column=column, then=then):
                return "compare", column, self.make_key(then)
            case InOrder(trees=trees):
                return "order", tuple(self.make_key(part) for part in trees)
            case RowSets():
                return "only", id(tree)
            case Switch(column=column, cases=cases):
                keys = {self.make_key(case) for case in cases.values()}
                return ("switch", column, keys.pop()) if len(keys) == 1 else ("only", id(tree))
            case _:
                assert_never(tree)

    def make_data(self, tree: Tree) -> Any:
        """Return the rows and texts of a tree, in the form that its written-once source takes."""
        match tree:
            case Leaf(shape=shape):
                if shape.tail is None:
                    return self._follow(shape.row)
                constants = [value for step in shape.row.steps for value in step.kwargs.values()]
                return (shape.row, *constants) if constants else shape.row
            case Compare(text=text, then=then):
                return text, self.make_data(then)
            case InOrder(trees=trees):
                return tuple(self.make_data(part) for part in trees)
            case RowSets():
                raise AssertionError("each has source of its own")
            case Switch(cases=cases):
                return {text: self.make_data(case) for text, case in cases.items()}.get
            case _:
                assert_never(tree)

    def _get_leaf(self, leaf: Leaf) -> LeafSource:
        source = self._leaves.get(id(leaf))
        if source is None:
            source = self._leaves[id(leaf)] = write_leaf(leaf.shape, leaf.open, self.namespace)
        return source

    # Writing.

    def write_function(self, shapes: Sequence[Shape], tree: Tree) -> None:
        """Write the function that finds some shapes, by their tree."""
        columns = count_columns(shapes)
        counts = {shape.most for shape in shapes} - {None}
        self.write_line(0, f"def match{'_'.join(['', *map(str, counts)])}(path, segments):")
        names = [f"s{column}" for column in range(columns)]
        if columns not in counts:
            names.append("*_")
        if columns:
            self.write_line(1, f"{', '.join(names)}{',' * (len(names) == 1)} = segments")
        self.write(tree, 1)
        self.write_line(1, "return None")

    def write(self, tree: Tree, depth: int, data: str | None = None) -> None:
        """Write a tree; its rows and texts are in the variable ``data``, or are written out."""
        before = self._variables
        self._write(tree, depth, data)
        self._variables = before  # A call costs more the more variables there are.

    def _write(self, tree: Tree, depth: int, data: str | None) -> None:
        match tree:
            case Leaf():
                self._write_leaf(tree, depth, data)
            case Compare(column=column, text=text, then=then):
                shown = repr(text)
                if data is not None:
                    shown, data = self._unpack(depth, data, 2)
                self.write_line(depth, f"if s{column} == {shown}:")
                self.write(then, depth + 1, data)
            case InOrder(trees=trees):
                parts: Sequence[str | None] = [None] * len(trees)
                if data is not None:
                    parts = self._unpack(depth, data, len(trees))
                for part, its_data in zip(trees, parts, strict=True):
                    self.write(part, depth, its_data)
            case RowSets():
                self._write_sets(tree, depth)
            case Switch():
                if data is None:
                    self._write_switch(tree, depth)
                else:
                    self._write_family(tree.column, data, [*tree.cases.values()], depth)
            case _:
                assert_never(tree)

    def _unpack(self, depth: int, data: str, count: int) -> list[str]:
        names = [self._make_variable() for _ in range(count)]
        self.write_line(depth, f"{', '.join(names)} = {data}")
        return names

    def _make_variable(self) -> str:
        self._variables += 1
        return f"r{self._variables}"

    def _write_switch(self, switch: Switch, depth: int) -> None:
        cases = dict(switch.cases)
        sizes = {text: len(list_rows(case)) for text, case in cases.items()}
        often = max(sizes, key=sizes.__getitem__)
        if len(cases) > 1 and sizes[often] * 2 > sum(sizes.values()):
            # Most paths of an API begin alike: comparing is faster than looking up.
            self.write_line(depth, f"if s{switch.column} == {often!r}:")
            self.write(cases.pop(often), depth + 1)
            self.write_line(depth, "else:")
            depth += 1
        families: dict[_Key, dict[str, Tree]] = defaultdict(dict)
        for text, case in cases.items():
            families[self.make_key(case)][text] = case
        single: dict[str, Tree] = {}
        for family in sorted(families.values(), key=len, reverse=True):
            if len(family) == 1:
                single.update(family)
                continue
            table = {text: self.make_data(case) for text, case in family.items()}.get
            name = self.namespace.name("by_text", id(table), table)
            before = self._variables
            self._write_family(switch.column, name, [*family.values()], depth)
            self._variables = before
        if len(single) <= _FEW_CASES:
            keyword = "if"
            for text, case in single.items():
                self.write_line(depth, f"{keyword} s{switch.column} == {text!r}:")
                self.write(case, depth + 1)
                keyword = "elif"
        elif single:
            self._write_numbered(switch.column, single, depth)

    def _write_sets(self, sets: RowSets, depth: int) -> None:
        name = self.namespace.name("hits", id(sets), Hits(sets.leaves, self._follow))
        texts = [self._write_set(column) for column in sets.columns]
        self._write_shown([leaf.shape.row for leaf in sets.leaves], depth)
        self.write_line(depth, f"left = {' & '.join(texts)}")
        self.write_line(depth, "while left:")
        self.write_line(depth + 1, "first = left & -left")
        find = f"{name}[first.bit_length()](path, segments)"
        self.write_line(depth + 1, f"if (hit := {find}) is not None: return hit")
        self.write_line(depth + 1, "left ^= first")

    def _write_set(self, sets: SetsOfColumn) -> str:
        """Return an expression for the rows that accept a segment."""
        text = f"s{sets.column}"
        others = []
        if sets.any_text:
            others.append(self.namespace.name("rows", id(sets), sets.any_text))
        for parameter, rows in sets.by_parameter:
            name = self.namespace.name("rows", (id(sets), parameter.regex), rows)
            others.append(f"({name} if {_write_check(text, parameter, self.namespace)} else 0)")
        if not sets.by_text:
            return f"({' | '.join(others)})"
        find = self.namespace.name("sets", id(sets), {**sets.by_text}.get)
        return f"({find}({text}) or {' | '.join(others)})" if others else f"{find}({text}, 0)"

    def _write_shown(self, rows: Sequence[Row[Any]], depth: int) -> None:
        shown = ", ".join(map(describe_row, rows[:_SHOWN_ROUTES]))
        more = ", …" if len(rows) > _SHOWN_ROUTES else ""
        self.write_line(depth, f"# {len(rows)} routes: {shown}{more}")

    def _write_family(self, column: int, table: str, cases: list[Tree], depth: int) -> None:
        found = self._make_variable()
        self._write_shown([row for case in cases for row in list_rows(case)], depth)
        self.write_line(depth, f"if ({found} := {table}(s{column})) is not None:")
        self.write(cases[0], depth + 1, found)

    def _write_numbered(self, column: int, cases: dict[str, Tree], depth: int) -> None:
        numbers = {text: number for number, text in enumerate(cases)}.get
        number = self._make_variable()
        name = self.namespace.name("number", id(numbers), numbers)
        self.write_line(depth, f"if ({number} := {name}(s{column})) is not None:")
        self._write_halves(number, [*enumerate(cases.items())], depth + 1)

    def _write_halves(
        self, number: str, cases: list[tuple[int, tuple[str, Tree]]], depth: int
    ) -> None:
        if len(cases) == 1:
            _, (text, case) = cases[0]
            self.write_line(depth, f"# {text!r}")
            self.write(case, depth)
            return
        middle = len(cases) // 2
        self.write_line(depth, f"if {number} < {cases[middle][0]}:")
        self._write_halves(number, cases[:middle], depth + 1)
        self.write_line(depth, "else:")
        self._write_halves(number, cases[middle:], depth + 1)

    def _write_leaf(self, leaf: Leaf, depth: int, data: str | None) -> None:
        shape, source = leaf.shape, self._get_leaf(leaf)
        if data is None:
            self.write_line(depth, f"# {describe_row(shape.row)}")
        if source.kwargs is None:
            follow = data or self.namespace.name("follow", shape.row.index, self._follow(shape.row))
            self.write_line(depth, f"if (hit := {follow}(path)) is not None: return hit")
            return
        row, kwargs = self._write_row_and_kwargs(leaf, source, depth, data)
        if source.check:
            self.write_line(depth, f"if {source.check}:")
            depth += 1
        hit = f"return {row}, (), {kwargs}, {source.rest}"
        if source.may_refuse:
            self.write_line(depth, f"try: {hit}")
            self.write_line(depth, "except ValueError: pass")
        else:
            self.write_line(depth, hit)

    def _write_row_and_kwargs(
        self, leaf: Leaf, source: LeafSource, depth: int, data: str | None
    ) -> tuple[str, str]:
        row = leaf.shape.row
        if data is None:
            values = [value for step in row.steps for value in step.kwargs.values()]
            names = [
                self.namespace.name("default", (row.index, number), value)
                for number, value in enumerate(values)
            ]
            data = self.namespace.name("row", row.index, row)
        elif source.constants:
            data, *names = self._unpack(depth, data, source.constants + 1)
        else:
            names = []
        assert source.kwargs is not None
        return data, source.kwargs.format(
            **{f"k{number}": name for number, name in enumerate(names)}
        )


def describe_row(row: Row[Any]) -> str:
    """Return the text of a row as one line, for comments."""
    return (
        "".join(step.pattern.source for step in row.steps).encode("unicode_escape").decode() or "''"
    )


def list_rows(tree: Tree) -> list[Row[Any]]:
    """Return the rows of a tree; one that was copied stands in it more than once."""
    match tree:
        case Leaf(shape=shape):
            return [shape.row]
        case Compare(then=then):
            return list_rows(then)
        case InOrder(trees=trees):
            return [row for part in trees for row in list_rows(part)]
        case RowSets(leaves=leaves):
            return [leaf.shape.row for leaf in leaves]
        case Switch(cases=cases):
            return [row for case in cases.values() for row in list_rows(case)]
        case _:
            assert_never(tree)
