"""How the channels of a worker wait in a cluster of Redis, where no question has several streams.

Each channel that waits reads alone, for as long at a time as the client bears, on a connection of
its own. What no read brings, because it came back, is looked for beside that: in all channels of a
server at once.
"""

import asyncio
import math
import time

from redis import exceptions

from asgi_routes.worker.redis.streams import Streams
from asgi_routes.worker.redis.waiting import Waiter, Waiting


class WaitingApart(Waiting):
    """Waits for the entries of channels that are on several servers.

    Args:
        streams: of the channels.
    """

    def __init__(self, streams: Streams) -> None:
        super().__init__(streams)
        self._waiters: dict[str, dict[Waiter, asyncio.TimerHandle]] = {}
        self._reading: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._next_look = math.inf

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await super().close()

    def _begin(self, waiter: Waiter) -> None:
        channel, loop = waiter.channel, asyncio.get_running_loop()
        timer = loop.call_later(waiter.end - time.monotonic(), _tell_end, waiter)
        self._waiters.setdefault(channel, {})[waiter] = timer
        if channel not in self._reading:
            self._reading.add(channel)
            self._start(self._read_on(channel))
        self._look_by(self._look_at.get(channel, 0.0))

    def _end(self, waiter: Waiter) -> None:
        self._waiters[waiter.channel].pop(waiter).cancel()

    def _list_waiters(self, channel: str) -> list[Waiter]:
        return [waiter for waiter in self._waiters[channel] if not waiter.answer.done()]

    async def _read_on(self, channel: str) -> None:
        """Read one entry after another, as long as somebody waits for them."""
        try:
            while waiters := self._list_waiters(channel):
                left = max(waiter.end for waiter in waiters) - time.monotonic()
                seconds = max(0.001, min(left, self._streams.longest_read))
                how = ("COUNT", 1, "BLOCK", math.ceil(1000 * seconds))
                for [entry] in (await self._streams.read([channel], *how)).values():
                    if waiters := self._list_waiters(channel):
                        waiters[0].answer.set_result(entry)
                    else:
                        self._start(self._give_back(channel, entry))
        except asyncio.CancelledError:
            for waiter in self._list_waiters(channel):
                waiter.answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is theirs
            self._fail(self._list_waiters(channel), error)
        finally:
            self._reading.discard(channel)

    def _look_by(self, when: float) -> None:
        """Look for what came back at that time, or before."""
        if self._timer is not None and self._next_look <= when:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._next_look = when
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(when - time.monotonic(), self._begin_look)

    def _begin_look(self) -> None:
        self._timer = None
        self._start(self._look_around())

    async def _look_around(self) -> None:
        """Look at all channels that wait and whose time is near."""
        soon = time.monotonic() + self._streams.pause / 2
        due = {
            channel: waiters[0]
            for channel in self._waiters
            if self._look_at.get(channel, 0.0) <= soon
            if (waiters := self._list_waiters(channel))
        }
        for channels in self._streams.group(due):
            await self._look_at_some([due[channel] for channel in channels])
        rest = [channel for channel in self._waiters if self._list_waiters(channel)]
        if rest:
            self._look_by(min(self._look_at.get(channel, 0.0) for channel in rest))

    async def _look_at_some(self, waiters: list[Waiter]) -> None:
        try:
            await self._look(waiters)
        except exceptions.ResponseError as error:
            if len(waiters) == 1:
                self._fail(waiters, error)
                return
            for waiter in waiters:  # Some of them have moved to another server.
                await self._look_at_some([waiter])
        except Exception as error:  # noqa: BLE001 - it is theirs
            self._fail(waiters, error)


def _tell_end(waiter: Waiter) -> None:
    if not waiter.answer.done():
        waiter.answer.set_result(None)
