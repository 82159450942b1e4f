"""Playing the cases of ``faults`` against a real server, over raw sockets.

A client goes on when something has happened, never when time has passed.
"""

import re
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import NamedTuple

from tests.live.faults import BREAKING, CLOSE, HTTP, STOPPED, WAYS, WEBSOCKET, Case
from tests.live.servers import Kind, Server, ask, connect, running

_OPTIONS = {
    "uvicorn": ["--timeout-graceful-shutdown", "1"],
    "granian": ["--workers-kill-timeout", "1"],
    # The library below it breaks off after five seconds what Daphne has not answered.
    "daphne": ["--websocket_connect_timeout", "60"],
}
"""By these, servers end although an application waits, and Daphne looks at no clock."""
_AT_ONCE = len(STOPPED) * len(WAYS)
"""Connections at a time. Servers have clocks of their own, and come late where there are too many."""

_HANDSHAKE = [
    *("upgrade: websocket", "connection: Upgrade", "sec-websocket-version: 13"),
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
]
_CLOSING = b"\x88\x82" + bytes(4) + struct.pack(">H", 1000)
_NEXT = b"GET /plain/nested/m/fine HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
_EXCEPTION = r"(?m)^[\s|]*([\w.]*(?:Error|Exception|Cancelled|Disconnected)(?:: .*)?)$"

# Daphne looks every second for applications that have raised. It answers where nothing was begun, breaks on
# others and never looks again; what is left unfinished it leaves open.
_DAPHNE_ANSWERS = {
    *("http raises before", "http raises over a body", "http begins with the body"),
    *("http garbage: type", "http garbage: no dict", "http garbage: no type"),
    *("websocket raises at once", "websocket raises before", "websocket raises after"),
    *("websocket sends before", "websocket garbage: no dict", "websocket garbage: text"),
}
_COMPLETE = {
    *("fine", "reads the body", "never reads the body", "raises after the end"),
    *("sends after the end", "starts after the end"),
}
_NEVER_CALLED = {("daphne", "http gone in the upload")}
_NEVER_TOLD = {("granian", "websocket gone before")}


class Play(NamedTuple):
    """A case, and the way on which its application is reached."""

    way: str
    case: Case

    @property
    def target(self) -> str:
        return f"/{self.way}/nested/m/{self.case.name.replace(' ', '_')}"

    @property
    def key(self) -> str:
        return f"{self.case.protocol}:{self.target}"

    def request(self, kind: Kind) -> bytes:
        """Return what the client sends at once; if it stays, another request behind it."""
        case = self.case
        sent, announced = case.sent
        headers = ["host: localhost", *(_HANDSHAKE if case.is_websocket else [])]
        headers += [f"content-length: {announced}", "connection: close"] if announced else []
        line = f"{'POST' if announced else 'GET'} {self.target} HTTP/1.1"
        head = "\r\n".join([line, *headers, "", ""]).encode() + bytes(sent)
        stays = case in HTTP and not case.leaves and not sent
        # Hypercorn's trio worker ends when one request fails and another waits behind it.
        stays &= kind.name != "hypercorn trio" or case.name in _COMPLETE
        return head + _NEXT if stays else head


@dataclass
class Outcome:
    """What is seen of a case from all sides.

    Attributes:
        wire: what came, without the date.
        end: how the connection ended.
        app: what the application saw, for each time it was called.
        raised: how often the server speaks of the exception of this application.
    """

    wire: bytes
    end: str
    app: list[str]
    raised: int = 0


@dataclass
class Played:
    """All outcomes on one server, and every exception in its log."""

    outcomes: dict[Play, Outcome]
    exceptions: Counter[str]


def play_all(kind: Kind, app: str) -> Played:
    """Start a server, play every case on every way, and stop it while some still wait."""
    options = _OPTIONS.get(kind.name.split()[0], [])
    with running(*kind.arguments(f"tests.live.faults:{app}"), *options, ready=kind.ready) as server:
        outcomes: dict[Play, Outcome] = {}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for plays in _phases(server, kind):
                playing = {play: pool.submit(_outcome, server, kind, play) for play in plays}
                outcomes |= {play: future.result() for play, future in playing.items()}
            waiting = [Play(way, case) for case in STOPPED for way in WAYS]
            playing = {play: pool.submit(_outcome, server, kind, play) for play in waiting}
            for play in waiting:
                _report(server, play, "begun")
            server.stop()
            outcomes |= {play: future.result() for play, future in playing.items()}
        log = server.log
    recorded = re.findall(r"(?m)^record (\S+) (.*)$", log)
    errors = re.findall(r"FaultError.*", log)
    for play, outcome in outcomes.items():
        outcome.app = sorted(record for key, record in recorded if key == play.key)
        has_key = re.compile(rf"{re.escape(play.key)}\b").search
        outcome.raised = sum(1 for error in errors if has_key(error))
    return Played(outcomes, Counter(re.findall(_EXCEPTION, log)))


def _phases(server: Server, kind: Kind) -> Iterator[list[Play]]:
    plays = [Play(way, case) for case in (*HTTP, *WEBSOCKET) for way in WAYS]
    if kind.name == "daphne":
        yield [play for play in plays if str(play.case) in _DAPHNE_ANSWERS]
        plays = [play for play in plays if str(play.case) not in _DAPHNE_ANSWERS]
        breaking = Play("plain", BREAKING)
        with connect(server) as client:
            client.sendall(breaking.request(kind))
            server.wait_for(f"FaultError: {breaking.key}")
    yield plays


def _outcome(server: Server, kind: Kind, play: Play) -> Outcome:
    case = (kind.name, str(play.case))
    with connect(server) as client:
        if play.case.leaves == "begun":
            client.sendall(play.request(kind))
            if case not in _NEVER_CALLED:
                _report(server, play, "begun")
            read, end = b"", "left"
        else:
            with _ended_by_the_client(server, kind, play, client):
                read, end = _converse(server, client, kind, play)
    if case not in _NEVER_CALLED | _NEVER_TOLD and play.case not in STOPPED:
        _report(server, play, "done")
    return Outcome(_compared(read, play.case), end, [])


@contextmanager
def _ended_by_the_client(
    server: Server, kind: Kind, play: Play, client: socket.socket
) -> Iterator[None]:
    """Say that nothing more is to come, once the application is done, where a server would not."""
    case = play.case
    is_left_open = kind.name == "daphne" and not case.leaves and case not in STOPPED
    if case.is_websocket:
        is_left_open &= CLOSE not in case.steps
    else:
        is_left_open &= case.name not in _COMPLETE
    if str(case) in _DAPHNE_ANSWERS and play.way != "swallowing":
        is_left_open = False

    def end() -> None:
        _report(server, play, "done")
        with suppress(OSError):
            client.shutdown(socket.SHUT_WR)

    thread = Thread(target=end)
    if is_left_open:
        thread.start()
    yield
    if is_left_open:
        thread.join()


def _converse(server: Server, client: socket.socket, kind: Kind, play: Play) -> tuple[bytes, str]:
    """Send, and read to the end; when the server closes a websocket, so does the client."""
    sending = Thread(target=_send, args=(client, play.request(kind)))
    sending.start()
    read, case, has_closed = b"", play.case, False
    try:
        while data := client.recv(65536):
            read += data
            head, _, frames = read.partition(b"\r\n\r\n")
            if "taken" in case.steps and b"<part>" in frames:
                _report(server, play, "taken")
            if case.leaves and b"<part>" in frames:
                if case.leaves == "first":
                    return read, "left"
                frames += b"\x88"
            if case.is_websocket and b" 101 " not in head and kind.name == "granian":
                client.shutdown(socket.SHUT_WR)
            elif case.is_websocket and b"\x88" in frames and not has_closed:
                has_closed = True
                if case in WEBSOCKET and not case.leaves:
                    _report(server, play, "done")
                _send(client, _CLOSING)
    except ConnectionError:
        # A server that closes while something is still on its way to it resets the connection.
        return read, "ended" if case.sent != (0, 0) or has_closed else "reset"
    finally:
        sending.join()
    return read, "ended"


def _send(client: socket.socket, data: bytes) -> None:
    with suppress(ConnectionError):
        client.sendall(data)


def _report(server: Server, play: Play, stage: str) -> None:
    """Wait until the application has come to a stage."""
    assert ask(server, f"/plain/nested/m/report/{stage}/{play.key}").status == 200


def _compared(read: bytes, case: Case) -> bytes:
    """Return what has to be the same: all but the date.

    How much of an upload has come when the answer is written decides whether a connection stays open.
    """
    read = re.sub(rb"(?im)^date: .*\r\n", b"", read)
    return re.sub(rb"(?im)^connection: .*\r\n", b"", read) if case.sent != (0, 0) else read
