"""Requests counted and timed for Prometheus, by the template of the route that served them.

Run it, ask for a few paths, and look at the metrics:

    hypercorn examples.metrics:app
    curl http://127.0.0.1:8000/users/7/
    curl http://127.0.0.1:8000/api/shops/acme/items/7/
    curl http://127.0.0.1:8000/files/a.txt
    curl http://127.0.0.1:8000/nowhere/
    curl http://127.0.0.1:8000/metrics

Every user is counted under ``/users/{id}/``, and every path without a route under ``(no route)``.
So the number of time series depends on the routes, not on what clients send. A websocket is counted
when it ends, with the length of the connection.
"""

from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, make_asgi_app

from asgi_routes import ProtocolTypeRouter, URLRouter, mount, path
from asgi_routes.types import App

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
STATUS_OF = {"websocket.accept": 101, "websocket.close": 403}


class Metrics:
    """A middleware that counts and times requests.

    It stands directly around the outermost router: between them, a copy of the scope would keep
    the route from it.
    """

    def __init__(self, app: App, registry: CollectorRegistry) -> None:
        self.app = app
        labels = ["method", "status", "route"]
        self.requests = Counter("requests", "Requests served", labels, registry=registry)
        self.seconds = Histogram("request_seconds", "Their duration", labels, registry=registry)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        begin, status = perf_counter(), 0

        async def send_and_watch(message: Any) -> None:
            nonlocal status
            # The first one counts: a close after an accept is no refusal.
            status = status or message.get("status") or STATUS_OF.get(message["type"], 0)
            await send(message)

        try:
            return await self.app(scope, receive, send_and_watch)
        finally:
            # Only now: the router puts the route into the scope when it is called.
            route = scope["route"].path_format if "route" in scope else "(no route)"
            labels = (method_of(scope), str(status or 500), route)
            self.requests.labels(*labels).inc()
            self.seconds.labels(*labels).observe(perf_counter() - begin)


def method_of(scope: Any) -> str:
    """Return the method as a label: a client may send any word as a method."""
    method: str = scope.get("method", "WEBSOCKET")
    return method if method in METHODS or scope["type"] == "websocket" else "(other)"


def answer(text: str) -> App:
    """Return an application that answers with a text, in which the parameters are filled in."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = text.format(**scope["path_params"]).encode() + b"\n"
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def greet(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": f"welcome to {scope['path_params']['room']}"})
    await send({"type": "websocket.close", "code": 1000})


registry = CollectorRegistry()
shop = URLRouter([path("items/<int:item>/", answer("item {item} of {shop}"), name="item")])
api = URLRouter([path("shops/<slug:shop>/", shop)])
router = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [
                path("users/<int:id>/", answer("user {id}"), name="user"),
                path("api/", api),
                mount("files", answer("a file")),
                # It takes part in no lifespan: it knows http and nothing else.
                mount("metrics", make_asgi_app(registry), lifespan="off"),
            ]
        ),
        "websocket": URLRouter([path("rooms/<slug:room>/", greet)]),
    }
)
app = Metrics(router, registry)
