"""The tasks of messages: apart from one another while they run, and together when they end."""

import asyncio
from contextvars import ContextVar

import anyio
import anyio.lowlevel
import pytest

from asgi_routes.worker.slots import open_slots

pytestmark = pytest.mark.anyio
SETTING: ContextVar[str] = ContextVar("SETTING", default="")


async def test_all_end_before_the_group_does() -> None:
    """Also those that were started last."""
    ended: set[int] = set()

    async def work(number: int) -> None:
        await anyio.sleep(0.01 * number)
        ended.add(number)

    async with open_slots() as slots:
        for number in range(3):
            slots.start_soon(work, number)
    assert ended == {0, 1, 2}


async def test_context_of_each() -> None:
    """What one sets, the next does not find; what was set before, all find."""
    found: list[str] = []

    async def work() -> None:
        found.append(SETTING.get())
        SETTING.set("of a message")

    SETTING.set("of the worker")
    async with open_slots() as slots:
        slots.start_soon(work)
        await anyio.sleep(0.01)
        slots.start_soon(work)
    assert found == 2 * ["of the worker"]


@pytest.mark.parametrize("waits", ["in the body", "for the tasks"])
async def test_cancelled_until_they_end(waits: str) -> None:
    """One that swallows a cancellation gets another, and one that has not begun does no work."""
    caught: list[str] = []

    async def stubborn() -> None:
        for name in ("first", "second"):
            try:
                await anyio.sleep_forever()
            except anyio.get_cancelled_exc_class():
                caught.append(name)

    async def late() -> None:
        await anyio.lowlevel.checkpoint()
        caught.append("late")

    with anyio.CancelScope() as scope:
        async with open_slots() as slots:
            slots.start_soon(stubborn)
            await anyio.sleep(0.01)
            scope.cancel()
            slots.start_soon(late)
            if waits == "in the body":
                await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert caught == ["first", "second"]


async def test_what_fails_ends_all() -> None:
    """It is raised by the group, as by those of anyio."""
    ended: list[str] = []

    class OddError(BaseException):
        pass

    async def fail() -> None:
        raise OddError

    async def work() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("cancelled")

    async def run() -> None:
        async with open_slots() as slots:
            slots.start_soon(work)
            await anyio.sleep(0.01)
            slots.start_soon(fail)
            await anyio.sleep_forever()

    with pytest.raises(BaseExceptionGroup) as caught:
        await run()
    assert caught.group_contains(OddError)
    assert ended == ["cancelled"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_one_that_cancels_itself(anyio_backend: str) -> None:
    """The others do not notice."""
    ended: list[str] = []

    async def cancel() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await anyio.sleep_forever()

    async def work() -> None:
        await anyio.sleep(0.02)
        ended.append("done")

    async with open_slots() as slots:
        slots.start_soon(work)
        slots.start_soon(cancel)
    assert ended == ["done"]
