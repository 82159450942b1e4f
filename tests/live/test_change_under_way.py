"""Real servers whose table is replaced a hundred times while they serve thousands of requests."""

import json
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle

import pytest

from tests.live.changed import CHANGES
from tests.live.servers import (
    KINDS,
    Kind,
    Response,
    Server,
    ask,
    connect,
    read_response,
    running,
)

CHANGED = [kind for kind in KINDS if kind.name in ("uvicorn httptools", "hypercorn trio")]
CONNECTIONS = 4
LEAST_REQUESTS = 400
TARGETS = ["/", "/items/7/", "/only/even/", "/only/odd/"]


@pytest.fixture(params=CHANGED, ids=lambda kind: kind.name)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    kind: Kind = request.param
    with running(*kind.arguments("tests.live.changed:app"), ready=kind.ready) as server:
        yield server
        server.stop()
        assert not re.search(r"Traceback|ERROR|Exception", server.log), server.log


def responses(server: Server, targets: Iterable[str]) -> Iterator[tuple[str, Response]]:
    """Yield the responses to requests over one connection; a new one where the server wants that."""
    left = iter(targets)
    while True:
        with connect(server) as client, client.makefile("rb") as stream:
            for target in left:
                client.sendall(f"GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
                yield target, (response := read_response(stream))
                if response.headers.get("connection") == "close":
                    break


def served(server: Server, prefix: str) -> int:
    """Send requests until the last table is there; return how many there were.

    An answer is that of exactly one table, and never of one before that of the last answer.
    """
    last = 0
    targets = cycle([prefix + target for target in TARGETS * 10 + ["/slow/"]])
    for count, (target, response) in enumerate(responses(server, targets), 1):
        if "/only/" in target and response.status == 404:
            continue
        assert response.status == 200, (target, response)
        shown = json.loads(response.body)
        assert shown["told"] == shown["generation"] >= last
        last = shown["generation"]
        if "/only/" in target:
            assert f"/only/{('even', 'odd')[last % 2]}/" in target
        if last == CHANGES and count >= LEAST_REQUESTS:
            return count
    raise AssertionError("there is no end to the requests")


def test_tables_change_while_they_serve(server: Server) -> None:
    """No request fails or sees parts of two tables; the tables that were replaced are freed."""
    prefixes = ["", "/mounted"] * (CONNECTIONS // 2)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        counts = [*pool.map(partial(served, server), prefixes)]
    assert sum(counts) >= CONNECTIONS * LEAST_REQUESTS
    assert ask(server, f"/any/{CHANGES}/7/").status == 200
    assert ask(server, f"/any/{CHANGES - 1}/7/").status == 404
    assert json.loads(ask(server, "/tables/").body) == {"alive": 1, "current": CHANGES}
