"""The process that works: it writes down when each message was done, and its processor time then.

    python -m benchmarks.worker.working NAME URL CHANNEL LOG PAUSE COUNT

PAUSE is in seconds, the time that the work on a message takes. COUNT messages it sends itself, first: those of a
broker that lives in its memory.
"""

import asyncio
import os
import sys
import time
from typing import Any

from benchmarks.worker import contestants


def message(number: int) -> dict[str, Any]:
    """Return a message of about 200 bytes."""
    return {"type": "work", "number": number, "data": "x" * 160}


async def main() -> None:
    """Work until killed."""
    name, url, channel, log, pause, count = sys.argv[1:]
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    seconds = float(pause)

    async def handle(received: Any) -> None:
        if seconds:
            await asyncio.sleep(seconds)
        done = (received["number"], time.monotonic_ns(), time.process_time_ns())
        os.write(file, b"%d %d %d\n" % done)

    mine = None
    if int(count):
        mine = contestants.broker(name, url, lease=contestants.LEASE)
        async with mine:
            for number in range(int(count)):
                await mine.send(channel, message(number))
    await contestants.work(name, url, channel, handle, mine)


if __name__ == "__main__":
    asyncio.run(main())
