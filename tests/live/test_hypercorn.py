"""The examples under a real Hypercorn, with both kinds of workers, over real sockets."""

import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from examples.tries import TRIES
from tests.live.servers import (
    PATIENCE,
    ROOT,
    AcceptConnection,
    RejectConnection,
    RejectData,
    Server,
    TextMessage,
    WebSocket,
    ask,
    connect,
    hypercorn,
    read_response,
    running,
)

WORKERS = ["asyncio", "trio"]
PLAIN = "text/plain; charset=utf-8"


def assert_quiet(server: Server) -> None:
    """Assert that nothing in the log speaks of a failure."""
    assert not re.search(r"Traceback|ERROR|WARNING|Exception", server.log), server.log


@pytest.fixture(scope="module", params=WORKERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Serve the quickstart example for all tests of one kind of worker."""
    with hypercorn("examples.quickstart:app", request.param) as running_server:
        yield running_server
        assert_quiet(running_server)


@pytest.mark.parametrize(
    ("target", "method", "status", "body"),
    [
        *((one.path, "GET", one.status, one.body) for one in TRIES if not one.options),
        ("/users/7/", "HEAD", 200, ""),
        ("/nowhere", "HEAD", 404, ""),
        ("/nowhere", "POST", 404, "Not Found"),
        ("/users/%37/", "GET", 200, "user 7"),
        ("/users/7%2F", "GET", 200, "user 7"),
        ("/users/7/%0A", "GET", 404, "Not Found"),
        ("/users/%D9%A3/", "GET", 404, "Not Found"),
        ("/users/" + "9" * 5000 + "/", "GET", 404, "Not Found"),
        ("/files/" + "a/" * 25000 + "b", "GET", 200, None),
        ("/" + "-" * 50000, "GET", 404, "Not Found"),
        ("/api//users/7/", "GET", 404, "Not Found"),
        ("/api///users/7/", "GET", 404, "Not Found"),
        ("/users/../users/7/", "GET", 404, "Not Found"),
        ("*", "OPTIONS", 404, "Not Found"),
        ("users/7/", "GET", 404, "Not Found"),
        ("http://localhost/users/7/", "GET", 404, "Not Found"),
        ("?q", "GET", 404, "Not Found"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_http(server: Server, target: str, method: str, status: int, body: str | None) -> None:
    """Each request gets its answer, however odd its target is."""
    response = ask(server, target, method)
    assert response.status == status
    if body is not None:
        assert response.body.decode().strip() == body
    if status == 404:
        assert response.headers["content-type"] == PLAIN
        assert response.headers["content-length"] == "9"


def test_nested_routers_keep_their_middleware(server: Server) -> None:
    """What the nested router serves went through its middleware; what is behind it did not."""
    assert ask(server, "/api/").headers["x-powered-by"] == "asgi_routes"
    assert "x-powered-by" not in ask(server, "/api/health/").headers


def test_the_connection_goes_on_after_a_miss(server: Server) -> None:
    """A body that nobody read does not spoil the next request on the same connection."""
    with connect(server) as client, client.makefile("rb") as stream:
        client.sendall(
            b"POST /nowhere HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nhello"
            b"GET /users/7/ HTTP/1.1\r\nhost: localhost\r\n\r\n"
        )
        assert read_response(stream).status == 404
        assert read_response(stream).body == b"user 7\n"


def test_websocket(server: Server) -> None:
    """A websocket route serves, with its parameter."""
    with WebSocket(server, "/rooms/lobby/") as client:
        events = client.events()
        assert isinstance(next(events), AcceptConnection)
        assert next(events) == TextMessage(data="welcome to lobby")
        client.send("hello")
        assert next(events) == TextMessage(data="hello")
        client.close()


@pytest.mark.parametrize(
    "target", ["/rooms/", "/rooms/a.b/", "/nowhere", "/users/7/", "//rooms/x/"]
)
def test_unknown_websocket(server: Server, target: str) -> None:
    """An unknown websocket is denied with a true 404, before the handshake."""
    with WebSocket(server, target) as client:
        rejected, data = [event for _, event in zip(range(2), client.events(), strict=False)]
        assert isinstance(rejected, RejectConnection)
        assert rejected.status_code == 404
        assert isinstance(data, RejectData)
        assert bytes(data.data) == b"Not Found"


@pytest.mark.parametrize("worker", WORKERS)
def test_lifespan_and_exit(worker: str) -> None:
    """Startup and shutdown are confirmed: the server starts, and ends with code 0, in silence."""
    with hypercorn("examples.quickstart:app", worker) as server:
        assert ask(server, "/").status == 200
        assert server.stop() == 0
        assert_quiet(server)
        assert "lifespan" not in server.log.lower()


@pytest.mark.parametrize("worker", WORKERS)
@pytest.mark.parametrize("root_path", ["/root", "/root/"])
def test_root_path(worker: str, root_path: str) -> None:
    """With a root path, requests are served whether a proxy has stripped it or not."""
    with hypercorn("examples.quickstart:app", worker, "--root-path", root_path) as server:
        assert ask(server, "/root/users/7/").body == b"user 7\n"
        assert ask(server, "/users/7/").body == b"user 7\n"
        assert ask(server, "/rootusers/7/").status == 404
        assert ask(server, "/root/shop/cart").body == (
            b"the shop, mounted at /root/shop, was asked for /cart\n"
        )
        assert_quiet(server)


@pytest.mark.parametrize("worker", WORKERS)
def test_from_channels(worker: str) -> None:
    """The asgi.py of Channels' documentation serves, with its import lines changed."""
    with hypercorn("examples.from_channels:application", worker) as server:
        assert ask(server, "/longpoll/").body == b"news for somebody\n"
        assert ask(server, "/notifications/mail/").body == b"notifications of mail\n"
        assert ask(server, "/anything/else").body == b"a page at /anything/else\n"
        for target, greeting in [
            ("/chat/", "ada is in the lobby"),
            ("/chat/rooms/blue/", "ada is in blue"),
        ]:
            with WebSocket(server, target, (b"x-user", b"ada")) as client:
                events = client.events()
                assert isinstance(next(events), AcceptConnection)
                assert next(events) == TextMessage(data=greeting)
                client.close()
        with WebSocket(server, "/chat/nowhere/") as client:
            rejected = next(client.events())
            assert isinstance(rejected, RejectConnection)
            assert rejected.status_code == 404
        assert_quiet(server)


def test_no_django() -> None:
    """The example from Channels needs neither Django nor Channels."""
    code = (
        "import sys, examples.from_channels; "
        "print([m for m in sys.modules if m.split('.')[0] in ('django', 'channels')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_demo() -> None:
    """What `make demo` prints is what is answered, and Ctrl-C ends it without a traceback."""
    curl = shutil.which("curl")
    with running("examples.demo", "--port", "0") as server:
        address = f"http://127.0.0.1:{server.port}"
        for one in TRIES:
            assert one.command(address) in server.log
            assert f"{one.status}  {one.body}" in server.log
            if curl is None:
                continue
            command = [*shlex.split(one.command(address)), "-sS", "-w", "%{http_code}"]
            command += ["--max-time", str(PATIENCE), "--http1.1"]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            assert (done.stdout[:-3].strip(), done.stdout[-3:]) == (one.body, str(one.status))
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(PATIENCE) == 0
        assert "Traceback" not in server.log


def test_demo_on_a_busy_port() -> None:
    """A port that is taken gives one line, not a traceback."""
    with running("examples.demo", "--port", "0") as server:
        again = subprocess.run(
            [sys.executable, "-m", "examples.demo", "--port", str(server.port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert again.returncode == 1
    assert again.stderr.startswith(f"port {server.port} cannot be used")
    assert again.stderr.count("\n") == 1
