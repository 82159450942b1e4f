"""A worker at work on a broker, for tests.

In: a broker and applications. Out: a worker, and its events. The rule kept here: tests wait for events, never
for time.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio

from asgi_routes.routers import ChannelNameRouter
from asgi_routes.worker.attempts import Backoff
from asgi_routes.worker.conformance.asking import PATIENCE
from asgi_routes.worker.worker import Worker

QUICK = Backoff(first=0.01, longest=0.05)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it is not, after `PATIENCE`.
    """
    with anyio.fail_after(PATIENCE):
        while not condition():  # noqa: ASYNC110 - it may be about another process
            await anyio.sleep(0.005)


@asynccontextmanager
async def working(
    broker: Any, apps: dict[str, Any], **options: Any
) -> AsyncIterator[tuple[Worker, list[Any]]]:
    """Keep a worker at work; yield it, and its events as they come. It is drained at the end."""
    events: list[Any] = []
    options = {"poll": 0.05, "backoff": QUICK, "on_event": events.append, **options}
    with anyio.fail_after(PATIENCE):
        async with Worker(ChannelNameRouter(apps), broker, **options) as worker:
            yield worker, events


def ended(events: list[Any]) -> int:
    """Return how many messages are done or dead."""
    return sum(event.kind in ("done", "dead") for event in events)
