"""Messages on loan from JetStream.

In: a consumer. Out: deliveries. The rule kept here: nothing is settled but by an answer of the server; and a
delivery whose lease has run out, by our own clock, takes nothing away from whoever has the message now.
"""

import contextlib
import json
import time

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.js.errors import APIError

from asgi_routes.worker.contract import LeaseLostError
from asgi_routes.worker.messages import decode
from asgi_routes.worker.nats.connection import ANSWER, Connection
from asgi_routes.worker.nats.jetstreams import JetStreams
from asgi_routes.worker.nats.wire import Facts, digest, name_consumer, read_facts, write_token

_LONGEST_QUESTION = 5.0
"""Seconds; who waits longer asks again, so that a question which the server lost costs no more."""

_LONGEST_DELAY = 365 * 86_400.0
_LONGEST_REASON = 500
_SURE = 0.9
"""The part of a lease in which nobody else can have the message, however long it was on its way."""

_NANO = 1_000_000_000
_NO_MESSAGES = frozenset({"404", "408"})


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

    async def _next(self, client: Client, seconds: float) -> Msg | None:
        """Ask for one message.

        Each question has an address of its own, which is gone with it. So a message for a question that
        nobody waits for any more stays where it is: the server sees that the address is gone.
        """
        inbox = client.new_inbox()
        subscription = await client.subscribe(inbox)
        try:
            question = json.dumps({"batch": 1, "expires": int(seconds * _NANO)})
            await client.publish(self._subject, question.encode(), reply=inbox)
            message = await subscription.next_msg(seconds + ANSWER)
        finally:
            with contextlib.suppress(ConnectionClosedError):
                await subscription.unsubscribe()
        if message.reply:  # What has none is no message, but a word of the server.
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
        # Also when it is late: it is done.
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
        # Should this end between the two, it comes again, and may be there twice.
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
