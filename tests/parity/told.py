"""Consumers of Channels that tell what they were called with."""

from typing import Any, NamedTuple

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from channels.generic.http import AsyncHttpConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

TOLD: list["Told"] = []


class Told(NamedTuple):
    """What an application was called with: all that the two sides have to agree on."""

    name: str
    url_route: Any
    path_remaining: str | None
    path: str | None
    root_path: str | None
    keys: frozenset[str]


def tell(name: str, scope: Any) -> None:
    """Note a call; the two keys that ours adds are left out."""
    url_route, rest = scope.get("url_route"), scope.get("path_remaining")
    keys = frozenset(scope) - {"route", "path_params"}
    TOLD.append(Told(name, url_route, rest, scope.get("path"), scope.get("root_path"), keys))


class Named(AsyncConsumer):
    """A consumer with a name, for a worker."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    async def job_do(self, message: Any) -> None:
        tell(self.name, self.scope)
        raise StopConsumer


class Socket(Named, AsyncWebsocketConsumer):
    async def connect(self) -> None:
        tell(self.name, self.scope)
        await self.accept()


class Page(Named, AsyncHttpConsumer):
    body: list[bytes] = []  # noqa: RUF012 - Channels makes one for each, and is not asked here

    async def handle(self, body: bytes) -> None:
        tell(self.name, self.scope)
        await self.send_response(200, b"")


def socket(name: str) -> Any:
    return Socket.as_asgi(name=name)


def page(name: str) -> Any:
    return Page.as_asgi(name=name)


def job(name: str) -> Any:
    return Named.as_asgi(name=name)
