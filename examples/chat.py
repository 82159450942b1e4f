"""A chat for any number of server processes: what one client of a room sends, all of them get.

In one process, with rooms in its memory:

    hypercorn examples.chat:app

Then open http://127.0.0.1:8000/ in two windows. In several processes, with messages
that travel over NATS (``nats-server``), so that it does not matter which process a
client is connected to:

    BROKER=nats://127.0.0.1:4222 hypercorn --workers 4 examples.chat:app

A chat broadcasts, and forgets: whoever is not there misses the message. For work that
must not be lost, there are the brokers of ``asgi_routes.worker``; see
``thumbnails.py``.
"""

import json
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol
from urllib.parse import parse_qs

import anyio
from anyio.streams.memory import MemoryObjectSendStream

from asgi_routes import ProtocolTypeRouter, URLRouter, path, reverse

URL = os.environ.get("BROKER", "memory:")
PAGE = """<!doctype html>
<title>Chat</title>
<ul id="messages"></ul>
<form><input name="text" autofocus></form>
<script>
  const name = Math.random().toString(36).slice(2, 5);
  const socket = new WebSocket(location.origin.replace("http", "ws") + "ROOM?name=" + name);
  socket.onmessage = (event) => {
    const { name, text } = JSON.parse(event.data);
    const item = document.createElement("li");
    item.textContent = name + ": " + text;
    document.getElementById("messages").append(item);
  };
  document.forms[0].onsubmit = (event) => {
    event.preventDefault();
    socket.send(event.target.elements.text.value);
    event.target.reset();
  };
</script>
"""


class Bus(Protocol):
    """Carries texts to everybody in a room."""

    async def publish(self, room: str, text: str) -> None:
        """Send a text to all who have subscribed."""

    def subscribe(self, room: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """Return what yields each text from now on."""


class MemoryBus:
    """Carries texts within one process."""

    def __init__(self) -> None:
        self._outboxes = defaultdict[str, set[MemoryObjectSendStream[str]]](set)

    async def publish(self, room: str, text: str) -> None:
        for outbox in self._outboxes.get(room, ()):
            # Whoever is 100 messages behind misses this one.
            with suppress(anyio.WouldBlock):
                outbox.send_nowait(text)

    @asynccontextmanager
    async def subscribe(self, room: str) -> AsyncIterator[AsyncIterator[str]]:
        outbox, texts = anyio.create_memory_object_stream[str](100)
        self._outboxes[room].add(outbox)
        try:
            async with outbox, texts:
                yield texts
        finally:
            self._outboxes[room].discard(outbox)
            if not self._outboxes[room]:
                del self._outboxes[room]


class NatsBus:
    """Carries texts between processes, by the subjects of a NATS server."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def publish(self, room: str, text: str) -> None:
        await self._client.publish(f"chat.{room}", text.encode())

    @asynccontextmanager
    async def subscribe(self, room: str) -> AsyncIterator[AsyncIterator[str]]:
        subscription = await self._client.subscribe(f"chat.{room}")
        await self._client.flush()
        try:
            yield (message.data.decode() async for message in subscription.messages)
        finally:
            await subscription.unsubscribe()


@asynccontextmanager
async def open_bus(router: Any) -> AsyncIterator[dict[str, Bus]]:
    """Connect before the first client comes, and part after the last one."""
    if URL.startswith("memory:"):
        yield {"bus": MemoryBus()}
        return
    import nats  # noqa: PLC0415 - it is needed in this case alone

    client = await nats.connect(URL)
    try:
        yield {"bus": NatsBus(client)}
    finally:
        await client.close()


async def page(scope: Any, receive: Any, send: Any) -> None:
    """Show a page that is connected to the lobby."""
    body = PAGE.replace("ROOM", reverse(scope, "room", room="lobby")).encode()
    headers = [(b"content-type", b"text/html"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def join(scope: Any, receive: Any, send: Any) -> None:
    """Serve one client of a room until it leaves."""
    bus, room = scope["state"]["bus"], scope["path_params"]["room"]
    name = parse_qs(scope["query_string"].decode()).get("name", ["somebody"])[0]
    await receive()
    async with bus.subscribe(room) as texts, anyio.create_task_group() as tasks:
        await send({"type": "websocket.accept"})
        tasks.start_soon(forward, texts, send)
        while (event := await receive())["type"] == "websocket.receive":
            await bus.publish(room, json.dumps({"name": name, "text": event.get("text") or ""}))
        tasks.cancel_scope.cancel()


async def forward(texts: AsyncIterator[str], send: Any) -> None:
    async for text in texts:
        await send({"type": "websocket.send", "text": text})


app = ProtocolTypeRouter(
    {
        "http": URLRouter([path("", page, methods=["GET"])]),
        "websocket": URLRouter([path("rooms/<slug:room>/", join, name="room")]),
    },
    lifespan=open_bus,
)
