"""A client that sends request targets as they are over HTTP/2, without TLS, as one does who knows the server."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, ResponseReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError

from tests.live.servers import PATIENCE, Response

# Whatever a client can send is sent: the library would refuse some of it, and change other.
_AS_IT_IS = H2Configuration(
    header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False
)


def ask_http2(port: int, targets: Sequence[str]) -> Iterator[Response | None]:
    """Yield the response to each target; None where the stream or the connection is ended instead."""
    client = _Client(port)
    try:
        for target in targets:
            yield client.get(target.encode())
    finally:
        client.hang_up()


class _Client:
    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._connection = H2Connection(_AS_IT_IS)

    def get(self, target: bytes) -> Response | None:
        # The server may have ended a connection that was used before.
        is_used = self._socket is not None
        response = self._exchange(target)
        return self._exchange(target) if response is None and is_used else response

    def hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, target: bytes) -> Response | None:
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
                self._connection = H2Connection(_AS_IT_IS)
                self._connection.initiate_connection()
            stream = self._connection.get_next_available_stream_id()
            pseudo = {":method": "GET", ":scheme": "http", ":authority": "localhost"}
            headers = [*pseudo.items(), (":path", target)]
            self._connection.send_headers(stream, headers, end_stream=True)
            return self._read(stream)
        except (OSError, ProtocolError):
            self.hang_up()
            return None

    def _read(self, stream: int) -> Response | None:
        assert self._socket is not None
        response = Response(0, {}, b"")
        while True:
            self._socket.sendall(self._connection.data_to_send())
            data = self._socket.recv(2**16)
            if not data:
                self.hang_up()
                return None
            for event in self._connection.receive_data(data):
                match event:
                    case ConnectionTerminated():
                        self.hang_up()
                        return None
                    case StreamReset(stream_id=reset) if reset == stream:
                        return None
                    case ResponseReceived(headers=headers):
                        told = {name.decode(): value.decode("latin-1") for name, value in headers}
                        response = Response(int(told.pop(":status")), told, b"")
                    case DataReceived(data=part, flow_controlled_length=length):
                        response.body += part
                        self._connection.acknowledge_received_data(length, event.stream_id)
                    case StreamEnded(stream_id=ended) if ended == stream:
                        with suppress(OSError):
                            self._socket.sendall(self._connection.data_to_send())
                        return response
