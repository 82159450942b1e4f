"""Who may run beside whom.

In: messages that want to run. Out: most of them together, a suspicious one alone. The rule kept here: who
wants to be alone waits for those who run, and those who come later wait for it.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio


class Gate:
    """Lets many pass together, or one alone."""

    def __init__(self) -> None:
        self._condition = anyio.Condition()
        self._inside = 0
        self._alone_wanted = 0
        self._is_alone = False

    def passing(self, *, alone: bool) -> AbstractAsyncContextManager[None]:
        """Return a context manager whose body runs beside others, or beside none."""
        return self._alone() if alone else self._beside()

    @asynccontextmanager
    async def _beside(self) -> AsyncIterator[None]:
        if self._is_alone or self._alone_wanted:
            async with self._condition:
                while self._is_alone or self._alone_wanted:
                    await self._condition.wait()
        # No await between the question and the answer: nobody can come in between.
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            if self._alone_wanted:
                await self._tell()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        self._alone_wanted += 1
        try:
            async with self._condition:
                while self._is_alone or self._inside:
                    await self._condition.wait()
                self._is_alone = True
        finally:
            self._alone_wanted -= 1
            if not self._is_alone:
                await self._tell()
        try:
            yield
        finally:
            self._is_alone = False
            await self._tell()

    async def _tell(self) -> None:
        with anyio.CancelScope(shield=True):
            async with self._condition:
                self._condition.notify_all()
