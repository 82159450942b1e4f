"""A whole application of plain ASGI parts, without a framework.

``make demo`` serves it under Hypercorn and says what to try. By hand: ``hypercorn
examples.quickstart:app``. A channel message and a connection of another protocol,
which no browser can send, are sent by ``python -m examples.quickstart``.
"""

import asyncio
from typing import Any

from asgi_routes import (
    ChannelNameRouter,
    ProtocolTypeRouter,
    URLRouter,
    format_path,
    mount,
    path,
    re_path,
)
from asgi_routes.types import App


def answer(text: str) -> App:
    """Make an http application that fills its parameters into a text."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        route = scope["url_route"]
        body = f"{text.format(*route['args'], **route['kwargs'])}\n".encode()
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def shop(scope: Any, receive: Any, send: Any) -> None:
    """Stand for a whole application of any framework: it knows where it is by ``root_path``."""
    path = scope["path"].removeprefix(scope["root_path"])
    body = f"the shop, mounted at {scope['root_path']}, was asked for {path}\n".encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class PoweredBy:
    """A middleware like any other: it holds the next application and adds a header."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_with_header(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], (b"x-powered-by", b"asgi_routes")]
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, send_with_header)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Greet, then send back every text that comes over the websocket."""
    await receive()
    await send({"type": "websocket.accept"})
    room = scope["url_route"]["kwargs"]["room"]
    await send({"type": "websocket.send", "text": f"welcome to {room}"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event.get("text") or ""})


async def beacon(scope: Any, receive: Any, send: Any) -> None:
    """Confirm a position report of amateur radio: a protocol that ASGI knows nothing of."""
    call = scope["call"]
    report = await receive()
    await send({"type": "aprs.ack", "call": call, "id": report["id"]})


async def thumbnails(scope: Any, receive: Any, send: Any) -> None:
    """Take one message from a channel, as a worker hands it over."""
    message = await receive()
    print(f"{scope['channel']}: a thumbnail of {message['image']}")


api = URLRouter(
    [
        path("", answer("the api")),
        path("users/<int:id>/", answer("user {id} of the api"), name="api-user"),
    ],
    middleware=[PoweredBy],
)

app = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [
                path("", answer("welcome")),
                path("users/<int:id>/", answer("user {id}"), name="user"),
                path("files/<path:file>", answer("file {file}")),
                re_path(r"^archive/(?P<year>[0-9]{4})/$", answer("archive of {year}")),
                format_path("prices/{price:f}/", answer("it costs {price:.2f}")),
                # A nested router behind its middleware. What it has no route for is looked for
                # behind it; ``path("api/", PoweredBy(api))`` would end the search there.
                path("api/", api),
                path("api/health/", answer("healthy, says the route behind the api")),
                mount("shop", shop),
                path("old/", URLRouter([], default=answer("nothing old is left"))),
            ]
        ),
        "websocket": URLRouter([path("rooms/<slug:room>/", echo)]),
        "aprs": beacon,
        "channel": ChannelNameRouter({"thumbnails-*": thumbnails, "thumbnails-big": thumbnails}),
    }
)


async def send_what_no_browser_can() -> None:
    """Call the application with a channel message and with a connection of another protocol."""

    async def receive_message() -> Any:
        return {"type": "generate", "image": "cat.png"}

    async def receive_report() -> Any:
        return {"type": "aprs.report", "id": 7}

    async def send(message: Any) -> None:
        print(message)

    await app({"type": "channel", "channel": "thumbnails-small"}, receive_message, send)
    await app({"type": "aprs", "call": "OE1ABC"}, receive_report, send)


if __name__ == "__main__":
    asyncio.run(send_what_no_browser_can())
