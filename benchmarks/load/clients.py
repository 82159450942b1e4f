"""Clients beside the load: websockets, slow ones, ones that go away, and some that check every answer.

As many come every second whatever is served, so that what they cost is the same for all.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio
import h11
from anyio.abc import SocketStream
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from benchmarks.load.requests import Asked

INTERVAL = 0.05
PATIENCE = 20
_PAUSES = 20
_SAMPLE = 25
_DENIED = {"starlette": 403}
"""Starlette closes a websocket that it does not know; ours denies it with 404."""


@dataclass
class Clients:
    """Clients of one server.

    Attributes:
        port: of the server.
        variant: what it serves.
        asked: what those ask for that check every answer.
        done: how many of each kind have done all that they wanted.
        wrong: what each other one has got instead.
    """

    port: int
    variant: str
    asked: list[Asked]
    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    async def run(self, seconds: float) -> None:
        """Let clients come one after the other; return when the last one is done."""
        kinds: list[Callable[[], Awaitable[None]]] = [
            self.websocket,
            self.checked,
            self.websocket_cut,
            self.headers_dribbled,
            self.unknown_websocket,
            self.body_never_finished,
            self.cut_in_the_headers,
            self.cut_before_the_answer,
        ]
        async with anyio.create_task_group() as tasks:
            for number in range(int(seconds / INTERVAL)):
                tasks.start_soon(self._one, kinds[number % len(kinds)])
                await anyio.sleep(INTERVAL)

    async def _one(self, kind: Callable[[], Awaitable[None]]) -> None:
        name = getattr(kind, "__name__", "").replace("_", " ")
        try:
            with anyio.fail_after(PATIENCE):
                await kind()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted and shown
            self.wrong.append(f"{name}: {error!r}")
        else:
            self.done[name] += 1

    async def websocket(self) -> None:
        """Open a websocket, talk, and close it."""
        room = "" if self.variant == "bare" else "blue"
        async with connect(f"ws://127.0.0.1:{self.port}/rooms/blue/", proxy=None) as client:
            _same(await client.recv(), f"welcome to {room}")
            await client.send("hello")
            _same(await client.recv(), "hello")

    async def unknown_websocket(self) -> None:
        """Ask for a websocket that is not there."""
        status = 101
        try:
            async with connect(f"ws://127.0.0.1:{self.port}/nowhere/", proxy=None):
                pass
        except InvalidStatus as error:
            status = error.response.status_code
        _same(status, 101 if self.variant == "bare" else _DENIED.get(self.variant, 404))

    async def websocket_cut(self) -> None:
        """Open a websocket, and be gone without a word."""
        client = await connect(f"ws://127.0.0.1:{self.port}/rooms/blue/", proxy=None)
        await client.recv()
        client.transport.abort()

    async def checked(self) -> None:
        """Ask for several things over one connection, and look at every answer."""
        async with await self._connected() as stream:
            connection = h11.Connection(h11.CLIENT)
            for one in random.sample(self.asked, _SAMPLE):
                await stream.send(_request(connection, one))
                _check(one, *await _answer(connection, stream))
                connection.start_next_cycle()

    async def headers_dribbled(self) -> None:
        """Send a request little by little, and take the answer."""
        one = random.choice(self.asked)  # noqa: S311 - any will do
        connection = h11.Connection(h11.CLIENT)
        data = _request(connection, one)
        async with await self._connected() as stream:
            step = len(data) // _PAUSES + 1
            for start in range(0, len(data), step):
                await stream.send(data[start : start + step])
                await anyio.sleep(INTERVAL)
            _check(one, *await _answer(connection, stream))

    async def body_never_finished(self) -> None:
        """Announce a body, send a little of it, and go."""
        async with await self._connected() as stream:
            await stream.send(
                b"POST /repos/a/b/issues HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n"
            )
            await stream.send(b"{")
            await anyio.sleep(1)

    async def cut_in_the_headers(self) -> None:
        """Go before the headers are complete."""
        async with await self._connected() as stream:
            await stream.send(b"GET /zen HTTP/1.1\r\nhost: x\r\naccep")

    async def cut_before_the_answer(self) -> None:
        """Ask, and do not wait for the answer."""
        async with await self._connected() as stream:
            await stream.send(b"GET /zen HTTP/1.1\r\nhost: x\r\n\r\n")

    async def _connected(self) -> SocketStream:
        return await anyio.connect_tcp("127.0.0.1", self.port)


def _request(connection: h11.Connection, one: Asked) -> bytes:
    request = h11.Request(method=one.method, target=one.target, headers=[("host", "localhost")])
    return (connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b"")


async def _answer(connection: h11.Connection, stream: SocketStream) -> tuple[int, str]:
    status, body = 0, b""
    while True:
        match connection.next_event():
            case h11.Response(status_code=status):
                pass
            case h11.Data(data=data):
                body += data
            case h11.EndOfMessage():
                return status, body.decode()
            case h11.NEED_DATA:
                connection.receive_data(await stream.receive())


def _check(one: Asked, status: int, body: str) -> None:
    if not one.is_answered_by(status, body):
        raise AssertionError(f"{one.method} {one.target} gave {status} {body!r}")


def _same(found: object, expected: object) -> None:
    if found != expected:
        raise AssertionError(f"{found!r} instead of {expected!r}")
