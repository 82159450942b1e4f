"""A connection to NATS that outlives its server.

Rule: a question that a broken connection left unanswered is asked again on the next connection; so
every question has to be one that may be asked twice.
"""

import contextlib
import inspect
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import anyio
from nats.aio.client import Client
from nats.errors import NoRespondersError
from nats.js import JetStreamContext
from nats.js.errors import APIError

from asgi_routes.errors import did_you_mean
from asgi_routes.worker.contract import BrokerClosedError, BrokerUnavailableError
from asgi_routes.worker.events import LOGGER
from asgi_routes.worker.failures import tell_error
from asgi_routes.worker.nats.answers import Answers, BrokenOffError
from asgi_routes.worker.sending import require_asyncio

_T = TypeVar("_T")

Connect = Callable[..., Awaitable[Client]]
"""Connects, with the options that a broker needs as arguments, as ``nats.connect`` does."""

PATIENCE = 10.0
"""Seconds that the first connection may take."""

_LONGEST_TRY = 1.0
"""Seconds after which a question is asked again. In a cluster it may have gone to a leader that is
no more, and nobody says so."""

_PAUSE = 0.1
_NOT_NOW = frozenset({10008, 10009})
"""What a cluster answers while it has no leader."""


def check_options(options: Mapping[str, Any]) -> None:
    """Make sure that nats-py knows the options that it will be given.

    Raises:
        TypeError: it does not; said where they are written, not where a worker connects.
    """
    known = inspect.signature(Client.connect).parameters.keys() - {"self", "servers"}
    for name in options:
        if name not in known:
            hint = did_you_mean(name, known)
            raise TypeError(
                f"NatsBroker has no option {name!r}, and neither has nats.connect"
                + (f"; {hint}" if hint else "")
            )


class Connection:
    """A connection, made anew whenever it breaks.

    Args:
        servers: addresses.
        options: for ``nats.connect``.
        connect: does it instead; None for a client of our own.
        domain: of JetStream; None for that of the server.
        timeout: seconds that the servers have to answer, or to come back.

    Attributes:
        api: with which the subjects of JetStream begin.
        longest_try: seconds to wait for the answer to a question that is asked again without one.
        breaks: how often a connection has broken. A server that is lost has forgotten who waited.
    """

    def __init__(
        self,
        servers: str | Sequence[str],
        options: Mapping[str, Any],
        *,
        connect: Connect | None = None,
        domain: str | None = None,
        timeout: float = 5.0,
    ) -> None:
        self._servers = [servers] if isinstance(servers, str) else [*servers]
        self._options = options
        self._connect_theirs = connect
        self._domain = domain
        self._timeout = timeout
        self.api = "$JS.API" if domain is None else f"$JS.{domain}.API"
        self.longest_try = min(_LONGEST_TRY, timeout)
        self.breaks = 0
        self._client: Client | None = None
        self._answers: tuple[Client, Answers] | None = None
        self._asking: set[anyio.CancelScope] = set()
        self._errors: dict[str, None] = {}

    @property
    def places(self) -> str:
        """Where the servers are, without passwords."""
        return ", ".join(urlsplit(server).netloc.rpartition("@")[2] for server in self._servers)

    async def open(self) -> None:
        """Connect.

        Raises:
            ImproperlyConfigured: the event loop is not that of asyncio.
            BrokerUnavailableError: nobody answers.
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

    def jetstream(self, client: Client) -> JetStreamContext:
        """Return what asks JetStream, for one try."""
        return client.jetstream(domain=self._domain, timeout=self.longest_try)

    async def ask(self, question: Callable[[Client], Awaitable[_T]]) -> _T:
        """Return the answer to a question.

        It is asked again whenever the connection breaks meanwhile, and, as long as there is time,
        when nobody answers it.

        Raises:
            BrokerClosedError: the broker is not open.
            Exception: of nats-py; `TimeoutError` when nobody answered for too long.
        """
        end = anyio.current_time() + self._timeout
        while True:
            client = await self.get_client()
            with anyio.CancelScope() as scope:
                self._asking.add(scope)
                try:
                    return await question(client)
                except (TimeoutError, APIError) as error:
                    if not _may_pass(error) or anyio.current_time() >= end:
                        raise
                finally:
                    self._asking.discard(scope)
            if not scope.cancelled_caught:
                await anyio.sleep(_PAUSE)

    async def request(
        self,
        subject: str,
        data: bytes,
        headers: dict[str, str] | None = None,
        *,
        is_patient: bool = False,
    ) -> None:
        """Ask a short question, as `ask` does; return when it was answered with a yes.

        Args:
            subject: where to.
            data: the bytes.
            headers: beside them.
            is_patient: whether it is asked again where nobody is there to answer.
        """
        end = time.monotonic() + self._timeout
        while True:
            answers = await self._get_answers()
            try:
                return await answers.ask(subject, data, self.longest_try, headers)
            except BrokenOffError:
                continue
            except NoRespondersError:
                if not is_patient or time.monotonic() >= end:
                    raise
            except (TimeoutError, APIError) as error:
                if not _may_pass(error) or time.monotonic() >= end:
                    raise
            await anyio.sleep(_PAUSE)

    async def _get_answers(self) -> Answers:
        client = await self.get_client()
        if self._answers is not None and self._answers[0] is client:
            return self._answers[1]
        async with self._opening:
            if self._answers is None or self._answers[0] is not client:
                answers = Answers(client)
                await answers.listen()
                self._answers = client, answers
            return self._answers[1]

    async def get_client(self) -> Client:
        """Return the client, once it is connected. One that has given up is replaced.

        So no question waits inside the client for the connection to come back: one that nobody
        waits for by then would still take a message.
        """
        client = self._client
        if client is not None and client.is_connected:
            return client
        with anyio.fail_after(self._timeout):
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
                if self._connect_theirs is not None:
                    return await self._connect_theirs(**options)
                return await _connect_ours(self._servers, options)
        except TimeoutError:
            # A server that refuses may hang up before its reason is read: so all errors are told.
            said = ", ".join(self._errors) or "no answer"
            raise BrokerUnavailableError(
                f"no NATS server at {self.places} took the connection: {said}",
                will_pass="uthorization" not in said,
            ) from None

    async def _on_disconnect(self) -> None:
        self.breaks += 1
        for scope in self._asking:
            scope.cancel()
        if self._answers is not None:
            self._answers[1].break_off()
        if theirs := self._options.get("disconnected_cb"):
            await theirs()

    async def _on_error(self, error: Exception) -> None:
        self._errors[tell_error(error)] = None
        LOGGER.debug("NATS: %r", error)


async def _connect_ours(servers: list[str], options: Mapping[str, Any]) -> Client:
    client = Client()
    try:
        await client.connect(servers, **options)
    finally:
        if not client.is_connected:
            # Before 2.16, nats-py stumbles where there never was anything to close.
            with anyio.CancelScope(shield=True), contextlib.suppress(AttributeError):
                await client.close()
    return client


def _may_pass(error: Exception) -> bool:
    """Tell whether a question may get its answer when it is asked again."""
    return not isinstance(error, APIError) or error.err_code in _NOT_NOW
