"""The plan of the house, held against the imports that are really there.

A room is a folder of the package, or a module beside them. What is asked of rooms holds for every file in them, so a new file
needs no line here.
"""

import ast
import functools
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "asgi_routes"
PAGE = PACKAGE.parent / "docs" / "explanation" / "architecture.rst"

ROOMS = (
    *(
        "types",
        "errors",
        "callables",
        "locks",
        "regular",
        "apps",
        "scopes",
        "patterns",
        "lifespan",
        "engine",
    ),
    *(
        "middleware",
        "suspicions",
        "routes",
        "dispatch",
        "routers",
        "inspection",
        "testing",
    ),
    *("worker", "migration", "", "cli", "__main__"),
)
"""The rooms from the ground up; each imports those before it. The empty name is the package's own."""

DOORS = {
    "parse": {"patterns"},
    "asgiref": {"callables", "dispatch"},
    "anyio": {"lifespan", "testing", "worker", "cli"},
    "nats": {"worker"},
    "redis": {"worker"},
    "opentelemetry": {"worker"},
    "click": {"cli"},
    "rich": {"cli"},
    "re2": {"engine"},
    "channels": {"migration"},
    "django": {"migration"},
}
"""The rooms that may import a dependency; there are no others."""

FILES = sorted(PACKAGE.rglob("*.py"))


@functools.cache
def parse(file: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(file.read_text())


def module_of(file: Path) -> str:
    """Return the dotted name of a module below the package."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def room_of(module: str) -> str:
    """Return the room that a module below the package is in."""
    return module.partition(".")[0]


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield every module that is imported, wherever in a file, for type checkers and by name, too."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=module, level=level):
                assert level == 0, "imports are absolute"
                assert module is not None
                yield module
            case ast.Call(
                func=ast.Name(id=called) | ast.Attribute(attr=called), args=[name, *_]
            ) if called in ("import_module", "__import__"):
                yield from _as_text(name)


def _as_text(name: ast.expr) -> Iterator[str]:
    """Yield a name of a module as far as it is written down; made of variables, it may be any."""
    match name:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            yield text + "*"


def modules_used_by(tree: ast.AST) -> set[str]:
    """Return the modules below the package that are imported."""
    used = {name for name in imported(tree) if room_of(name) == "asgi_routes"}
    return {name.removeprefix("asgi_routes").removeprefix(".") for name in used}


def test_every_room_has_its_place() -> None:
    assert {room_of(module_of(file)) for file in FILES} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_looks_up(room: str) -> None:
    """A room imports those before it in the list, and itself."""
    may_be_used = {*ROOMS[: ROOMS.index(room)], room}
    for file in FILES:
        if room_of(module_of(file)) == room:
            used = {room_of(module) for module in modules_used_by(parse(file))}
            assert used <= may_be_used, f"{module_of(file)} imports {used - may_be_used}"


def test_the_page_tells_the_floor_of_each_room() -> None:
    """A room stands one floor above the highest that it uses."""
    floors: dict[str, int] = {}
    for room in ROOMS:
        files = [file for file in FILES if room_of(module_of(file)) == room]
        used = {room_of(module) for file in files for module in modules_used_by(parse(file))}
        floors[room] = 1 + max((floors[one] for one in used - {room}), default=-1)
    told = re.findall(r"^(\d+) +``(\w+)/?`` ", PAGE.read_text(), re.MULTILINE)
    listed = [(room, int(floor)) for floor, room in told]
    inner = {room: floor for room, floor in floors.items() if room not in _OUTSIDE}
    assert dict(listed) == inner
    assert [floor for _, floor in listed] == sorted(inner.values())


_OUTSIDE = ("", "__main__")
"""What stands around the rooms: the package's own names, and how it is started."""


def test_no_cycles() -> None:
    """Modules of one room stand in an order, too."""
    modules = {module_of(file) for file in FILES}
    uses = {module_of(file): modules_used_by(parse(file)) & modules for file in FILES}
    done: set[str] = set()
    while ready := {module for module in uses.keys() - done if uses[module] <= done}:
        done |= ready
    assert done == modules, f"these import each other: {sorted(modules - done)}"


@pytest.mark.parametrize("room", ROOMS)
def test_doors(room: str) -> None:
    """Each dependency has the rooms that may use it, and there are no others."""
    for file in FILES:
        if room_of(module_of(file)) != room:
            continue
        for name in imported(parse(file)):
            package = name.partition(".")[0]
            if package != "asgi_routes" and package not in sys.stdlib_module_names:
                assert room in DOORS[package], f"{module_of(file)} imports {package}"


@pytest.mark.parametrize("room", ROOMS)
def test_sizes_and_names(room: str) -> None:
    """No file has more than 500 lines, no function more than 40 without its docstring."""
    for file in FILES:
        module = module_of(file)
        if room_of(module) != room:
            continue
        assert file.read_text().count("\n") <= 500, module
        assert ast.get_docstring(parse(file)), module
        assert not {*module.replace("_", ".").split(".")} & {
            *("utils", "helpers", "common", "manager", "base")
        }
        for node in ast.walk(parse(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert _length(node) < 40, f"{module}: {node.name}"


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    has_docstring = ast.get_docstring(node) and len(node.body) > 1
    return (node.body[-1].end_lineno or 0) - node.body[1 if has_docstring else 0].lineno
