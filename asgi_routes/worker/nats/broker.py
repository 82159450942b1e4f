"""A broker on NATS JetStream.

Rule: a message is in the stream of work until it is done, and is taken out undone only when it is
among the dead letters.
"""

import re
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, Literal

from nats.js.api import Placement
from nats.js.errors import APIError

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.contract import BrokerFullError, DeadLetter, Depth
from asgi_routes.worker.letters import LetterBox
from asgi_routes.worker.messages import LARGEST, WorkerError
from asgi_routes.worker.nats.connection import Connect, Connection, check_options
from asgi_routes.worker.nats.deliveries import read_dead_letter
from asgi_routes.worker.nats.failures import explain
from asgi_routes.worker.nats.jetstreams import JetStreams, Keeping
from asgi_routes.worker.nats.subscription import NatsSubscription
from asgi_routes.worker.nats.wire import Facts, digest, read_token, write_token
from asgi_routes.worker.sending import SendingBroker

_DEFAULT = "nats://127.0.0.1:4222"
_BOUND_REACHED = 10077
_ROOM_FOR_HEADERS = 4096


class NatsBroker(SendingBroker, LetterBox):
    """Keeps messages in NATS JetStream, on disk.

    It needs ``pip install asgi-routes[nats]``, asyncio, and a server from 2.9 on with JetStream
    (``nats-server -js``). The broker waits for a server that goes away and comes back.

    A message that is sent again with the same id to the same channel within two minutes is dropped.
    When `send` raises `TimeoutError`, the message may have been sent; send it again with the same
    id. A message for later, and one that failed, counts as being on loan until it is due. What a server has confirmed outlives its process; for what outlives a loss of power, see
    ``sync_interval`` of NATS, and ``replicas``. A single server that is killed forgets the loans of
    its last few tenths of a second: those messages are delivered again at once, as a first attempt.

    Args:
        url: ``nats://host:port`` or ``tls://…``, one or many of a cluster.
        connect: instead of a URL, an async function that connects. It is called with options, which
            it passes on to ``nats.connect`` beside those of its own, and returns the client.
        lease: seconds after which a message that is not extended is delivered again. It is the same
            for all workers of a channel; the last to subscribe sets it.
        prefix: with which the names of streams and subjects begin; brokers of different ones share
            nothing.
        replicas: of each stream that is made here. Existing streams are taken as they are; one that
            has bounds (``max_msgs_per_subject``, with ``discard_new_per_subject``) refuses with
            `BrokerFullError`.
        storage: ``"file"`` or ``"memory"``, of each stream that is made here.
        placement: a ``nats.js.api.Placement``: the cluster and the tags of the servers that keep it.
        domain: of JetStream, where that is not the server's own, as behind a leaf node.
        timeout: seconds that the servers have to answer, or to come back.
        largest: bytes that a message may have, encoded; None for 1,000,000, or less where the
            server takes less.
        max_dead: dead letters of a channel that are kept; the oldest make room. None for no bound.
        dead_lifetime: seconds after which a dead letter is forgotten; None for never, or for what
            the stream has been set to.
        **options: for ``nats.connect``: credentials, TLS, and others.

    Raises:
        ImproperlyConfigured: a value can mean nothing.
        TypeError: an option is none of ``nats.connect``.

    >>> NatsBroker("nats://127.0.0.1:4222", lease=60, user="ann", password="…").lease
    60
    """

    def __init__(  # noqa: PLR0913 - one option each
        self,
        url: str | Sequence[str] | None = None,
        *,
        connect: Connect | None = None,
        lease: float = 30.0,
        prefix: str = "asgi_routes",
        replicas: int = 1,
        storage: Literal["file", "memory"] = "file",
        placement: Placement | None = None,
        domain: str | None = None,
        timeout: float = 5.0,
        largest: int | None = None,
        max_dead: int | None = None,
        dead_lifetime: float | None = None,
        **options: Any,
    ) -> None:
        SendingBroker.__init__(self, largest=LARGEST if largest is None else largest)
        LetterBox.__init__(self, max_dead=max_dead, dead_lifetime=dead_lifetime)
        check_options(options)
        if connect is not None and (url is not None or options):
            raise ImproperlyConfigured("NatsBroker takes either a URL with options, or connect=…")
        if timeout <= 0:
            raise ImproperlyConfigured(
                f"timeout of NatsBroker must be more than 0, not {timeout!r}"
            )
        self.lease = lease
        self._largest = largest
        self._connection = Connection(
            _DEFAULT if url is None else url,
            options,
            connect=connect,
            domain=domain,
            timeout=timeout,
        )
        keeping = Keeping(replicas, storage, placement, dead_lifetime)
        self._streams = JetStreams(self._connection, prefix, keeping)

    async def open(self) -> None:
        """Connect, and make the streams that are not there.

        Raises:
            ImproperlyConfigured: the event loop is not that of asyncio, or the server takes no
                messages as large as they may be.
            WorkerError: nobody answers, or the server has no JetStream.
        """
        await self._connection.open()
        try:
            await self._streams.make()
            self.largest = self._measure_largest()
        except BaseException:
            await self._connection.close()
            raise

    def _measure_largest(self) -> int:
        room = self._streams.limit - _ROOM_FOR_HEADERS
        if self._largest is None:
            return min(LARGEST, room)
        if self._largest > room:
            raise ImproperlyConfigured(
                f"largest of NatsBroker is {self._largest} bytes, and the server takes {room}",
                hint="raise max_payload of the server, and max_msg_size of the stream of work",
            )
        return self._largest

    async def close(self) -> None:
        await self._connection.close()

    def explain(self, error: Exception, channel: str) -> WorkerError | None:
        return explain(error, f"NATS at {self._connection.places}", channel)

    async def put(
        self,
        channel: str,
        data: bytes,
        message_id: str,
        headers: Mapping[str, str],
        delay: float = 0.0,
    ) -> None:
        due = time.time() + delay if delay else 0.0
        facts = Facts(message_id, headers, due=due)
        await self._put(channel, data, facts, write_token(message_id))

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[NatsSubscription]:
        """Return the subscription of one slot to a channel."""
        consumer = await self._streams.make_consumer(channel, self.lease)
        lease = consumer.config.ack_wait or self.lease
        subscription = NatsSubscription(
            *(self._streams, channel, lease, self._max_dead),
            is_in_cluster=consumer.cluster is not None,
        )
        try:
            yield subscription
        finally:
            await subscription.close()

    async def depth(self, channel: str) -> Depth:
        token = write_token(channel)
        dead = await self._streams.count(self._streams.dead, f"dead.{token}.*")
        if (pending := await self._streams.count_pending(channel)) is None:
            held = await self._streams.count(self._streams.work, f"work.{token}")
            pending = sum(held.values()), 0
        return Depth(pending[0], pending[1], None, sum(dead.values()))

    async def read_letters(self, channel: str | None, after: str) -> AsyncGenerator[DeadLetter]:
        subject = f"dead.{'*' if channel is None else write_token(channel)}.*"
        first = _read_place(after) + 1 if after else 1
        async for letter in self._read_letters(subject, first):
            yield letter

    async def find_letters(self, message_id: str) -> AsyncGenerator[DeadLetter]:
        async for letter in self._read_letters(f"dead.*.{digest(message_id)}", 1):
            yield letter

    async def count_dead_letters(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        found = await self._streams.count(self._streams.dead, "dead.*.*")
        for subject, number in found.items():
            counts[read_token(subject.split(".")[1])] += number
        return counts

    async def replay_letter(self, letter: DeadLetter) -> int:
        sequence = _read_place(letter.place)
        if not await self._has_letter(sequence):
            return 0
        # A second replay, after a crash, sends nothing new.
        once = f"{write_token(letter.id)}/{sequence}"
        await self._put(letter.channel, letter.data, Facts(letter.id, letter.headers), once)
        return await self._streams.delete(self._streams.dead, sequence)

    async def drop_letter(self, letter: DeadLetter) -> int:
        return await self._streams.delete(self._streams.dead, _read_place(letter.place))

    async def is_marked(self, mark: str) -> bool:
        subject = f"marks.{digest(mark)}"
        async with aclosing(self._streams.read_messages(self._streams.marks, subject)) as found:
            return await anext(found, None) is not None

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
            subject = f"work.{name}"
            held = (await self._streams.count(self._streams.work, subject)).get(subject, 0)
            raise BrokerFullError(channel, held) from None

    async def _has_letter(self, sequence: int) -> bool:
        dead = self._streams.read_messages(self._streams.dead, "dead.*.*", sequence)
        async with aclosing(dead) as found:
            message = await anext(found, None)
        return message is not None and message.seq == sequence

    async def _read_letters(self, subject: str, first: int) -> AsyncGenerator[DeadLetter]:
        async with aclosing(
            self._streams.read_messages(self._streams.dead, subject, first)
        ) as messages:
            async for message in messages:
                yield read_dead_letter(message)


def _read_place(place: str) -> int:
    """Return the sequence number of a dead letter."""
    if not re.fullmatch("[0-9]{1,19}", place):
        raise ValueError(f"{place!r} is not the place of a dead letter")
    return int(place)
