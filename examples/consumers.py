"""Consumers in the manner of Channels, as far as ``from_channels.py`` needs them.

With the real package, write ``from channels.generic.websocket import WebsocketConsumer`` instead.
"""

from abc import ABC, abstractmethod
from typing import Any

from asgi_routes.types import App


class Consumer(ABC):
    """An object for each connection, made by the application that ``as_asgi`` returns."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.receive, self.send = scope, receive, send

    @classmethod
    def as_asgi(cls) -> App:
        """Return the application that makes one of these for each connection."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await cls(scope, receive, send).run()

        return app

    @abstractmethod
    async def run(self) -> None:
        """Serve the connection."""

    @property
    def user(self) -> str:
        """Who it is, as the middleware found out."""
        name: str = self.scope.get("user", "nobody")
        return name

    async def respond(self, text: str) -> None:
        """Answer an http request."""
        body = f"{text}\n".encode()
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


class ChatConsumer(Consumer):
    """Greets, and sends back what comes."""

    async def run(self) -> None:
        await self.receive()
        await self.send({"type": "websocket.accept"})
        room = self.scope["url_route"]["kwargs"].get("room", "the lobby")
        await self.send({"type": "websocket.send", "text": f"{self.user} is in {room}"})
        while (event := await self.receive())["type"] == "websocket.receive":
            await self.send({"type": "websocket.send", "text": event.get("text") or ""})


class LongPollConsumer(Consumer):
    """Would wait for news; here there always are some."""

    async def run(self) -> None:
        await self.respond(f"news for {self.user}")


class NotificationConsumer(Consumer):
    """Tells which stream was asked for."""

    async def run(self) -> None:
        await self.respond(f"notifications of {self.scope['url_route']['kwargs']['stream']}")


class GenerateConsumer(Consumer):
    """Takes one message from a channel."""

    async def run(self) -> None:
        message = await self.receive()
        await self.send({"type": "generated", "id": message["id"]})


class AuthMiddlewareStack:
    """Puts a user into the scope, from a header; Channels' own looks the session up."""

    def __init__(self, inner: App) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        name = dict(scope["headers"]).get(b"x-user", b"somebody").decode("latin-1")
        return await self.inner({**scope, "user": name}, receive, send)


class Page(Consumer):
    """Stands for what Django would answer."""

    async def run(self) -> None:
        await self.respond(f"a page at {self.scope['path']}")


django_asgi_app = Page.as_asgi()
"""Stands for ``django.core.asgi.get_asgi_application()``."""
