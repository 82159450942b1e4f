"""What watches over a worker: its heartbeat, outages of its broker, and the deadline of its drain.

Rule: one task sees to each of them, whatever the slots are busy with, and nothing is told twice.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.contract import Broker, BrokerUnavailableError
from asgi_routes.worker.events import LOGGER, Monitor, WorkerEvent
from asgi_routes.worker.failures import tell_error
from asgi_routes.worker.handling import Handler

_BEAT = 1.0
_QUIET = 5.0
"""Seconds without a word of the broker after which it is asked whether it is there."""

_LONGEST_ANSWER = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 2.0
_TO_END = 0.5
"""Seconds in which applications that were cancelled may end."""

RAN_ON = 4
"""The exit code of a process that was ended while applications ran on in threads."""


class Supervisor:
    """Watches over a worker.

    Args:
        broker: of the worker.
        monitor: is told what happens.
        health_file: touched once a second, as long as the event loop runs; None for none.
        ready_file: the same as long as the broker answers and the worker takes messages; it is
            taken away when that ends.
    """

    def __init__(
        self,
        broker: Broker,
        monitor: Monitor,
        health_file: Path | None = None,
        ready_file: Path | None = None,
    ) -> None:
        self._broker = broker
        self._monitor = monitor
        self._health_file = health_file
        self._ready_file = ready_file
        self._failing: set[str] = set()
        self._away_since = 0.0
        self._answered = 0.0

    def note_answer(self, channel: str) -> None:
        """Note that the broker has answered a question about a channel."""
        self._answered = time.monotonic()
        self._monitor.status.polled[channel] = time.time()
        if self._failing:
            self._failing.discard(channel)
            if not self._failing:
                seconds = time.monotonic() - self._away_since
                reason = f"the broker was unavailable for {seconds:.1f} s"
                self._monitor.tell(WorkerEvent("broker_back", seconds=seconds, reason=reason))

    def note_failure(self, channel: str, error: Exception, delay: float = 0.0) -> None:
        """Note that the broker has not; the first one that notices begins an outage."""
        explain: Any = getattr(self._broker, "explain", None)
        if explain is not None:
            error = explain(error, channel) or error
        is_new = not self._failing
        self._failing.add(channel)
        if is_new:
            self._away_since = time.monotonic()
            told = WorkerEvent(
                "broker_error", channel, delay=delay, reason=tell_error(error), error=error
            )
            self._monitor.tell(told)
        else:
            LOGGER.debug("channel %r: %s", channel, tell_error(error))

    async def open(self, patience: float) -> None:
        """Enter the broker; wait for so many seconds if it is not there yet, and beat meanwhile.

        Raises:
            ImproperlyConfigured: it cannot be used like this.
            BrokerUnavailableError: it is not there, or refuses.
        """
        raised: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.watch)
            try:
                await self._open_in_time(patience)
            except Exception as error:  # noqa: BLE001 - raised again, not in a group
                raised = error
            tasks.cancel_scope.cancel()
        if raised is not None:
            raise raised

    async def _open_in_time(self, patience: float) -> None:
        end = anyio.current_time() + patience
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._broker.__aenter__()
            except (ImproperlyConfigured, ImportError, TypeError, ValueError):
                raise
            except Exception as error:
                left = end - anyio.current_time()
                if left <= 0 or not getattr(error, "will_pass", True):
                    reason = f"the broker cannot be opened: {tell_error(error)}"
                    raise BrokerUnavailableError(reason, will_pass=False) from error
                self.note_failure("", error, left)
                await anyio.sleep(min(pause, left))
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self.note_answer("")
                return

    async def watch(self) -> None:
        """Beat until cancelled."""
        try:
            while True:
                is_running = self._monitor.status.state == "running"
                self._beat(is_ready=is_running and not self._failing)
                await anyio.sleep(_BEAT)
        finally:
            self._beat(is_ready=False)

    async def ask(self) -> None:
        """Ask the broker whether it is there, where nobody else has for a while; until cancelled."""
        ask: Any = getattr(self._broker, "is_marked", None)
        while ask is not None:
            await anyio.sleep(_BEAT)
            if time.monotonic() - self._answered < _QUIET:
                continue
            try:
                with anyio.fail_after(_LONGEST_ANSWER):
                    await ask("alive")
            except Exception as error:  # noqa: BLE001 - it is what is asked for
                self.note_failure("", error)
            else:
                self.note_answer("")

    async def drain(
        self,
        is_over: anyio.Event,
        slots: anyio.CancelScope,
        handler: Handler,
        leave: Callable[[int], None] | None,
    ) -> None:
        """Cancel what runs once its time is over, and hand back what does not end even then.

        Args:
            is_over: when.
            slots: what is cancelled.
            handler: has the messages.
            leave: ends the process where something runs on; None waits for it.
        """
        await is_over.wait()
        slots.cancel()
        await anyio.sleep(_TO_END)
        # Whoever is still here waits for an application that does not end.
        await handler.hand_back_running()
        count = self._monitor.status.in_flight
        LOGGER.error(
            "%d in flight still run in threads; their messages are returned to the broker", count
        )
        if leave is not None:
            self._monitor.status.state = "stopped"
            self._monitor.tell(WorkerEvent("stopped", reason=f"exit code {RAN_ON}"))
            self._beat(is_ready=False)
            leave(RAN_ON)

    def _beat(self, *, is_ready: bool) -> None:
        """Touch the files; what goes wrong with them stops nothing."""
        try:
            if self._health_file is not None:
                self._health_file.touch()
            if self._ready_file is not None:
                if is_ready:
                    self._ready_file.touch()
                else:
                    self._ready_file.unlink(missing_ok=True)
        except OSError as error:
            LOGGER.warning("cannot touch the health file: %s", error)


def end_process(code: int) -> None:
    """End the process at once, whatever threads it has."""
    for handler in LOGGER.handlers:
        handler.flush()
    os._exit(code)
