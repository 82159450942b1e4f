"""Ports for servers that cannot be asked which one they took, or that come back on the same."""

import contextlib
import secrets
import socket

_PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections: of these, any may be taken at any time."""


def free_port() -> int:
    """Return a port of the loopback interface on which nobody listens."""
    while True:
        port = secrets.choice(_PORTS)
        with contextlib.suppress(OSError), socket.socket() as free:
            free.bind(("127.0.0.1", port))
            return port
