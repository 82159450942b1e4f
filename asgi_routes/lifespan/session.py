"""A session with one application of a lifespan: what it is told, and what it answers.

Rule: an application may answer, fail, raise, return, die or say nothing. Each of these is an
outcome, and none of them reaches the other applications.
"""

import asyncio
import logging
import math
from collections.abc import Callable
from enum import Enum
from itertools import chain, repeat
from typing import Any

import anyio
from anyio.lowlevel import checkpoint_if_cancelled

from asgi_routes.apps import is_router
from asgi_routes.lifespan.participants import Participant, State, mark_begun, remember
from asgi_routes.types import ChildScope

_READING_ON = {"auto": 4.0, "on": 60.0}
"""Seconds, by policy, to answer the first event after having asked for the second. An application
that calls receive() again may have handed the event to another task, or may ignore events."""
_LAST_WORDS = 1.0
"""Seconds until an application that has read both events without an answer counts as stopped."""
_SLOW_START = 5.0
"""Seconds after which an unanswered start is logged."""
_STILL_SLOW = 60.0
"""Seconds after which it is logged again."""

_LOGGER = logging.getLogger("asgi_routes.lifespan")


class StartOutcome(Enum):
    """How the start of an application has come out."""

    UNDECIDED = "asked to start"
    STARTED = "started"
    UNSUPPORTED = "does not support the protocol"
    FAILED = "failed to start"


class LifespanSession:
    """Speaks the lifespan protocol with one application, in a task of its own.

    Args:
        participant: the application.
        scope: of the lifespan, with a ``state``.
        on_exit: called with an exception that ends the whole process, such as `SystemExit`.

    Attributes:
        participant: the application.
        state: the ``state`` in its scope.
        outcome: how its start has come out.
        decided: set when that is decided.
        finished: set when it has stopped, or its task has ended.
        problem: what went wrong, or None.
        yielded: what a router's own lifespan has yielded.
    """

    def __init__(
        self, participant: Participant, scope: ChildScope, on_exit: Callable[[BaseException], None]
    ) -> None:
        outer = scope["state"]
        # What a router's own lifespan yields is for everything that the router leads to.
        values = outer if participant.context else dict(outer)
        self.participant = participant
        self.state = State(participant.core, values, dict(outer))
        self.outcome = StartOutcome.UNDECIDED
        self.decided = anyio.Event()
        self.finished = anyio.Event()
        self.problem: str | None = None
        self.yielded: dict[str, Any] = {}
        self._scope = {**scope, "state": values}
        self._on_exit = on_exit
        self._calling = anyio.CancelScope()
        self._told_to_stop = anyio.Event()
        self._events = 0
        self._reads_until = self._works_until = math.inf
        self._has_ended = False
        self._has_answered = False
        self._has_started = False

    @property
    def has_refused(self) -> bool:
        """Whether it does not take part and never will."""
        return self.outcome is StartOutcome.UNSUPPORTED and self._has_ended

    async def run(self) -> None:
        """Call the application; return when it does."""
        serve = self._serve_context if self.participant.context else self.participant.app
        error: BaseException | None = None
        with self._calling:
            try:
                await serve(self._scope, self._receive, self._send)
            except GeneratorExit:
                raise  # The event loop is gone.
            except BaseException as raised:  # noqa: BLE001 - it must not reach the other applications
                error = raised
            if is_cancelled():
                self._decide(StartOutcome.FAILED, "was cancelled during startup")
                error = None
        if error is not None and _ends_all(error):
            self._decide(StartOutcome.FAILED, f"raised {error!r}")
            self._on_exit(error)
        self._end(error)

    async def wait_for_start(self, patience: float | None) -> None:
        """Wait at most ``patience`` seconds for the outcome of the start, and log a slow one."""
        with anyio.move_on_after(patience):
            for pause in chain([_SLOW_START], repeat(_STILL_SLOW)):
                with anyio.move_on_after(pause):
                    await self.decided.wait()
                if self.decided.is_set():
                    return
                _LOGGER.warning("%s has not answered lifespan.startup yet", self.participant.name)
        if patience is not None and not self.decided.is_set():
            self._give_up(patience)

    async def stop(self, patience: float | None) -> None:
        """Tell the application to stop, and wait at most ``patience`` seconds for its answer."""
        is_reading_on = self._reads_until < math.inf
        if self._has_started:
            self._told_to_stop.set()
        elif is_reading_on:
            self._told_to_stop.set()
            # Perhaps nothing has started, and no answer will come.
            patience = min(_READING_ON["auto"], math.inf if patience is None else patience)
        elif self._has_answered:
            return  # It has reported a failure and may still be cleaning up.
        else:
            self._calling.cancel()
        with anyio.move_on_after(patience):
            await self.finished.wait()
        if self._has_started and not self.finished.is_set():
            self.problem = f"did not answer shutdown within {patience:g} s"

    def _give_up(self, patience: float) -> None:
        if self._reads_until < math.inf and self.participant.policy == "auto":
            self._leave_unsupported("called receive() again instead of answering")
        else:
            self._decide(StartOutcome.FAILED, f"did not answer startup within {patience:g} s")

    async def _serve_context(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        context = self.participant.context
        assert context is not None
        mark_begun(self.participant.app)
        async with context(self.participant.app) as values:
            self.yielded.update(values or {})
            scope["state"].update(self.yielded)
            await send({"type": "lifespan.startup.complete"})
            await receive()

    async def _receive(self) -> Any:
        if self._events == 0:
            await checkpoint_if_cancelled()  # What starts now would never be stopped.
            self._events = 1
            return {"type": "lifespan.startup"}
        if self._events == 1:
            await self._wait_until_told()
        # Two tasks of the application may have waited; only one gets the event.
        if self._events == 1:
            self._events = 2
            return {"type": "lifespan.shutdown"}
        if not self._has_started:
            # The tasks that it has handed the event to may still be at work.
            self._works_until = min(self._works_until, anyio.current_time() + _LAST_WORDS)
            await anyio.sleep_until(self._works_until)
            self.finished.set()
        await anyio.sleep_forever()
        return None

    async def _wait_until_told(self) -> None:
        if self.outcome is StartOutcome.UNDECIDED:
            patience = _READING_ON["on" if self.participant.policy == "on" else "auto"]
            # Asking again and again must not extend the deadline.
            self._reads_until = min(self._reads_until, anyio.current_time() + patience)
            with anyio.CancelScope(deadline=self._reads_until):
                await self._told_to_stop.wait()
            if not self._told_to_stop.is_set():
                self._leave_unsupported("called receive() again instead of answering")
        await self._told_to_stop.wait()

    async def _send(self, message: Any) -> None:
        match message["type"]:
            case "lifespan.startup.complete":
                self._start()
            case "lifespan.startup.failed":
                self._fail(message.get("message") or "failed to start")
            case "lifespan.shutdown.complete":
                self.finished.set()
            case "lifespan.shutdown.failed":
                self.problem = message.get("message") or "failed to stop"
                self.finished.set()
            case other:
                raise ValueError(f"{other!r} is not a message of the lifespan protocol")

    def _start(self) -> None:
        if self._has_answered:
            return
        self._has_answered = self._has_started = True
        if self.participant.context is None:
            remember(self.state)
        if self.outcome is StartOutcome.UNSUPPORTED:
            self._log(logging.INFO, "started after all", None)
            self.outcome = StartOutcome.STARTED
        self._decide(StartOutcome.STARTED)

    def _fail(self, problem: str) -> None:
        if not self._has_answered and self.outcome is StartOutcome.UNSUPPORTED:
            self._log(logging.ERROR, f"failed to start after all: {problem}", None)
        self._has_answered = True
        self._decide(StartOutcome.FAILED, problem)

    def _end(self, error: BaseException | None) -> None:
        self._has_ended = True
        if self.outcome is StartOutcome.UNDECIDED:
            self._end_unanswered(error)
        elif self._has_started and error is not None and not self.finished.is_set():
            when = "during shutdown" if self._told_to_stop.is_set() else "while running"
            self._log(logging.ERROR, f"failed {when}", error)
            self.problem = f"failed {when}: {error!r}"
        self.finished.set()

    def _end_unanswered(self, error: BaseException | None) -> None:
        said = "returned without an answer" if error is None else f"raised {error!r}"
        if self.participant.context is not None:
            said = repr(error)
        self._leave_unsupported(said, error)

    def _leave_unsupported(self, said: str, error: BaseException | None = None) -> None:
        if self.outcome is not StartOutcome.UNDECIDED:
            return
        if self.participant.policy == "on":
            self._log(logging.ERROR, said, error)
            self._decide(StartOutcome.FAILED, said)
            return
        # An application that has read the event may have tried to start; and a router always
        # answers, so what is wrapped around one has kept the event from all behind it.
        was_meant = self._events or is_router(self.participant.core)
        level = logging.WARNING if was_meant else logging.DEBUG
        self._log(level, f"does not support the lifespan protocol: {said}", error)
        self._decide(StartOutcome.UNSUPPORTED)

    def _decide(self, outcome: StartOutcome, problem: str | None = None) -> None:
        if self.outcome is StartOutcome.UNDECIDED:
            self.outcome, self.problem = outcome, problem
            self.decided.set()

    def _log(self, level: int, said: str, error: BaseException | None) -> None:
        # One line is enough for most readers; the traceback interests the application's author.
        shown = error if level >= logging.ERROR or _LOGGER.isEnabledFor(logging.DEBUG) else None
        _LOGGER.log(level, "%s: %s", self.participant.label or "application", said, exc_info=shown)


def is_cancelled() -> bool:
    """Tell whether this task is being cancelled.

    In asyncio, a CancelledError alone does not say so: awaiting another task that was cancelled
    raises it, too.
    """
    if anyio.current_effective_deadline() == -math.inf:
        return True
    is_asyncio = anyio.get_cancelled_exc_class() is asyncio.CancelledError
    task = asyncio.current_task() if is_asyncio else None
    return task is not None and task.cancelling() > 0


def _ends_all(error: BaseException) -> bool:
    """Tell whether an error is about the whole process, as SystemExit is."""
    of_one = (Exception, anyio.get_cancelled_exc_class())
    _, rest = BaseExceptionGroup("", [error]).split(of_one)
    return rest is not None
