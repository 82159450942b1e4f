"""The lifespan of an application under test.

In: an application. Out: a state, while the application is started. The rule kept here: both of the
application's answers are heard; one that does not come is an error, other than with a server (ASGI, "Lifespan
Protocol").
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio

from asgi_routes.errors import LifespanError
from asgi_routes.testing.conversations import Conversation, is_cancellation
from asgi_routes.types import App, Message


class LifespanConversation(Conversation):
    """Starts and stops one application.

    Args:
        timeout: seconds for each of the two; None for ever.
    """

    def __init__(self, timeout: float | None) -> None:
        super().__init__("lifespan", timeout)
        self._expected: tuple[str, ...] = ()

    @asynccontextmanager
    async def started(self, app: App, state: dict[str, Any]) -> AsyncIterator[None]:
        """Keep the application started while the body runs; it may change the state.

        Raises:
            LifespanError: it says that it has failed.
            AssertionError: it does not say whether it has.
            TimeoutError: it says nothing.
        """
        asgi = {"version": "3.0", "spec_version": "2.0"}
        async with self.running(app, {"type": "lifespan", "asgi": asgi, "state": state}):
            await self._tell("startup")
            try:
                yield
            except BaseException as raised:
                if not is_cancellation(raised):
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
        answer = await self.next_message(f"answered {event!r}")
        if answer is None:
            raise self.wrong(f"returned without answering {event!r}")
        if answer["type"].endswith(".failed"):
            with anyio.move_on_after(self.timeout):
                await self.returned.wait()  # Starlette says it, and then raises what it was.
            cause, self.error = self.error, None
            raise LifespanError(phase, [answer.get("message") or f"{phase} failed"]) from cause

    async def _stop(self) -> None:
        await self._tell("shutdown")
        await self.finish("'lifespan.shutdown.complete'")

    async def _stop_after(self, raised: BaseException) -> None:
        try:
            await self._stop()
        except Exception as error:  # noqa: BLE001 - the test failed first, and that is what is shown
            raised.add_note(f"and then: {error!r}")
