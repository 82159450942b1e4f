"""How a message ended, and what the broker is told.

In: what became of a message in the application. Out: one of ack, retry, dead letter. The rule kept here: every
end is one of these values, and each of them settles the message exactly once.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

from asgi_routes.errors import NoRouteFound


@dataclass(frozen=True, slots=True)
class Done:
    """The application returned, asked for the next message, or said so."""


@dataclass(frozen=True, slots=True)
class Again:
    """The message is to be delivered again.

    Attributes:
        reason: a sentence for people.
        delay: seconds, as the application asked, or None.
    """

    reason: str
    delay: float | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """No further delivery would help.

    Attributes:
        reason: a sentence for people.
    """

    reason: str


Outcome: TypeAlias = Done | Again | Dead


def outcome_of(error: BaseException) -> Outcome:
    """Return what an exception of the application means for its message.

    >>> outcome_of(ValueError("no such image"))
    Again(reason="ValueError('no such image')", delay=None)
    """
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, NoRouteFound):
        return Dead(f"nobody serves it: {error}")
    return Again(repr(error))


def requested(message: Any) -> Outcome | None:
    """Return what an application asks for by ``send``; None for what is no such request.

    Raises:
        ValueError: a field has a value that means nothing.
    """
    kind = message.get("type")
    if kind == "channel.ack":
        return Done()
    if kind == "channel.retry":
        delay = message.get("delay")
        is_number = isinstance(delay, int | float) and not isinstance(delay, bool)
        if delay is not None and not (is_number and delay >= 0):
            raise ValueError(f"the delay of channel.retry is in seconds, not {delay!r}")
        return Again(str(message.get("reason") or "the application asked for it"), delay)
    if kind == "channel.reject":
        return Dead(str(message.get("reason") or "the application rejected it"))
    return None
