"""The lifespan of one application: what it is told, and what it answers.

In: an application. Out: whether it started, whether it stopped, and what went wrong. The rule kept here:
an application may answer, fail, raise, return, die or say nothing; whatever it does is a status, and
nothing of it reaches the others.
"""

import logging
from enum import Enum
from typing import Any

import anyio

from asgi_routes.lifespan.participants import Participant
from asgi_routes.lifespan.states import State
from asgi_routes.types import ChildScope

_LOGGER = logging.getLogger("asgi_routes.lifespan")


class Status(Enum):
    """How far an application has come."""

    ASKED = "asked to start"
    STARTED = "started"
    UNSUPPORTED = "does not know the protocol"
    FAILED = "failed to start"


class Conversation:
    """Speaks the lifespan protocol with one application, in a task of its own.

    Attributes:
        participant: the application.
        state: the ``state`` in its scope.
        status: how far it has come.
        decided: set when its start is decided.
        finished: set when it has stopped, or its task has ended.
        problem: what went wrong, or None.
    """

    def __init__(self, participant: Participant, scope: ChildScope) -> None:
        outer = scope["state"]
        # What a router's own lifespan yields is for all that it leads to.
        values = outer if participant.context else dict(outer)
        self.participant = participant
        self.state = State(participant.app, values, dict(outer))
        self.status = Status.ASKED
        self.decided = anyio.Event()
        self.finished = anyio.Event()
        self.problem: str | None = None
        self._scope = {**scope, "state": values}
        self._told_to_stop = anyio.Event()
        self._events = 0

    async def run(self) -> None:
        """Call the application; return when it does."""
        serve = self._serve_context if self.participant.context else self.participant.app
        error: Exception | None = None
        try:
            await serve(self._scope, self._receive, self._send)
        except Exception as raised:  # noqa: BLE001 - it must not reach the other applications
            error = raised
        if self.status is Status.ASKED:
            self._end_unanswered(error)
        elif self.status is Status.STARTED and error is not None and not self.finished.is_set():
            when = "to stop" if self._told_to_stop.is_set() else "while it ran"
            self._log(logging.ERROR, f"failed {when}", error)
            self.problem = f"failed {when}: {error!r}"
        self.finished.set()

    async def stop(self, patience: float | None) -> None:
        """Tell the application to stop, and wait for its answer, for so many seconds."""
        self._told_to_stop.set()
        with anyio.move_on_after(patience):
            await self.finished.wait()
        if not self.finished.is_set():
            self.problem = f"did not answer shutdown within {patience:g} s"

    def give_up(self, patience: float) -> None:
        """Take an application that says nothing for one that has failed."""
        self._decide(Status.FAILED, f"did not answer startup within {patience:g} s")

    async def _serve_context(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        context = self.participant.context
        assert context is not None
        async with context(self.participant.app) as values:
            if values:
                scope["state"].update(values)
            await send({"type": "lifespan.startup.complete"})
            await receive()

    async def _receive(self) -> Any:
        self._events += 1
        if self._events == 1:
            return {"type": "lifespan.startup"}
        if self.status is Status.ASKED:
            # Who reads on without an answer is never going to give one.
            self._leave_unsupported("reads on instead of answering")
        if self._events > 2:  # noqa: PLR2004 - there are two events
            await anyio.sleep_forever()
        await self._told_to_stop.wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Any) -> None:
        match message["type"]:
            case "lifespan.startup.complete":
                self._decide(Status.STARTED)
            case "lifespan.startup.failed":
                self._decide(Status.FAILED, message.get("message") or "failed to start")
            case "lifespan.shutdown.complete":
                self.finished.set()
            case "lifespan.shutdown.failed":
                self.problem = message.get("message") or "failed to stop"
                self.finished.set()
            case other:
                raise ValueError(f"{other!r} is not a message of the lifespan protocol")

    def _end_unanswered(self, error: Exception | None) -> None:
        said = "returned without an answer" if error is None else f"raised {error!r}"
        if self.participant.context is not None:
            said = repr(error)
        self._leave_unsupported(said, error)

    def _leave_unsupported(self, said: str, error: Exception | None = None) -> None:
        if self.participant.policy == "on":
            self._log(logging.ERROR, said, error)
            self._decide(Status.FAILED, said)
            return
        # Who has read the event wanted to start, and may have tried.
        level = logging.WARNING if self._events else logging.DEBUG
        self._log(level, f"takes no part in the lifespan: {said}", error)
        self._decide(Status.UNSUPPORTED)

    def _decide(self, status: Status, problem: str | None = None) -> None:
        if self.status is Status.ASKED:
            self.status, self.problem = status, problem
            self.decided.set()

    def _log(self, level: int, said: str, error: Exception | None) -> None:
        # Whoever takes no part is named in one line; how it failed is of interest to its author.
        shown = error if level >= logging.ERROR or _LOGGER.isEnabledFor(logging.DEBUG) else None
        _LOGGER.log(level, "%s: %s", self.participant.label or "application", said, exc_info=shown)
