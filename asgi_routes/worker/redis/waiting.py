"""How the channels of a worker wait in Redis: all that are idle in one question, on one connection.

A channel that begins to wait while that question is under way asks one of its own, which ends when
that one does; then it is in the next. So a channel at work costs what it costs alone, and a hundred
that are idle cost as much as one. See `asgi_routes.worker.redis.apart` for a cluster, where no
question has streams of several slots.

Rule: a question that is under way is never cancelled to ask another one: what Redis has lent in its
answer would be lost until its lease runs out. What comes for a channel that no longer waits goes
back.
"""

import asyncio
import math
import time
from dataclasses import dataclass
from typing import Any

from redis import exceptions

from asgi_routes.worker.events import LOGGER
from asgi_routes.worker.redis.streams import (
    GIVE_BACK,
    GROUP,
    Entry,
    Streams,
    end_in_time,
    means_no_group,
)

_LINGER = 0.02
"""Seconds in which questions that end together become one."""

_SHORTEST = 0.05


@dataclass(eq=False, slots=True)
class Waiter:
    """A channel that waits.

    Attributes:
        channel: its name.
        end: until when, in the event loop's time.
        is_patient: whether it may be told somewhat later that its time is over.
        answer: an entry; or True, where there is something to be taken; or None: its time is over.
    """

    channel: str
    end: float
    is_patient: bool
    answer: asyncio.Future[Entry | bool | None]


class Waiting:
    """Waits for the entries of channels.

    Args:
        streams: of the channels.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._look_at: dict[str, float] = {}
        self._lobby: list[Waiter] = []
        self._asking: dict[asyncio.Task[None], float] = {}
        self._together: asyncio.Task[None] | None = None
        self._is_gathering = True
        self._joins = True

    def has_to_look(self, channel: str) -> bool:
        """Tell whether messages may have come back to a channel since it was looked at."""
        return self._look_at.get(channel, 0.0) <= time.monotonic()

    def note_look(self, channel: str, milliseconds: int | None) -> None:
        """Note that a channel was looked at, and when the next message is due there, if one is."""
        due = self._streams.pause if milliseconds is None else milliseconds / 1000
        self._look_at[channel] = time.monotonic() + min(due, self._streams.pause)

    async def wait(self, channel: str, end: float, *, is_patient: bool) -> Entry | bool | None:
        """Wait for an entry of a channel that nobody has had yet.

        Args:
            channel: its name.
            end: until when, by `time.monotonic`.
            is_patient: whether it may last a little longer.

        Returns:
            The entry; or True, where something is to be taken; or None where the time is over.
        """
        waiter = Waiter(channel, end, is_patient, asyncio.get_running_loop().create_future())
        self._begin(waiter)
        try:
            return await waiter.answer
        except asyncio.CancelledError:
            # It may have been answered and cancelled at once.
            if not waiter.answer.cancelled() and isinstance(entry := waiter.answer.result(), tuple):
                self._start(self._give_back(channel, entry))
            raise
        finally:
            self._end(waiter)

    def _begin(self, waiter: Waiter) -> None:
        """Have somebody wait."""
        if self._joins and self._is_gathering:
            self._join(waiter)
        else:
            self._start(self._ask_alone(waiter))

    def _end(self, waiter: Waiter) -> None:
        """Note that somebody waits no longer."""

    async def close(self) -> None:
        """End. What is under way gets its answer, if the server has one in time."""
        await end_in_time(self._asking, self._streams.pause + 0.5)

    def _join(self, waiter: Waiter) -> None:
        """Have a channel wait together with the others."""
        self._lobby.append(waiter)
        if self._together is None:
            self._together = self._start(self._ask_together())

    def _start(self, work: Any) -> asyncio.Task[None]:
        """Do something beside, until it ends or this is closed."""
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._asking[task] = math.inf
        task.add_done_callback(self._asking.pop)
        return task

    async def _ask_together(self) -> None:
        """Ask for all channels that wait, again and again, until none does."""
        try:
            while waiters := await self._gather():
                self._is_gathering = False
                left = await self._ask(waiters)
                self._is_gathering = True
                self._lobby += left
        finally:
            self._together, self._is_gathering = None, True

    async def _gather(self) -> list[Waiter]:
        """Return those that wait together from now on, one for each channel."""
        soon = time.monotonic() + _LINGER
        if ending := [task for task, end in self._asking.items() if end <= soon]:
            await asyncio.wait(ending, timeout=_LINGER)
        else:
            await asyncio.sleep(0)  # All that begin at once begin together.
        waiters: dict[str, Waiter] = {}
        for waiter in self._lobby:
            if waiters.setdefault(waiter.channel, waiter) is not waiter:
                self._start(self._ask_alone(waiter))
        self._lobby = []
        return [*waiters.values()]

    async def _ask_alone(self, waiter: Waiter) -> None:
        """Ask for one channel until the others ask anew."""
        left = [waiter]
        while left and not (self._joins and self._is_gathering):
            left = await self._ask(left)
        for one in left:
            self._join(one)

    async def _ask(self, waiters: list[Waiter]) -> list[Waiter]:
        """Ask once for new entries of channels; return those that wait on."""
        try:
            if any(self.has_to_look(waiter.channel) for waiter in waiters):
                await self._look(waiters)
            left = [waiter for waiter in waiters if not waiter.answer.done()]
            if left:
                end = self._choose_end(left)
                self._note_end(end)
                await self._read(left, end)
        except asyncio.CancelledError:
            for waiter in waiters:
                waiter.answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is theirs
            self._fail(waiters, error)
        finally:
            self._note_end(math.inf)
        now = time.monotonic()
        for waiter in waiters:
            if now >= waiter.end and not waiter.answer.done():
                waiter.answer.set_result(None)
        return [waiter for waiter in waiters if not waiter.answer.done()]

    def _note_end(self, end: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._asking[task] = end

    def _choose_end(self, waiters: list[Waiter]) -> float:
        """Return when a question ends: with the one that is under way, where there is one."""
        now = time.monotonic()
        ends = [self._look_at[waiter.channel] for waiter in waiters]
        ends += [waiter.end for waiter in waiters if not waiter.is_patient]
        together = math.inf if self._together is None else self._asking[self._together]
        if together >= now + _SHORTEST:
            ends.append(together)
        return max(min(ends), now + 0.001)

    async def _look(self, waiters: list[Waiter]) -> None:
        """Look for what came back to channels, and tell them."""
        due = await self._streams.look([waiter.channel for waiter in waiters])
        for waiter in waiters:
            milliseconds = due.get(waiter.channel)
            self.note_look(waiter.channel, milliseconds)
            if milliseconds == 0 and not waiter.answer.done():
                waiter.answer.set_result(True)

    async def _read(self, waiters: list[Waiter], end: float) -> None:
        """Wait for new entries, and hand them out."""
        by_channel = {waiter.channel: waiter for waiter in waiters}
        milliseconds = max(1, math.ceil((end - time.monotonic()) * 1000))
        found = await self._streams.read([*by_channel], "COUNT", 1, "BLOCK", milliseconds)
        for channel, [entry] in found.items():
            waiter = by_channel[channel]
            if waiter.answer.done():
                self._start(self._give_back(channel, entry))
            else:
                waiter.answer.set_result(entry)

    def _fail(self, waiters: list[Waiter], error: Exception) -> None:
        """Tell channels that the server did not answer."""
        if is_crossing := "CROSSSLOT" in str(error):
            self._joins = False  # A cluster behind a proxy.
        for waiter in waiters:
            if waiter.answer.done():
                continue
            if is_crossing or means_no_group(error):
                waiter.answer.set_result(True)  # Who takes makes the group.
            else:
                waiter.answer.set_exception(error)

    async def _give_back(self, channel: str, entry: Entry) -> None:
        """Have an entry delivered as if nobody had had it."""
        try:
            await self._streams.run(GIVE_BACK, [channel], GROUP, entry[0], 1)
        except exceptions.RedisError as error:
            LOGGER.warning("channel %r: a message waits for its lease: %s", channel, error)
