"""Requests to an application, with scopes as complete as a server's."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.spec.driving import call


@dataclass
class Response:
    """The answer to a request."""

    status: int
    headers: dict[str, str]
    text: str


def scope_for(kind: str, target: str, **more: Any) -> dict[str, Any]:
    """Return the scope that a server makes of a request target."""
    path, _, query = target.partition("?")
    scope: dict[str, Any] = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "http" if kind == "http" else "ws",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"ex.test")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
        "state": {},
        "extensions": {"websocket.http.response": {}},
    }
    scope |= {"method": "GET"} if kind == "http" else {"subprotocols": []}
    return scope | more


async def get(app: Any, target: str, **more: Any) -> Response:
    """Return the answer to a GET."""
    request = {"type": "http.request", "body": b"", "more_body": False}
    sent = (await call(app, scope_for("http", target, **more), [request])).sent
    start, *bodies = sent
    headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    body = b"".join(message.get("body", b"") for message in bodies)
    return Response(start["status"], headers, body.decode())


async def echoed(app: Any, target: str, **more: Any) -> list[Any]:
    """Return what comes back when one says hello to a websocket."""
    events = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "hello", "bytes": None},
    ]
    sent = (await call(app, scope_for("websocket", target, **more), events)).sent
    return [message.get("text", message["type"]) for message in sent]
