"""The messages that a broker on Redis lends to workers.

Rule: the number of deliveries, which Redis counts, tells one loan of a message from the next; who
settles with another number takes nothing away from who has the message now.
"""

import math
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from redis import exceptions

from asgi_routes.worker.contract import Delivery, LeaseLostError
from asgi_routes.worker.messages import decode
from asgi_routes.worker.redis.acks import Acks
from asgi_routes.worker.redis.letters import read_headers
from asgi_routes.worker.redis.streams import (
    DEAD,
    EXTEND,
    GIVE_BACK,
    GROUP,
    RETRY,
    TAKE,
    Streams,
    means_no_group,
    read_fields,
)
from asgi_routes.worker.redis.waiting import Waiting

_MOST_SINGLE = 64

Loan: TypeAlias = tuple[bytes, Mapping[bytes, bytes], int]
"""An entry: its id, its fields, and the number of its delivery."""


@dataclass(frozen=True)
class Shared:
    """What all subscriptions of a broker share.

    Attributes:
        streams: of the channels.
        waiting: for new entries.
        acks: tell of messages that are done.
        max_dead: dead letters of a channel that are kept; None for no bound.
    """

    streams: Streams
    waiting: Waiting
    acks: Acks
    max_dead: int | None


class RedisSubscription:
    """What a worker takes the messages of a channel from; see `Subscription`.

    Messages that come one by one are waited for; each costs one question. Where many have come
    that way in a row, there may be more than one, and they are taken together from then on, until
    there are no more.
    """

    def __init__(self, shared: Shared, channel: str) -> None:
        self._shared = shared
        self._channel = channel
        self._taken: deque[RedisDelivery] = deque()
        self._may_have_more = True
        self._single = 0
        self._most_single = 1

    async def receive(self, timeout: float, room: int = 1) -> Delivery | None:  # noqa: ASYNC109 - see there
        end = time.monotonic() + timeout
        is_patient = timeout > self._shared.streams.pause
        while True:
            if not self._taken and self._may_have_more:
                await self._take(room)
            if self._taken:
                return self._taken.popleft()
            told = await self._shared.waiting.wait(self._channel, end, is_patient=is_patient)
            if isinstance(told, tuple):
                self._single += 1
                self._may_have_more = self._single >= self._most_single
                return self._lend(*told, 1)
            self._single = 0
            if told is None:
                return None
            self._may_have_more = True

    async def receive_more(self, limit: int) -> list[Delivery]:
        if not self._taken and self._may_have_more:
            read = await self._shared.streams.read([self._channel], "COUNT", limit)
            self._note_taken([(*entry, 1) for entry in read.get(self._channel, [])], limit)
        return [self._taken.popleft() for _ in range(min(limit, len(self._taken)))]

    async def close(self) -> None:
        """Hand back what was taken and not asked for."""
        while self._taken:
            await self._taken.popleft().give_back()

    def _lend(self, entry: bytes, fields: Mapping[bytes, bytes], attempt: int) -> "RedisDelivery":
        return RedisDelivery(self._shared, self._channel, entry, fields, attempt)

    def _note_taken(self, entries: Sequence[Loan], room: int) -> None:
        """Have entries ready, of which there may be more where they are as many as could be."""
        self._taken.extend(self._lend(*entry) for entry in entries)
        self._may_have_more = len(entries) == room
        self._single = 0
        # Who looks for more in vain looks less often.
        self._most_single = 1 if entries else min(2 * self._most_single, _MOST_SINGLE)

    async def _take(self, room: int) -> None:
        """Take entries that are due again, and such that nobody has had, as far as there are."""
        streams, waiting = self._shared.streams, self._shared.waiting
        looks = waiting.has_to_look(self._channel)
        lease = int(streams.lease * 1000)
        while True:
            try:
                found = await streams.run(TAKE, [self._channel], GROUP, lease, int(looks), room)
                break
            except exceptions.ResponseError as error:
                if not means_no_group(error):
                    raise
                await self._make_group()
        if isinstance(found, list):
            self._note_taken([(entry, read_fields(fields), n) for entry, fields, n in found], room)
            return
        self._note_taken([], room)
        if looks:
            waiting.note_look(self._channel, found)

    async def _make_group(self) -> None:
        streams = self._shared.streams
        stream = streams.name_keys(self._channel)[0]
        try:
            # From 0: what was sent before belongs to the workers too.
            await streams.client.execute_command(
                *("XGROUP", "CREATE", stream, GROUP, "0", "MKSTREAM")
            )
        except exceptions.ResponseError as error:
            if "BUSYGROUP" not in str(error):  # Else another worker was first.
                raise


class RedisDelivery:
    """A message on loan; see `Delivery`."""

    def __init__(
        self,
        shared: Shared,
        channel: str,
        entry: bytes,
        facts: Mapping[bytes, bytes],
        attempt: int,
    ) -> None:
        self.channel = channel
        self.id = facts.get(b"id", entry).decode(errors="replace")
        self.message = decode(facts.get(b"data", b""))
        self.headers = read_headers(facts)
        self.attempt = attempt
        self.lease: float | None = shared.streams.lease
        self._shared = shared
        self._entry = entry

    async def ack(self) -> None:
        await self._shared.acks.tell(self.channel, self._entry)

    async def retry(self, delay: float) -> None:
        await self._settle(RETRY, max(0, math.ceil(delay * 1000)))

    async def dead_letter(self, reason: str) -> None:
        await self._shared.streams.note_again(self.channel)
        text = reason.encode(errors="backslashreplace")
        most = "" if self._shared.max_dead is None else self._shared.max_dead
        await self._settle(DEAD, self.channel, text, most)

    async def give_back(self) -> None:
        """Make it undone that it was delivered."""
        await self._settle(GIVE_BACK)

    async def extend(self) -> None:
        if not await self._settle(EXTEND):
            raise LeaseLostError(f"the lease of message {self.id} expired")

    async def _settle(self, script: str, *arguments: Any) -> Any:
        loan = (GROUP, self._entry, self.attempt)
        try:
            return await self._shared.streams.run(script, [self.channel], *loan, *arguments)
        except exceptions.ResponseError as error:
            if not means_no_group(error):
                raise
            return None  # The server has forgotten all about it.
