"""Signals that ask a worker to stop.

In: SIGTERM and SIGINT. Out: calls of a function, in the event loop. The rule kept here: the handlers that were
there before are there again afterwards.
"""

import contextlib
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import anyio

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def listen(on_signal: Callable[[], None]) -> None:
    """Call a function for each signal, until cancelled; outside of the main thread, never."""
    if threading.current_thread() is not threading.main_thread():
        return
    async with _received() as arrivals:
        async for _ in arrivals:
            on_signal()


@contextlib.asynccontextmanager
async def _received() -> AsyncIterator[AsyncIterator[object]]:
    with contextlib.ExitStack() as stack:
        try:
            arrivals: AsyncIterator[object] = stack.enter_context(
                anyio.open_signal_receiver(*_SIGNALS)
            )
        except NotImplementedError:  # asyncio on Windows
            arrivals = stack.enter_context(_polled())
        yield arrivals


@contextlib.contextmanager
def _polled() -> Iterator[AsyncIterator[object]]:
    """Receive signals where the event loop cannot: a handler counts them, and a task looks."""
    arrived: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: arrived.append(number))
        for number in _SIGNALS
    }

    async def arrivals() -> AsyncIterator[object]:
        while True:
            while arrived:
                yield arrived.pop(0)
            await anyio.sleep(0.1)

    try:
        yield arrivals()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
