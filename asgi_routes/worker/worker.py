"""The worker: takes messages from a broker and hands them to an application.

Rule: only the end of the worker stops it. Nothing that an application raises or a message holds
does, nor does a broker that is away for a while.
"""

import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio
from anyio.abc import TaskStatus

from asgi_routes.callables import find_mistake_in_app, take_app
from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.lifespan import Lifespan
from asgi_routes.types import App
from asgi_routes.worker.attempts import Backoff
from asgi_routes.worker.channels import CONCURRENCY, select_channels, select_concurrency
from asgi_routes.worker.contract import Broker
from asgi_routes.worker.events import Monitor, Status, WorkerEvent
from asgi_routes.worker.feeding import Feed
from asgi_routes.worker.handling import Handler, Rules
from asgi_routes.worker.leases import Leases
from asgi_routes.worker.supervisor import Supervisor, end_process

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Worker:
    """Calls an application with the messages of a broker's channels. It runs once.

    A message is acknowledged after the application has returned, or when it asks for the next one.
    When it raises, the message is retried, and becomes a dead letter after ``max_attempts``. `run`
    is for a process of its own; ``async with Worker(…)`` works beside a web application in one
    event loop.

    Args:
        app: an application; usually a router with a `ChannelNameRouter` in it.
        broker: where the messages come from.
        channels: names; None takes every exact name that a `ChannelNameRouter` in ``app`` knows.
        concurrency: how many messages of each channel are handled at once; or a mapping from channel
            to number, such as ``{"pdf": 1, "*": 20}``, where ``*`` stands for all others.
        drain_timeout: seconds that running messages get to finish at shutdown; less than the grace
            period of what stops the worker, which is 30 seconds in Kubernetes.
        max_attempts: deliveries after which a failing message becomes a dead letter.
        timeout: seconds that the application may take for a message; None for no limit.
        backoff: the pauses between attempts, and before a broker that failed is asked again.
        poll: seconds after which a broker that had no message is asked once more.
        wait: seconds that the worker waits at its start for a broker that is not there yet.
        health_file: touched once a second as long as the event loop runs, for a liveness probe.
        ready_file: the same as long as the broker answers; removed otherwise. For a readiness
            probe.
        on_event: called with each `WorkerEvent`, for metrics; it must not block.

    Raises:
        ImproperlyConfigured: ``app`` is no application, there is no channel, or a number is too
            small.

    >>> import asyncio
    >>> from asgi_routes import ChannelNameRouter
    >>> from asgi_routes.worker import MemoryBroker
    >>> async def greet(scope, receive, send):
    ...     message = await receive()
    ...     print("hello,", message["name"])
    >>> async def main():
    ...     broker = MemoryBroker()
    ...     async with Worker(ChannelNameRouter({"greetings": greet}), broker, poll=0.01):
    ...         await broker.send("greetings", {"type": "greet", "name": "Ann"})
    ...         await asyncio.sleep(0.05)
    >>> asyncio.run(main())
    hello, Ann
    """

    def __init__(  # noqa: PLR0913 - one option each
        self,
        app: App,
        broker: Broker,
        channels: Iterable[str] | None = None,
        *,
        concurrency: int | Mapping[str, int] = CONCURRENCY,
        drain_timeout: float = 25.0,
        max_attempts: int = 5,
        timeout: float | None = None,
        backoff: Backoff | None = None,
        poll: float = 30.0,
        wait: float = 60.0,
        health_file: str | PathLike[str] | None = None,
        ready_file: str | PathLike[str] | None = None,
        on_event: Callable[[WorkerEvent], None] | None = None,
    ) -> None:
        if wrong := find_mistake_in_app(app):
            raise ImproperlyConfigured(f"app of Worker: {wrong[0]}", hint=wrong[1])
        self.channels = select_channels(app, channels)
        self._concurrency = select_concurrency(self.channels, concurrency)
        if max_attempts < 1:
            raise ImproperlyConfigured(
                f"max_attempts of Worker must be 1 or more, not {max_attempts!r}"
            )
        if poll <= 0:
            raise ImproperlyConfigured(f"poll of Worker must be more than 0 seconds, not {poll!r}")
        self._app = take_app(app)
        self._broker = broker
        self._drain_timeout = drain_timeout
        self._rules = Rules(max_attempts, timeout, backoff or Backoff())
        self._poll = poll
        self._wait = wait
        self._monitor = Monitor(on_event)
        files = [None if file is None else Path(file) for file in (health_file, ready_file)]
        self._supervisor = Supervisor(broker, self._monitor, *files)
        self._monitor.status.channels = self.channels
        self._opening: anyio.CancelScope | None = None
        self._slots: anyio.CancelScope | None = None
        self._is_over = anyio.Event()
        self._stopping = anyio.Event()
        self._embedding: AsyncExitStack | None = None

    @property
    def status(self) -> Status:
        """The status of the worker; the object is live, and the worker keeps writing to it."""
        return self._monitor.status

    async def run(self, *, signals: bool = True) -> None:
        """Work until `stop` is called, with the lifespan of the application around it.

        Args:
            signals: whether SIGTERM and SIGINT call `stop`, and a second one `stop_now`. That works
                in the main thread only, and is for a process of its own: where applications run on
                after their time, as threads do, their messages are handed back, and the process
                is ended with exit code 4.

        Raises:
            LifespanError: the application did not start, or did not stop.
            BrokerUnavailableError: the broker cannot be opened.
        """
        listens = signals and threading.current_thread() is threading.main_thread()
        raised: BaseException | None = None
        async with anyio.create_task_group() as tasks:
            if listens:
                await tasks.start(_listen_for_signals, self._on_signal)
            try:
                async with self._open() as is_open:
                    if is_open:
                        async with Lifespan([self._app]).context() as state:
                            await self._work(state, end_process if listens else None)
            except Exception as error:  # noqa: BLE001 - raised again, not in a group
                raised = error
            tasks.cancel_scope.cancel()
        if raised is not None:
            raise raised

    def stop(self) -> None:
        """Take no more messages, and give running ones ``drain_timeout`` seconds to finish.

        Messages that have not finished by then are cancelled and handed back to the broker.
        """
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._opening is not None:
            self._opening.cancel()
        self.status.state = "draining"
        reason = f"{self.status.in_flight} in flight, with {self._drain_timeout:g} s to finish"
        self._monitor.tell(WorkerEvent("draining", reason=reason))

    def stop_now(self) -> None:
        """Cancel running messages, and hand them back to the broker at once."""
        self.stop()
        self._is_over.set()
        if self._slots is not None:
            self._slots.cancel()

    async def __aenter__(self) -> Self:
        """Work beside the body; signals and the lifespan are the host's."""
        stack = AsyncExitStack()
        await stack.enter_async_context(self._run_beside())
        self._embedding = stack
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._embedding is not None
        await self._embedding.__aexit__(kind, error, trace)

    @asynccontextmanager
    async def _run_beside(self) -> AsyncIterator[None]:
        raised: BaseException | None = None
        async with self._open(), anyio.create_task_group() as tasks:
            tasks.start_soon(self._work, None, None)
            try:
                yield
            except Exception as error:  # noqa: BLE001 - raised again, not in a group
                raised = error
            self.stop()
        if raised is not None:
            raise raised

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[bool]:
        """Keep the broker open; yield False where the worker is stopped before it is."""
        with anyio.CancelScope() as self._opening:
            if not self._stopping.is_set():
                await self._supervisor.open(self._wait)
        if self._opening.cancelled_caught:
            self.status.state = "stopped"
            self._monitor.tell(WorkerEvent("stopped"))
            yield False
            return
        try:
            yield True
        finally:
            await self._broker.__aexit__(None, None, None)

    def _on_signal(self) -> None:
        if self._stopping.is_set():
            self.stop_now()
        else:
            self.stop()

    async def _work(
        self, state: dict[str, Any] | None, leave: Callable[[int], None] | None
    ) -> None:
        rules = Rules(
            self._rules.max_attempts, self._rules.timeout, self._rules.backoff, state or {}
        )
        leases = Leases(self._monitor)
        handler = Handler(self._app, self._broker, leases, rules, self._monitor)
        if not self._stopping.is_set():
            self.status.state = "running"
        self._monitor.tell(WorkerEvent("ready", reason=_list_channels(self._concurrency)))
        async with anyio.create_task_group() as supervision:
            with anyio.CancelScope() as self._slots:
                supervision.start_soon(self._supervisor.watch)
                supervision.start_soon(self._supervisor.ask)
                supervision.start_soon(self._end_drain)
                supervision.start_soon(
                    self._supervisor.drain, self._is_over, self._slots, handler, leave
                )
                async with leases.keep(), anyio.create_task_group() as feeds:
                    channels = [
                        Feed(channel, slots, self._poll, self._rules.backoff)
                        for channel, slots in self._concurrency.items()
                    ]
                    supervision.start_soon(self._stop_waiting, channels)
                    for feed in channels:
                        feeds.start_soon(
                            feed.run, self._broker, handler, self._supervisor, self._stopping
                        )
            supervision.cancel_scope.cancel()
        self.status.state = "stopped"
        self._monitor.tell(WorkerEvent("stopped"))

    async def _stop_waiting(self, feeds: Iterable[Feed]) -> None:
        await self._stopping.wait()
        for feed in feeds:
            feed.stop_waiting()

    async def _end_drain(self) -> None:
        await self._stopping.wait()
        await anyio.sleep(self._drain_timeout)
        self._is_over.set()


def _list_channels(concurrency: Mapping[str, int]) -> str:
    """Return the channels of a worker, and how many messages of each run at once.

    >>> _list_channels({"mail": 10, "sms": 10})
    'mail, sms; 10 at once each'
    >>> _list_channels({"mail": 10, "pdf": 1})
    'mail, 10 at once; pdf, 1 at once'
    """
    if len(numbers := {*concurrency.values()}) == 1:
        return f"{', '.join(concurrency)}; {numbers.pop()} at once each"
    return "; ".join(f"{name}, {number} at once" for name, number in concurrency.items())


async def _listen_for_signals(
    on_signal: Callable[[], None], *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Call a function for each signal until cancelled."""
    async with _receive_signals() as arrivals:
        task_status.started()
        async for _ in arrivals:
            on_signal()


@asynccontextmanager
async def _receive_signals() -> AsyncIterator[AsyncIterator[object]]:
    """Yield the signals as they arrive; the handlers that were there before are put back."""
    with ExitStack() as stack:
        try:
            arrivals: AsyncIterator[object] = stack.enter_context(
                anyio.open_signal_receiver(*_SIGNALS)
            )
        except NotImplementedError:  # asyncio on Windows
            arrivals = stack.enter_context(_poll_signals())
        yield arrivals


@contextmanager
def _poll_signals() -> Iterator[AsyncIterator[object]]:
    """Receive signals where the event loop cannot: a handler records them, and a task polls."""
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
