"""The plan of the house, held against the imports that are really there."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "asgi_routes"

FLOORS = [
    {"types", "places"},
    {"errors"},
    {"apps", "converters", "raw_paths", "reading"},
    {
        "patterns.nodes",
        "patterns.parsed_regexes",
        "patterns.composition",
        "patterns.danger",
        "patterns.path_syntax",
        "patterns.regex_syntax",
        "patterns.format_syntax",
        "patterns.reversal",
        "patterns",
        "methods",
        "mounting",
        "redirects",
        "scopes",
        "lifespan.participants",
        "lifespan.never_started",
        "lifespan.states",
        "lifespan.conversation",
        "lifespan.composition",
        "lifespan.application",
        "lifespan",
    },
    {
        "engine.rows",
        "engine.regexes",
        "engine.runs",
        "engine.exact",
        "engine.linear",
        "engine.shapes",
        "engine.tree",
        "engine.lengths",
        "engine.leaves",
        "engine.source",
        "engine.compiled",
        "engine.candidates",
        "engine",
        "middleware",
    },
    {
        *(
            f"language.{room}"
            for room in (
                *(
                    "alphabet",
                    "automata",
                    "characters",
                    "comparison",
                    "earlier",
                    "effort",
                    "languages",
                ),
                *("numbers", "outlines", "programs", "reading", "search"),
                *("surroundings", "tables"),
            )
        ),
        "language",
        "levels",
        "declarations",
    },
    {"encoded_slashes", "matches", "names", "routes"},
    {"answers", "reversing"},
    {"handing_on"},
    {"search"},
    {"dispatch", "table"},
    {
        "looking",
        "routers.keyed",
        "routers.direct",
        "routers.reversing",
        "routers.protocol",
        "routers.channel",
        "routers.method",
        "routers.host",
        "routers.subprotocol",
        "routers.url",
        "routers",
    },
    {
        "inspection.nodes",
        "inspection.reading",
        "inspection.page",
        "inspection.debugging",
        "inspection.candidates",
        "inspection.near",
        "inspection.explaining",
        "inspection",
        "testing.requests",
        "testing.responses",
        "testing.assertions",
        "testing.exchanges",
        "testing.conversations",
        "testing.lifespans",
        "testing.websocket_calls",
        "testing.websockets",
        "testing.client",
        "testing",
    },
    {
        "checking.findings",
        "checking.tables",
        "checking.taking",
        "checking.declared",
        "checking.competing",
        "checking.slow",
        "checking",
        *(
            f"worker.{room}"
            for room in (
                *("contract", "conversation", "errors", "event_loops", "events", "gate"),
                *("handling", "layer", "leases", "memory", "messages", "names", "outcomes"),
                *("retrying", "sending", "signals", "telemetry", "urls", "worker"),
                *("conformance.asking", "conformance.delivering", "conformance.handling"),
                *("conformance.keeping", "conformance.working", "conformance"),
                *("nats.broker", "nats.connection", "nats.loans", "nats.streams", "nats.wire"),
                "nats",
                *("redis.broker", "redis.scripts", "redis.streams", "redis"),
            )
        ),
        "worker",
    },
    {
        *(
            f"cli.{room}"
            for room in (
                "loading",
                "printing",
                "brokers",
                "watching",
                "working",
                "dead",
                "commands",
            )
        ),
        "cli",
    },
    {"", "__main__", "pytest_plugin"},
]
FLOOR_OF = {room: number for number, floor in enumerate(FLOORS) for room in floor}

DOORS = {
    "parse": {"patterns.format_syntax"},
    "asgiref": {"answers"},
    "anyio": {
        "lifespan.states",
        "lifespan.conversation",
        "lifespan.composition",
        "testing.exchanges",
        "testing.conversations",
        "testing.lifespans",
        "worker.conversation",
        "worker.gate",
        "worker.handling",
        "worker.layer",
        "worker.leases",
        "worker.memory",
        "worker.sending",
        "worker.signals",
        "worker.worker",
        "worker.conformance.asking",
        "worker.conformance.delivering",
        "worker.conformance.handling",
        "worker.conformance.keeping",
        "worker.conformance.working",
        "worker.nats.connection",
        "cli.working",
        "cli.dead",
    },
    "nats": {
        "worker.nats",
        "worker.nats.broker",
        "worker.nats.connection",
        "worker.nats.loans",
        "worker.nats.streams",
    },
    "pytest": {"pytest_plugin"},
    "click": {
        f"cli.{room}"
        for room in (*("brokers", "commands", "dead"), *("loading", "printing", "working"))
    },
    "rich": {"cli.printing", "cli.watching"},
    "re2": {"engine.regexes"},
    "opentelemetry": {"worker.telemetry"},
    "redis": {"worker.redis", "worker.redis.streams"},
}
"""Which rooms may import a dependency; nothing else but the standard library may be imported."""

FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(file: Path) -> str:
    """Return the dotted name of a module below the package."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported(file: Path) -> Iterator[str]:
    """Yield every module that a file imports, wherever in it, for type checkers too."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield node.module


def rooms_used_by(file: Path) -> set[str]:
    """Return the rooms of the package that a file imports."""
    return {
        module.removeprefix("asgi_routes").removeprefix(".")
        for module in imported(file)
        if module.partition(".")[0] == "asgi_routes"
    }


def is_family(one: str, other: str) -> bool:
    """Tell whether two rooms stand in the same folder, or one is the folder of the other."""
    return bool(one and other) and one.partition(".")[0] == other.partition(".")[0]


@pytest.mark.parametrize("file", FILES, ids=room_of)
def test_no_room_looks_up(file: Path) -> None:
    """A room imports lower floors, and of its own floor only rooms of its own folder."""
    room = room_of(file)
    for used in rooms_used_by(file):
        is_below = FLOOR_OF[used] < FLOOR_OF[room]
        assert is_below or is_family(room, used), f"{room or 'asgi_routes'} imports {used}"


def test_no_cycles() -> None:
    """Rooms of one folder stand in an order, too."""
    uses = {room_of(file): rooms_used_by(file) for file in FILES}
    done: set[str] = set()
    while ready := {room for room in uses.keys() - done if uses[room] <= done}:
        done |= ready
    assert done == set(uses), f"these import each other: {sorted(set(uses) - done)}"


@pytest.mark.parametrize("file", FILES, ids=room_of)
def test_doors(file: Path) -> None:
    """Each dependency has the rooms that may use it, and there are no others."""
    import sys  # noqa: PLC0415 - of interest here only

    for module in imported(file):
        package = module.partition(".")[0]
        if package != "asgi_routes" and package not in sys.stdlib_module_names:
            assert room_of(file) in DOORS[package]


@pytest.mark.parametrize("file", FILES, ids=room_of)
def test_sizes(file: Path) -> None:
    """No file has more than 500 lines, no function more than 40 without its docstring."""
    text = file.read_text()
    assert text.count("\n") <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.body[-1].end_lineno or 0
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            assert lines - first.lineno < 40, node.name


@pytest.mark.parametrize("file", FILES, ids=room_of)
def test_names_and_room_cards(file: Path) -> None:
    """Every room says what comes in, what goes out, and which rule it keeps."""
    words = set(room_of(file).replace("_", ".").split("."))
    assert not words & {"utils", "helpers", "common", "manager", "base"}
    card = ast.get_docstring(ast.parse(file.read_text()))
    assert card
    if file.name != "__init__.py" and room_of(file) not in (
        "types",
        "errors",
        "__main__",
        *_ROUTERS,
    ):
        assert "In: " in card
        assert "Out: " in card
        assert "rule" in card


_ROUTERS = {
    f"routers.{key}" for key in ("protocol", "channel", "method", "host", "subprotocol", "url")
}
