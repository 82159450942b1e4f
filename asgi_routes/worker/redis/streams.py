"""The streams of Redis: what is sent to one, lent from it and settled.

In: keys and messages. Out: replies, and deliveries. The rule kept here: each step is one command, or one
script; what a reply that was lost on the way has done already, is done once more without harm.
"""

import json
import math
import time
from collections.abc import Mapping
from typing import Any

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from asgi_routes.worker.contract import BrokerFullError, DeadLetter, Delivery, LeaseLostError
from asgi_routes.worker.messages import decode
from asgi_routes.worker.redis.scripts import ACK, DEAD, EXTEND, PUT, RETRY, TAKE

_GROUP = "workers"
_LONGEST_WAIT = 1.0
"""Seconds after which a slot that waits looks whether a message came back; far below any timeout."""
_TIMEOUT = 5.0
"""Seconds that a server may take for anything, unless the URL says otherwise."""
_RETRIES, _FIRST_PAUSE, _LONGEST_PAUSE = 4, 0.1, 0.5
"""How often a command is tried again when the server is away, so that a restart costs nothing."""


class Streams:
    """Connections, and the names of the keys.

    Args:
        url: as redis-py has it.
        prefix: of every key; a hash tag, so that all of them are in one slot of a cluster.
        lease: seconds.
    """

    def __init__(self, url: str, prefix: str, lease: float) -> None:
        self.lease = lease
        self.prefix = f"{{{prefix}}}"
        self.dead = f"{self.prefix}:dead"
        # Typed as Any: its types are unions of all that any version and any protocol returns.
        client: Any = Redis
        self.client = client.from_url(
            url,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            retry=Retry(ExponentialBackoff(_LONGEST_PAUSE, _FIRST_PAUSE), _RETRIES),
            retry_on_error=[exceptions.ConnectionError, exceptions.TimeoutError],
        )
        # Its reply has another shape in each version of the client; as it is on the wire, it has two.
        self.client.set_response_callback("XREADGROUP", lambda reply, **_: reply)

    def keys(self, channel: str) -> tuple[str, str]:
        """Return the keys of a channel: its stream, and those that wait for another attempt."""
        return f"{self.prefix}:stream:{channel}", f"{self.prefix}:later:{channel}"

    async def run(self, script: str, channel: str, *arguments: Any) -> Any:
        """Run a script on the keys of a channel, and return what it returns."""
        keys = [*self.keys(channel), self.dead]
        return await self.client.register_script(script)(keys, arguments)

    async def put(
        self,
        channel: str,
        data: bytes,
        message_id: str,
        headers: Mapping[str, str],
        capacity: int | None,
    ) -> None:
        """Add a message to a channel that may hold so many.

        Raises:
            BrokerFullError: it does already, or the server has no memory left.
        """
        limit = "" if capacity is None else capacity
        try:
            has_room = await self.run(PUT, channel, limit, data, message_id, json.dumps(headers))
        except exceptions.ResponseError as error:
            if "used memory > 'maxmemory'" not in str(error):
                raise
            raise BrokerFullError(channel) from error
        if not has_room:
            raise BrokerFullError(channel, capacity)


class RedisSubscription:
    """What one slot takes messages from; see `Subscription`."""

    def __init__(self, streams: Streams, channel: str) -> None:
        self._streams = streams
        self._channel = channel
        self._pause = min(_LONGEST_WAIT, streams.lease / 4)
        self._look_at = 0.0

    async def receive(self, timeout: float) -> Delivery | None:  # noqa: ASYNC109 - see there
        end = time.monotonic() + timeout
        while True:
            try:
                found = await self._returned()
                if isinstance(found, list):
                    return RedisDelivery(self._streams, self._channel, *found)
                left = max(end - time.monotonic(), 0.001)
                entry = await self._new(min(left, self._pause, (found or math.inf) / 1000))
            except exceptions.ResponseError as error:
                if not _is_without_group(error):
                    raise
                await self._make_group()
                continue
            if entry is not None:
                return RedisDelivery(self._streams, self._channel, *entry)
            if time.monotonic() >= end:
                return None

    async def _returned(self) -> list[Any] | int | None:
        """Return an entry that is due again, or in how many ms there will be one, or None."""
        looks = (now := time.monotonic()) >= self._look_at
        lease = int(self._streams.lease * 1000)
        found: list[Any] | int | None
        found = await self._streams.run(TAKE, self._channel, _GROUP, lease, int(looks))
        if looks and not isinstance(found, list):
            self._look_at = now + self._pause
        return found

    async def _new(self, seconds: float) -> list[Any] | None:
        """Return an entry that nobody has had yet, or None where none comes within so many seconds."""
        stream, _ = self._streams.keys(self._channel)
        reply = await self._streams.client.execute_command(
            *("XREADGROUP", "GROUP", _GROUP, "worker", "COUNT", 1),
            *("BLOCK", max(1, math.ceil(seconds * 1000)), "STREAMS", stream, ">"),
        )
        if not reply:
            return None
        entries = next(iter(reply.values())) if isinstance(reply, dict) else reply[0][1]
        return [*entries[0], 1]

    async def _make_group(self) -> None:
        stream, _ = self._streams.keys(self._channel)
        try:
            # From 0: what was sent before belongs to the workers too.
            await self._streams.client.execute_command(
                *("XGROUP", "CREATE", stream, _GROUP, "0", "MKSTREAM")
            )
        except exceptions.ResponseError as error:
            if "BUSYGROUP" not in str(error):  # Else another worker was first.
                raise


class RedisDelivery:
    """A message on loan; see `Delivery`."""

    def __init__(
        self, streams: Streams, channel: str, entry: bytes, fields: list[bytes], attempt: int
    ) -> None:
        facts = dict(zip(fields[::2], fields[1::2], strict=True))
        self.channel = channel
        self.id = facts.get(b"id", entry).decode(errors="replace")
        self.message = decode(facts.get(b"data", b""))
        self.headers = _headers(facts)
        self.attempt = attempt
        self.lease: float | None = streams.lease
        self._streams = streams
        self._entry = entry

    async def ack(self) -> None:
        await self._settle(ACK)

    async def retry(self, delay: float) -> None:
        await self._settle(RETRY, max(0, math.ceil(delay * 1000)))

    async def dead_letter(self, reason: str) -> None:
        await self._settle(DEAD, self.channel, reason.encode(errors="backslashreplace"))

    async def extend(self) -> None:
        if not await self._settle(EXTEND):
            raise LeaseLostError(f"the lease of message {self.id} ran out")

    async def _settle(self, script: str, *arguments: Any) -> Any:
        loan = (_GROUP, self._entry, self.attempt)
        try:
            return await self._streams.run(script, self.channel, *loan, *arguments)
        except exceptions.ResponseError as error:
            if not _is_without_group(error):
                raise
            return None  # The server has forgotten all about it.


def _is_without_group(error: Exception) -> bool:
    return "NOGROUP" in str(error)


def _headers(facts: Mapping[bytes, bytes]) -> Mapping[str, str]:
    # Others may write to a stream what they like.
    headers = decode(facts.get(b"headers", b"{}")) or {}
    return {name: value for name, value in headers.items() if isinstance(value, str)}


def dead_letter_of(entry: bytes, fields: Mapping[bytes, bytes]) -> DeadLetter:
    """Return the dead letter that an entry stands for."""
    return DeadLetter(
        id=fields.get(b"id", entry).decode(errors="replace"),
        channel=fields[b"channel"].decode(),
        reason=fields[b"reason"].decode(),
        attempts=int(fields[b"attempts"]),
        at=int(entry.partition(b"-")[0]) / 1000,
        data=fields.get(b"data", b""),
        headers=_headers(fields),
    )
