"""The messages that a broker on NATS lends to workers, and those that are dead.

Rule: nothing counts as settled until the server has answered; and a delivery whose lease has run
out, by our own clock, takes nothing away from the worker that has the message now.
"""

import json
import time
from contextlib import suppress
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.js.api import RawStreamMsg
from nats.js.errors import APIError

from asgi_routes.worker.contract import DeadLetter, LeaseLostError
from asgi_routes.worker.messages import LONGEST_DELAY, decode
from asgi_routes.worker.nats.jetstreams import JetStreams
from asgi_routes.worker.nats.wire import (
    Facts,
    digest,
    name_consumer,
    read_facts,
    read_token,
    write_token,
)

_LONGEST_QUESTION = 5.0
"""Seconds after which a slot that waits asks again, so that a lost question costs no more."""

_LONGEST_REASON = 500
_SURE = 0.9
"""The part of a lease in which nobody else can have the message, however long it was on its way."""

_NANO = 1_000_000_000
_NO_MESSAGES = frozenset({"404", "408"})


class NatsSubscription:
    """What one slot takes messages from; see `Subscription`."""

    def __init__(
        self, streams: JetStreams, channel: str, lease: float, max_dead: int | None
    ) -> None:
        self._connection = streams.connection
        self._streams = streams
        self._channel = channel
        self._lease = lease
        self._max_dead = max_dead
        name = name_consumer(channel)
        self._subject = f"{self._connection.api}.CONSUMER.MSG.NEXT.{streams.work}.{name}"

    async def receive(self, timeout: float) -> "NatsDelivery | None":  # noqa: ASYNC109 - see there
        end = time.monotonic() + timeout

        async def question(client: Client) -> list[Msg]:
            left = end - time.monotonic()
            seconds = min(max(left, 0.001), _LONGEST_QUESTION)
            asked = {"batch": 1, "expires": int(seconds * _NANO)}
            return await self._ask_for(client, asked, 1, seconds + self._connection.longest_try)

        while True:
            for delivery in await self._lend(await self._connection.ask(question)):
                return delivery
            if time.monotonic() >= end:
                return None

    async def receive_more(self, limit: int) -> "list[NatsDelivery]":
        client = await self._connection.get_client()
        asked = {"batch": limit, "no_wait": True}
        longest = self._connection.longest_try
        return await self._lend(await self._ask_for(client, asked, limit, longest))

    async def _lend(self, messages: list[Msg]) -> "list[NatsDelivery]":
        deliveries = [
            NatsDelivery(self._streams, message, self._channel, self._lease, self._max_dead)
            for message in messages
        ]
        return [delivery for delivery in deliveries if await delivery.is_ready()]

    async def _ask_for(
        self, client: Client, question: dict[str, Any], limit: int, seconds: float
    ) -> list[Msg]:
        """Ask for messages; return those that came until the server said that there are no more.

        Each question has an inbox of its own, which goes away with it. So a message for a question
        that nobody waits for any more stays where it is: the server sees that the inbox is gone.
        """
        inbox = client.new_inbox()
        subscription = await client.subscribe(inbox)
        messages: list[Msg] = []
        try:
            await client.publish(self._subject, json.dumps(question).encode(), reply=inbox)
            while len(messages) < limit:
                message = await subscription.next_msg(seconds)
                if not message.reply:  # Without one it is a status of the server.
                    _check_status(message)
                    break
                messages.append(message)
        except Exception:
            if not messages:  # Else those that came are in hand, and have to be worked on.
                raise
        finally:
            with suppress(ConnectionClosedError):
                await subscription.unsubscribe()
        return messages


def _check_status(message: Msg) -> None:
    """Let that pass which says only that there are no messages.

    Raises:
        APIError: it says something else.
    """
    headers = message.headers or {}
    status, said = headers.get("Status", ""), headers.get("Description")
    if status not in _NO_MESSAGES:
        raise APIError(code=int(status or 0), description=said)


class NatsDelivery:
    """A message on loan; see `Delivery`."""

    def __init__(
        self,
        streams: JetStreams,
        message: Msg,
        channel: str,
        lease: float,
        max_dead: int | None,
    ) -> None:
        self._until = time.monotonic() + _SURE * lease
        self._connection = streams.connection
        self._max_dead = max_dead
        self._streams = streams
        self._reply = message.reply
        self._data = message.data
        self._sequence = message.metadata.sequence.stream
        self._is_settled = False
        facts = read_facts(message.headers, self._sequence)
        self._due = facts.due
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

    async def is_ready(self) -> bool:
        """Tell whether a worker may have it; else, see to it that it comes when it is due.

        JetStream counts what is put back for that as deliveries, too. So a message for later that
        is due goes into the stream once more, and its attempts are counted from there.
        """
        if not self._due:
            return True
        if (left := self._due - time.time()) > 0:
            await self.retry(left)
            return False
        name = write_token(self.channel)
        once = f"{name}/{write_token(self.id)}/{self._sequence}/due"
        facts = Facts(self.id, self.headers)
        await self._streams.publish(f"work.{name}", self._data, once, facts)
        await self.ack()
        return False

    async def ack(self) -> None:
        # Even where it is late: the work is done.
        if not self._is_settled:
            await self._tell(Msg.Ack.Ack)
            self._is_settled = True

    async def retry(self, delay: float) -> None:
        if not self.is_lost:
            nanoseconds = int(min(delay, LONGEST_DELAY) * _NANO)
            await self._tell(Msg.Ack.Nak + b' {"delay":%d}' % nanoseconds)
            self._is_settled = True

    async def dead_letter(self, reason: str) -> None:
        if self.is_lost:
            return
        facts = Facts(self.id, self.headers, reason[:_LONGEST_REASON], self.attempt, time.time())
        subject, once = f"dead.{write_token(self.channel)}", digest(self.id)
        # After a crash between the two it comes again, and may become a dead letter twice.
        await self._streams.publish(
            f"{subject}.{once}", self._data, f"{self._sequence} {once}", facts
        )
        await self._tell(Msg.Ack.Term)
        self._is_settled = True
        if self._max_dead is not None:
            await self._streams.purge(self._streams.dead, f"{subject}.*", keep=self._max_dead)

    async def extend(self) -> None:
        if self.is_lost:
            raise LeaseLostError(f"the lease of message {self.id} ran out")
        assert self.lease is not None
        begun = time.monotonic()
        await self._tell(Msg.Ack.Progress)
        self._until = begun + _SURE * self.lease

    async def _tell(self, word: bytes) -> None:
        async def question(client: Client) -> Msg:
            timeout = self._connection.longest_try
            return await client.request(self._reply, word, timeout=timeout)

        await self._connection.ask(question)


def read_dead_letter(message: RawStreamMsg) -> DeadLetter:
    """Return the dead letter that a message in the stream stands for."""
    assert message.subject is not None
    assert message.seq is not None
    facts = read_facts(message.headers, message.seq)
    return DeadLetter(
        facts.id,
        read_token(message.subject.split(".")[2]),
        facts.reason,
        facts.attempts,
        facts.at,
        message.data or b"",
        facts.headers,
        str(message.seq),
    )
