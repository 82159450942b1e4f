"""Where a broker has its client of redis-py from: a URL, or whoever made one.

Rule: a client that somebody hands over stays theirs: its options are left alone, and it is not
closed. One that is made here, or by a function that is called here, is closed here.
"""

from functools import partial
from typing import Any

from redis import exceptions
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from asgi_routes.errors import ImproperlyConfigured

_SCHEMES = ("redis://", "rediss://", "unix://")
_DEFAULT = "redis://localhost"
_TIMEOUT = 5.0
"""Seconds that a server may take for anything, unless the URL says otherwise."""

_RETRIES, _FIRST_PAUSE, _LONGEST_PAUSE = 4, 0.1, 0.5
"""How often a command is tried again when the server is away, so that a restart costs nothing."""

_MOST_CONNECTIONS = 2**31
"""Each channel of a worker holds one that waits; redis-py 8 stops at 100 by itself."""


class Source:
    """Makes the client of a broker, or has it.

    Args:
        url: as redis-py has it, or None.
        client: of redis.asyncio, or a function that makes one, or None.

    Raises:
        ImproperlyConfigured: there is more than one of them, or one is something else.
    """

    def __init__(self, url: str | None, client: Any) -> None:
        if url is not None and client is not None:
            raise ImproperlyConfigured("RedisBroker takes either a URL or a client")
        url = _DEFAULT if url is None else url
        if not str(url).startswith(_SCHEMES):
            # The URL is not shown: it may hold a password.
            raise ImproperlyConfigured(
                f"the URL of RedisBroker starts with {', '.join(_SCHEMES)}",
                hint="pass a client of redis.asyncio as client=…",
            )
        self._make: Any = partial(_connect, url)
        self._theirs: Any = None
        if isinstance(client, Redis | RedisCluster):
            self._theirs = _check(client)
        elif callable(client):
            self._make = client
        elif client is not None:
            _check(client)

    def open(self) -> Any:
        """Return the client.

        Raises:
            ImproperlyConfigured: a function made something else.
        """
        return _check(self._make()) if self._theirs is None else self._theirs

    async def close(self, client: Any) -> None:
        """Close a client, if it was made here."""
        if client is self._theirs:
            return
        await client.aclose()
        # A client that asks sentinels leaves its connections to them open.
        pool = getattr(client, "connection_pool", None)
        for sentinel in getattr(getattr(pool, "sentinel_manager", None), "sentinels", ()):
            await sentinel.aclose()


def _connect(url: str) -> Any:
    # Typed as Any: its types are unions of all that any version and any protocol returns.
    kind: Any = Redis
    return kind.from_url(
        url,
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        max_connections=_MOST_CONNECTIONS,
        retry=Retry(ExponentialBackoff(_LONGEST_PAUSE, _FIRST_PAUSE), _RETRIES),
        retry_on_error=[exceptions.ConnectionError, exceptions.TimeoutError],
    )


def _check(client: Any) -> Any:
    """Return a client that a broker can use.

    Raises:
        ImproperlyConfigured: it is none.
    """
    if not isinstance(client, Redis | RedisCluster):
        raise ImproperlyConfigured(
            "client of RedisBroker must be a client of redis.asyncio, or a function that returns one, "
            f"not {type(client).__module__}.{type(client).__qualname__}",
            hint="redis.asyncio.Redis(…), RedisCluster(…), Sentinel(…).master_for(…)",
        )
    if client.get_encoder().decode_responses:
        raise ImproperlyConfigured(
            "the client of RedisBroker decodes responses, but messages are bytes",
            hint="omit decode_responses=True",
        )
    return client
