"""A client that sends request targets as they are over HTTP/3."""

import asyncio
import ssl
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamReset

from tests.live.servers import PATIENCE, Response

_PER_CONNECTION = 100
"""A server lets a client open 128 streams before it has to allow more, which not all do in time."""


def ask_http3(port: int, targets: Sequence[str]) -> Iterator[Response | None]:
    """Yield the response to each target; None where the stream or the connection is ended instead."""
    for start in range(0, len(targets), _PER_CONNECTION):
        yield from asyncio.run(_ask(port, targets[start : start + _PER_CONNECTION]))


async def _ask(port: int, targets: Sequence[str]) -> list[Response | None]:
    answers: list[Response | None] = []
    client: _Client | None = None
    async with AsyncExitStack() as stack:
        for target in targets:
            if client is None or client.is_at_end:
                client = await stack.enter_async_context(_connect(port))
            answers.append(await client.get(target.encode()))
    return answers


def _connect(port: int) -> Any:
    configuration = QuicConfiguration(
        alpn_protocols=H3_ALPN, server_name="localhost", verify_mode=ssl.CERT_NONE
    )
    return connect("127.0.0.1", port, configuration=configuration, create_protocol=_Client)


class _Client(QuicConnectionProtocol):
    is_at_end = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._http = H3Connection(self._quic)
        self._stream = -1
        self._response = Response(0, {}, b"")
        self._answer: asyncio.Future[Response | None] | None = None

    async def get(self, target: bytes) -> Response | None:
        self._answer = asyncio.get_running_loop().create_future()
        self._stream = self._quic.get_next_available_stream_id()
        pseudo = {b":method": b"GET", b":scheme": b"https", b":authority": b"localhost"}
        headers = [*pseudo.items(), (b":path", target)]
        self._http.send_headers(self._stream, headers, end_stream=True)
        self.transmit()
        try:
            return await asyncio.wait_for(self._answer, PATIENCE)
        except TimeoutError:
            self.is_at_end = True
            return None

    def quic_event_received(self, event: QuicEvent) -> None:
        match event:
            case ConnectionTerminated():
                self.is_at_end = True
                self._end(None)
            case StreamReset(stream_id=reset) if reset == self._stream:
                self._end(None)
        for told in self._http.handle_event(event):
            match told:
                case HeadersReceived(headers=headers, stream_id=stream) if stream == self._stream:
                    plain = {name.decode(): value.decode("latin-1") for name, value in headers}
                    self._response = Response(int(plain.pop(":status")), plain, b"")
                case DataReceived(data=part, stream_id=stream) if stream == self._stream:
                    self._response.body += part
                case _:
                    continue
            if told.stream_ended:
                self._end(self._response)

    def _end(self, response: Response | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(response)
