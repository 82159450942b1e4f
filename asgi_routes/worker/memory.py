"""A broker in the memory of one process.

Rule: every id is in exactly one of three places: queued (waiting, or on loan), done, or dead. A
loan that has run out settles nothing.
"""

import heapq
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import anyio.lowlevel

from asgi_routes.worker.contract import BrokerFullError, DeadLetter, LeaseLostError
from asgi_routes.worker.messages import decode
from asgi_routes.worker.sending import SendingBroker

_STALE = 64
"""Settled loans that a queue may remember, beyond the number of loans that it has."""


@dataclass(slots=True)
class _Kept:
    """A message that is not done: how often it was delivered, and the number of its last loan."""

    data: bytes
    id: str
    headers: Mapping[str, str]
    attempt: int = 0
    loan: int = 0


class _Queue:
    """A channel: what may be delivered now, and what later.

    Args:
        channel: its name.
        clock: returns seconds.

    Attributes:
        size: messages that are not done.
    """

    def __init__(self, channel: str, clock: Callable[[], float]) -> None:
        self.channel = channel
        self.clock = clock
        self.size = 0
        self._ready: deque[_Kept] = deque()
        self._later: list[tuple[float, int, _Kept]] = []
        self._loans = itertools.count(1)
        self._changed: anyio.Event | None = None

    def put(self, kept: _Kept) -> None:
        """Add a message."""
        self.size += 1
        self._ready.append(kept)
        self._wake()

    def take(self, lease: float) -> _Kept | None:
        """Lend the next message that may be delivered now, for so many seconds."""
        while self._later and self._later[0][0] <= self.clock():
            _, loan, kept = heapq.heappop(self._later)
            if kept.loan == loan:  # Else it was settled, or its lease was extended.
                kept.loan = 0
                self._ready.append(kept)
        if not self._ready:
            return None
        kept = self._ready.popleft()
        kept.attempt += 1
        self.lend(kept, lease)
        return kept

    def lend(self, kept: _Kept, seconds: float) -> None:
        """Have a message delivered again after so many seconds, unless it is settled before."""
        kept.loan = next(self._loans)
        heapq.heappush(self._later, (self.clock() + seconds, kept.loan, kept))
        if len(self._later) > 2 * (self.size - len(self._ready)) + _STALE:
            # What was settled must not stay here as long as its lease would have lasted.
            self._later = [entry for entry in self._later if entry[2].loan == entry[1]]
            heapq.heapify(self._later)

    def put_back(self, kept: _Kept, delay: float) -> None:
        """Have a message delivered again after so many seconds, and wake who waits."""
        self.lend(kept, delay)
        self._wake()

    def forget(self, kept: _Kept) -> None:
        """Take a message out for good."""
        kept.loan = -1
        self.size -= 1

    async def wait(self, end: float) -> None:
        """Wait until there may be something to take; at most until that time."""
        if self._later:
            end = min(end, self._later[0][0])
        self._changed = self._changed or anyio.Event()
        with anyio.move_on_after(max(end - self.clock(), 0.001)):
            await self._changed.wait()

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None


class MemoryBroker(SendingBroker):
    """Keeps messages in this process: for development, tests, and work that may die with it.

    Senders and workers share the broker object, in one event loop, of asyncio or trio.

    Args:
        lease: seconds after which a message that is not extended is delivered again.
        capacity: messages that a channel may hold, those on loan among them; None for no bound.
        clock: returns seconds.

    >>> import asyncio
    >>> async def main():
    ...     async with MemoryBroker() as broker:
    ...         await broker.send("mail", {"type": "welcome", "to": "ann"}, id="1")
    ...         async with broker.subscribe("mail") as subscription:
    ...             delivery = await subscription.receive(timeout=1)
    ...             print(delivery.id, delivery.attempt, delivery.message)
    ...             await delivery.ack()
    >>> asyncio.run(main())
    1 1 {'type': 'welcome', 'to': 'ann'}
    """

    def __init__(
        self,
        *,
        lease: float = 30.0,
        capacity: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.lease = lease
        self._capacity = capacity
        self._clock = clock
        self._queues: dict[str, _Queue] = {}
        self._dead: list[DeadLetter] = []
        self._marks: set[str] = set()

    async def open(self) -> None:
        """Do nothing: there is nothing to connect to."""

    async def close(self) -> None:
        """Keep everything for when the broker is opened again."""

    async def put(
        self, channel: str, data: bytes, message_id: str, headers: Mapping[str, str]
    ) -> None:
        await anyio.lowlevel.checkpoint()
        queue = self._get_queue(channel)
        if self._capacity is not None and queue.size >= self._capacity:
            raise BrokerFullError(channel, self._capacity)
        queue.put(_Kept(data, message_id, headers))

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator["MemorySubscription"]:
        """Return the subscription of one slot to a channel."""
        yield MemorySubscription(self._get_queue(channel), self.lease, self._dead)

    def size(self, channel: str) -> int:
        """Return how many messages of a channel are not done; those on loan count."""
        return self._get_queue(channel).size

    async def dead_letters(self, channel: str | None = None) -> list[DeadLetter]:
        await anyio.lowlevel.checkpoint()
        return [letter for letter in self._dead if channel in (None, letter.channel)]

    async def replay(self, message_id: str) -> int:
        letters = [letter for letter in self._dead if letter.id == message_id]
        for letter in letters:
            await self.put(letter.channel, letter.data, message_id, letter.headers)
            self._dead.remove(letter)
        return len(letters)

    async def drop(self, message_id: str) -> int:
        await anyio.lowlevel.checkpoint()
        before = len(self._dead)
        self._dead[:] = [letter for letter in self._dead if letter.id != message_id]
        return before - len(self._dead)

    async def is_marked(self, mark: str) -> bool:
        return mark in self._marks

    async def mark(self, mark: str) -> None:
        self._marks.add(mark)

    async def unmark(self, mark: str) -> None:
        self._marks.discard(mark)

    def _get_queue(self, channel: str) -> _Queue:
        if channel not in self._queues:
            self._queues[channel] = _Queue(channel, self._clock)
        return self._queues[channel]


class MemorySubscription:
    """What one slot takes messages from; see `Subscription`."""

    def __init__(self, queue: _Queue, lease: float, dead: list[DeadLetter]) -> None:
        self._queue = queue
        self._lease = lease
        self._dead = dead

    async def receive(self, timeout: float) -> "MemoryDelivery | None":  # noqa: ASYNC109 - see there
        await anyio.lowlevel.checkpoint()
        end = self._queue.clock() + timeout
        while (kept := self._queue.take(self._lease)) is None:
            if self._queue.clock() >= end:
                return None
            await self._queue.wait(end)
        return MemoryDelivery(self._queue, kept, self._lease, self._dead)

    async def receive_more(self, limit: int) -> "list[MemoryDelivery]":
        await anyio.lowlevel.checkpoint()
        taken: list[MemoryDelivery] = []
        while len(taken) < limit and (kept := self._queue.take(self._lease)) is not None:
            taken.append(MemoryDelivery(self._queue, kept, self._lease, self._dead))
        return taken


class MemoryDelivery:
    """A message on loan; see `Delivery`."""

    def __init__(self, queue: _Queue, kept: _Kept, lease: float, dead: list[DeadLetter]) -> None:
        self.channel = queue.channel
        self.id = kept.id
        self.message = decode(kept.data)
        self.headers = kept.headers
        self.attempt = kept.attempt
        self.lease: float | None = lease
        self._queue = queue
        self._kept = kept
        self._dead = dead
        self._loan: int | None = kept.loan

    @property
    def is_lost(self) -> bool:
        """Whether it is settled, or queued again, or with somebody else."""
        return self._kept.loan != self._loan

    async def ack(self) -> None:
        await anyio.lowlevel.checkpoint()
        if not self.is_lost:
            self._queue.forget(self._kept)
            self._loan = None

    async def retry(self, delay: float) -> None:
        await anyio.lowlevel.checkpoint()
        if not self.is_lost:
            self._queue.put_back(self._kept, delay)
            self._loan = None

    async def dead_letter(self, reason: str) -> None:
        await anyio.lowlevel.checkpoint()
        if self.is_lost:
            return
        self._queue.forget(self._kept)
        self._loan = None
        kept = self._kept
        self._dead.append(
            DeadLetter(
                kept.id, self.channel, reason, kept.attempt, time.time(), kept.data, kept.headers
            )
        )

    async def extend(self) -> None:
        await anyio.lowlevel.checkpoint()
        if self.is_lost:
            raise LeaseLostError(f"the lease of message {self.id} ran out")
        assert self.lease is not None
        self._queue.lend(self._kept, self.lease)
        self._loan = self._kept.loan
