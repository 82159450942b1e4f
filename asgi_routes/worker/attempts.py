"""What an application hears and says while it works on one message.

In: a delivery. Out: ``receive`` and ``send`` for the application, and how the message ended. The rule kept
here: asking for another message means that this one is done; so consumers that never return work
as they are.
"""

from collections.abc import Mapping
from typing import Any

import anyio
import anyio.lowlevel

from asgi_routes.worker.contract import Broker, Delivery
from asgi_routes.worker.outcomes import Done, Outcome, outcome_of, requested

EXTENSION = "channel.delivery"
"""The key in ``scope["extensions"]`` under which an application finds how it got its message."""


class Attempt:
    """One attempt at a message: one call of the application.

    Args:
        delivery: with a message.
        broker: for ``channel.send``.

    Attributes:
        outcome: how it ended, as far as the application has said so.
        is_acked: whether the broker knows already that it is done.
        is_lost: whether another worker has the message by now.
    """

    def __init__(self, delivery: Delivery, broker: Broker) -> None:
        self.outcome: Outcome | None = None
        self.is_acked = False
        self.is_lost = False
        self._delivery = delivery
        self._broker = broker
        self._received = 0
        self._call = anyio.CancelScope()

    async def run(self, app: Any, scope: Any, timeout: float | None) -> Outcome:  # noqa: ASYNC109
        """Call the application; return how the message ended.

        Args:
            app: an application, called with the `receive` and `send` of this attempt.
            scope: for it.
            timeout: seconds that it may take; None for no bound.
        """
        self.outcome = await self._call_app(app, scope, timeout)
        return self.outcome

    async def _call_app(self, app: Any, scope: Any, timeout: float | None) -> Outcome:  # noqa: ASYNC109
        limit = anyio.CancelScope()
        if timeout is not None:
            limit.deadline = anyio.current_time() + timeout
        try:
            with limit, self._call:
                await app(scope, self.receive, self.send)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises is an outcome
            return self.outcome or outcome_of(error)
        except anyio.get_cancelled_exc_class() as error:
            # Raised again here, if the worker really is cancelled; else the application made it up.
            await anyio.lowlevel.checkpoint()
            return self.outcome or outcome_of(error)
        if self.outcome is None and limit.cancelled_caught:
            return outcome_of(TimeoutError(f"the application took more than {timeout:g} s"))
        return self.outcome or Done()

    async def receive(self) -> Any:
        """Return the message; the second time, end the call: the message is done."""
        self._received += 1
        if self._received == 1:
            await anyio.lowlevel.checkpoint()
            return self._delivery.message
        if self._received > 2:  # noqa: PLR2004 - the second one is pending for ever
            raise RuntimeError("receive() was called while an earlier call of it is pending")
        self.outcome = self.outcome or Done()
        # An exception here would make `while True: try … except Exception` spin.
        self._call.cancel()
        await anyio.sleep_forever()
        return None

    async def send(self, message: Any) -> None:
        """Do what the application asks for.

        Raises:
            ValueError: that is nothing a worker knows.
        """
        await anyio.lowlevel.checkpoint()
        if not isinstance(message, Mapping):
            raise ValueError(f"a message is a mapping, not {message!r}")  # noqa: TRY004 - as for its type
        if message.get("type") == "channel.send":
            name, inner = message.get("channel", ""), message.get("message", {})
            options = {key: message[key] for key in ("id", "headers") if key in message}
            await self._broker.send(name, inner, **options)
            return
        if (outcome := requested(message)) is None:
            raise ValueError(
                "the application of a channel may send channel.send, channel.ack, channel.retry and "
                f"channel.reject, not {message.get('type')!r}"
            )
        if self.outcome is not None:
            raise ValueError("the application has said already how the message ended")
        self.outcome = outcome
        if isinstance(outcome, Done):
            await self._delivery.ack()
            self.is_acked = True


def make_scope(delivery: Delivery, max_attempts: int, state: Mapping[str, Any] | None) -> Any:
    """Return the scope of a message: that of Channels, with more in it."""
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
