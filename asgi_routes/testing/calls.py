"""Calls of an application: in the task of the test, or in a task beside it.

Rule: a mistake of the application fails the test even if the application swallows the error.
Nothing waits forever, and no application outlives the block of the test that it runs in. What an
application raises is raised in the test once, and not in a group.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import anyio.lowlevel

from asgi_routes.errors import LifespanError
from asgi_routes.types import App, Message, Scope


class Call(ABC):
    """One call of an application.

    Args:
        what: what is called, for error messages.
        timeout: seconds; None waits forever.

    Attributes:
        problem: the first mistake of the application in the protocol.
        is_reading: whether the application waits for a message that does not come.
    """

    def __init__(self, what: str, timeout: float | None) -> None:
        self.what = what
        self.timeout = timeout
        self.problem: AssertionError | None = None
        self.is_reading = False
        self._limit = anyio.CancelScope()

    @abstractmethod
    async def receive(self) -> Message:
        """Return the next message for the application."""

    @abstractmethod
    def take(self, message: Message) -> None:
        """Keep a message from the application, or raise AssertionError."""

    async def send(self, message: Any) -> None:
        """Take a message from the application.

        Raises:
            AssertionError: it does not belong there; the test fails, too.
        """
        # Without a checkpoint, an application that only sends would never time out.
        await anyio.lowlevel.checkpoint()
        try:
            self.take(_check_message(message))
        except AssertionError as problem:
            error = self.make_error(str(problem))
            self.problem = self.problem or error
            raise error from None

    async def call(self, app: App, scope: Scope) -> None:
        """Call the application, and return when it does.

        Raises:
            AssertionError: it has made a mistake in the protocol.
            TimeoutError: it has not returned in time.
        """
        with anyio.move_on_after(self.timeout) as self._limit:
            await app(scope, self.receive, self.send)
        if self.problem is not None:
            raise self.problem
        if self._limit.cancelled_caught:
            raise self.make_timeout_error(self.describe_missing())

    @contextmanager
    def note_reading(self) -> Iterator[None]:
        """Note that the application waits while the body does; after a timeout, that it did."""
        self.is_reading = True
        try:
            yield
        finally:
            self.is_reading = self._limit.cancel_called

    def describe_missing(self) -> str:
        """Return what the application has not done yet, for the error of a timeout."""
        return "returned"

    def make_error(self, text: str) -> AssertionError:
        """Return the error for a mistake of the application."""
        return AssertionError(f"{self.what}: the application {text}")

    def make_timeout_error(self, text: str) -> TimeoutError:
        """Return the error for something that the application has not done in time."""
        reading = "; it waits in receive()" if self.is_reading else ""
        return TimeoutError(
            f"{self.what}: the application has not {text} within {self.timeout:g} s{reading}"
        )


def _check_message(message: Any) -> Message:
    try:
        is_message = isinstance(message["type"], str)
    except (KeyError, TypeError):
        is_message = False
    if not is_message:
        raise AssertionError(f"sent {message!r}, which is not a message: it has no type")
    return message  # type: ignore[no-any-return]


class MessagesCall(Call):
    """A call with messages that are known from the start.

    Args:
        what: what is called, for error messages.
        timeout: seconds; None waits forever.
        messages: for the application; after the last one, it waits.
        until_idle: end the call when the application asks for another message after the last.

    Attributes:
        sent: what the application has sent.
    """

    def __init__(
        self,
        what: str,
        timeout: float | None,
        messages: Iterable[Message],
        *,
        until_idle: bool = False,
    ) -> None:
        super().__init__(what, timeout)
        self.sent: list[Any] = []
        self._messages = iter([*messages])
        self._until_idle = until_idle
        self._idle = anyio.CancelScope()

    async def call(self, app: App, scope: Scope) -> None:
        with self._idle:
            await super().call(app, scope)
        if self.problem is not None:
            raise self.problem

    async def receive(self) -> Message:
        await anyio.lowlevel.checkpoint()
        message = next(self._messages, None)
        if message is None:
            if self._until_idle:
                self._idle.cancel()
            with self.note_reading():
                await anyio.sleep_forever()
        return message  # type: ignore[return-value]

    def take(self, message: Message) -> None:
        self.sent.append(message)


class _Mailbox:
    """An unbounded queue of messages from one task to another."""

    def __init__(self) -> None:
        self._messages: deque[Any] = deque()
        self._filled = anyio.Event()

    def put(self, message: Any) -> None:
        """Add a message at the end."""
        self._messages.append(message)
        self._filled.set()

    async def get(self) -> Any:
        """Wait for the next message, and return it."""
        await anyio.lowlevel.checkpoint()
        while not self._messages:
            self._filled = anyio.Event()
            await self._filled.wait()
        return self._messages.popleft()

    def __len__(self) -> int:
        return len(self._messages)


class BackgroundCall(Call):
    """A call that goes on while the test does something else.

    Attributes:
        inbox: what the application is going to receive.
        outbox: what it has sent; None when it has returned.
        error: what it has raised, until that is raised in the test.
        returned: set when its task has ended.
    """

    def __init__(self, what: str, timeout: float | None) -> None:
        super().__init__(what, timeout)
        self.inbox = _Mailbox()
        self.outbox = _Mailbox()
        self.error: BaseException | None = None
        self.returned = anyio.Event()

    async def receive(self) -> Message:
        with self.note_reading():
            message: Message = await self.inbox.get()
        return message

    @asynccontextmanager
    async def run(self, app: App, scope: Scope) -> AsyncIterator[None]:
        """Run the application while the body runs, and cancel it at the end if it still runs."""
        raised: BaseException | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._call_app, app, scope)
            try:
                yield
            except BaseException as error:
                if _is_cancellation(error):
                    raise
                raised = error
            tasks.cancel_scope.cancel()
        if raised is not None:
            if self.error is not None:
                raised.add_note(f"{self.what}: the application raised {self.error!r}")
            raise raised

    async def wait_for_message(self, missing: str) -> Message | None:
        """Return what the application sends next, or None if it returns instead.

        Raises:
            TimeoutError: it does neither; ``missing`` says what it has not done.
            BaseException: what the application has raised, or its mistake in the protocol.
        """
        with anyio.move_on_after(self.timeout):
            message: Message | None = await self.outbox.get()
            if message is None:
                # Put the end back for later calls; nothing comes after it.
                self.outbox.put(None)
                self.raise_what_went_wrong()
            return message
        self.raise_what_went_wrong()
        raise self.make_timeout_error(missing)

    async def finish(self, after: str) -> None:
        """Wait until the application returns.

        Raises:
            TimeoutError: it does not; ``after`` says what it should have returned after.
            BaseException: as in `wait_for_message`.
        """
        with anyio.move_on_after(self.timeout):
            await self.returned.wait()
        self.raise_what_went_wrong()
        if not self.returned.is_set():
            raise self.make_timeout_error(f"returned after {after}")

    def raise_what_went_wrong(self) -> None:
        """Raise the application's mistake, or what it raised, if the test has not seen it yet."""
        wrong = self.problem or self.error
        self.problem = self.error = None
        if wrong is not None:
            raise wrong

    async def _call_app(self, app: App, scope: Scope) -> None:
        try:
            await app(scope, self.receive, self.send)
        except BaseException as error:
            if _is_cancellation(error):
                raise
            self.error = error
        finally:
            self.returned.set()
            self.outbox.put(None)


def _is_cancellation(error: BaseException) -> bool:
    """Tell whether an exception belongs to the event loop and has to be raised again."""
    return isinstance(error, (anyio.get_cancelled_exc_class(), GeneratorExit))


class LifespanCall(BackgroundCall):
    """A call that starts and stops an application.

    Unlike with a server, an answer that does not come is an error (ASGI, "Lifespan Protocol").

    Args:
        timeout: seconds for the startup and for the shutdown; None waits forever.
    """

    def __init__(self, timeout: float | None) -> None:
        super().__init__("lifespan", timeout)
        self._expected: tuple[str, ...] = ()

    @asynccontextmanager
    async def keep_started(self, app: App, state: dict[str, Any]) -> AsyncIterator[None]:
        """Keep the application started while the body runs; it may change the state.

        Raises:
            LifespanError: it reports a failure.
            AssertionError: it returns without an answer, or sends what does not belong there.
            TimeoutError: it does not answer in time.
        """
        asgi = {"version": "3.0", "spec_version": "2.0"}
        async with self.run(app, {"type": "lifespan", "asgi": asgi, "state": state}):
            await self._tell("startup")
            try:
                yield
            except BaseException as raised:
                if not _is_cancellation(raised):
                    await self._stop_after(raised)
                raise
            await self._stop()

    def take(self, message: Message) -> None:
        if message["type"] not in self._expected:
            where = " or ".join(map(repr, self._expected)) or "nothing"
            raise AssertionError(f"sent {message['type']!r} where {where} belongs")
        self._expected = ()
        self.outbox.put(message)

    async def _tell(self, phase: str) -> None:
        event = f"lifespan.{phase}"
        self._expected = (f"{event}.complete", f"{event}.failed")
        self.inbox.put({"type": event})
        answer = await self.wait_for_message(f"answered {event!r}")
        if answer is None:
            raise self.make_error(f"returned without answering {event!r}")
        if answer["type"].endswith(".failed"):
            with anyio.move_on_after(self.timeout):
                await self.returned.wait()  # Starlette reports the failure and then raises it.
            cause, self.error = self.error, None
            raise LifespanError(phase, [answer.get("message") or f"{phase} failed"]) from cause

    async def _stop(self) -> None:
        await self._tell("shutdown")
        await self.finish("'lifespan.shutdown.complete'")

    async def _stop_after(self, raised: BaseException) -> None:
        try:
            await self._stop()
        except Exception as error:  # noqa: BLE001 - the failure of the test comes first
            raised.add_note(f"and then: {error!r}")
