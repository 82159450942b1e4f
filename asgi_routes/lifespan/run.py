"""One run of the lifespan of many applications: start them in order, stop them in reverse.

Rule: every start has its stop, exactly once. When one fails to start, those before it are stopped.
One that fails to stop does not keep the others from stopping, and neither does the cancellation of
the host.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

import anyio
from anyio.lowlevel import checkpoint_if_cancelled, current_token

from asgi_routes.errors import LifespanError
from asgi_routes.lifespan.participants import (
    Participant,
    State,
    count_in,
    count_out,
    forget,
    identify,
    remember,
)
from asgi_routes.lifespan.session import LifespanSession, StartOutcome, is_cancelled
from asgi_routes.types import ChildScope, Receive, Scope, Send

_Key: TypeAlias = tuple[object, bool]
"""What `identify` says, and whether it is a router's own lifespan rather than an application."""


class _Registry:
    """The sessions that all runs of one lifespan have begun.

    Attributes:
        begun: by the application behind the wrappers; the latest, where a wrapper has refused.
        asked: by the application as it is called, which is asked only once.
    """

    def __init__(self) -> None:
        self.begun: dict[_Key, LifespanSession] = {}
        self.asked: dict[_Key, LifespanSession] = {}

    def forget(self, sessions: Iterable[LifespanSession]) -> None:
        """Drop sessions that are over, so that their applications can be started again."""
        for session in sessions:
            for known in (self.begun, self.asked):
                for key in [key for key, other in known.items() if other is session]:
                    del known[key]


_REGISTRY = "asgi_routes.lifespan"
"""The key in a lifespan scope where routers behind middleware find what has been started."""
_REGISTRY_AROUND: ContextVar[tuple[object, _Registry] | None] = ContextVar(_REGISTRY, default=None)
"""The same with its event loop, for when a framework in between makes a scope of its own."""
_PATIENCE_ONCE_CANCELLED = 30.0
"""Seconds that each has to stop when a host without a shutdown timeout is cancelled."""


class LifespanRun:
    """The lifespan of some participants, run once.

    Args:
        participants: in the order in which they are started.
        concurrent: start all at once.
        startup_timeout: seconds that each may take to answer; None waits forever.
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
        self._sessions: list[LifespanSession] = []
        self._shared: list[State] = []
        self._problems: list[str] = []
        self._problems_of_stop: list[str] = []
        self._ending: BaseException | None = None
        self._registry = _Registry()
        self._host = anyio.CancelScope()
        self._starting = anyio.CancelScope()
        self._settled = anyio.Event()
        self._left = anyio.Event()

    @asynccontextmanager
    async def keep_started(
        self, scope: ChildScope, stateless: Iterable[Any]
    ) -> AsyncIterator[None]:
        """Keep the participants started while the body runs.

        Args:
            scope: of the lifespan, with a ``state``.
            stateless: routers whose requests may come without that state.

        Raises:
            LifespanError: some did not start, and the body is not run; or some did not stop.
        """
        raised: BaseException | None = None
        with self._remember_states(), self._host:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._live, scope)
                try:
                    await self._settled.wait()
                    if not self._problems:
                        self._share(scope["state"], stateless)
                        yield
                except anyio.get_cancelled_exc_class():
                    raise
                except BaseException as error:  # noqa: BLE001 - raised again, not in a group
                    raised = error
                finally:
                    if self._shutdown_timeout is None and is_cancelled():
                        self._shutdown_timeout = _PATIENCE_ONCE_CANCELLED
                    self._starting.cancel()
                    self._left.set()
        if self._ending is not None:
            raise self._ending
        if raised is not None:
            raise raised
        await checkpoint_if_cancelled()  # Trio's task group has dropped it while it waited.
        if self._problems:
            raise LifespanError("startup", self._problems + self._problems_of_stop)
        if self._problems_of_stop:
            raise LifespanError("shutdown", self._problems_of_stop)

    async def serve(
        self, scope: Scope, receive: Receive, send: Send, routers: Iterable[Any] = ()
    ) -> None:
        """Speak the whole protocol with a server (ASGI, "Lifespan Protocol").

        What ``send`` raises is the server's own and goes back to it: that is how Hypercorn stops.

        Args:
            scope: of the lifespan.
            receive: gives the server's events.
            send: takes the answers.
            routers: those that hand the state on by themselves if the server has none.
        """
        event = await receive()
        failure: LifespanError | None = None
        if event["type"] == "lifespan.startup":
            given = {"state": {}, **scope}
            try:
                async with self.keep_started(given, () if "state" in scope else routers):
                    await send({"type": "lifespan.startup.complete"})
                    await receive()
            except LifespanError as error:
                failure = error
        if failure is None:
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await send({"type": f"lifespan.{failure.phase}.failed", "message": str(failure)})

    async def _live(self, scope: ChildScope) -> None:
        """Start all, wait until the host leaves, and stop them, even if the host is cancelled."""
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as tasks:
                with self._starting:
                    self._problems = await self._start(tasks, scope)
                self._settled.set()
                if not self._problems:
                    await self._left.wait()
                self._problems_of_stop = await self._stop()
                tasks.cancel_scope.cancel()  # Some answer the shutdown but never return.

    async def _start(self, tasks: Any, scope: ChildScope) -> list[str]:
        self._registry = _find_registry(scope)
        for wave in self._form_waves():
            # Where a wrapper has refused, another round asks through another wrapper.
            while sessions := [*self._open_sessions(wave, scope)]:
                async with anyio.create_task_group() as waiting:
                    for session in sessions:
                        tasks.start_soon(self._run, session)
                        waiting.start_soon(session.wait_for_start, self._startup_timeout)
                problems = [
                    _describe(session)
                    for session in sessions
                    if session.outcome is StartOutcome.FAILED
                ]
                if problems:
                    return problems
        return []

    def _form_waves(self) -> Iterator[list[Participant]]:
        """Yield the participants that start together; a router's own lifespan starts alone."""
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

    def _open_sessions(
        self, wave: list[Participant], scope: ChildScope
    ) -> Iterator[LifespanSession]:
        """Yield a session with each participant that has none yet."""
        for participant in wave:
            is_context = participant.context is not None
            core, app = ((identify(one), is_context) for one in (participant.core, participant.app))
            begun = self._registry.begun.get(core)
            if begun is not None and is_context:
                scope["state"].update(begun.yielded)
            if app in self._registry.asked or (begun is not None and not begun.has_refused):
                continue
            session = LifespanSession(participant, scope, self._end)
            self._registry.begun[core] = self._registry.asked[app] = session
            self._sessions.append(session)
            yield session

    async def _run(self, session: LifespanSession) -> None:
        _REGISTRY_AROUND.set((current_token(), self._registry))
        await session.run()

    def _end(self, error: BaseException) -> None:
        """Stop everything, because an application has ended the whole process."""
        self._ending = self._ending or error
        self._host.cancel()

    async def _stop(self) -> list[str]:
        for session in reversed(self._sessions):
            await session.stop(self._shutdown_timeout)
        return [
            _describe(session)
            for session in self._sessions
            if session.outcome is StartOutcome.STARTED and session.problem
        ]

    @contextmanager
    def _remember_states(self) -> Iterator[None]:
        """Keep the states where requests find them while the body runs."""
        cores = [participant.core for participant in self._participants]
        count_in(cores)
        try:
            yield
        finally:
            for state in self._shared + [session.state for session in self._sessions]:
                forget(state)
            self._registry.forget(self._sessions)
            count_out(cores + [state.core for state in self._shared])

    def _share(self, values: dict[str, Any], routers: Iterable[Any]) -> None:
        """Let the requests of routers find the state that their own lifespan has yielded."""
        if values:
            self._shared = [State(router, values, {}) for router in routers]
            count_in(state.core for state in self._shared)
            for state in self._shared:
                remember(state)


def _find_registry(scope: ChildScope) -> _Registry:
    around = _REGISTRY_AROUND.get()
    registry = around[1] if around and around[0] == current_token() else _Registry()
    return scope.setdefault(_REGISTRY, registry)  # type: ignore[no-any-return]


def _describe(session: LifespanSession) -> str:
    label = session.participant.label
    return f"{label}: {session.problem}" if label else str(session.problem)
