"""The leases of all messages that a worker works on.

Rule: one task extends all of them, and no message waits for the lease of another. A message that is
done before its lease has to be extended costs no task.
"""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
from anyio.abc import TaskGroup

from asgi_routes.worker.attempts import Attempt
from asgi_routes.worker.contract import Delivery, LeaseLostError
from asgi_routes.worker.events import LOGGER, Monitor
from asgi_routes.worker.failures import tell_error


@dataclass(eq=False, slots=True)
class _Held:
    """A delivery in work: when to extend its lease, and the extension that is under way."""

    delivery: Delivery
    attempt: Attempt
    pause: float
    due: float = math.inf
    extending: anyio.CancelScope | None = None


class Leases:
    """Extends every lease once a third of it has passed.

    Args:
        monitor: is told of lost leases, and of what blocked the event loop.
    """

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._held: dict[Attempt, _Held] = {}
        self._sleep = anyio.CancelScope()

    @asynccontextmanager
    async def keep(self) -> AsyncIterator[None]:
        """Extend leases as long as the body runs."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._extend_due, tasks)
            yield
            tasks.cancel_scope.cancel()

    def hold(self, delivery: Delivery, attempt: Attempt) -> None:
        """Have the lease of a delivery extended until its attempt is released."""
        if delivery.lease is not None:
            held = self._held[attempt] = _Held(delivery, attempt, delivery.lease / 3)
            self._schedule(held)

    def release(self, attempt: Attempt) -> None:
        """Extend the lease of an attempt no longer."""
        held = self._held.pop(attempt, None)
        if held is not None and held.extending is not None:
            held.extending.cancel()

    def _schedule(self, held: _Held) -> None:
        held.due = anyio.current_time() + held.pause
        if held.due < self._sleep.deadline:  # noqa: PLR1730 - to set it again moves a timer
            self._sleep.deadline = held.due

    async def _extend_due(self, tasks: TaskGroup) -> None:
        while True:
            due = min((held.due for held in self._held.values()), default=math.inf)
            with anyio.CancelScope(deadline=due) as self._sleep:
                await anyio.sleep_forever()
            now = anyio.current_time()
            for held in [held for held in self._held.values() if held.due <= now]:
                if (late := now - held.due) > held.pause:
                    reason = f"the event loop was blocked for {late:.1f} s; leases may expire"
                    self._monitor.tell_of("blocked", held.delivery, late, reason=reason)
                held.due = math.inf
                tasks.start_soon(self._extend, held)

    async def _extend(self, held: _Held) -> None:
        if held.attempt not in self._held:
            return
        with anyio.CancelScope() as held.extending:
            try:
                await held.delivery.extend()
            except LeaseLostError as error:
                if held.attempt in self._held:
                    held.attempt.is_lost = True
                    self._monitor.tell_of("lease_lost", held.delivery, reason=str(error))
                return
            except Exception as error:  # noqa: BLE001 - the next one may go through
                LOGGER.warning(
                    "the lease of message %s was not extended: %s",
                    held.delivery.id,
                    tell_error(error),
                )
            self._schedule(held)
