"""Talking with an application that runs beside the test.

In: an application and a scope. Out: its messages one by one, and what became of it. The rule kept here: the
application never outlives the block of the test that it runs in, and what it raises is raised there, once,
by itself and not in a group.
"""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel

from asgi_routes.testing.exchanges import Exchange
from asgi_routes.types import App, Message, Scope


class Mailbox:
    """Messages from one task to another, without an end to how many there may be."""

    def __init__(self) -> None:
        self._messages: deque[Any] = deque()
        self._filled = anyio.Event()

    def put(self, message: Any) -> None:
        """Add a message behind all others."""
        self._messages.append(message)
        self._filled.set()

    async def get(self) -> Any:
        """Return the next message, as soon as there is one."""
        await anyio.lowlevel.checkpoint()
        while not self._messages:
            self._filled = anyio.Event()
            await self._filled.wait()
        return self._messages.popleft()

    def __len__(self) -> int:
        return len(self._messages)


class Conversation(Exchange):
    """A call of an application that goes on while the test does something else.

    Attributes:
        inbox: what the application is going to receive.
        outbox: what it has sent.
        error: what it raised, until the test has heard of it.
        returned: set when its task has ended.
    """

    def __init__(self, what: str, timeout: float | None) -> None:
        super().__init__(what, timeout)
        self.inbox = Mailbox()
        self.outbox = Mailbox()
        self.error: BaseException | None = None
        self.returned = anyio.Event()

    async def receive(self) -> Message:
        with self.reading():
            message: Message = await self.inbox.get()
        return message

    @asynccontextmanager
    async def running(self, app: App, scope: Scope) -> AsyncIterator[None]:
        """Run the application while the body runs; whatever is left of it then is cancelled."""
        raised: BaseException | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._run, app, scope)
            try:
                yield
            except BaseException as error:
                if is_cancellation(error):
                    raise
                raised = error
            tasks.cancel_scope.cancel()
        if raised is not None:
            if self.error is not None:
                raised.add_note(f"{self.what}: the application raised {self.error!r}")
            raise raised

    async def next_message(self, missing: str) -> Message | None:
        """Return what the application sends next, or None where it returned instead.

        Raises:
            TimeoutError: it does neither; ``missing`` says what it has not done.
            BaseException: what the application raised, or its mistake in the protocol.
        """
        with anyio.move_on_after(self.timeout):
            message: Message | None = await self.outbox.get()
            if message is None:
                # Nothing comes after the end, so that every later question finds it too.
                self.outbox.put(None)
                self.raise_what_went_wrong()
            return message
        self.raise_what_went_wrong()
        raise self.late(missing)

    async def finish(self, after: str) -> None:
        """Wait until the application returns.

        Raises:
            TimeoutError: it does not; ``after`` says when it should have.
            BaseException: as in `next_message`.
        """
        with anyio.move_on_after(self.timeout):
            await self.returned.wait()
        self.raise_what_went_wrong()
        if not self.returned.is_set():
            raise self.late(f"returned after {after}")

    def raise_what_went_wrong(self) -> None:
        """Raise the mistake of the application, or what it raised, if the test has not seen it."""
        wrong = self.problem or self.error
        self.problem = self.error = None
        if wrong is not None:
            raise wrong

    async def _run(self, app: App, scope: Scope) -> None:
        try:
            await app(scope, self.receive, self.send)
        except BaseException as error:
            if is_cancellation(error):
                raise
            self.error = error
        finally:
            self.returned.set()
            self.outbox.put(None)


def is_cancellation(error: BaseException) -> bool:
    """Tell whether an exception has to go where it came from: to the event loop."""
    return isinstance(error, (anyio.get_cancelled_exc_class(), GeneratorExit))
