"""A broker over a channel layer of Channels.

Rule: a crash may lose messages; a graceful stop never does: unhandled messages go back to the
layer.
"""

import asyncio
import heapq
import itertools
import re
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import anyio

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.contract import BrokerClosedError, BrokerFullError, Delivery, Subscription
from asgi_routes.worker.events import LOGGER
from asgi_routes.worker.messages import (
    LARGEST,
    InvalidMessageError,
    MessageTooLargeError,
    decode,
)
from asgi_routes.worker.sending import SendingBroker, require_asyncio

_REFUSED = {
    "RedisPubSubChannelLayer": "a message that is sent before a worker listens is gone, and two "
    "workers both get every message; channels_redis.core.RedisChannelLayer is for workers",
    "RabbitmqChannelLayer": "it sends to no channel that workers listen to",
}
_NAME = re.compile(r"(?=.{1,99}\Z)[\w\-.]+(![\w\-.]*)?", re.ASCII).fullmatch
"""A name as Channels' specification has it; one with a ``!`` belongs to one process."""


class LayerBroker(SendingBroker):
    """Takes messages from a channel layer of Channels: **at most once**. It runs on asyncio.

    A layer forgets a message when it hands it out. So a message is lost when the process that has
    it dies, and when the layer drops it: because it is too old (60 seconds, usually), or because
    the layer is away. Nothing can be done about that here; use a `RedisBroker` or `NatsBroker`.
    What differs from those:

    - A message that fails is tried again in the same process only. What still waits for another
      attempt when the broker is left, and what a worker that stops hands back, goes back to the
      layer as a new message.
    - A message that is given up is logged and dropped: a layer has no place for dead letters.
    - A message cannot be sent for later: there would be nobody to keep it.
    - There is no lease, and no way to know what killed a process.
    - An id is made when a message is received; the sender's id and headers are not passed on.

    In exchange, code that sends by ``channel_layer.send`` and consumers of Channels need no change.
    The layer is not closed; that is up to whoever made it.

    Args:
        layer: anything that has ``send(channel, message)`` and ``receive(channel)``.
        largest: bytes that a message may have, encoded.

    Raises:
        ImproperlyConfigured: it has not, or it is known not to work for workers.
    """

    def __init__(self, layer: Any, *, largest: int = LARGEST) -> None:
        super().__init__(largest=largest)
        for kind in type(layer).__mro__:
            if why := _REFUSED.get(kind.__name__):
                raise ImproperlyConfigured(f"{kind.__name__} cannot serve workers: {why}")
        # No isinstance: a layer may pass its methods on by __getattr__.
        if not all(callable(getattr(layer, name, None)) for name in ("send", "receive")):
            raise ImproperlyConfigured(
                f"LayerBroker takes a channel layer, not {layer!r}",
                hint="get_channel_layer() is None if CHANNEL_LAYERS is not set",
            )
        self._layer = layer
        self._intakes: dict[str, _Intake] | None = None

    async def open(self) -> None:
        """Do nothing: the layer connects when it is used.

        Raises:
            ImproperlyConfigured: the event loop is not that of asyncio.
        """
        require_asyncio("LayerBroker")
        self._intakes = {}

    async def close(self) -> None:
        """Send back to the layer what was taken from it and not worked on."""
        intakes, self._intakes = self._intakes or {}, None
        for channel, intake in intakes.items():
            for message in await intake.close():
                try:
                    await self._layer.send(channel, message)
                except Exception as error:  # noqa: BLE001 - the others may go through
                    LOGGER.error("a message of channel %r was lost: %r", channel, error)

    async def put(
        self,
        channel: str,
        data: bytes,
        message_id: str,  # noqa: ARG002 - a layer takes none
        headers: Mapping[str, str],  # noqa: ARG002 - as above
        delay: float = 0.0,
    ) -> None:
        if delay:
            raise InvalidMessageError("a channel layer keeps no message for later")
        if (message := decode(data)) is None:
            raise InvalidMessageError("a layer takes mappings, which these bytes are not")
        self._get_intakes()
        try:
            await self._layer.send(_check_channel(channel), message)
        except Exception as error:
            # The specification has them on the layer, where no layer has them.
            if type(error).__name__ == "ChannelFull":
                raise BrokerFullError(channel) from error
            if type(error).__name__ == "MessageTooLarge":
                raise MessageTooLargeError(len(data), self.largest) from error
            raise

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[Subscription]:
        """Return the subscription of one slot to a channel."""
        intakes = self._get_intakes()
        if channel not in intakes:
            intakes[_check_channel(channel)] = _Intake(self._layer, channel)
        yield LayerSubscription(intakes[channel])

    def _get_intakes(self) -> dict[str, "_Intake"]:
        if self._intakes is None:
            raise BrokerClosedError("LayerBroker")
        return self._intakes


@dataclass(frozen=True, slots=True)
class _Taken:
    """A message that the layer has handed out.

    Attributes:
        message: as it came.
        attempt: which one comes next.
        id: made here.
    """

    message: Any
    attempt: int = 1
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


class _Intake:
    """What comes from one channel, for all slots of a process.

    One task asks the layer, and is never cancelled to look elsewhere: layers lose messages that
    way. So at most one message has left the layer and not reached a slot.

    Args:
        layer: the channel layer.
        channel: its name.
    """

    def __init__(self, layer: Any, channel: str) -> None:
        self.channel = channel
        self._layer = layer
        self._asking: asyncio.Task[Any] | None = None
        self._turn = asyncio.Lock()
        self._again: list[tuple[float, int, _Taken]] = []
        self._order = itertools.count()
        self._changed = asyncio.Event()

    def put_back(self, taken: "_Taken", delay: float) -> None:
        """Have a message delivered again in this process."""
        due = time.monotonic() + delay
        heapq.heappush(self._again, (due, next(self._order), taken))
        self._changed.set()

    async def next(self) -> "_Taken":
        """Return a message. It is not lost when the call is cancelled."""
        async with self._turn:
            while True:
                self._changed.clear()
                if self._again and self._again[0][0] <= time.monotonic():
                    return heapq.heappop(self._again)[-1]
                asking = self._asking or asyncio.ensure_future(self._layer.receive(self.channel))
                self._asking = asking
                await self._wait(asking)
                if asking.done():
                    self._asking = None
                    return _Taken(asking.result())

    async def close(self) -> list[Any]:
        """Ask no more; return the messages that are left."""
        left = [taken.message for *_, taken in sorted(self._again)]
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])
            if not self._asking.cancelled() and self._asking.exception() is None:
                left.insert(0, self._asking.result())
        return left

    async def _wait(self, asking: asyncio.Task[Any]) -> None:
        """Wait until the layer has answered, or there may be something to try again."""
        changed = asyncio.ensure_future(self._changed.wait())
        seconds = max(0.0, self._again[0][0] - time.monotonic()) if self._again else None
        try:
            await asyncio.wait(
                [asking, changed], timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            changed.cancel()


class LayerSubscription:
    """What one slot takes messages from; see `Subscription`."""

    def __init__(self, intake: _Intake) -> None:
        self._intake = intake

    async def receive(self, timeout: float, room: int = 1) -> Delivery | None:  # noqa: ARG002, ASYNC109 - see there
        with anyio.move_on_after(timeout):
            return LayerDelivery(self._intake, await self._intake.next())
        return None

    async def receive_more(self, limit: int) -> list[Delivery]:  # noqa: ARG002 - one at a time
        """Return none: a layer hands out one at a time."""
        return []


class LayerDelivery:
    """A message that the layer has forgotten already; see `Delivery`."""

    def __init__(self, intake: _Intake, taken: _Taken) -> None:
        self.channel = intake.channel
        self.id = taken.id
        # The application may change what it is given, and the next attempt needs what was sent.
        is_message = isinstance(taken.message, dict)
        self.message: Mapping[str, Any] | None = deepcopy(taken.message) if is_message else None
        self.headers: Mapping[str, str] = {}
        self.attempt = taken.attempt
        self.lease: float | None = None
        self._intake = intake
        self._taken: _Taken | None = taken

    async def ack(self) -> None:
        self._taken = None

    async def retry(self, delay: float) -> None:
        if self._taken is not None:
            taken, self._taken = self._taken, None
            self._intake.put_back(replace(taken, attempt=taken.attempt + 1), delay)

    async def dead_letter(self, reason: str) -> None:
        if self._taken is not None:
            self._taken = None
            LOGGER.error("message %s of channel %r is dropped: %s", self.id, self.channel, reason)

    async def extend(self) -> None:
        """Do nothing: nobody else can get it."""


def _check_channel(channel: str) -> str:
    if not _NAME(channel):
        raise InvalidMessageError(
            "channel names of a layer are up to 99 letters, digits, '-', '_' and '.', "
            f"not {channel!r}"
        )
    return channel
