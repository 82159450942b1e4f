"""A broker on NATS JetStream, and the messages that it lends to workers.

Rule: a message is in the stream of work until it is done, and is taken out undone only when it is
among the dead letters. Nothing counts as settled until the server has answered; and a delivery
whose lease has run out, by our own clock, takes nothing away from the worker that has the message
now.
"""

import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.js.errors import APIError

from asgi_routes.worker.contract import BrokerFullError, DeadLetter, LeaseLostError
from asgi_routes.worker.messages import LARGEST, decode
from asgi_routes.worker.nats.connection import ANSWER, Connection
from asgi_routes.worker.nats.jetstreams import JetStreams
from asgi_routes.worker.nats.wire import (
    Facts,
    digest,
    name_consumer,
    read_facts,
    read_token,
    write_token,
)
from asgi_routes.worker.sending import SendingBroker

_BOUND_REACHED = 10077
_ROOM_FOR_HEADERS = 4096
_LONGEST_QUESTION = 5.0
"""Seconds after which a slot that waits asks again, so that a lost question costs no more."""

_LONGEST_DELAY = 365 * 86_400.0
_LONGEST_REASON = 500
_SURE = 0.9
"""The part of a lease in which nobody else can have the message, however long it was on its way."""

_NANO = 1_000_000_000
_NO_MESSAGES = frozenset({"404", "408"})


class NatsBroker(SendingBroker):
    """Keeps messages in NATS JetStream, on disk.

    It needs ``pip install asgi-routes[nats]``, asyncio, and a server from 2.9 on with JetStream
    (``nats-server -js``). The broker waits for a server that goes away and comes back.

    A message that is sent again with the same id to the same channel within two minutes is dropped.
    When `send` raises `TimeoutError`, the message may have been sent; send it again with the same
    id. What a server has confirmed outlives its process; for what outlives a loss of power, see
    ``sync_interval`` of NATS, and ``replicas``. A single server that is killed forgets the loans of
    its last few tenths of a second: those messages are delivered again at once, as a first attempt.

    Args:
        url: ``nats://host:port`` or ``tls://…``, one or many of a cluster.
        lease: seconds after which a message that is not extended is delivered again. It is the same
            for all workers of a channel; the last to subscribe sets it.
        prefix: with which the names of streams and subjects begin; brokers of different ones share
            nothing.
        replicas: of each stream that is made here. Existing streams are taken as they are; one that
            has bounds (``max_msgs_per_subject``, with ``discard_new_per_subject``) refuses with
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
    async def subscribe(self, channel: str) -> AsyncIterator["NatsSubscription"]:
        """Return the subscription of one slot to a channel."""
        lease = await self._streams.make_consumer(channel, self.lease)
        yield NatsSubscription(self._connection, self._streams, channel, lease)

    async def dead_letters(self, channel: str | None = None) -> list[DeadLetter]:
        subject = f"dead.{'*' if channel is None else write_token(channel)}.*"
        return [letter async for _, letter in self._read_letters(subject)]

    async def replay(self, message_id: str) -> int:
        replayed = 0
        async for sequence, letter in self._read_letters(f"dead.*.{digest(message_id)}"):
            # A second replay, after a crash, sends nothing new.
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


class NatsSubscription:
    """What one slot takes messages from; see `Subscription`."""

    def __init__(
        self, connection: Connection, streams: JetStreams, channel: str, lease: float
    ) -> None:
        self._connection = connection
        self._streams = streams
        self._channel = channel
        self._lease = lease
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{streams.work}.{name_consumer(channel)}"

    async def receive(self, timeout: float) -> "NatsDelivery | None":  # noqa: ASYNC109 - see there
        end = time.monotonic() + timeout

        async def question(client: Client) -> Msg | None:
            left = end - time.monotonic()
            return await self._next(client, min(max(left, 0.001), _LONGEST_QUESTION))

        while True:
            message = await self._connection.ask(question)
            if message is not None:
                return NatsDelivery(
                    self._connection, self._streams, message, self._channel, self._lease
                )
            if time.monotonic() >= end:
                return None

    async def receive_more(self, limit: int) -> "list[NatsDelivery]":  # noqa: ARG002 - one at a time
        """Return none: each is asked for alone."""
        return []

    async def _next(self, client: Client, seconds: float) -> Msg | None:
        """Ask for one message.

        Each question has an inbox of its own, which goes away with it. So a message for a question
        that nobody waits for any more stays where it is: the server sees that the inbox is gone.
        """
        inbox = client.new_inbox()
        subscription = await client.subscribe(inbox)
        try:
            question = json.dumps({"batch": 1, "expires": int(seconds * _NANO)})
            await client.publish(self._subject, question.encode(), reply=inbox)
            message = await subscription.next_msg(seconds + ANSWER)
        finally:
            with suppress(ConnectionClosedError):
                await subscription.unsubscribe()
        if message.reply:  # Without one it is a status of the server.
            return message
        headers = message.headers or {}
        status, said = headers.get("Status", ""), headers.get("Description")
        if status in _NO_MESSAGES:
            return None
        raise APIError(code=int(status or 0), description=said)


class NatsDelivery:
    """A message on loan; see `Delivery`."""

    def __init__(
        self, connection: Connection, streams: JetStreams, message: Msg, channel: str, lease: float
    ) -> None:
        self._until = time.monotonic() + _SURE * lease
        self._connection = connection
        self._streams = streams
        self._reply = message.reply
        self._data = message.data
        self._sequence = message.metadata.sequence.stream
        self._is_settled = False
        facts = read_facts(message.headers, self._sequence)
        self.channel = channel
        self.id = facts.id
        self.headers = facts.headers
        self.message = decode(message.data)
        self.attempt = message.metadata.num_delivered
        self.lease: float | None = lease

    @property
    def is_lost(self) -> bool:
        """Whether it is settled, or somebody else may have it."""
        return self._is_settled or time.monotonic() >= self._until

    async def ack(self) -> None:
        # Even where it is late: the work is done.
        if not self._is_settled:
            await self._tell(Msg.Ack.Ack)
            self._is_settled = True

    async def retry(self, delay: float) -> None:
        if not self.is_lost:
            nanoseconds = int(min(delay, _LONGEST_DELAY) * _NANO)
            await self._tell(Msg.Ack.Nak + b' {"delay":%d}' % nanoseconds)
            self._is_settled = True

    async def dead_letter(self, reason: str) -> None:
        if self.is_lost:
            return
        facts = Facts(self.id, self.headers, reason[:_LONGEST_REASON], self.attempt, time.time())
        # After a crash between the two it comes again, and may become a dead letter twice.
        await self._streams.publish(
            f"dead.{write_token(self.channel)}.{digest(self.id)}",
            self._data,
            f"{self._sequence} {digest(self.id)}",
            facts,
        )
        await self._tell(Msg.Ack.Term)
        self._is_settled = True

    async def extend(self) -> None:
        if self.is_lost:
            raise LeaseLostError(f"the lease of message {self.id} ran out")
        assert self.lease is not None
        begun = time.monotonic()
        await self._tell(Msg.Ack.Progress)
        self._until = begun + _SURE * self.lease

    async def _tell(self, word: bytes) -> None:
        async def question(client: Client) -> Msg:
            return await client.request(self._reply, word, timeout=ANSWER)

        await self._connection.ask(question)
