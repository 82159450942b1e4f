"""What the workers of the tests work on: applications that send themselves messages in memory."""

import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio

from asgi_routes import ChannelNameRouter, ProtocolTypeRouter
from asgi_routes.worker import WorkerEvent, broker_from


async def mail(scope: Any, receive: Any, send: Any) -> None:
    """Refuse what is bad."""
    message = await receive()
    if message["type"] == "bad":
        raise ValueError("no such\naddress")
    print(f"to {message['to']}", flush=True)


async def slow(scope: Any, receive: Any, send: Any) -> None:
    """Take as long as it takes until a signal comes."""
    await receive()
    with anyio.open_signal_receiver(signal.SIGUSR1) as signals:
        print("slow began", flush=True)
        async for _ in signals:
            print("slow ended", flush=True)
            return


def sleep() -> None:
    """Take longer than anybody waits."""
    print("thread began", flush=True)
    time.sleep(600)


def in_thread(*, abandon: bool) -> Any:
    """Return an application that works in a thread."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await anyio.to_thread.run_sync(sleep, abandon_on_cancel=abandon)

    return app


def sending(channel: str, *messages: dict[str, Any]) -> Any:
    """Return a lifespan that sends messages."""

    @asynccontextmanager
    async def lifespan(router: object) -> AsyncIterator[None]:
        print("started", flush=True)
        async with broker_from("memory:") as broker:
            for message in messages:
                await broker.send(channel, message, id=message["type"])
            yield
        print("ended", flush=True)

    return lifespan


@asynccontextmanager
async def refused(router: object) -> AsyncIterator[None]:
    """Fail to start."""
    raise RuntimeError("the database is away")
    yield


class Guard:
    """A wrapper that was made by hand."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def print_event(event: WorkerEvent) -> None:
    """Print what happens to messages."""
    if event.id:
        print(f"event {event.kind} {event.channel} {event.id}", flush=True)


def application(lifespan: Any, slow: Any = slow) -> ProtocolTypeRouter:
    """Return an application with two channels, and one that no worker can name."""
    channels = ChannelNameRouter({"mail": mail, "slow": slow, "every-*": mail})
    return ProtocolTypeRouter({"channel": channels}, lifespan=lifespan)


app = application(sending("mail", {"type": "good", "to": "ann"}, {"type": "bad"}))
slowly = application(sending("slow", {"type": "job"}))
threaded = application(sending("slow", {"type": "job"}), in_thread(abandon=False))
abandoning = application(sending("slow", {"type": "job"}), in_thread(abandon=True))
failing = application(refused)
globs = ProtocolTypeRouter({"channel": ChannelNameRouter({"every-*": mail})})
guarded = Guard(application(sending("mail", {"type": "good", "to": "ann"})))
