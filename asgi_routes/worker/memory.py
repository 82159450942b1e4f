"""A broker in the memory of one process.

Rule: every id is in exactly one of three places: queued (waiting, or on loan), done, or dead. A
loan that has run out settles nothing.
"""

import heapq
import itertools
import re
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import anyio
import anyio.lowlevel

from asgi_routes.worker.contract import BrokerFullError, DeadLetter, Depth, LeaseLostError
from asgi_routes.worker.letters import LetterBox
from asgi_routes.worker.messages import LARGEST, decode
from asgi_routes.worker.sending import SendingBroker

_STALE = 64
"""Settled loans that a queue may remember, beyond the number of loans that it has."""


@dataclass(slots=True)
class _Kept:
    """A message that is not done: how often it was delivered, and the number of its last loan.

    A loan without a worker is a pause: nobody has the message until it ends.
    """

    data: bytes
    id: str
    headers: Mapping[str, str]
    attempt: int = 0
    loan: int = 0
    is_with_worker: bool = False


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

    def put(self, kept: _Kept, delay: float = 0.0) -> None:
        """Add a message, to be delivered after so many seconds."""
        self.size += 1
        if delay:
            self.put_back(kept, delay)
            return
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
        kept.is_with_worker = True
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
        kept.is_with_worker = False
        self.lend(kept, delay)
        self._wake()

    def forget(self, kept: _Kept) -> None:
        """Take a message out for good."""
        kept.loan = -1
        self.size -= 1

    def measure(self, dead: int) -> Depth:
        """Return how many messages there are, with so many dead letters beside them."""
        now = self.clock()
        loans = Counter(
            kept.is_with_worker
            for due, loan, kept in self._later
            if kept.loan == loan and due > now
        )
        return Depth(self.size - loans.total(), loans[True], loans[False], dead)

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


class _DeadLetters:
    """The dead letters of all channels, the oldest first, by their places.

    Args:
        most: of a channel that are kept; None for no bound.
        lifetime: seconds; None for ever.
    """

    def __init__(self, most: int | None, lifetime: float | None) -> None:
        self._most = most
        self._lifetime = lifetime
        self._letters: dict[str, DeadLetter] = {}
        self._places = itertools.count(1)

    def add(self, letter: DeadLetter) -> None:
        """Keep a letter; what is over the bound goes."""
        place = str(next(self._places))
        self._letters[place] = replace(letter, place=place)
        if self._most is not None:
            places = [key for key, kept in self._letters.items() if kept.channel == letter.channel]
            for key in places[: -self._most]:
                del self._letters[key]

    def read(self) -> list[DeadLetter]:
        """Return those that are young enough."""
        if self._lifetime is not None:
            oldest = time.time() - self._lifetime
            self._letters = {key: one for key, one in self._letters.items() if one.at > oldest}
        return [*self._letters.values()]

    def has(self, place: str) -> bool:
        """Tell whether a letter is there."""
        return place in self._letters

    def remove(self, place: str) -> int:
        """Forget a letter; return how many there were."""
        return 0 if self._letters.pop(place, None) is None else 1


class MemoryBroker(SendingBroker, LetterBox):
    """Keeps messages in this process: for development, tests, and work that may be lost with it.

    Senders and workers share the broker object, in one event loop, of asyncio or trio.

    Args:
        lease: seconds after which a message that is not extended is delivered again.
        capacity: messages that a channel may hold, those on loan among them; None for no bound.
        largest: bytes that a message may have, encoded.
        max_dead: dead letters of a channel that are kept; the oldest make room. None for no bound.
        dead_lifetime: seconds after which a dead letter is forgotten; None for never.
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
        largest: int = LARGEST,
        max_dead: int | None = None,
        dead_lifetime: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        SendingBroker.__init__(self, largest=largest)
        LetterBox.__init__(self, max_dead=max_dead, dead_lifetime=dead_lifetime)
        self.lease = lease
        self._capacity = capacity
        self._clock = clock
        self._queues: dict[str, _Queue] = {}
        self._dead = _DeadLetters(max_dead, dead_lifetime)
        self._marks: set[str] = set()

    async def open(self) -> None:
        """Do nothing: there is nothing to connect to."""

    async def close(self) -> None:
        """Keep everything for when the broker is opened again."""

    async def put(
        self,
        channel: str,
        data: bytes,
        message_id: str,
        headers: Mapping[str, str],
        delay: float = 0.0,
    ) -> None:
        await anyio.lowlevel.checkpoint()
        queue = self._get_queue(channel)
        if self._capacity is not None and queue.size >= self._capacity:
            raise BrokerFullError(channel, self._capacity)
        queue.put(_Kept(data, message_id, headers), delay)

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator["MemorySubscription"]:
        """Return the subscription of one slot to a channel."""
        yield MemorySubscription(self._get_queue(channel), self.lease, self._dead)

    def size(self, channel: str) -> int:
        """Return how many messages of a channel are not done; those on loan count."""
        return self._get_queue(channel).size

    async def depth(self, channel: str) -> Depth:
        await anyio.lowlevel.checkpoint()
        dead = sum(letter.channel == channel for letter in self._dead.read())
        return self._get_queue(channel).measure(dead)

    async def read_letters(self, channel: str | None, after: str) -> AsyncGenerator[DeadLetter]:
        await anyio.lowlevel.checkpoint()
        if not re.fullmatch("[0-9]*", after):
            raise ValueError(f"{after!r} is not the place of a dead letter")
        first = int(after or 0)
        for letter in self._dead.read():
            if channel in (None, letter.channel) and int(letter.place) > first:
                yield letter

    async def count_dead_letters(self) -> dict[str, int]:
        await anyio.lowlevel.checkpoint()
        return Counter(letter.channel for letter in self._dead.read())

    async def replay_letter(self, letter: DeadLetter) -> int:
        await anyio.lowlevel.checkpoint()
        if not self._dead.has(letter.place):
            return 0
        await self.put(letter.channel, letter.data, letter.id, letter.headers)
        return self._dead.remove(letter.place)

    async def drop_letter(self, letter: DeadLetter) -> int:
        await anyio.lowlevel.checkpoint()
        return self._dead.remove(letter.place)

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

    def __init__(self, queue: _Queue, lease: float, dead: _DeadLetters) -> None:
        self._queue = queue
        self._lease = lease
        self._dead = dead

    async def receive(self, timeout: float, room: int = 1) -> "MemoryDelivery | None":  # noqa: ARG002, ASYNC109 - see there
        await anyio.lowlevel.checkpoint()
        end = self._queue.clock() + timeout
        while (kept := self._queue.take(self._lease)) is None:
            if self._queue.clock() >= end:
                return None
            await self._queue.wait(end)
        return MemoryDelivery(self._queue, kept, self._lease, self._dead)

    async def receive_more(self, limit: int) -> "list[MemoryDelivery]":
        taken: list[MemoryDelivery] = []
        while len(taken) < limit and (kept := self._queue.take(self._lease)) is not None:
            taken.append(MemoryDelivery(self._queue, kept, self._lease, self._dead))
        return taken


class MemoryDelivery:
    """A message on loan; see `Delivery`."""

    def __init__(self, queue: _Queue, kept: _Kept, lease: float, dead: _DeadLetters) -> None:
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
        self._dead.add(
            DeadLetter(
                kept.id, self.channel, reason, kept.attempt, time.time(), kept.data, kept.headers
            )
        )

    async def extend(self) -> None:
        await anyio.lowlevel.checkpoint()
        if self.is_lost:
            raise LeaseLostError(f"the lease of message {self.id} expired")
        assert self.lease is not None
        self._queue.lend(self._kept, self.lease)
        self._loan = self._kept.loan
