"""A broker on NATS JetStream.

In: messages. Out: the same, to the workers of any process. The rule kept here: a message is in the stream of work
until it is done, and is taken out of it only when it is among the dead letters.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from nats.js.errors import APIError

from asgi_routes.worker.contract import BrokerFullError, DeadLetter
from asgi_routes.worker.messages import LARGEST
from asgi_routes.worker.nats.connection import Connection
from asgi_routes.worker.nats.jetstreams import JetStreams
from asgi_routes.worker.nats.loans import NatsSubscription
from asgi_routes.worker.nats.wire import Facts, digest, read_facts, read_token, write_token
from asgi_routes.worker.sending import SendingBroker

_BOUND_REACHED = 10077
_ROOM_FOR_HEADERS = 4096


class NatsBroker(SendingBroker):
    """Keeps messages in NATS JetStream, on disk.

    It needs ``pip install asgi-routes[nats]``, asyncio, and a server from 2.9 on with JetStream
    (``nats-server -js``). A server that goes away and comes back is waited for.

    A message that is sent again with the same id to the same channel within two minutes is dropped.
    When `send` raises `TimeoutError`, it may have been sent all the same; send it again with the same id.
    What a server has confirmed outlives its process; for what outlives a loss of power, see
    ``sync_interval`` of NATS, and ``replicas``. A single server that is killed forgets what it has lent out in its
    last few tenths of a second: that is delivered at once a second time, as a first attempt.

    Args:
        url: ``nats://host:port`` or ``tls://…``, one or many of a cluster.
        lease: seconds after which a message that is not extended is delivered again. All workers of a
            channel have one; who subscribes last sets it.
        prefix: with which the names of streams and subjects begin; brokers of different ones share
            nothing.
        replicas: of each stream that is made here. Streams that are there are taken as they are; one
            that has bounds (``max_msgs_per_subject``, with ``discard_new_per_subject``) refuses with
            `BrokerFullError`.
        **options: for ``nats.connect``: credentials, TLS, and others.

    >>> NatsBroker("nats://127.0.0.1:4222", lease=60, user="ann", password="…").lease
    60
    """

    def __init__(
        self,
        url: str | Sequence[str] = "nats://127.0.0.1:4222",
        *,
        lease: float = 30.0,
        prefix: str = "asgi_routes",
        replicas: int = 1,
        **options: Any,
    ) -> None:
        super().__init__()
        self.lease = lease
        self._connection = Connection(url, options)
        self._streams = JetStreams(self._connection, prefix, replicas)

    async def open(self) -> None:
        """Connect, and make the streams that are not there.

        Raises:
            ImproperlyConfigured: the event loop is not that of asyncio.
            WorkerError: nobody answers, or the server has no JetStream.
        """
        await self._connection.open()
        try:
            await self._streams.make()
        except BaseException:
            await self._connection.close()
            raise
        self.largest = min(LARGEST, self._streams.limit - _ROOM_FOR_HEADERS)

    async def close(self) -> None:
        await self._connection.close()

    async def put(
        self, channel: str, data: bytes, message_id: str, headers: Mapping[str, str]
    ) -> None:
        await self._put(channel, data, Facts(message_id, headers), write_token(message_id))

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[NatsSubscription]:
        """Return what one slot takes the messages of a channel from."""
        lease = await self._streams.make_consumer(channel, self.lease)
        yield NatsSubscription(self._connection, self._streams, channel, lease)

    async def dead_letters(self, channel: str | None = None) -> list[DeadLetter]:
        subject = f"dead.{'*' if channel is None else write_token(channel)}.*"
        return [letter async for _, letter in self._read_letters(subject)]

    async def replay(self, message_id: str) -> int:
        replayed = 0
        async for sequence, letter in self._read_letters(f"dead.*.{digest(message_id)}"):
            # Whoever replays it again after a crash sends nothing new.
            once = f"{write_token(message_id)}/{sequence}"
            await self._put(letter.channel, letter.data, Facts(message_id, letter.headers), once)
            await self._forget(letter, sequence)
            replayed += 1
        return replayed

    async def drop(self, message_id: str) -> int:
        dropped = 0
        async for sequence, letter in self._read_letters(f"dead.*.{digest(message_id)}"):
            await self._forget(letter, sequence)
            dropped += 1
        return dropped

    async def is_marked(self, mark: str) -> bool:
        async for _ in self._streams.read_messages(self._streams.marks, f"marks.{digest(mark)}"):
            return True
        return False

    async def mark(self, mark: str) -> None:
        await self._streams.publish(f"marks.{digest(mark)}", b"")

    async def unmark(self, mark: str) -> None:
        await self._streams.purge(self._streams.marks, f"marks.{digest(mark)}")

    async def _put(self, channel: str, data: bytes, facts: Facts, once: str) -> None:
        name = write_token(channel)
        try:
            await self._streams.publish(f"work.{name}", data, f"{name}/{once}", facts)
        except APIError as error:
            if error.err_code != _BOUND_REACHED:
                raise
            held = await self._streams.count(f"work.{name}")
            raise BrokerFullError(channel, held) from None

    async def _read_letters(self, subject: str) -> AsyncIterator[tuple[int, DeadLetter]]:
        async for message in self._streams.read_messages(self._streams.dead, subject):
            assert message.subject is not None
            assert message.seq is not None
            facts = read_facts(message.headers, message.seq)
            _, _, channel, _ = message.subject.split(".")
            yield (
                message.seq,
                DeadLetter(
                    facts.id,
                    read_token(channel),
                    facts.reason,
                    facts.attempts,
                    facts.at,
                    message.data or b"",
                    facts.headers,
                ),
            )

    async def _forget(self, letter: DeadLetter, sequence: int) -> None:
        subject = f"dead.{write_token(letter.channel)}.{digest(letter.id)}"
        await self._streams.purge(self._streams.dead, subject, before=sequence + 1)
