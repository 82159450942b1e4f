"""What a worker asks of a broker.

In: nothing. Out: the protocols that a broker fulfils. The rule kept here: a worker pulls, one message for
each free slot; so nothing is fetched that nobody works on, and concurrency, fairness and draining need
no further mechanism. `asgi_routes.worker.conformance` holds a broker against all of this.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from asgi_routes.worker.messages import WorkerError, decode


class Delivery(Protocol):
    """A message on loan to a worker, until it is settled by `ack`, `retry` or `dead_letter`.

    Settling what is settled, or what another worker has by now, raises nothing, and takes nothing away
    from the other (but what was acknowledged late may count as done: it is).

    Attributes:
        channel: the name of the channel that it was sent to.
        id: the same at every delivery: what makes the work idempotent.
        message: the message, or None where the bytes in the broker stand for none.
        headers: text for text, beside the message; trace context, for example.
        attempt: 1 at the first delivery, as the engine counts.
        lease: seconds after which another worker may have it, unless it is extended; None for ever.
    """

    channel: str
    id: str
    message: Mapping[str, Any] | None
    headers: Mapping[str, str]
    attempt: int
    lease: float | None

    async def ack(self) -> None:
        """Take the message off the channel for good."""

    async def retry(self, delay: float) -> None:
        """Put it back; it is delivered again after so many seconds, or the engine's longest delay."""

    async def dead_letter(self, reason: str) -> None:
        """Move it to the dead letters, with a sentence for people; it must never be in neither place."""

    async def extend(self) -> None:
        """Start the lease anew.

        Raises:
            LeaseLostError: the engine knows that another worker may have it already.
        """


class Subscription(Protocol):
    """What one slot of a worker takes messages from; one task at a time asks it."""

    async def receive(self, timeout: float) -> Delivery | None:  # noqa: ASYNC109 - an answer, no error
        """Return the next message, or None where none comes within so many seconds.

        It fetches one message, never more. Bytes that are no message are delivered, with None for the
        message. When the call is cancelled, a message that was on its way comes again after its lease.

        Raises:
            Exception: the engine is away, or refuses; the worker subscribes anew after a pause.
        """
        ...


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that nobody could handle.

    Attributes:
        id: of the message.
        channel: that it was sent to.
        reason: a sentence for people.
        attempts: how often it was delivered.
        at: when it was given up, in seconds since 1970.
        data: the message, as it stands in the broker.
        headers: of the message.
    """

    id: str
    channel: str
    reason: str
    attempts: int
    at: float
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> Mapping[str, Any] | None:
        """The message, or None where the bytes stand for none."""
        return decode(self.data)


class Broker(Protocol):
    """Keeps messages until they are handled. It is used inside of ``async with broker``.

    `SendingBroker` has the part that does not depend on the engine.
    """

    async def __aenter__(self) -> Self:
        """Connect. It may be entered several times; what leaves last, disconnects."""
        ...

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""

    async def send(
        self,
        channel: str,
        message: Mapping[str, Any],
        *,
        id: str | None = None,  # noqa: A002 - as the field is called everywhere
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Keep a message for the workers of a channel, there already or yet to come.

        Args:
            channel: its name.
            message: a mapping with a ``type``; see `asgi_routes.worker.messages`.
            id: what the message is known by; None makes one. A broker may take the same id twice, or
                drop the second for as long as it remembers the first.
            headers: beside the message.

        Returns:
            The id. The message is kept as safely as the engine keeps anything.

        Raises:
            InvalidMessageError, MessageTooLargeError, BrokerFullError: it was not sent.
        """
        ...

    def subscribe(self, channel: str) -> AbstractAsyncContextManager[Subscription]:
        """Return a context manager for what one slot takes the messages of a channel from.

        Every subscription of a channel, in whatever process, shares its messages with the others, and
        sees what was sent before the first of them. Leaving it hands back nothing: what is on loan
        comes again when it is settled by `Delivery.retry`, or its lease runs out.
        """
        ...


class CrashLedger(Protocol):
    """What a broker has besides, so that a message which kills its process harms no other.

    A worker runs a message that was delivered too often alone, and writes that down before. Who finds
    it written down already knows that the message has taken its process with it. The engine keeps a set
    of texts for that: every worker sees it, it survives each of them, and it may forget what is older than
    a day.
    """

    async def is_marked(self, mark: str) -> bool:
        """Tell whether the set has this text, of at most 300 characters, whichever."""
        ...

    async def mark(self, mark: str) -> None:
        """Add a text; when this returns, the engine has it."""

    async def unmark(self, mark: str) -> None:
        """Take a text out; that it is not there is no error."""


class DeadLetters(Protocol):
    """What a broker has besides, so that people can look after what nobody could handle."""

    async def dead_letters(self, channel: str | None = None) -> Sequence[DeadLetter]:
        """Return the dead letters, of one channel or all, the oldest first."""
        ...

    async def replay(self, message_id: str) -> int:
        """Send the dead letters of that id once more, as new messages; return how many there were.

        A crash on the way may leave one in both places, never in neither.
        """
        ...

    async def drop(self, message_id: str) -> int:
        """Forget the dead letters of that id; return how many there were."""
        ...


class BrokerFullError(WorkerError):
    """A channel holds as many messages as it may; this one was not sent.

    Attributes:
        channel: its name.
        capacity: messages; None where it is the engine that has no room, or does not say how much.
    """

    def __init__(self, channel: str, capacity: int | None = None) -> None:
        what = (
            "as many messages as its engine takes" if capacity is None else f"{capacity} messages"
        )
        super().__init__(f"channel {channel!r} holds {what} already")
        self.channel = channel
        self.capacity = capacity


class BrokerClosedError(WorkerError, RuntimeError):
    """A broker is used outside of ``async with broker``."""


class LeaseLostError(WorkerError):
    """A delivery is no longer this worker's: it took too long, and another may have it."""
