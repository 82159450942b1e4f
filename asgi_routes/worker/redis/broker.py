"""A broker on the streams of Redis, and the messages that it lends to workers.

Rule: the server counts deliveries, keeps the time and moves messages; a worker that dies leaves
nothing behind but a lease, which runs out.
"""

import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from redis import exceptions

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.contract import (
    BrokerClosedError,
    BrokerFullError,
    DeadLetter,
    Delivery,
    Depth,
    LeaseLostError,
    Subscription,
)
from asgi_routes.worker.letters import LetterBox
from asgi_routes.worker.messages import LARGEST, WorkerError, decode
from asgi_routes.worker.redis.clients import Source
from asgi_routes.worker.redis.failures import explain, name_address
from asgi_routes.worker.redis.letters import read_dead_letters, read_headers, split_place
from asgi_routes.worker.redis.streams import (
    ACK,
    DEAD,
    DEPTH,
    EXTEND,
    GROUP,
    REPLAY,
    RETRY,
    TAKE,
    Streams,
    find_entries,
)
from asgi_routes.worker.sending import SendingBroker, require_asyncio

_MARKED_FOR = 24 * 3600


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
                f"prefix of RedisBroker is text without braces, not {prefix!r}"
            )
        self.lease = lease
        self._source = Source(url, client)
        self._capacity = capacity
        self._prefix = prefix
        self._opened: Streams | None = None
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
        self._opened = streams

    async def close(self) -> None:
        """Disconnect."""
        if self._opened is not None:
            streams, self._opened = self._opened, None
            await self._source.close(streams.client)

    def explain(self, error: Exception, channel: str) -> WorkerError | None:
        return explain(error, self._address, channel)

    @property
    def _streams(self) -> Streams:
        if self._opened is None:
            raise BrokerClosedError("RedisBroker")
        return self._opened

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
        yield RedisSubscription(self._streams, channel, self._max_dead)

    async def depth(self, channel: str) -> Depth:
        await self._expire_letters([channel])
        return Depth(*await self._streams.run(DEPTH, channel))

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


class RedisSubscription:
    """What one slot takes messages from; see `Subscription`."""

    def __init__(self, streams: Streams, channel: str, max_dead: int | None) -> None:
        self._streams = streams
        self._channel = channel
        self._max_dead = max_dead
        self._look_at = 0.0

    async def receive(self, timeout: float) -> Delivery | None:  # noqa: ASYNC109 - see there
        end = time.monotonic() + timeout
        while True:
            try:
                found = await self._take()
                if isinstance(found, list):
                    return self._lend(*found)
                left = max(end - time.monotonic(), 0.001)
                entry = await self._read_new(
                    min(left, self._streams.pause, (found or math.inf) / 1000)
                )
            except exceptions.ResponseError as error:
                if not _means_no_group(error):
                    raise
                await self._make_group()
                continue
            if entry is not None:
                return self._lend(*entry, 1)
            if time.monotonic() >= end:
                return None

    async def receive_more(self, limit: int) -> list[Delivery]:
        return [self._lend(*entry, 1) for entry in await self._read("COUNT", limit)]

    def _lend(self, entry: bytes, fields: Any, attempt: int) -> Delivery:
        facts = fields if isinstance(fields, dict) else dict(_pair(fields))
        return RedisDelivery(self._streams, self._channel, entry, facts, attempt, self._max_dead)

    async def _take(self) -> list[Any] | int | None:
        """Return an entry that is due again, or in how many ms there will be one, or None."""
        looks = (now := time.monotonic()) >= self._look_at
        lease = int(self._streams.lease * 1000)
        found: list[Any] | int | None
        found = await self._streams.run(TAKE, self._channel, GROUP, lease, int(looks))
        if looks and not isinstance(found, list):
            self._look_at = now + self._streams.pause
        return found

    async def _read_new(self, seconds: float) -> tuple[bytes, dict[bytes, bytes]] | None:
        """Return an entry that nobody has had yet, or None if none comes within so many seconds."""
        milliseconds = max(1, math.ceil(seconds * 1000))
        entries = await self._read("COUNT", 1, "BLOCK", milliseconds)
        return entries[0] if entries else None

    async def _read(self, *how: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """Return entries that nobody has had yet."""
        stream = self._streams.name_keys(self._channel)[0]
        reply = await self._streams.client.execute_command(
            *("XREADGROUP", "GROUP", GROUP, "worker", *how, "STREAMS", stream, ">")
        )
        return find_entries(reply)

    async def _make_group(self) -> None:
        stream = self._streams.name_keys(self._channel)[0]
        try:
            # From 0: what was sent before belongs to the workers too.
            await self._streams.client.execute_command(
                *("XGROUP", "CREATE", stream, GROUP, "0", "MKSTREAM")
            )
        except exceptions.ResponseError as error:
            if "BUSYGROUP" not in str(error):  # Else another worker was first.
                raise


class RedisDelivery:
    """A message on loan; see `Delivery`."""

    def __init__(
        self,
        streams: Streams,
        channel: str,
        entry: bytes,
        facts: Mapping[bytes, bytes],
        attempt: int,
        max_dead: int | None,
    ) -> None:
        self.channel = channel
        self.id = facts.get(b"id", entry).decode(errors="replace")
        self.message = decode(facts.get(b"data", b""))
        self.headers = read_headers(facts)
        self.attempt = attempt
        self.lease: float | None = streams.lease
        self._streams = streams
        self._entry = entry
        self._max_dead = "" if max_dead is None else max_dead

    async def ack(self) -> None:
        await self._settle(ACK)

    async def retry(self, delay: float) -> None:
        await self._settle(RETRY, max(0, math.ceil(delay * 1000)))

    async def dead_letter(self, reason: str) -> None:
        await self._streams.note_again(self.channel)
        text = reason.encode(errors="backslashreplace")
        await self._settle(DEAD, self.channel, text, self._max_dead)

    async def extend(self) -> None:
        if not await self._settle(EXTEND):
            raise LeaseLostError(f"the lease of message {self.id} ran out")

    async def _settle(self, script: str, *arguments: Any) -> Any:
        loan = (GROUP, self._entry, self.attempt)
        try:
            return await self._streams.run(script, self.channel, *loan, *arguments)
        except exceptions.ResponseError as error:
            if not _means_no_group(error):
                raise
            return None  # The server has forgotten all about it.


def _means_no_group(error: Exception) -> bool:
    return "NOGROUP" in str(error)


def _pair(fields: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(fields[::2], fields[1::2], strict=True)
