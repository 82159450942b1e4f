"""What brokers share: opening and closing, sending, and the event loop that some of them need.

Rule: every mistake of a sender is an error of its own call, so that workers meet one only where
others write to the engine.
"""

import asyncio
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, Self

import anyio

from asgi_routes.errors import ImproperlyConfigured, RoutingError
from asgi_routes.worker.contract import BrokerClosedError, Subscription
from asgi_routes.worker.messages import (
    LARGEST,
    WorkerError,
    check_channel,
    check_delay,
    check_headers,
    check_id,
    encode,
)


class SendingBroker(ABC):
    """A broker that keeps messages as bytes: what does not depend on the engine.

    Derive from it for an engine of your own: implement what is abstract, and `CrashLedger` and
    `DeadLetters` where the engine allows it. `asgi_routes.worker.messages.decode` makes the message
    of a delivery.

    Args:
        largest: maximum size of an encoded message in bytes. Keep larger data elsewhere and send a
            reference to it.

    Attributes:
        largest: as given, or less where the engine takes less.
    """

    def __init__(self, *, largest: int = LARGEST) -> None:
        if largest < 1:
            raise ImproperlyConfigured(f"largest must be 1 byte or more, not {largest!r}")
        self.largest = largest
        self._entered = 0
        self._lock: anyio.Lock | None = None

    async def __aenter__(self) -> Self:
        if self._lock is None:
            self._lock = anyio.Lock()
        async with self._lock:
            if self._entered == 0:
                with self._explaining(""):
                    await self.open()
            self._entered += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._lock is not None
        with anyio.CancelScope(shield=True):
            async with self._lock:
                self._entered -= 1
                if self._entered == 0:
                    with anyio.move_on_after(5):
                        await self.close()
                    if not self._lock.statistics().tasks_waiting:
                        self._lock = None  # The next event loop makes its own.

    async def send(
        self,
        channel: str,
        message: Mapping[str, Any],
        *,
        id: str | None = None,  # noqa: A002 - as the field is called everywhere
        headers: Mapping[str, str] | None = None,
        delay: float = 0.0,
    ) -> str:
        """Keep a message for the workers of a channel; see `Broker.send`.

        Raises:
            BrokerClosedError: it is not open; the text shows the lifespan that opens it.
        """
        if self._entered == 0:
            raise BrokerClosedError(type(self).__name__)
        name = check_channel(channel)
        data = encode(message, self.largest)
        message_id = uuid.uuid4().hex if id is None else check_id(id)
        checked = check_headers(headers or {}), check_delay(delay)
        with self._explaining(name):
            await self.put(name, data, message_id, *checked)
        return message_id

    def explain(self, error: Exception, channel: str) -> WorkerError | None:  # noqa: ARG002 - as it is for none
        """Return the error of the contract for one of the engine's client; None where there is none.

        `BrokerUnavailableError` names the server and what is wrong; `BrokerFullError` stands for
        any lack of room.
        """
        return None

    @contextmanager
    def _explaining(self, channel: str) -> Iterator[None]:
        try:
            yield
        except RoutingError:
            raise
        except Exception as error:
            if (told := self.explain(error, channel)) is None:
                raise
            raise told from error

    @abstractmethod
    async def open(self) -> None:
        """Connect."""

    @abstractmethod
    async def close(self) -> None:
        """Disconnect; it may not take long."""

    @abstractmethod
    async def put(
        self,
        channel: str,
        data: bytes,
        message_id: str,
        headers: Mapping[str, str],
        delay: float = 0.0,
    ) -> None:
        """Keep bytes as they are; nobody has checked that they are a message.

        Raises:
            BrokerFullError: the channel holds as many as it may.
            InvalidMessageError: there is a delay, and the engine knows none.
        """

    @abstractmethod
    def subscribe(self, channel: str) -> AbstractAsyncContextManager[Subscription]:
        """Return the subscription of one slot to a channel; see `Broker.subscribe`."""


def require_asyncio(name: str) -> None:
    """Make sure that asyncio runs, before the client of an engine fails for want of it.

    Raises:
        ImproperlyConfigured: another event loop does.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise ImproperlyConfigured(
            f"{name} needs asyncio, and this is another event loop",
            hint='anyio.run(…, backend="asyncio")',
        ) from None
