"""Takes each delivery from the broker through the application and back.

Rule: a message is settled after the application has ended, never before. One that may have killed
its process runs alone; one that only failed holds up nobody.
"""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import anyio

from asgi_routes.worker.attempts import Again, Attempt, Backoff, Dead, Done, Outcome, make_scope
from asgi_routes.worker.contract import Broker, Delivery
from asgi_routes.worker.events import LOGGER, Monitor
from asgi_routes.worker.failures import tell_error, tell_place
from asgi_routes.worker.leases import Leases
from asgi_routes.worker.messages import find_mistake

_LONGEST_HAND_BACK = 2.0
"""Seconds in which a message is handed back when the worker is stopped at once."""


@dataclass(frozen=True)
class Rules:
    """What holds for every message of a worker.

    Attributes:
        max_attempts: deliveries after which a failing message becomes a dead letter.
        timeout: seconds that the application may take for a message; None for no limit.
        backoff: the pauses between attempts.
        state: the lifespan state of the application.
    """

    max_attempts: int
    timeout: float | None
    backoff: Backoff
    state: Mapping[str, Any] | None = None


class Handler:
    """Handles deliveries, many at a time.

    Args:
        app: the application.
        broker: where the deliveries come from.
        leases: extend the lease of each while it is handled.
        rules: for all of them.
        monitor: is told of each.
    """

    def __init__(
        self, app: Any, broker: Broker, leases: Leases, rules: Rules, monitor: Monitor
    ) -> None:
        self._app = app
        self._broker = broker
        self._leases = leases
        self._rules = rules
        self._monitor = monitor
        self._gate = _Gate()
        self._running: dict[Attempt, Delivery] = {}
        # A broker without a ledger cannot know which message killed its process.
        self._ledger: Any = broker if callable(getattr(broker, "is_marked", None)) else None

    async def handle(self, delivery: Delivery) -> None:
        """Handle a delivery until it is settled.

        Raises:
            Exception: of the broker only. The message is delivered again when its lease runs out.
        """
        if (mistake := _find_mistake_in(delivery)) is not None:
            await self._settle(delivery, Dead(mistake), 0.0)
            return
        is_suspect = await self._is_suspect(delivery)
        if is_suspect and await self._ledger.is_marked(_make_lone_mark(delivery)):
            reason = f"attempt {delivery.attempt - 1} ran alone, and its worker died or lost it"
            await self._settle(delivery, Dead(reason), 0.0)
            await self._ledger.unmark(_make_lone_mark(delivery))
            return
        attempt = Attempt(delivery, self._broker)
        self._running[attempt] = delivery
        self._leases.hold(delivery, attempt)
        try:
            await self._try_once(delivery, attempt, is_suspect=is_suspect)
        finally:
            self._leases.release(attempt)
            del self._running[attempt]

    async def hand_back_running(self) -> None:
        """Hand back the messages whose applications do not end, though they were cancelled.

        So it is with one that waits for a thread: nothing can end that. What it does from now on
        settles nothing.
        """
        with anyio.CancelScope(shield=True), anyio.move_on_after(_LONGEST_HAND_BACK):
            for attempt, delivery in [*self._running.items()]:
                if not attempt.is_given_back:
                    attempt.is_given_back = True
                    await self._hand_back(delivery, attempt, 0.0)

    async def _is_suspect(self, delivery: Delivery) -> bool:
        """Tell whether a message was tried often, and its last attempt may have killed a worker."""
        # The first attempt cannot have killed anything.
        if self._ledger is None or delivery.attempt < max(2, self._rules.max_attempts):
            return False
        if not await self._ledger.is_marked(
            ended := _make_end_mark(delivery, delivery.attempt - 1)
        ):
            return True
        await self._ledger.unmark(ended)
        return False

    async def _try_once(self, delivery: Delivery, attempt: Attempt, *, is_suspect: bool) -> None:
        begun = time.monotonic()
        try:
            async with self._gate.alone() if is_suspect else self._gate:
                begun = time.monotonic()
                outcome = await self._run(delivery, attempt, is_suspect=is_suspect)
            if not attempt.is_given_back:
                await self._end(delivery, attempt, outcome, time.monotonic() - begun)
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True), anyio.move_on_after(_LONGEST_HAND_BACK):
                if not attempt.is_given_back:
                    attempt.is_given_back = True
                    await self._hand_back(delivery, attempt, time.monotonic() - begun)
            raise

    async def _run(self, delivery: Delivery, attempt: Attempt, *, is_suspect: bool) -> Outcome:
        if is_suspect:
            await self._ledger.mark(_make_lone_mark(delivery))
        self._monitor.tell_of("start", delivery)
        scope = make_scope(delivery, self._rules.max_attempts, self._rules.state)
        self._monitor.status.in_flight += 1
        try:
            return await attempt.run(self._app, scope, self._rules.timeout)
        finally:
            self._monitor.status.in_flight -= 1
            if is_suspect:
                with anyio.CancelScope(shield=True), anyio.move_on_after(_LONGEST_HAND_BACK):
                    await self._ledger.unmark(_make_lone_mark(delivery))

    async def _end(
        self, delivery: Delivery, attempt: Attempt, outcome: Outcome, seconds: float
    ) -> None:
        if attempt.is_unread:
            self._monitor.warn_unread(delivery)
        if attempt.is_acked:
            self._monitor.tell_of("done", delivery, seconds)
        elif isinstance(outcome, Done) or not attempt.is_lost:
            await self._settle(delivery, outcome, seconds)

    async def _settle(self, delivery: Delivery, outcome: Outcome, seconds: float) -> None:
        """Settle a delivery with the broker, then report it."""
        if isinstance(outcome, Again) and delivery.attempt >= self._rules.max_attempts:
            outcome = Dead(f"attempt {delivery.attempt}: {outcome.reason}", outcome.error)
        if isinstance(outcome, Done):
            await delivery.ack()
            self._monitor.tell_of("done", delivery, seconds)
            return
        try:
            delay = await self._settle_failed(delivery, outcome)
        except Exception:
            # What the application raised must show, whatever keeps the broker from being told.
            LOGGER.error(
                "message %s of channel %r failed, and the broker was not told: %s",
                *(delivery.id, delivery.channel, outcome.reason),
                exc_info=outcome.error,
            )
            raise
        kind: Literal["dead", "retry"] = "dead" if isinstance(outcome, Dead) else "retry"
        told: Any = {"delay": delay, "reason": outcome.reason, "error": outcome.error}
        self._monitor.tell_of(kind, delivery, seconds, **told)

    async def _settle_failed(self, delivery: Delivery, outcome: Again | Dead) -> float:
        """Have a message tried again, or given up; return the seconds until it is tried again."""
        if isinstance(outcome, Dead):
            place = "" if outcome.error is None else tell_place(outcome.error)
            await delivery.dead_letter(f"{outcome.reason} ({place})" if place else outcome.reason)
            return 0.0
        delay = outcome.delay
        if delay is None:
            delay = self._rules.backoff.delay(delivery.attempt)
        await self._note_end(delivery)
        await delivery.retry(delay)
        return delay

    async def _hand_back(self, delivery: Delivery, attempt: Attempt, seconds: float) -> None:
        """Give a message back, so that nobody has to wait for its lease to run out."""
        try:
            if attempt.outcome is not None:
                await self._end(delivery, attempt, attempt.outcome, seconds)
                return
            await self._note_end(delivery)
            await delivery.retry(0)
        except Exception as error:  # noqa: BLE001 - the lease brings it back anyway
            LOGGER.warning(
                "message %s was not returned to the broker: %s", delivery.id, tell_error(error)
            )
        else:
            self._monitor.tell_of("handed_back", delivery)

    async def _note_end(self, delivery: Delivery) -> None:
        """Mark that this attempt came to an end, where the next one would be suspect without it."""
        if self._ledger is not None and delivery.attempt + 1 >= max(2, self._rules.max_attempts):
            await self._ledger.mark(_make_end_mark(delivery, delivery.attempt))


def _make_lone_mark(delivery: Delivery) -> str:
    return f"alone {delivery.id}"


def _make_end_mark(delivery: Delivery, number: int) -> str:
    return f"ended {number} {delivery.id}"


def _find_mistake_in(delivery: Delivery) -> str | None:
    if delivery.message is None:
        return "it cannot be decoded: it is not a JSON object"
    return find_mistake(delivery.message)


class _Gate:
    """Lets many in together (``async with gate``), or one alone.

    Rule: what wants to be alone waits for those inside, and those that come later wait for it.
    """

    def __init__(self) -> None:
        self._condition = anyio.Condition()
        self._inside = 0
        self._alone_wanted = 0
        self._is_alone = False

    async def __aenter__(self) -> None:
        if self._is_alone or self._alone_wanted:
            async with self._condition:
                while self._is_alone or self._alone_wanted:
                    await self._condition.wait()
        # No await between the question and the answer: nothing can come in between.
        self._inside += 1

    async def __aexit__(self, *_: object) -> None:
        self._inside -= 1
        if self._alone_wanted:
            await self._notify()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Run the body beside no other."""
        self._alone_wanted += 1
        try:
            async with self._condition:
                while self._is_alone or self._inside:
                    await self._condition.wait()
                self._is_alone = True
        finally:
            self._alone_wanted -= 1
            if not self._is_alone:
                await self._notify()
        try:
            yield
        finally:
            self._is_alone = False
            await self._notify()

    async def _notify(self) -> None:
        with anyio.CancelScope(shield=True):
            async with self._condition:
                self._condition.notify_all()
