"""What a module shares that asks every kind of server, and prints a table of that."""

from collections.abc import Callable, Iterator

import pytest

from tests.live.servers import KINDS, Kind, Server, running


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Return one kind of server after the other."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def server(kind: Kind, request: pytest.FixtureRequest) -> Iterator[Server]:
    """Serve the application of a module; whatever a client does, nothing is raised.

    A module may have a root path, and excuse an error that is not ours.
    """
    root_path = getattr(request.module, "ROOT_PATH", "")
    arguments = kind.arguments(request.module.SERVED, root_path)
    with running(*arguments, ready=kind.ready) as server:
        yield server
        is_excused = getattr(request.module, "EXCUSED", "\0") in server.log
        assert is_excused or "Traceback" not in server.log, server.log


@pytest.fixture
def cell(
    kind: Kind, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Callable[[str], None]:
    """Return a function that gives a test its place in the table that is printed."""
    return lambda column: record_property("matrix", (request.module.MATRIX, kind.name, column))
