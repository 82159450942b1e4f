"""What a worker asks of a broker, and what brokers raise.

Rule: a worker pulls at most one message for each free slot. So nothing is fetched that nobody works on, and
concurrency, fairness and draining need no further mechanism. `asgi_routes.worker.conformance` tests
a broker against all of this.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from asgi_routes.worker.messages import WorkerError, decode


class Delivery(Protocol):
    """A message on loan to a worker, until it is settled by `ack`, `retry` or `dead_letter`.

    Settling a message that is settled already, or that another worker has by now, raises nothing
    and takes nothing away from that worker. Only a late `ack` may count: the work is done.

    Attributes:
        channel: the name of the channel that it was sent to.
        id: the same at every delivery: what makes the work idempotent.
        message: the message, or None where the bytes in the broker are not one.
        headers: text by name, sent along with the message; trace context, for example.
        attempt: 1 at the first delivery, as the engine counts.
        lease: seconds after which another worker may get it unless it is extended; None for never.
    """

    channel: str
    id: str
    message: Mapping[str, Any] | None
    headers: Mapping[str, str]
    attempt: int
    lease: float | None

    async def ack(self) -> None:
        """Remove the message from the channel."""

    async def retry(self, delay: float) -> None:
        """Put it back, to be delivered again after this many seconds or the engine's maximum delay."""

    async def dead_letter(self, reason: str) -> None:
        """Move it to the dead letters, with a sentence for people; it cannot be lost on the way."""

    async def extend(self) -> None:
        """Renew the lease.

        Raises:
            LeaseLostError: the engine knows that another worker may have it already.
        """


class Subscription(Protocol):
    """What a worker takes the messages of a channel from; one task at a time uses it."""

    async def receive(self, timeout: float, room: int = 1) -> Delivery | None:  # noqa: ASYNC109 - an answer, no error
        """Return the next message, or None where none comes within so many seconds.

        It fetches at most as many messages as there is room for; `receive_more` returns those after
        the first. Bytes that are no message are delivered, with None for the message. A worker that
        stops cancels the call; a message that is on its way then is not lost: the next call returns
        it, or it is handed back when the subscription is left.

        Raises:
            Exception: the engine is away, or refuses; the worker subscribes anew after a pause.
        """
        ...

    async def receive_more(self, limit: int) -> Sequence[Delivery]:
        """Return at most so many messages that are there already; it waits for none.

        A worker asks for them after `receive` has returned one, for the other slots that are free.
        An engine that has no such question returns none: then each is asked for alone.
        """
        ...


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be handled.

    Attributes:
        id: of the message.
        channel: that it was sent to.
        reason: a sentence for people.
        attempts: how often it was delivered.
        at: when it was given up, in seconds since 1970.
        data: the message, as it stands in the broker.
        headers: of the message.
        place: where the broker keeps it, as the engine writes it; no two have the same.
    """

    id: str
    channel: str
    reason: str
    attempts: int
    at: float
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    place: str = ""

    @property
    def message(self) -> Mapping[str, Any] | None:
        """The message, or None where the bytes are not one."""
        return decode(self.data)


class Broker(Protocol):
    """Keeps messages until they are handled. It is used within ``async with broker``.

    `SendingBroker` has the part that does not depend on the engine.
    """

    async def __aenter__(self) -> Self:
        """Connect. A broker may be entered several times; the last one out disconnects."""
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
        delay: float = 0.0,
    ) -> str:
        """Keep a message for the workers of a channel, present and future.

        Args:
            channel: its name.
            message: a mapping with a ``type``; see `asgi_routes.worker.messages`.
            id: the id of the message; None creates one. A broker may accept the same id twice, or
                drop the second as long as it remembers the first.
            headers: sent along with the message.
            delay: seconds before it is delivered; it may be late by a second or two.

        Returns:
            The id. The message is kept as safely as the engine keeps anything.

        Raises:
            InvalidMessageError, MessageTooLargeError, BrokerFullError: it was not sent.
        """
        ...

    def subscribe(self, channel: str) -> AbstractAsyncContextManager[Subscription]:
        """Return a context manager with a subscription to a channel.

        All subscriptions of a channel, in whatever process, share its messages, and get those that
        were sent before the first of them, too. Leaving one hands nothing back: what is on loan
        comes again when it is settled by `Delivery.retry`, or when its lease runs out.
        """
        ...


class CrashLedger(Protocol):
    """Optional part of a broker: protects other messages from one that kills its process.

    A message that was delivered too often runs alone, and its worker marks that before. A worker
    that finds the mark knows that the message has killed a process. The engine keeps the marks as a
    set of texts that every worker sees and that survives each of them; it may forget marks that are
    older than a day.
    """

    async def is_marked(self, mark: str) -> bool:
        """Tell whether the set has this mark, which is any text of at most 300 characters."""
        ...

    async def mark(self, mark: str) -> None:
        """Add a mark; when this returns, the engine has it."""

    async def unmark(self, mark: str) -> None:
        """Remove a mark; it is no error where there is none."""


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages of a channel a broker holds, by state.

    Attributes:
        waiting: ready to be taken by a worker.
        on_loan: being handled by a worker.
        later: delayed, after a failed attempt or by their sender. None where the engine cannot
            tell them from those on loan, which include them then.
        dead: dead letters.
    """

    waiting: int
    on_loan: int
    later: int | None
    dead: int


class Depths(Protocol):
    """Optional part of a broker: how many messages there are, for people and autoscalers."""

    async def depth(self, channel: str) -> Depth:
        """Return how many messages a channel has; 0 for an unknown one."""
        ...


class DeadLetters(Protocol):
    """Optional part of a broker: access to the messages that could not be handled.

    `asgi_routes.worker.letters.LetterBox` has what does not depend on the engine.
    """

    async def dead_letters(
        self,
        channel: str | None = None,
        *,
        after: str = "",
        limit: int | None = None,
        reason: str = "",
        since: float | None = None,
        until: float | None = None,
    ) -> Sequence[DeadLetter]:
        """Return dead letters, the oldest first.

        Args:
            channel: only those of this channel.
            after: the `DeadLetter.place` to continue behind, for the next page.
            limit: the maximum number.
            reason: only those whose reason contains this string.
            since: only those given up at this time or later, in seconds since 1970.
            until: only those given up before this time.

        Raises:
            ValueError: ``after`` is no place of this broker.
        """
        ...

    async def count_dead_letters(self) -> Mapping[str, int]:
        """Return the number of dead letters by channel."""
        ...

    async def replay(self, which: str | DeadLetter) -> int:
        """Send dead letters again, as new messages; return how many there were.

        A crash on the way may leave one in both places, but cannot lose it.

        Args:
            which: all with this id; or this one, which needs no search.
        """
        ...

    async def drop(self, which: str | DeadLetter) -> int:
        """Delete the dead letters of an id, or one; return how many there were."""
        ...


class BrokerFullError(WorkerError):
    """A channel is full; the message was not sent.

    Attributes:
        channel: its name.
        capacity: messages; None where it is the engine that has no room, or does not say how much.
    """

    def __init__(self, channel: str, capacity: int | None = None) -> None:
        what = (
            "as many messages as its engine can hold"
            if capacity is None
            else f"{capacity} messages"
        )
        super().__init__(f"channel {channel!r} already holds {what}")
        self.channel = channel
        self.capacity = capacity


class BrokerUnavailableError(WorkerError, ConnectionError):
    """A broker cannot be reached, or refuses a command; ``__cause__`` is the client's error.

    Attributes:
        will_pass: whether waiting may help, as with a restart; with a wrong password it does not.
    """

    def __init__(self, text: str, *, will_pass: bool = True) -> None:
        super().__init__(text)
        self.will_pass = will_pass


class BrokerClosedError(WorkerError, RuntimeError):
    """A broker is used outside ``async with broker``.

    >>> print(BrokerClosedError("NatsBroker"))
    NatsBroker is used outside of 'async with broker'; open it in the lifespan of the application:
    <BLANKLINE>
        @asynccontextmanager
        async def lifespan(router):
            async with broker:
                yield
    <BLANKLINE>
        app = ProtocolTypeRouter({...}, lifespan=lifespan)
    """

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is used outside of 'async with broker'; open it in the lifespan of the "
            "application:\n\n"
            "    @asynccontextmanager\n"
            "    async def lifespan(router):\n"
            "        async with broker:\n"
            "            yield\n\n"
            "    app = ProtocolTypeRouter({...}, lifespan=lifespan)"
        )


class LeaseLostError(WorkerError):
    """A delivery is no longer this worker's: it took too long, and another may have it."""
