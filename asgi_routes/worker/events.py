"""What a worker reports: events for metrics, and a status.

Rule: nothing that watches a worker can stop it.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from asgi_routes.worker.contract import Delivery

LOGGER = logging.getLogger("asgi_routes.worker")

EventKind: TypeAlias = Literal[
    "ready",
    "start",
    "done",
    "retry",
    "dead",
    "handed_back",
    "lease_lost",
    "blocked",
    "broker_error",
    "broker_back",
    "draining",
    "stopped",
]
"""``ready``, ``draining`` and ``stopped`` are about the worker.

``start``, ``done``, ``retry``, ``dead`` and ``handed_back`` (at a hard stop) are about a message.
So are ``lease_lost``, after which another worker may have it, and ``blocked``, when something kept
the event loop for so long that its lease may run out. ``broker_error`` and ``broker_back`` are the
begin and the end of an outage: each comes once, however many slots and channels notice.
"""

_LEVELS = {
    "start": logging.DEBUG,
    "done": logging.DEBUG,
    "retry": logging.WARNING,
    "dead": logging.ERROR,
    "handed_back": logging.WARNING,
    "lease_lost": logging.WARNING,
    "blocked": logging.WARNING,
    "broker_error": logging.WARNING,
    "broker_back": logging.WARNING,
}
_OF_APPLICATION = ("retry", "dead")
"""Events whose exception is logged with its traceback: it is the application's."""


@dataclass(frozen=True, slots=True)
class WorkerEvent:
    """Something that happened in a worker.

    Attributes:
        kind: what happened.
        channel: the channel, or "" for the whole worker.
        id: the id of the message, or "".
        attempt: the attempt, or 0.
        seconds: how long the application ran (done, retry, dead), the event loop was blocked, or the
            broker was away.
        delay: seconds until the message, or the broker, is tried again.
        reason: a sentence for people, or "".
        error: the exception with its traceback: of the application (retry, dead), or of the broker;
            None where there was none.
    """

    kind: EventKind
    channel: str = ""
    id: str = ""
    attempt: int = 0
    seconds: float = 0.0
    delay: float = 0.0
    reason: str = ""
    error: BaseException | None = field(default=None, compare=False)

    def __str__(self) -> str:
        parts = [self.kind.replace("_", " ")]
        if self.channel:
            parts.append(f"channel {self.channel!r}")
        if self.id:
            parts.append(f"message {self.id}, attempt {self.attempt}")
        if self.kind in ("retry", "broker_error"):
            parts.append(f"retrying in {self.delay:.2f} s")
        return "; ".join([", ".join(parts), self.reason]) if self.reason else ", ".join(parts)


@dataclass
class Status:
    """The state of a worker.

    Attributes:
        state: ``starting``, ``running``, ``draining`` or ``stopped``.
        channels: that it takes messages from.
        in_flight: messages that the application works on.
        polled: for each channel, when the broker has last answered, in seconds since 1970.
        counts: how often each kind of event has happened.
    """

    state: Literal["starting", "running", "draining", "stopped"] = "starting"
    channels: tuple[str, ...] = ()
    in_flight: int = 0
    polled: dict[str, float] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


class Monitor:
    """Counts what happens in a worker, logs it and passes it on.

    Args:
        on_event: called with each event, or None.
    """

    def __init__(self, on_event: Callable[[WorkerEvent], None] | None) -> None:
        self.status = Status()
        self._on_event = on_event
        self._has_warned = False

    def tell(self, event: WorkerEvent) -> None:
        """Count an event, log it and call the hook; what that raises is logged."""
        self.status.counts[event.kind] += 1
        trace = event.error if event.kind in _OF_APPLICATION else None
        LOGGER.log(_LEVELS.get(event.kind, logging.INFO), "%s", event, exc_info=trace)
        if self._on_event is not None:
            try:
                self._on_event(event)
            except Exception:
                LOGGER.exception("on_event failed for %s", event)

    def tell_of(
        self,
        kind: EventKind,
        delivery: Delivery,
        seconds: float = 0.0,
        *,
        delay: float = 0.0,
        reason: str = "",
        error: BaseException | None = None,
    ) -> None:
        """Report what happened to a delivery; see `WorkerEvent`."""
        if self._on_event is None and not LOGGER.isEnabledFor(_LEVELS[kind]):
            self.status.counts[kind] += 1
            return
        channel, attempt = delivery.channel, delivery.attempt
        self.tell(WorkerEvent(kind, channel, delivery.id, attempt, seconds, delay, reason, error))

    def warn_unread(self, delivery: Delivery) -> None:
        """Say once that an application returns without having asked for its message."""
        if not self._has_warned:
            self._has_warned = True
            LOGGER.warning(
                "the application returned without receive(), and message %s of channel %r counts as "
                "done; it may not serve that channel (said once)",
                *(delivery.id, delivery.channel),
            )
