"""The process that has nothing to do: it prints which part of a core it takes all the same.

    python -m benchmarks.worker.idle NAME URL CHANNELS SECONDS

Only brokers of ours; each channel has ten slots. With ``cluster`` for the URL, it starts servers of its own: three
of NATS, or six of Redis. That needs pytest, as ``pip install -e . --group test`` has it:

    python -m benchmarks.worker.idle NatsBroker cluster 100 60
    python -m benchmarks.worker.idle RedisBroker cluster 100 60
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgi_routes import ChannelNameRouter
from asgi_routes.worker import Worker
from benchmarks.worker import contestants

SETTLING = 3.0
"""Seconds in which it connects, and asks for the first time."""


@asynccontextmanager
async def servers(name: str, url: str) -> AsyncIterator[Any]:
    """Yield a broker on the server that was named, or on those of a cluster."""
    if url != "cluster":
        yield contestants.broker(name, url)
        return
    from tests.worker.clusters import NatsCluster, RedisClusterServers  # noqa: PLC0415 - needs pytest

    if name == "NatsBroker":
        with NatsCluster() as nats:
            await nats.wait()
            yield nats.broker()
    else:
        with RedisClusterServers() as redis:
            yield redis.broker(redis.nodes[0])


async def main() -> None:
    """Wait, and print the part of a core in percent."""
    name, url, channels, seconds = sys.argv[1:]

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        await receive()

    router = ChannelNameRouter({f"idle-{number}": app for number in range(int(channels))})
    async with (
        servers(name, url) as broker,
        Worker(router, broker, concurrency=contestants.CONCURRENCY) as worker,
    ):
        while not worker.status.polled.keys() >= {*worker.channels}:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.1)
        await asyncio.sleep(SETTLING)
        begun, used = time.monotonic(), time.process_time()
        await asyncio.sleep(float(seconds))
        print(100 * (time.process_time() - used) / (time.monotonic() - begun))


if __name__ == "__main__":
    asyncio.run(main())
