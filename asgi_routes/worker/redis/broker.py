"""A broker on the streams of Redis.

Rule: the server counts deliveries, keeps the time and moves messages; a worker that dies leaves
nothing behind but a lease, which runs out.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.contract import (
    BrokerClosedError,
    BrokerFullError,
    DeadLetter,
    Depth,
    Subscription,
)
from asgi_routes.worker.letters import LetterBox
from asgi_routes.worker.messages import LARGEST, WorkerError
from asgi_routes.worker.redis.acks import Acks
from asgi_routes.worker.redis.apart import WaitingApart
from asgi_routes.worker.redis.clients import Source
from asgi_routes.worker.redis.deliveries import RedisSubscription, Shared
from asgi_routes.worker.redis.failures import explain, name_address
from asgi_routes.worker.redis.letters import read_dead_letters, split_place
from asgi_routes.worker.redis.streams import DEPTH, REPLAY, Streams
from asgi_routes.worker.redis.waiting import Waiting
from asgi_routes.worker.sending import SendingBroker, require_asyncio

_MARKED_FOR = 24 * 3600
_LONGEST_CLOSING = 1.0


class RedisBroker(SendingBroker, LetterBox):
    """Keeps messages in Redis 6.2 or newer, or Valkey: at least once. It runs on asyncio.

    Every channel is a stream with one consumer group. How safely Redis keeps messages is up to its
    configuration: it needs ``appendonly yes`` and ``maxmemory-policy noeviction``; with
    ``appendfsync everysec``, a power failure may lose a second, and a failover what had not reached
    the replica.

    Args:
        url: ``redis://host:port/db``, ``rediss://…`` (TLS) or ``unix:///path``; options as redis-py
            has them.
        client: instead of a URL, a client of ``redis.asyncio``, or a function that makes one:
            ``Redis``, ``Sentinel(…).master_for(…)``, or ``RedisCluster``, whose nodes share the
            channels. A client stays open when the broker is left; what a function has made is
            closed.
        lease: seconds after which a message that is not extended is delivered again. It should be
            the same for all workers of a channel.
        capacity: messages that a channel may hold, those on loan among them; None for no bound but
            the server's memory.
        prefix: of every key.
        largest: bytes that a message may have, encoded.
        max_dead: dead letters of a channel that are kept; the oldest make room. None for no bound.
        dead_lifetime: seconds after which a dead letter is forgotten; None for never.

    Raises:
        ImproperlyConfigured: the URL or the client is none, or the prefix has a brace in it.

    ::

        async with RedisBroker("redis://localhost") as broker:
            await broker.send("mail", {"type": "welcome", "to": "ann"})
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        client: Any = None,
        lease: float = 30.0,
        capacity: int | None = None,
        prefix: str = "asgi_routes",
        largest: int = LARGEST,
        max_dead: int | None = None,
        dead_lifetime: float | None = None,
    ) -> None:
        SendingBroker.__init__(self, largest=largest)
        LetterBox.__init__(self, max_dead=max_dead, dead_lifetime=dead_lifetime)
        if not prefix or {"{", "}"} & {*prefix}:
            raise ImproperlyConfigured(
                f"prefix of RedisBroker must be a str without braces, not {prefix!r}"
            )
        self.lease = lease
        self._source = Source(url, client)
        self._capacity = capacity
        self._prefix = prefix
        self._opened: Shared | None = None
        self._address = "Redis"

    async def open(self) -> None:
        """Connect.

        Raises:
            ImproperlyConfigured: the event loop is not that of asyncio.
            Exception: of redis-py: the server is away, or refuses.
        """
        require_asyncio("RedisBroker")
        client = self._source.open()
        self._address = name_address(client)
        try:
            streams = Streams(client, self._prefix, self.lease)
            await client.exists(streams.channels)
        except BaseException:
            await self._source.close(client)
            raise
        waiting = WaitingApart(streams) if streams.is_cluster else Waiting(streams)
        self._opened = Shared(streams, waiting, Acks(streams), self._max_dead)

    async def close(self) -> None:
        """Disconnect."""
        if self._opened is not None:
            shared, self._opened = self._opened, None
            try:
                await shared.acks.close()
                await shared.waiting.close()
            finally:
                await self._source.close(shared.streams.client)

    def explain(self, error: Exception, channel: str) -> WorkerError | None:
        return explain(error, self._address, channel)

    @property
    def _shared(self) -> Shared:
        if self._opened is None:
            raise BrokerClosedError("RedisBroker")
        return self._opened

    @property
    def _streams(self) -> Streams:
        return self._shared.streams

    async def put(
        self,
        channel: str,
        data: bytes,
        message_id: str,
        headers: Mapping[str, str],
        delay: float = 0.0,
    ) -> None:
        fields = (data, message_id, headers)
        await self._streams.put(channel, self._capacity, *fields, delay=delay)

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[Subscription]:
        """Return the subscription of one slot to a channel."""
        subscription = RedisSubscription(self._shared, channel)
        try:
            yield subscription
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(_LONGEST_CLOSING):
                await subscription.close()

    async def depth(self, channel: str) -> Depth:
        await self._expire_letters([channel])
        return Depth(*await self._streams.run(DEPTH, [channel]))

    async def read_letters(self, channel: str | None, after: str) -> AsyncGenerator[DeadLetter]:
        streams = self._streams
        channels = await streams.list_channels() if channel is None else [channel]
        await self._expire_letters(channels)
        async for letter in read_dead_letters(streams, channels, after):
            yield letter

    async def count_dead_letters(self) -> dict[str, int]:
        streams = self._streams
        channels = await streams.list_channels()
        await self._expire_letters(channels)
        counts = {name: await streams.client.xlen(streams.name_dead(name)) for name in channels}
        return {name: count for name, count in counts.items() if count}

    async def replay_letter(self, letter: DeadLetter) -> int:
        entry, channel = split_place(letter.place)
        fields = (letter.data, letter.id, letter.headers)
        told = await self._streams.add(REPLAY, channel, self._capacity, *fields, entry)
        if told == 0:
            raise BrokerFullError(channel, self._capacity)
        return max(0, told)

    async def drop_letter(self, letter: DeadLetter) -> int:
        entry, channel = split_place(letter.place)
        return int(await self._streams.client.xdel(self._streams.name_dead(channel), entry))

    async def is_marked(self, mark: str) -> bool:
        return bool(await self._streams.client.exists(self._streams.name_mark(mark)))

    async def mark(self, mark: str) -> None:
        await self._streams.client.set(self._streams.name_mark(mark), "", ex=_MARKED_FOR)

    async def unmark(self, mark: str) -> None:
        await self._streams.client.delete(self._streams.name_mark(mark))

    async def _expire_letters(self, channels: Iterable[str]) -> None:
        """Forget the dead letters that are too old."""
        if self._dead_lifetime is None:
            return
        streams = self._streams
        oldest = int((time.time() - self._dead_lifetime) * 1000)
        for channel in channels:
            await streams.client.xtrim(streams.name_dead(channel), minid=oldest, approximate=False)
