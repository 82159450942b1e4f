"""Calling an application with what it may receive, and keeping what it sends.

In: an application and a scope. Out: what it answered. The rule kept here: a mistake of the application is an
error of the test even where the application swallows it, and nothing waits for ever.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import anyio.lowlevel

from asgi_routes.types import App, Message, Scope


class Exchange(ABC):
    """One call of an application.

    Args:
        what: what is asked for, for messages.
        timeout: seconds; None for ever.

    Attributes:
        problem: the first mistake that the application made in the protocol.
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
        """Keep a message of the application, or raise AssertionError."""

    async def send(self, message: Any) -> None:
        """Take a message of the application.

        Raises:
            AssertionError: it does not belong there; the test sees that too.
        """
        # Who only ever sends must not be able to keep the timeout from coming.
        await anyio.lowlevel.checkpoint()
        try:
            self.take(_checked(message))
        except AssertionError as problem:
            error = self.wrong(str(problem))
            self.problem = self.problem or error
            raise error from None

    async def call(self, app: App, scope: Scope) -> None:
        """Call the application, and wait until it returns.

        Raises:
            AssertionError: it has made a mistake in the protocol.
            TimeoutError: it has not returned in time.
        """
        with anyio.move_on_after(self.timeout) as self._limit:
            await app(scope, self.receive, self.send)
        if self.problem is not None:
            raise self.problem
        if self._limit.cancelled_caught:
            raise self.late(self.missing())

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Know that the application waits, while the body does; after the timeout, that it did."""
        self.is_reading = True
        try:
            yield
        finally:
            self.is_reading = self._limit.cancel_called

    def missing(self) -> str:
        """Return what the application has not done yet."""
        return "returned"

    def wrong(self, text: str) -> AssertionError:
        """Return the error for a mistake of the application."""
        return AssertionError(f"{self.what}: the application {text}")

    def late(self, text: str) -> TimeoutError:
        """Return the error for something that the application has not done in time."""
        reading = "; it waits in receive()" if self.is_reading else ""
        return TimeoutError(
            f"{self.what}: the application has not {text} within {self.timeout:g} s{reading}"
        )


def _checked(message: Any) -> Message:
    try:
        is_message = isinstance(message["type"], str)
    except (KeyError, TypeError):
        is_message = False
    if not is_message:
        raise AssertionError(f"sent {message!r}, which is no message: it has no type")
    return message  # type: ignore[no-any-return]


class Messages(Exchange):
    """A call with messages that are there from the beginning.

    Args:
        what: what is called, for messages.
        timeout: seconds; None for ever.
        messages: for the application; when there are no more, it waits.
        until_idle: end the call when the application asks for a message after the last.

    Attributes:
        sent: what the application sent.
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
            with self.reading():
                await anyio.sleep_forever()
        return message  # type: ignore[return-value]

    def take(self, message: Message) -> None:
        self.sent.append(message)
