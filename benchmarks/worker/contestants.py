"""What is compared: the brokers of asgi_routes, and Channels' own worker on channels_redis.

Each is something that sends, and something that works in a process of its own. Both know it by its name and the
URL of a server.
"""

import importlib
import importlib.util
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

CONCURRENCY = 10
LEASE = 2.0
"""Seconds; short, so that what a killed worker had comes back within the measurement."""


@dataclass(frozen=True)
class Contestant:
    """One of those that are compared.

    Attributes:
        name: as it is printed; of a broker of ours, its class.
        server: the program behind it, or "" where there is none.
        packages: that have to be there, importable.
    """

    name: str
    server: str = ""
    packages: tuple[str, ...] = ()

    def missing(self) -> str:
        """Return why it cannot be measured in this environment, or nothing."""
        absent = [name for name in self.packages if importlib.util.find_spec(name) is None]
        return f"not installed: {', '.join(absent)}" if absent else ""


CHANNELS = Contestant("Channels' worker", "redis-server", ("channels", "channels_redis", "django"))
CONTESTANTS = [
    Contestant("MemoryBroker"),
    Contestant("NatsBroker", "nats-server", ("nats",)),
    Contestant("RedisBroker", "redis-server", ("redis",)),
    CHANNELS,
]


def broker(name: str, url: str) -> Any:
    """Return a broker of ours."""
    kind = getattr(importlib.import_module("asgi_routes.worker"), name)
    return kind(url, lease=LEASE) if url else kind(lease=LEASE)


def layer(url: str) -> Any:
    """Return a layer of channels_redis that drops nothing because of its own limits."""
    from channels_redis.core import RedisChannelLayer  # noqa: PLC0415 - where it is measured

    # The five seconds that redis-py 8 waits by default are over just before a pop of this layer is.
    hosts = [{"address": url, "socket_timeout": 60}]
    return RedisChannelLayer(hosts=hosts, capacity=10**9, expiry=24 * 3600)


@asynccontextmanager
async def sending(name: str, url: str) -> AsyncIterator[Any]:
    """Yield something that has ``send(channel, message)``."""
    if name != CHANNELS.name:
        async with broker(name, url) as opened:
            yield opened
        return
    made = layer(url)
    yield made
    await made.close_pools()


async def work(name: str, url: str, channel: str, handle: Callable[[Any], Awaitable[None]]) -> None:
    """Work on the messages of a channel, until killed."""
    if name == CHANNELS.name:
        await _work_as_channels(url, channel, handle)
        return
    from asgi_routes import ChannelNameRouter  # noqa: PLC0415 - not in Channels' process
    from asgi_routes.worker import Worker  # noqa: PLC0415

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        await handle(await receive())

    router = ChannelNameRouter({channel: app})
    await Worker(router, broker(name, url), concurrency=CONCURRENCY).run(signals=False)


async def _work_as_channels(
    url: str, channel: str, handle: Callable[[Any], Awaitable[None]]
) -> None:
    import asyncio  # noqa: PLC0415 - as above

    from channels.worker import Worker  # noqa: PLC0415

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        while True:
            await handle(await receive())

    # What `run` starts, in a loop that is there already.
    made = Worker(app, [channel], layer(url))
    await asyncio.gather(made.handle(), made.application_checker())
