"""The messages that a broker on NATS lends to workers, and those that are dead.

Rule: nothing counts as settled until the server has answered; and a delivery whose lease has run
out, by our own clock, takes nothing away from the worker that has the message now.
"""

import time

import anyio
from nats.aio.msg import Msg
from nats.js.api import RawStreamMsg

from asgi_routes.worker.contract import DeadLetter, LeaseLostError
from asgi_routes.worker.messages import LONGEST_DELAY, decode
from asgi_routes.worker.nats.jetstreams import JetStreams
from asgi_routes.worker.nats.wire import (
    Facts,
    digest,
    read_facts,
    read_token,
    write_token,
)

_LONGEST_REASON = 500
_SURE = 0.9
"""The part of a lease in which nobody else can have the message, however long it was on its way."""

_NANO = 1_000_000_000


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
        # A worker that stops in between would leave the message to its lease.
        with anyio.CancelScope(shield=True):
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
            raise LeaseLostError(f"the lease of message {self.id} expired")
        assert self.lease is not None
        begun = time.monotonic()
        await self._tell(Msg.Ack.Progress)
        self._until = begun + _SURE * self.lease

    async def _tell(self, word: bytes) -> None:
        await self._connection.request(self._reply, word)


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
