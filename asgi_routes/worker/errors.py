"""What can go wrong between a sender, a broker and a worker.

In: what was found wrong. Out: exceptions. The rule kept here: each derives from `RoutingError`, as every
error of the package, and from the built-in exception that a caller would expect.
"""

from asgi_routes.errors import RoutingError


class WorkerError(RoutingError):
    """The base of every error of the worker and its brokers."""


class InvalidMessageError(WorkerError, ValueError):
    """Something is no message for a channel; it was not sent."""


class MessageTooLargeError(WorkerError, ValueError):
    """A message is larger than the broker takes; it was not sent.

    Attributes:
        size: bytes, encoded.
        limit: bytes.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the message has {size} bytes, and this broker takes {limit}")
        self.size = size
        self.limit = limit


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
