"""Thumbnails made in the background: an upload, a worker, and a websocket with the news.

In one process, with messages in its memory:

    hypercorn examples.thumbnails:app

Then look at http://127.0.0.1:8000/. In two, with messages in NATS
(``nats-server -js``), so that those of a worker that dies are done by the next one:

    export BROKER=nats://127.0.0.1:4222
    hypercorn examples.thumbnails:app
    asgi-routes worker examples.thumbnails:jobs --broker $BROKER

Images are files in a folder that both can reach (``THUMBNAILS``): a message says which
one, and has no need to be large. It may come twice; then the same file is made twice.
"""

import json
import os
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from PIL import Image, UnidentifiedImageError

from asgi_routes import ChannelNameRouter, ProtocolTypeRouter, URLRouter, path, reverse
from asgi_routes.worker import Worker, broker_from

FOLDER = Path(os.environ.get("THUMBNAILS") or Path(tempfile.gettempdir(), "asgi_routes-thumbnails"))
LARGEST = 20_000_000
SIZE = (128, 128)
URL = os.environ.get("BROKER", "memory:")

broker = broker_from(URL)
arrivals: dict[str, anyio.Event] = {}
"""Those who wait for news of an upload, by its name."""


async def answer(send: Any, status: int, body: bytes, kind: bytes = b"text/plain") -> None:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def page(scope: Any, receive: Any, send: Any) -> None:
    body = await anyio.Path(__file__).with_suffix(".html").read_bytes()
    await answer(send, 200, body, b"text/html; charset=utf-8")


async def upload(scope: Any, receive: Any, send: Any) -> None:
    """Keep an image, and leave the work to whoever takes the message."""
    body, more = b"", True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        body += event.get("body", b"")
        more = event.get("more_body", False)
        if len(body) > LARGEST:
            await answer(send, 413, b"the image is too large\n")
            return
    name = uuid.uuid4()
    await anyio.Path(FOLDER).mkdir(parents=True, exist_ok=True)
    await (anyio.Path(FOLDER) / str(name)).write_bytes(body)
    await broker.send("thumbnails-generate", {"type": "generate", "upload": str(name)})
    urls = {kind: reverse(scope, kind, kwargs={"name": name}) for kind in ("news", "thumbnail")}
    await answer(send, 202, json.dumps(urls).encode(), b"application/json")


async def generate(scope: Any, receive: Any, send: Any) -> None:
    """Make a thumbnail in a thread; what is no image is a dead letter at once."""
    name = (await receive())["upload"]
    problem = await anyio.to_thread.run_sync(make_thumbnail, name)
    message = {"type": "done", "upload": name}
    await send({"type": "channel.send", "channel": "thumbnails-done", "message": message})
    if problem:
        await send({"type": "channel.reject", "reason": problem})


def make_thumbnail(name: str) -> str | None:
    """Write a thumbnail, or why there is none; return that. Any other error: it is tried again."""
    part = FOLDER / f"{name}.part"
    try:
        with Image.open(FOLDER / name) as image:
            image.thumbnail(SIZE)
            image.convert("RGBA").save(part, "PNG")
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        problem = type(error).__name__
        part.write_text(problem)
        part.replace(FOLDER / f"{name}.txt")
        return problem
    part.replace(FOLDER / f"{name}.png")
    return None


async def done(scope: Any, receive: Any, send: Any) -> None:
    """Wake those who wait for an upload."""
    arrived = arrivals.pop((await receive())["upload"], None)
    if arrived is not None:
        arrived.set()


async def news(scope: Any, receive: Any, send: Any) -> None:
    """Tell a browser what became of an upload, as soon as that is known."""
    await receive()
    await send({"type": "websocket.accept"})
    name = scope["path_params"]["name"]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cancel_at_the_end, receive, tasks.cancel_scope)
        while (problem := outcome(str(name))) is None:
            await arrivals.setdefault(str(name), anyio.Event()).wait()
        told = {"thumbnail": reverse(scope, "thumbnail", kwargs={"name": name})}
        text = json.dumps({"error": problem} if problem else told)
        await send({"type": "websocket.send", "text": text})
        await send({"type": "websocket.close", "code": 1000})
        tasks.cancel_scope.cancel()


async def cancel_at_the_end(receive: Any, running: anyio.CancelScope) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass
    running.cancel()


def outcome(name: str) -> str | None:
    """Return why there is no thumbnail, or nothing if there is one; None while it is made."""
    if (FOLDER / f"{name}.png").exists():
        return ""
    refused = FOLDER / f"{name}.txt"
    return refused.read_text() if refused.exists() else None


async def thumbnail(scope: Any, receive: Any, send: Any) -> None:
    file = anyio.Path(FOLDER) / f"{scope['path_params']['name']}.png"
    if await file.exists():
        await answer(send, 200, await file.read_bytes(), b"image/png")
    else:
        await answer(send, 404, b"there is no such thumbnail\n")


jobs = ChannelNameRouter({"thumbnails-generate": generate})


@asynccontextmanager
async def workers(router: object) -> AsyncIterator[None]:
    """Work beside the server: for the news always, for the jobs where nobody else can."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            Worker(ChannelNameRouter({"thumbnails-done": done}), broker)
        )
        if URL.startswith("memory:"):
            await stack.enter_async_context(Worker(jobs, broker))
        yield


app = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [
                path("", page, methods=["GET"]),
                path("uploads/", upload, methods=["POST"]),
                path("thumbnails/<uuid:name>.png", thumbnail, name="thumbnail", methods=["GET"]),
            ]
        ),
        "websocket": URLRouter([path("uploads/<uuid:name>/", news, name="news")]),
    },
    lifespan=workers,
)
