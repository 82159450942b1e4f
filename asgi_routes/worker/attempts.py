"""Attempts at a message: what an application hears and says, how it can end, and when to try again.

Rule: asking for another message means that this one is done; so consumers that never return work
unchanged. Every end is one of `Done`, `Again` and `Dead`, and settles the message exactly once.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import anyio
import anyio.lowlevel

from asgi_routes.errors import NoRouteFound
from asgi_routes.worker.contract import Broker, Delivery
from asgi_routes.worker.failures import tell_error, unwrap

EXTENSION = "channel.delivery"
"""The key in ``scope["extensions"]`` under which an application finds the facts of its delivery."""


@dataclass(frozen=True, slots=True)
class Done:
    """The application returned, asked for the next message, or sent ``channel.ack``."""


@dataclass(frozen=True, slots=True)
class Again:
    """The message is to be delivered again.

    Attributes:
        reason: a sentence for people.
        delay: seconds, as the application asked, or None.
        error: what the application has raised, or None.
    """

    reason: str
    delay: float | None = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """No further delivery would help.

    Attributes:
        reason: a sentence for people.
        error: what the application has raised, or None.
    """

    reason: str
    error: BaseException | None = None


Outcome: TypeAlias = Done | Again | Dead


class Attempt:
    """One attempt at a message: one call of the application.

    Args:
        delivery: with a message.
        broker: for ``channel.send``.

    Attributes:
        outcome: how it ended, as far as the application has said so.
        is_acked: whether the broker knows already that it is done.
        is_lost: whether another worker has the message by now.
        is_unread: whether the application returned without a word, and without its message.
        is_given_back: whether it was handed back to the broker while the application still ran.
    """

    def __init__(self, delivery: Delivery, broker: Broker) -> None:
        self.outcome: Outcome | None = None
        self.is_acked = False
        self.is_lost = False
        self.is_unread = False
        self.is_given_back = False
        self._delivery = delivery
        self._broker = broker
        self._received = 0
        self._call = anyio.CancelScope()

    async def run(self, app: Any, scope: Any, timeout: float | None) -> Outcome:  # noqa: ASYNC109
        """Call the application; return how the message ended.

        Args:
            app: an application, called with the `receive` and `send` of this attempt.
            scope: its scope.
            timeout: seconds that it may take; None for no bound.
        """
        self.outcome = await self._call_app(app, scope, timeout)
        return self.outcome

    async def _call_app(self, app: Any, scope: Any, timeout: float | None) -> Outcome:  # noqa: ASYNC109
        if timeout is not None:
            self._call.deadline = anyio.current_time() + timeout
        try:
            with self._call:
                await app(scope, self.receive, self.send)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises is an outcome
            return self.outcome or _judge_error(error)
        except anyio.get_cancelled_exc_class() as error:
            # Raised again here, if the worker really is cancelled; else the application made it up.
            await anyio.lowlevel.checkpoint()
            return self.outcome or _judge_error(error)
        if self.outcome is None and self._call.cancelled_caught:  # Not by `receive`: it is late.
            return _judge_error(TimeoutError(f"the application took more than {timeout:g} s"))
        self.is_unread = self.outcome is None and self._received == 0
        return self.outcome or Done()

    async def receive(self) -> Any:
        """Return the message; the second time, end the call: the message is done."""
        self._received += 1
        if self._received == 1:
            return self._delivery.message
        if self._received > 2:  # noqa: PLR2004 - the second one is pending for ever
            raise RuntimeError("receive() was called while an earlier call is pending")
        self.outcome = self.outcome or Done()
        # An exception here would make `while True: try … except Exception` spin.
        self._call.cancel()
        await anyio.sleep_forever()
        return None

    async def send(self, message: Any) -> None:
        """Do what the application asks for.

        Raises:
            ValueError: a worker knows no such message.
        """
        await anyio.lowlevel.checkpoint()
        if not isinstance(message, Mapping):
            raise ValueError(f"a message must be a mapping, not {message!r}")  # noqa: TRY004 - as for its type
        if message.get("type") == "channel.send":
            name, inner = message.get("channel", ""), message.get("message", {})
            options = {key: message[key] for key in ("id", "headers", "delay") if key in message}
            await self._broker.send(name, inner, **options)
            return
        if (outcome := _read_request(message)) is None:
            raise ValueError(
                "the application of a channel may send channel.send, channel.ack, channel.retry and "
                f"channel.reject, not {message.get('type')!r}"
            )
        if self.outcome is not None:
            raise ValueError("the application has already settled the message")
        self.outcome = outcome
        if isinstance(outcome, Done):
            await self._delivery.ack()
            self.is_acked = True


def make_scope(delivery: Delivery, max_attempts: int, state: Mapping[str, Any] | None) -> Any:
    """Return the scope of a message: what Channels gives, with the delivery as an extension."""
    facts = {
        "id": delivery.id,
        "attempt": delivery.attempt,
        "max_attempts": max_attempts,
        "headers": dict(delivery.headers),
        "sends": ["channel.send", "channel.ack", "channel.retry", "channel.reject"],
    }
    scope: dict[str, Any] = {
        "type": "channel",
        "channel": delivery.channel,
        "asgi": {"version": "3.0"},
        "extensions": {EXTENSION: facts},
    }
    if state is not None:
        scope["state"] = dict(state)
    return scope


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with jitter.

    The jitter spreads retries of messages that failed together.

    Attributes:
        first: seconds after the first failure.
        longest: maximum in seconds; an engine may have a lower limit of its own.
        jitter: the share of each pause that is random, 0 to 1.

    >>> Backoff(first=1, longest=60, jitter=0).delay(3)
    4.0
    >>> Backoff(first=1, longest=60, jitter=0).delay(5000)
    60.0
    """

    first: float = 1.0
    longest: float = 30.0
    jitter: float = 0.5

    def delay(self, failures: int) -> float:
        """Return the seconds to wait after this many failures, at least 1."""
        exponent = min(failures - 1, 64)
        pause = min(self.longest, self.first * 2.0**exponent)
        return pause * (1 - self.jitter * random.random())  # noqa: S311 - no secret


def _judge_error(error: BaseException) -> Outcome:
    """Return what an exception of the application means for its message.

    >>> _judge_error(ValueError("no such image"))
    Again(reason='ValueError: no such image', delay=None, error=ValueError('no such image'))
    """
    error = unwrap(error)
    if isinstance(error, NoRouteFound):
        return Dead(f"no application serves it: {error}", error)
    return Again(tell_error(error), None, error)


def _read_request(message: Any) -> Outcome | None:
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
            raise ValueError(f"the delay of channel.retry must be in seconds, not {delay!r}")
        return Again(str(message.get("reason") or "the application asked for it"), delay)
    if kind == "channel.reject":
        return Dead(str(message.get("reason") or "the application rejected it"))
    return None
