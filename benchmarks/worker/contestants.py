"""What is compared: the brokers of asgi_routes, and peers on the same servers.

Each is something that sends, and something that works in a process of its own. Both know it by its name and the
URL of a server.
"""

import importlib
import importlib.util
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.worker import peers
from benchmarks.worker.peers import CONCURRENCY

LEASE = 2.0
"""Seconds; short, so that what a killed worker had comes back within the measurement."""


@dataclass(frozen=True)
class Contestant:
    """One of those that are compared.

    Attributes:
        name: as it is printed; of a broker of ours, its class.
        server: the program behind it, or "" where there is none.
        packages: that have to be there, importable.
        peer: how the functions of `benchmarks.worker.peers` are called that are about it; "" for
            ours.
        is_killed: whether its worker is killed, too.
    """

    name: str
    server: str = ""
    packages: tuple[str, ...] = ()
    peer: str = ""
    is_killed: bool = True

    def missing(self) -> str:
        """Return why it cannot be measured in this environment, or nothing."""
        absent = [name for name in self.packages if importlib.util.find_spec(name) is None]
        return f"not installed: {', '.join(absent)}" if absent else ""


NATS, REDIS = "nats-server", "redis-server"
# A peer's redelivery is a matter of its settings: only their speed is compared.
CONTESTANTS = [
    Contestant("MemoryBroker"),
    Contestant("NatsBroker", NATS, ("nats",)),
    Contestant(
        "FastStream, NATS", NATS, ("faststream", "nats"), "faststream_nats", is_killed=False
    ),
    Contestant("taskiq, NATS", NATS, ("taskiq", "taskiq_nats"), "taskiq_nats", is_killed=False),
    Contestant("RedisBroker", REDIS, ("redis",)),
    Contestant(
        "FastStream, Redis", REDIS, ("faststream", "redis"), "faststream_redis", is_killed=False
    ),
    Contestant("taskiq, Redis", REDIS, ("taskiq", "taskiq_redis"), "taskiq_redis", is_killed=False),
    Contestant("Channels' worker", REDIS, ("channels", "channels_redis", "django"), "channels"),
]
BY_NAME = {one.name: one for one in CONTESTANTS}


def broker(name: str, url: str, **options: Any) -> Any:
    """Return a broker of ours."""
    kind = getattr(importlib.import_module("asgi_routes.worker"), name)
    return kind(url, **options) if url else kind(**options)


@asynccontextmanager
async def sending(name: str, url: str, channel: str) -> AsyncIterator[Any]:
    """Yield something that has ``send(channel, message)``."""
    if peer := BY_NAME[name].peer:
        async with getattr(peers, f"send_by_{peer}")(url, channel) as target:
            yield target
        return
    async with broker(name, url, lease=LEASE) as opened:
        yield opened


async def work(
    name: str,
    url: str,
    channel: str,
    handle: Callable[[Any], Awaitable[None]],
    mine: Any = None,
) -> None:
    """Work on the messages of a channel, until killed; with a broker of ours, where it is given."""
    if peer := BY_NAME[name].peer:
        await getattr(peers, f"work_as_{peer}")(url, channel, handle)
        return
    from asgi_routes import ChannelNameRouter  # noqa: PLC0415 - not in a peer's process
    from asgi_routes.worker import Worker  # noqa: PLC0415

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        await handle(await receive())

    router = ChannelNameRouter({channel: app})
    made = broker(name, url, lease=LEASE) if mine is None else mine
    await Worker(router, made, concurrency=CONCURRENCY).run(signals=False)
