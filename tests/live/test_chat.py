"""The chat of the examples in two processes that NATS connects, over real sockets."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.live.servers import (
    AcceptConnection,
    Server,
    TextMessage,
    WebSocket,
    ask,
    hypercorn,
)
from tests.worker.engines import NatsEngine


def heard(client: WebSocket) -> Iterator[dict[str, str]]:
    """Yield what a client hears, once it is in its room."""
    events = client.events()
    assert isinstance(next(events), AcceptConnection)
    return (json.loads(event.data) for event in events if isinstance(event, TextMessage))


def check(one: Server, other: Server) -> None:
    """Let two clients of a room talk, while a third one is in another room."""
    assert b"/rooms/lobby/?name=" in ask(one, "/").body
    assert ask(other, "/nowhere/").status == 404
    with ExitStack() as stack:
        ada, bob, carl = (
            stack.enter_context(WebSocket(server, target))
            for server, target in (
                (one, "/rooms/lobby/?name=ada"),
                (other, "/rooms/lobby/?name=bob"),
                (other, "/rooms/cellar/?name=carl"),
            )
        )
        ada_hears, bob_hears, carl_hears = map(heard, (ada, bob, carl))
        for client, name in ((ada, "ada"), (bob, "bob")):
            client.send("hello")
            for hears in (ada_hears, bob_hears):
                assert next(hears) == {"name": name, "text": "hello"}
        carl.send("nobody here")
        assert next(carl_hears)["name"] == "carl"


def test_in_two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent to one process is heard by the clients of the other."""
    with NatsEngine() as engine:
        monkeypatch.setenv("BROKER", engine.url)
        with (
            hypercorn("examples.chat:app", "asyncio") as one,
            hypercorn("examples.chat:app", "asyncio") as other,
        ):
            check(one, other)
            for server in (one, other):
                assert server.stop() == 0
                assert "Traceback" not in server.log, server.log
