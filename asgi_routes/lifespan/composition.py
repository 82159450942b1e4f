"""One lifespan for many applications.

In: applications. Out: all of them started in order, and stopped in reverse. The rule kept here: every
start has its stop, exactly once; one that fails to start takes back those before it, and one that
fails to stop keeps no other from stopping.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio

from asgi_routes.errors import LifespanError
from asgi_routes.lifespan.conversation import Conversation, Status
from asgi_routes.lifespan.participants import Participant
from asgi_routes.lifespan.states import count_in, count_out, forget, identity, remember
from asgi_routes.types import ChildScope, Receive, Scope, Send

_STARTED = "asgi_routes.lifespan"
"""The key in a lifespan scope under which routers behind middleware find what is started already."""


class Composition:
    """The lifespan of some participants, run once.

    Args:
        participants: in the order in which they are started.
        concurrent: start all at once.
        startup_timeout: seconds that each may take to answer; None for ever.
        shutdown_timeout: the same for stopping.
    """

    def __init__(
        self,
        participants: Iterable[Participant],
        *,
        concurrent: bool,
        startup_timeout: float | None,
        shutdown_timeout: float | None,
    ) -> None:
        self._participants = list(participants)
        self._concurrent = concurrent
        self._startup_timeout = startup_timeout
        self._shutdown_timeout = shutdown_timeout
        self._started: list[Conversation] = []

    @asynccontextmanager
    async def running(self, scope: ChildScope) -> AsyncIterator[None]:
        """Keep the participants started while the body runs.

        Args:
            scope: of the lifespan, with a ``state``.

        Raises:
            LifespanError: some did not start, then the body is not run; or did not stop.
        """
        raised: Exception | None = None
        problems: list[str] = []
        problems_of_stop: list[str] = []
        count_in(participant.app for participant in self._participants)
        try:
            async with anyio.create_task_group() as tasks:
                problems = await self._start(tasks, scope)
                if not problems:
                    try:
                        yield
                    except Exception as error:  # noqa: BLE001 - raised again, not in a group
                        raised = error
                problems_of_stop = await self._stop()
                tasks.cancel_scope.cancel()  # Some answer, but never return.
        finally:
            self._forget()
        if raised is not None:
            raise raised
        if problems:
            raise LifespanError("startup", problems + problems_of_stop)
        if problems_of_stop:
            raise LifespanError("shutdown", problems_of_stop)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak the whole protocol with a server (ASGI, "Lifespan Protocol").

        What ``send`` raises is the server's own, and goes back to it: Hypercorn stops by that.
        """
        event = await receive()
        failure: LifespanError | None = None
        if event["type"] == "lifespan.startup":
            given = {"state": {}, **scope}
            try:
                async with self.running(given):
                    await send({"type": "lifespan.startup.complete"})
                    await receive()
            except LifespanError as error:
                failure = error
        if failure is None:
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await send({"type": f"lifespan.{failure.phase}.failed", "message": str(failure)})

    async def _start(self, tasks: Any, scope: ChildScope) -> list[str]:
        for wave in self._waves():
            talks = [*self._new(wave, scope)]
            for talk in talks:
                tasks.start_soon(talk.run)
            for talk in talks:
                await self._decided(talk)
            problems = [_said(talk) for talk in talks if talk.status is Status.FAILED]
            if problems:
                return problems
        return []

    def _waves(self) -> Iterator[list[Participant]]:
        """Yield those that are started together; what is for others is there before them."""
        wave: list[Participant] = []
        for participant in self._participants:
            is_alone = not self._concurrent or participant.context is not None
            if is_alone and wave:
                yield wave
                wave = []
            wave.append(participant)
            if is_alone:
                yield wave
                wave = []
        yield wave

    def _new(self, wave: list[Participant], scope: ChildScope) -> Iterator[Conversation]:
        """Yield a conversation with each that nobody has begun one with."""
        known = scope.setdefault(_STARTED, {})
        for participant in wave:
            key = identity(participant.app), participant.context is not None
            if key not in known:
                known[key] = Conversation(participant, scope)
                yield known[key]

    async def _decided(self, talk: Conversation) -> None:
        with anyio.move_on_after(self._startup_timeout):
            await talk.decided.wait()
        if self._startup_timeout is not None and not talk.decided.is_set():
            talk.give_up(self._startup_timeout)
        if talk.status is Status.STARTED:
            self._started.append(talk)
            if talk.participant.context is None:
                remember(talk.state)

    async def _stop(self) -> list[str]:
        for talk in reversed(self._started):
            await talk.stop(self._shutdown_timeout)
        return [_said(talk) for talk in self._started if talk.problem is not None]

    def _forget(self) -> None:
        for talk in self._started:
            forget(talk.participant.app)
        count_out(participant.app for participant in self._participants)


def _said(talk: Conversation) -> str:
    label = talk.participant.label
    return f"{label}: {talk.problem}" if label else str(talk.problem)
