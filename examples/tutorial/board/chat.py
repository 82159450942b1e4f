"""Chat rooms: whatever one client of a room sends, all of them receive."""

from collections import defaultdict
from contextlib import suppress
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectSendStream
from starlette.websockets import WebSocket

from asgi_routes import URLRouter, path

rooms: defaultdict[str, set[MemoryObjectSendStream[str]]] = defaultdict(set)


async def join_room(scope: Any, receive: Any, send: Any) -> None:
    """Serve one client of a room until it leaves."""
    name = scope["path_params"]["room"]
    socket = WebSocket(scope, receive, send)
    outbox, messages = anyio.create_memory_object_stream[str](100)
    rooms[name].add(outbox)
    try:
        async with outbox, messages, anyio.create_task_group() as tasks:
            await socket.accept()
            tasks.start_soon(write_messages, socket, messages)
            async for text in socket.iter_text():
                tell_everyone(name, text)
            tasks.cancel_scope.cancel()
    finally:
        rooms[name].discard(outbox)
        if not rooms[name]:
            del rooms[name]


async def write_messages(socket: WebSocket, messages: Any) -> None:
    async for text in messages:
        await socket.send_text(text)


def tell_everyone(name: str, text: str) -> None:
    for outbox in rooms[name]:
        # A client that has 100 messages waiting misses this one, instead of holding up the room.
        with suppress(anyio.WouldBlock):
            outbox.send_nowait(text)


chat = URLRouter([path("<slug:room>/", join_room, name="room")])
