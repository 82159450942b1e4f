"""The reader of a channel: it takes messages from the broker, and gives each to a free slot.

Rule: it asks for no more than there are free slots, so nothing is fetched that nobody works on; and
it is the only one who asks, however many slots there are.
"""

from collections.abc import Callable

import anyio

from asgi_routes.worker.attempts import Backoff
from asgi_routes.worker.contract import Broker, Delivery, Subscription
from asgi_routes.worker.handling import Handler
from asgi_routes.worker.slots import open_slots
from asgi_routes.worker.supervisor import Supervisor

_LONGEST_SILENCE = 30.0
"""Seconds, beyond those that it was given, after which a broker has not answered."""

_FIRST_WAIT = 1.0
"""Seconds that a broker has at most for its first answer, and for the first after a failure: that it
is there must not stay unknown for as long as there is no message."""


class Feed:
    """Feeds the slots of one channel.

    Args:
        channel: its name.
        slots: messages that are worked on at once.
        poll: seconds that the reader waits for a message before it asks once more.
        backoff: the pauses before a broker that failed is asked again.
    """

    def __init__(self, channel: str, slots: int, poll: float, backoff: Backoff) -> None:
        self._channel = channel
        self._free = slots
        self._poll = poll
        self._backoff = backoff
        self._freed = anyio.Event()
        self._waiting: anyio.CancelScope | None = None

    def stop_waiting(self) -> None:
        """Do not wait for a message any longer."""
        if self._waiting is not None:
            self._waiting.cancel()

    async def run(
        self, broker: Broker, handler: Handler, supervisor: Supervisor, stopping: anyio.Event
    ) -> None:
        """Read until the worker stops, and wait for what runs then."""
        failures = 0

        async with open_slots() as slots:

            def start(delivery: Delivery) -> None:
                self._free -= 1
                slots.start_soon(self._work_on, delivery, handler, supervisor)

            while not stopping.is_set():
                try:
                    async with broker.subscribe(self._channel) as subscription:
                        wait = min(self._poll, _FIRST_WAIT)
                        while not stopping.is_set():
                            await self._wait_for_slot()
                            if not stopping.is_set():
                                await self._read(subscription, wait, stopping, start)
                                failures, wait = 0, self._poll
                                supervisor.note_answer(self._channel)
                except Exception as error:  # noqa: BLE001 - brokers come back
                    failures += 1
                    delay = self._backoff.delay(failures)
                    supervisor.note_failure(self._channel, error, delay)
                    with anyio.move_on_after(delay):
                        await stopping.wait()

    async def _wait_for_slot(self) -> None:
        # When the worker stops meanwhile, a slot gets free, too; then nothing more is read.
        while self._free == 0:
            self._freed = anyio.Event()
            await self._freed.wait()

    async def _read(
        self,
        subscription: Subscription,
        wait: float,
        stopping: anyio.Event,
        start: Callable[[Delivery], None],
    ) -> None:
        """Start the work on as many messages as there are free slots, or on none."""
        first = None
        with anyio.fail_after(wait + _LONGEST_SILENCE), anyio.CancelScope() as self._waiting:
            first = await subscription.receive(wait, self._free)
        self._waiting = None
        if first is None:
            return
        # At once: whatever becomes of the next question, this one is in hand.
        start(first)
        if self._free and not stopping.is_set():
            for delivery in await subscription.receive_more(self._free):
                start(delivery)

    async def _work_on(self, delivery: Delivery, handler: Handler, supervisor: Supervisor) -> None:
        try:
            await handler.handle(delivery)
        except Exception as error:  # noqa: BLE001 - the lease brings the message back
            supervisor.note_failure(self._channel, error)
        finally:
            self._free += 1
            self._freed.set()
