"""Every server that we know, in a process of its own, over real sockets."""

import json
import re
import time
from typing import Any

import pytest

from tests.live.servers import (
    PATIENCE,
    AcceptConnection,
    Kind,
    RejectConnection,
    Server,
    TextMessage,
    WebSocket,
    ask,
    running,
    started,
)

SERVED = "tests.live.served:app"
MATRIX = "servers"
IN_ORDER = ["+router", "+m", "+stripped"]
IN_REVERSE = ["-stripped", "-m", "-router"]


def events(client: WebSocket, count: int) -> list[Any]:
    """Return the next events of a websocket."""
    return [event for _, event in zip(range(count), client.events(), strict=False)]


def test_http_hit(server: Server, cell: Any) -> None:
    """A route is served, with its parameters, and the raw path as it came."""
    cell("http hit")
    response = ask(server, "/users/%37/?q=1")
    assert response.status == 200
    shown = json.loads(response.body)
    assert shown["path_params"] == {"id": 7}
    assert (shown["path"], shown["raw_path"]) == ("/users/7/", "/users/%37/")


@pytest.mark.parametrize("target", ["/nowhere", "/users/x/", "/users/7/%0A", "/users//7/", "//m/x"])
def test_404(server: Server, cell: Any, target: str) -> None:
    """What is not there is answered, with a length, so that the connection can be used again."""
    cell("404")
    response = ask(server, target)
    assert (response.status, response.body) == (404, b"Not Found")
    assert response.headers["content-length"] == "9"


def test_405(server: Server, cell: Any) -> None:
    """The wrong method is answered with those that are right."""
    cell("405")
    response = ask(server, "/only/", "PUT")
    assert (response.status, response.body) == (405, b"Method Not Allowed")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(("target", "status"), [("/only/", 200), ("/nowhere", 404)])
def test_head(server: Server, cell: Any, target: str, status: int) -> None:
    """HEAD goes where GET goes, and gets no body."""
    cell("HEAD")
    with_body = ask(server, target)
    response = ask(server, target, "HEAD")
    assert response.status == with_body.status == status
    expected = len(with_body.body) + (len("HEAD") - len("GET") if status == 200 else 0)
    assert int(response.headers["content-length"]) == expected


def test_options(server: Server, cell: Any) -> None:
    """OPTIONS is answered where nobody else does."""
    cell("OPTIONS")
    response = ask(server, "/only/", "OPTIONS")
    assert (response.status, response.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


def test_redirect(server: Server, cell: Any) -> None:
    """A path that lacks its slash is redirected, with its query, to a path."""
    cell("redirect")
    response = ask(server, "/slashes/a?q=%20", "POST")
    assert (response.status, response.headers["location"]) == (308, "/slashes/a/?q=%20")


def test_mount(server: Server, cell: Any) -> None:
    """A mounted application knows where it is; one that wants it sees nothing of the prefix."""
    cell("mount")
    shown = json.loads(ask(server, "/m/a%2Fb").body)
    assert (shown["root_path"], shown["path"]) == ("/m", "/m/a/b")
    assert shown["raw_path"] == "/m/a%2Fb"
    shown = json.loads(ask(server, "/stripped/a%2Fb").body)
    assert (shown["root_path"], shown["path"]) == ("/stripped", "/a/b")
    assert shown["raw_path"] == "/a%2Fb"
    assert ask(server, "/mx").status == 404


def test_websocket_hit(server: Server, cell: Any) -> None:
    """A websocket is served, with the subprotocol that it likes best."""
    cell("ws hit")
    with WebSocket(server, "/spoken", subprotocols=["x", "a", "b"]) as client:
        (accepted,) = events(client, 1)
        assert isinstance(accepted, AcceptConnection)
        client.send("hello")
        (message,) = events(client, 1)
        assert isinstance(message, TextMessage)
        assert message.data == "hello"
        client.close()


@pytest.mark.parametrize("target", ["/nowhere", "/users/7/", "/spoken"])
def test_websocket_miss(server: Server, kind: Kind, cell: Any, target: str) -> None:
    """An unknown websocket is denied before the handshake, with 404 where the server can say so."""
    cell("ws miss")
    with WebSocket(server, target) as client:
        (rejected,) = events(client, 1)
        assert isinstance(rejected, RejectConnection)
        assert rejected.status_code == (404 if kind.denies else 403)


def test_lifespan(kind: Kind, cell: Any) -> None:
    """All start in order and stop in reverse; each one's requests find its state."""
    cell("lifespan")
    with running(*kind.arguments("tests.live.served:app"), ready=kind.ready) as server:
        assert json.loads(ask(server, "/m/").body)["state"] == (
            {"of": "m"} if kind.has_lifespan else {}
        )
        assert server.stop() in (0, -15)
        said = re.findall(r"^[+-]\w+", server.log, re.MULTILINE)
        assert said == (IN_ORDER + IN_REVERSE if kind.has_lifespan else [])
        assert "Traceback" not in server.log


@pytest.mark.parametrize("app", ["failing", "failing_last"])
def test_startup_failure(kind: Kind, cell: Any, app: str) -> None:
    """A server whose application does not start ends; what had started is stopped before."""
    cell("startup failure")
    arguments = kind.arguments(f"tests.live.served:{app}")
    if not kind.has_lifespan:  # It does not ask, so it has to serve.
        with running(*arguments, ready=kind.ready) as server:
            assert ask(server, "/m/").status == 200
        return
    with started(*arguments) as server:
        server.process.wait(PATIENCE)
        assert "the database is away" in server.log
        said = re.findall(r"^[+-]\w+", server.log, re.MULTILINE)
        assert said == (["+m", "-m"] if app == "failing_last" else [])


@pytest.mark.parametrize("app", ["app", "strict"])
def test_root_path(kind: Kind, cell: Any, app: str) -> None:
    """With a root path, behind a proxy that strips it and behind one that does not."""
    cell("root path")
    arguments = kind.arguments(f"tests.live.served:{app}", "/api")
    with running(*arguments, ready=kind.ready) as server:
        stripped = ask(server, "/users/7/").status
        kept = ask(server, "/api/users/7/").status
        if kind.prepends:  # It takes every proxy for one that strips.
            assert (stripped, kept) == (200, 404)
        else:
            assert (stripped, kept) == (200 if app == "app" else 404, 200)
        assert ask(server, "/apiusers/7/").status == 404
        if app == "app":
            shown = json.loads(ask(server, "/m/x%2Fy").body)
            assert (shown["root_path"], shown["path"]) == ("/api/m", "/api/m/x/y")
            assert (shown["raw_path"], shown["route_path"]) == ("/api/m/x%2Fy", "/x/y")
            assert ask(server, "/slashes/a").headers["location"] == "/api/slashes/a/"
        assert "Traceback" not in server.log


def test_nothing_hangs(server: Server, cell: Any) -> None:
    """Odd targets are answered at once, whatever they are."""
    cell("odd targets")
    for target in ("*", "/%", "/%ff", "/" + "-" * 3000, "/users/" + "9" * 5000 + "/", "/;", "/%00"):
        begin = time.monotonic()
        assert ask(server, target).status in (400, 404)
        assert time.monotonic() - begin < PATIENCE / 2
