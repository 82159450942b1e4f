"""A connection to NATS that outlives its server.

Rule: a question that a broken connection left unanswered is asked again on the next connection; so
every question has to be one that may be asked twice.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import anyio
from nats.aio.client import Client

from asgi_routes.worker.contract import BrokerClosedError
from asgi_routes.worker.events import LOGGER
from asgi_routes.worker.messages import WorkerError
from asgi_routes.worker.sending import require_asyncio

_T = TypeVar("_T")

PATIENCE = 10.0
"""Seconds that the first connection may take."""

ANSWER = 5.0
"""Seconds that the server has to answer, or to come back."""


class Connection:
    """A connection, made anew whenever it breaks.

    Args:
        servers: addresses.
        options: for ``nats.connect``.
    """

    def __init__(self, servers: str | Sequence[str], options: Mapping[str, Any]) -> None:
        self._servers = [servers] if isinstance(servers, str) else [*servers]
        self._options = options
        self._client: Client | None = None
        self._asking: set[anyio.CancelScope] = set()
        self._errors: dict[str, None] = {}

    async def open(self) -> None:
        """Connect.

        Raises:
            ImproperlyConfigured: the event loop is not that of asyncio.
            WorkerError: nobody answers.
        """
        require_asyncio("NatsBroker")
        self._opening = anyio.Lock()
        self._client = await self._connect()

    async def close(self) -> None:
        """Disconnect; a question that is still open raises `BrokerClosedError`."""
        async with self._opening:
            client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def ask(self, question: Callable[[Client], Awaitable[_T]]) -> _T:
        """Return the answer to a question, asked again whenever the connection breaks meanwhile.

        Raises:
            BrokerClosedError: the broker is not open.
            Exception: of nats-py; `TimeoutError` when nobody answered for too long.
        """
        while True:
            client = await self._wait_for_client()
            with anyio.CancelScope() as scope:
                self._asking.add(scope)
                try:
                    return await question(client)
                finally:
                    self._asking.discard(scope)

    async def _wait_for_client(self) -> Client:
        """Return the client, once it is connected. One that has given up is replaced.

        So no question waits inside the client for the connection to come back: one that nobody
        waits for by then would still take a message.
        """
        client = self._client
        with anyio.fail_after(ANSWER):
            while client is not None and client.is_reconnecting:  # noqa: ASYNC110 - nats-py has no event
                await anyio.sleep(0.1)
        if client is not None and client.is_closed:
            async with self._opening:
                if self._client is client:
                    self._client = await self._connect()
        if self._client is None:
            raise BrokerClosedError("NatsBroker")
        return self._client

    async def _connect(self) -> Client:
        client = Client()
        options = {
            "name": "asgi_routes",
            "max_reconnect_attempts": -1,
            "reconnect_time_wait": 0.5,
            "error_cb": self._on_error,
            **self._options,
            "disconnected_cb": self._on_disconnect,
        }
        self._errors.clear()
        try:
            with anyio.fail_after(PATIENCE):
                await client.connect(self._servers, **options)
        except TimeoutError:
            places = ", ".join(
                urlsplit(server).netloc.rpartition("@")[2] for server in self._servers
            )
            # A server that refuses may hang up before its reason is read: so all errors are told.
            said = ", ".join(self._errors) or "no answer"
            raise WorkerError(f"no NATS server at {places} took the connection: {said}") from None
        finally:
            if not client.is_connected:
                # Before 2.16, nats-py stumbles where there never was anything to close.
                with anyio.CancelScope(shield=True), contextlib.suppress(AttributeError):
                    await client.close()
        return client

    async def _on_disconnect(self) -> None:
        for scope in self._asking:
            scope.cancel()
        if theirs := self._options.get("disconnected_cb"):
            await theirs()

    async def _on_error(self, error: Exception) -> None:
        self._errors[repr(error)] = None
        LOGGER.warning("NATS: %r", error)
