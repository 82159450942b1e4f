"""A broker on the streams of Redis, and the messages that it lends to workers.

Rule: the server counts deliveries, keeps the time and moves messages; a worker that dies leaves
nothing behind but a lease, which runs out.
"""

import math
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from redis import exceptions

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.contract import (
    BrokerClosedError,
    DeadLetter,
    Delivery,
    LeaseLostError,
    Subscription,
)
from asgi_routes.worker.messages import decode
from asgi_routes.worker.redis.streams import ACK, DEAD, EXTEND, GROUP, RETRY, TAKE, Streams
from asgi_routes.worker.sending import SendingBroker, require_asyncio

_SCHEMES = ("redis://", "rediss://", "unix://")
_MARKED_FOR = 24 * 3600
_PAGE = 500
_LONGEST_WAIT = 1.0
"""Seconds after which a waiting slot looks for messages that came back; far below any timeout."""


class RedisBroker(SendingBroker):
    """Keeps messages in Redis 6.2 or newer, or Valkey: at least once. It runs on asyncio.

    Every channel is a stream with one consumer group, and every slot has a connection. All keys
    start with the prefix as a hash tag, so that they are in one slot of a cluster. How safely Redis
    keeps messages is up to its configuration: it needs ``appendonly yes`` and
    ``maxmemory-policy noeviction``; with ``appendfsync everysec``, a power failure may lose a
    second.

    Args:
        url: ``redis://host:port/db``, ``rediss://…`` (TLS) or ``unix:///path``; options as redis-py
            has them.
        lease: seconds after which a message that is not extended is delivered again. It should be
            the same for all workers of a channel.
        capacity: messages that a channel may hold, those on loan among them; None for no bound but
            the server's memory.
        prefix: of every key.

    Raises:
        ImproperlyConfigured: the URL is none of these.

    ::

        async with RedisBroker("redis://localhost") as broker:
            await broker.send("mail", {"type": "welcome", "to": "ann"})
    """

    def __init__(
        self,
        url: str = "redis://localhost",
        *,
        lease: float = 30.0,
        capacity: int | None = None,
        prefix: str = "asgi_routes",
    ) -> None:
        super().__init__()
        if not url.startswith(_SCHEMES):
            # The URL is not shown: it may hold a password.
            raise ImproperlyConfigured(f"the URL of RedisBroker starts with {', '.join(_SCHEMES)}")
        self.lease = lease
        self._url = url
        self._capacity = capacity
        self._prefix = prefix
        self._opened: Streams | None = None

    async def open(self) -> None:
        """Connect.

        Raises:
            ImproperlyConfigured: the event loop is not that of asyncio.
            Exception: of redis-py: the server is away, or refuses.
        """
        require_asyncio("RedisBroker")
        streams = Streams(self._url, self._prefix, self.lease)
        try:
            await streams.client.execute_command("PING")
        except BaseException:
            await streams.client.aclose()
            raise
        self._opened = streams

    async def close(self) -> None:
        """Disconnect."""
        if self._opened is not None:
            streams, self._opened = self._opened, None
            await streams.client.aclose()

    @property
    def _streams(self) -> Streams:
        if self._opened is None:
            raise BrokerClosedError("RedisBroker")
        return self._opened

    async def put(
        self, channel: str, data: bytes, message_id: str, headers: Mapping[str, str]
    ) -> None:
        await self._streams.put(channel, data, message_id, headers, self._capacity)

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[Subscription]:
        """Return the subscription of one slot to a channel."""
        yield RedisSubscription(self._streams, channel)

    async def dead_letters(self, channel: str | None = None) -> list[DeadLetter]:
        return [
            letter
            async for _, letter in self._read_dead_letters()
            if channel in (None, letter.channel)
        ]

    async def replay(self, message_id: str) -> int:
        count = 0
        async for entry, letter in self._read_dead_letters():
            if letter.id == message_id:
                await self.put(letter.channel, letter.data, message_id, letter.headers)
                count += await self._remove(entry)
        return count

    async def drop(self, message_id: str) -> int:
        count = 0
        async for entry, letter in self._read_dead_letters():
            if letter.id == message_id:
                count += await self._remove(entry)
        return count

    async def is_marked(self, mark: str) -> bool:
        return bool(await self._streams.client.exists(self._name_mark(mark)))

    async def mark(self, mark: str) -> None:
        await self._streams.client.set(self._name_mark(mark), "", ex=_MARKED_FOR)

    async def unmark(self, mark: str) -> None:
        await self._streams.client.delete(self._name_mark(mark))

    def _name_mark(self, mark: str) -> str:
        return f"{self._streams.prefix}:mark:{mark}"

    async def _read_dead_letters(self) -> AsyncIterator[tuple[bytes, DeadLetter]]:
        client, start = self._streams.client, b"-"
        while page := await client.xrange(self._streams.dead, start, count=_PAGE):
            for entry, fields in page:
                yield entry, _read_dead_letter(entry, fields)
            start = b"(" + page[-1][0]

    async def _remove(self, entry: bytes) -> int:
        removed: int = await self._streams.client.xdel(self._streams.dead, entry)
        return removed


class RedisSubscription:
    """What one slot takes messages from; see `Subscription`."""

    def __init__(self, streams: Streams, channel: str) -> None:
        self._streams = streams
        self._channel = channel
        self._pause = min(_LONGEST_WAIT, streams.lease / 4)
        self._look_at = 0.0

    async def receive(self, timeout: float) -> Delivery | None:  # noqa: ASYNC109 - see there
        end = time.monotonic() + timeout
        while True:
            try:
                found = await self._take()
                if isinstance(found, list):
                    return RedisDelivery(self._streams, self._channel, *found)
                left = max(end - time.monotonic(), 0.001)
                entry = await self._read_new(min(left, self._pause, (found or math.inf) / 1000))
            except exceptions.ResponseError as error:
                if not _means_no_group(error):
                    raise
                await self._make_group()
                continue
            if entry is not None:
                return RedisDelivery(self._streams, self._channel, *entry)
            if time.monotonic() >= end:
                return None

    async def receive_more(self, limit: int) -> list[Delivery]:  # noqa: ARG002 - one at a time
        """Return none: each is asked for alone."""
        return []

    async def _take(self) -> list[Any] | int | None:
        """Return an entry that is due again, or in how many ms there will be one, or None."""
        looks = (now := time.monotonic()) >= self._look_at
        lease = int(self._streams.lease * 1000)
        found: list[Any] | int | None
        found = await self._streams.run(TAKE, self._channel, GROUP, lease, int(looks))
        if looks and not isinstance(found, list):
            self._look_at = now + self._pause
        return found

    async def _read_new(self, seconds: float) -> list[Any] | None:
        """Return an entry that nobody has had yet, or None if none comes within so many seconds."""
        stream, _ = self._streams.name_keys(self._channel)
        reply = await self._streams.client.execute_command(
            *("XREADGROUP", "GROUP", GROUP, "worker", "COUNT", 1),
            *("BLOCK", max(1, math.ceil(seconds * 1000)), "STREAMS", stream, ">"),
        )
        if not reply:
            return None
        entries = next(iter(reply.values())) if isinstance(reply, dict) else reply[0][1]
        return [*entries[0], 1]

    async def _make_group(self) -> None:
        stream, _ = self._streams.name_keys(self._channel)
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
        self, streams: Streams, channel: str, entry: bytes, fields: list[bytes], attempt: int
    ) -> None:
        facts = dict(zip(fields[::2], fields[1::2], strict=True))
        self.channel = channel
        self.id = facts.get(b"id", entry).decode(errors="replace")
        self.message = decode(facts.get(b"data", b""))
        self.headers = _read_headers(facts)
        self.attempt = attempt
        self.lease: float | None = streams.lease
        self._streams = streams
        self._entry = entry

    async def ack(self) -> None:
        await self._settle(ACK)

    async def retry(self, delay: float) -> None:
        await self._settle(RETRY, max(0, math.ceil(delay * 1000)))

    async def dead_letter(self, reason: str) -> None:
        await self._settle(DEAD, self.channel, reason.encode(errors="backslashreplace"))

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


def _read_headers(facts: Mapping[bytes, bytes]) -> Mapping[str, str]:
    # Others may write to a stream what they like.
    headers = decode(facts.get(b"headers", b"{}")) or {}
    return {name: value for name, value in headers.items() if isinstance(value, str)}


def _read_dead_letter(entry: bytes, fields: Mapping[bytes, bytes]) -> DeadLetter:
    """Return the dead letter that an entry stands for."""
    return DeadLetter(
        id=fields.get(b"id", entry).decode(errors="replace"),
        channel=fields[b"channel"].decode(),
        reason=fields[b"reason"].decode(),
        attempts=int(fields[b"attempts"]),
        at=int(entry.partition(b"-")[0]) / 1000,
        data=fields.get(b"data", b""),
        headers=_read_headers(fields),
    )
