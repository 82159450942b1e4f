"""Event loops in which waiting takes no time, so that a test may use the timeouts of real life."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import trio.testing


class Deadlock(Exception):  # noqa: N818 - it says what has happened
    """Everybody waits, and nobody for a time."""


class _Jumping(selectors.SelectSelector):
    """Instead of waiting, says that the time is over."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if not found:
            if timeout is None:
                raise Deadlock
            self.now += timeout
        return found


def _loop() -> asyncio.AbstractEventLoop:
    selector = _Jumping()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]
    return loop


def run_virtually(main: Callable[[], Awaitable[None]], backend: str) -> None:
    """Run a coroutine function in an event loop whose clock jumps."""
    options: dict[str, Any] = {"loop_factory": _loop}
    if backend == "trio":
        options = {"clock": trio.testing.MockClock(autojump_threshold=0)}
    anyio.run(main, backend=backend, backend_options=options)
