"""A worker to be killed: ``python -m tests.worker.killed KIND URL LEASE MAX_ATTEMPTS LOG``.

It writes a line when it takes messages, when one starts and when it is done, which stays whatever happens to the
process. A message with ``kills`` in it kills the process.
"""

import os
import signal
import sys
from typing import Any

import anyio

from asgi_routes import ChannelNameRouter
from asgi_routes.worker import Backoff, Worker
from tests.worker.engines import BROKERS


def main(kind: str, url: str, lease: str, max_attempts: str, log: str) -> None:
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(*words: object) -> None:
        os.write(file, " ".join(map(str, [os.getpid(), *words, "\n"])).encode())

    running: set[int] = set()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        write("start", message["n"])
        running.add(message["n"])
        if "kills" in message:
            with anyio.move_on_after(1):  # Others begin beside it, if they are let in.
                while len(running) == 1:  # noqa: ASYNC110 - a set tells nobody
                    await anyio.sleep(0.005)
            os.kill(os.getpid(), signal.SIGKILL)
        await anyio.sleep(0.1)
        write("done", message["n"])
        running.remove(message["n"])

    worker = Worker(
        ChannelNameRouter({"work": app}),
        BROKERS[kind](url, float(lease)),
        max_attempts=int(max_attempts),
        poll=0.2,
        backoff=Backoff(first=0.05, longest=0.5),
        on_event=lambda event: write("ready", 0) if event.kind == "ready" else None,
    )
    anyio.run(worker.run)


if __name__ == "__main__":
    main(*sys.argv[1:])
