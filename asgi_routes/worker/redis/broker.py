"""A broker on the streams of Redis.

In: messages. Out: the same, to the workers of every process that speaks to the same server. The rule kept here: the
server counts deliveries, keeps the time and moves messages; a worker that dies leaves nothing behind
but a lease, which runs out.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.contract import BrokerClosedError, DeadLetter, Subscription
from asgi_routes.worker.redis.streams import RedisSubscription, Streams, dead_letter_of
from asgi_routes.worker.sending import SendingBroker, require_asyncio

_SCHEMES = ("redis://", "rediss://", "unix://")
_MARKED_FOR = 24 * 3600
_PAGE = 500


class RedisBroker(SendingBroker):
    """Keeps messages in Redis 6.2 or newer, or Valkey: at least once. It runs on asyncio.

    Every channel is a stream with one consumer group, and every slot has a connection. All keys start with the
    prefix as a hash tag, so that they are in one slot of a cluster. How safely Redis keeps anything is up to its
    configuration: ``appendonly yes`` and ``maxmemory-policy noeviction`` have to be there; with
    ``appendfsync everysec``, a power failure may lose a second.

    Args:
        url: ``redis://host:port/db``, ``rediss://…`` (TLS) or ``unix:///path``; options as redis-py has them.
        lease: seconds after which a message that is not extended is delivered again. It should be the
            same for all workers of a channel.
        capacity: messages that a channel may hold, those on loan among them; None for no bound but the
            server's memory.
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
            raise BrokerClosedError("use RedisBroker inside of 'async with broker'")
        return self._opened

    async def put(
        self, channel: str, data: bytes, message_id: str, headers: Mapping[str, str]
    ) -> None:
        await self._streams.put(channel, data, message_id, headers, self._capacity)

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[Subscription]:
        """Return what one slot takes the messages of a channel from."""
        yield RedisSubscription(self._streams, channel)

    async def dead_letters(self, channel: str | None = None) -> list[DeadLetter]:
        return [
            letter async for _, letter in self._dead_letters() if channel in (None, letter.channel)
        ]

    async def replay(self, message_id: str) -> int:
        count = 0
        async for entry, letter in self._dead_letters():
            if letter.id == message_id:
                await self.put(letter.channel, letter.data, message_id, letter.headers)
                count += await self._remove(entry)
        return count

    async def drop(self, message_id: str) -> int:
        count = 0
        async for entry, letter in self._dead_letters():
            if letter.id == message_id:
                count += await self._remove(entry)
        return count

    async def is_marked(self, mark: str) -> bool:
        return bool(await self._streams.client.exists(self._mark(mark)))

    async def mark(self, mark: str) -> None:
        await self._streams.client.set(self._mark(mark), "", ex=_MARKED_FOR)

    async def unmark(self, mark: str) -> None:
        await self._streams.client.delete(self._mark(mark))

    def _mark(self, mark: str) -> str:
        return f"{self._streams.prefix}:mark:{mark}"

    async def _dead_letters(self) -> AsyncIterator[tuple[bytes, DeadLetter]]:
        client, start = self._streams.client, b"-"
        while page := await client.xrange(self._streams.dead, start, count=_PAGE):
            for entry, fields in page:
                yield entry, dead_letter_of(entry, fields)
            start = b"(" + page[-1][0]

    async def _remove(self, entry: bytes) -> int:
        removed: int = await self._streams.client.xdel(self._streams.dead, entry)
        return removed
