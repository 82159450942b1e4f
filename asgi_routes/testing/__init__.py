"""Testing routes and applications: assertions about matches, and a client that needs no server."""

from asgi_routes.testing.assertions import assert_no_route, assert_routes
from asgi_routes.testing.client import Client
from asgi_routes.testing.http import Headers, Response
from asgi_routes.testing.websocket import WebSocket, WebSocketClosed, WebSocketDenied

__all__ = (
    "Client",
    "Headers",
    "Response",
    "WebSocket",
    "WebSocketClosed",
    "WebSocketDenied",
    "assert_no_route",
    "assert_routes",
)
