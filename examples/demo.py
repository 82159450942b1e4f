"""Serve the quickstart example under Hypercorn, and print what to try.

``make demo`` runs it in an environment that holds nothing else; ``make demo PORT=9000`` on another
port.
"""

import argparse
import asyncio
import logging
import signal
import socket
import sys

from hypercorn.asyncio import serve
from hypercorn.config import Config

from examples.quickstart import app
from examples.tries import TRIES


async def serve_until_stopped(descriptor: int) -> None:
    """Serve on a socket that listens already, which Hypercorn closes, until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.accesslog = "-"
    config.loglevel = "WARNING"

    async def wait() -> None:
        await stopped.wait()

    await serve(app, config, shutdown_trigger=wait)


def print_tries(address: str) -> None:
    """Print each command and the answer that it gets."""
    print(f"\nServing examples/quickstart.py at {address}, Ctrl-C ends it. In another terminal:\n")
    for one in TRIES:
        print(f"  {one.command(address)}\n      {one.status}  {one.body}")
    print("\nIts channel and its other protocol: python -m examples.quickstart\n", flush=True)


def main() -> None:
    """Parse the command line, and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="0 takes any port that is free")
    port = parser.parse_args().port
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(100)
    except (OSError, OverflowError) as error:
        listener.close()
        sys.exit(f"port {port} cannot be used ({error}); try make demo PORT=…")
    print_tries(f"http://127.0.0.1:{listener.getsockname()[1]}")
    asyncio.run(serve_until_stopped(listener.detach()))


if __name__ == "__main__":
    main()
