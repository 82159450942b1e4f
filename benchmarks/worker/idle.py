"""The process that has nothing to do: it prints which part of a core it takes all the same.

    python -m benchmarks.worker.idle NAME URL CHANNELS SECONDS

Only brokers of ours; each channel has ten slots.
"""

import asyncio
import sys
import time
from typing import Any

from asgi_routes import ChannelNameRouter
from asgi_routes.worker import Worker
from benchmarks.worker import contestants

SETTLING = 3.0
"""Seconds in which it connects, and asks for the first time."""


async def main() -> None:
    """Wait, and print the part of a core in percent."""
    name, url, channels, seconds = sys.argv[1:]

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        await receive()

    router = ChannelNameRouter({f"idle-{number}": app for number in range(int(channels))})
    worker = Worker(router, contestants.broker(name, url), concurrency=contestants.CONCURRENCY)
    async with worker:
        while not worker.status.polled.keys() >= {*worker.channels}:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.1)
        await asyncio.sleep(SETTLING)
        begun, used = time.monotonic(), time.process_time()
        await asyncio.sleep(float(seconds))
        print(100 * (time.process_time() - used) / (time.monotonic() - begun))


if __name__ == "__main__":
    asyncio.run(main())
