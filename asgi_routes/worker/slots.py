"""The tasks in which messages are worked on: one for each, and all end before their group does.

A task of its own keeps what an application leaves behind, context variables and cancellations
among it, from the next message.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.abc import TaskGroup


@asynccontextmanager
async def open_slots() -> AsyncIterator["TaskGroup | _AsyncioTasks"]:
    """Yield something that has ``start_soon``, as the task groups of anyio have it."""
    async with anyio.create_task_group() as group:
        if anyio.get_cancelled_exc_class() is not asyncio.CancelledError:
            yield group
            return
        tasks = _AsyncioTasks(group)
        try:
            yield tasks
            await tasks.wait()
        finally:
            tasks.cancel()
            with anyio.CancelScope(shield=True):
                await tasks.wait()


class _AsyncioTasks:
    """Tasks of asyncio, which cost a third of those of anyio.

    Args:
        group: is cancelled when a task fails, and raises what it has raised.
    """

    def __init__(self, group: TaskGroup) -> None:
        self._group = group
        self._tasks: set[asyncio.Task[None]] = set()
        self._scopes: set[anyio.CancelScope] = set()
        self._is_cancelled = False

    def start_soon(self, work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """Start a task."""
        task = asyncio.get_running_loop().create_task(self._run(work, *arguments))
        self._tasks.add(task)
        task.add_done_callback(self._on_end)

    def cancel(self) -> None:
        """Cancel all tasks, until they end."""
        self._is_cancelled = True
        for scope in self._scopes:
            scope.cancel()

    async def wait(self) -> None:
        """Wait until all tasks have ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self, work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        # A task of asyncio is in no scope of those that have started it.
        with anyio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                if self._is_cancelled:
                    scope.cancel()
                await work(*arguments)
            finally:
                self._scopes.discard(scope)

    def _on_end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._group.start_soon(_fail, error)


async def _fail(error: BaseException) -> None:
    raise error
