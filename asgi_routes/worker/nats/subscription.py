"""What a worker takes the messages of a channel from, on NATS.

Rule: the server is asked for no more than there is time and room for, and what it sends for a
question that nobody waits for any more is in the inbox for the next one, or goes back.
"""

import json
import math
import time
from collections import deque
from contextlib import suppress
from typing import Any

import anyio
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import APIError

from asgi_routes.worker.nats.deliveries import NatsDelivery
from asgi_routes.worker.nats.jetstreams import JetStreams
from asgi_routes.worker.nats.wire import name_consumer

_LONGEST_QUESTION = 30.0
"""Seconds after which a channel that waits asks again."""

_SIGN_OF_LIFE = 10.0
"""Seconds after which the server that was asked in a cluster says that it still knows of the
question. Where it is no more, the next leader says so; a single server breaks the connection. This
is for what neither does: a server that alone had the channel, and forgets the question."""

_LONGEST_WITHOUT_SIGNS = 2.0
"""Seconds after which a channel in a cluster asks again where there is no time for signs."""


_WITHOUT_LEADER = 0.3
"""Seconds to wait for a leader where there is none, or where the news of it has not spread."""

_LONGEST_CLOSING = 1.0
_NANO = 1_000_000_000
_NO_MESSAGES = frozenset({"404", "408"})
_SIGN = "100"
_NOBODY = "503"
_NEW_LEADER = "Leadership Change"


class NatsSubscription:
    """See `asgi_routes.worker.contract.Subscription`.

    It has one inbox, and at most one question that is not answered in full: for as many messages
    as there was room for when it was asked. The answer is messages, as they come, and where these
    are fewer in the end, the word of the server that there are no more.

    Args:
        streams: of the broker.
        channel: its name.
        lease: seconds.
        max_dead: dead letters that are kept; None for no bound.
        is_in_cluster: whether the server is one of many.
    """

    def __init__(
        self,
        streams: JetStreams,
        channel: str,
        lease: float,
        max_dead: int | None,
        *,
        is_in_cluster: bool,
    ) -> None:
        self._connection = streams.connection
        self._streams = streams
        self._channel = channel
        self._lease = lease
        self._max_dead = max_dead
        self._is_in_cluster = is_in_cluster
        name = name_consumer(channel)
        self._subject = f"{self._connection.api}.CONSUMER.MSG.NEXT.{streams.work}.{name}"
        self._client: Client | None = None
        self._inbox = ""
        self._arrivals: Any = None
        self._questions = 0
        self._open = 0
        self._signs = math.inf
        self._ends = 0.0
        self._until = 0.0
        self._breaks = 0
        self._arrived: deque[NatsDelivery] = deque()
        self._refused: Exception | None = None
        self._changed = anyio.Event()

    async def receive(self, timeout: float, room: int = 1) -> NatsDelivery | None:  # noqa: ASYNC109 - see there
        end = time.monotonic() + timeout

        async def question(client: Client) -> None:
            left = max(end - time.monotonic(), 0.001)
            await self._ask(client, room, left)
            await self._wait(1, end)

        while True:
            if not self._arrived:
                await self._connection.ask(question)
            for delivery in await self._take(1):
                return delivery
            if time.monotonic() >= end:
                return None

    async def receive_more(self, limit: int) -> list[NatsDelivery]:
        client = await self._connection.get_client()
        if not self._is_open():
            await self._ask(client, limit, 0.0)
            await self._wait(limit, self._until)
        return await self._take(limit)

    async def close(self) -> None:
        """Have no more sent here, and hand back what was."""
        arrivals, self._arrivals = self._arrivals, None
        if arrivals is None:
            return
        with anyio.CancelScope(shield=True), anyio.move_on_after(_LONGEST_CLOSING):
            # A connection that is broken or closed has sent its last.
            with suppress(Exception):
                await (arrivals.drain() if self._is_open() else arrivals.unsubscribe())
            while self._arrived:
                await self._arrived.popleft().retry(0)

    def _is_open(self) -> bool:
        """Tell whether there is a question that the server may still answer."""
        return bool(self._open) and self._breaks == self._connection.breaks

    async def _ask(self, client: Client, limit: int, seconds: float) -> None:
        """Ask for messages, unless there is a question open.

        Args:
            client: connected.
            limit: at most so many.
            seconds: that the server waits for the first one, at most; 0 for those that are there.
        """
        if self._client is not client or self._arrivals is None:
            self._client, self._inbox = client, client.new_inbox()
            self._arrivals = await client.subscribe(f"{self._inbox}.*", cb=self._on_arrival)
            self._open = 0
        if self._is_open():
            return
        self._questions += 1
        self._open, self._breaks = limit, self._connection.breaks
        seconds = min(seconds, _LONGEST_QUESTION)
        self._signs = math.inf
        asked: dict[str, Any] = {"batch": limit}
        if self._is_in_cluster:
            if seconds >= 2 * _SIGN_OF_LIFE:  # The server takes no others.
                self._signs = _SIGN_OF_LIFE
                asked["idle_heartbeat"] = int(_SIGN_OF_LIFE * _NANO)
            else:
                seconds = min(seconds, _LONGEST_WITHOUT_SIGNS)
        asked |= {"expires": int(seconds * _NANO)} if seconds else {"no_wait": True}
        self._ends = time.monotonic() + seconds
        self._refused = None
        self._note_word()
        reply = f"{self._inbox}.{self._questions}"
        await client.publish(self._subject, json.dumps(asked).encode(), reply=reply)

    def _note_word(self) -> None:
        """Note until when the server has to have said something more."""
        next_word = min(time.monotonic() + self._signs, self._ends)
        self._until = next_word + self._connection.longest_try

    async def _wait(self, enough: int, end: float) -> None:
        """Wait until so many messages are here, or the question is answered, or it is time.

        Raises:
            TimeoutError: the server should have said something, and has not.
            APIError: it has said that something is wrong.
        """
        # Our time is over when the server says so, unless the question is an older one.
        if self._ends <= end + 0.1:
            end = math.inf
        while self._open and len(self._arrived) < enough:
            if (left := min(end, self._until) - time.monotonic()) <= 0:
                break
            self._changed = anyio.Event()
            with anyio.move_on_after(left):
                await self._changed.wait()
        refused, self._refused = self._refused, None
        if self._arrived:
            return
        if refused is not None:
            raise refused
        if self._open and time.monotonic() >= self._until:
            self._open = 0
            raise TimeoutError("the server has not said that there are no messages")

    async def _on_arrival(self, message: Msg) -> None:
        """Note a message, or a word of the server, which has no subject to reply to."""
        if message.reply:
            delivery = NatsDelivery(
                self._streams, message, self._channel, self._lease, self._max_dead
            )
            self._arrived.append(delivery)
            self._open = max(0, self._open - 1)
            self._note_word()
        elif message.subject == f"{self._inbox}.{self._questions}":
            headers = message.headers or {}
            status, said = headers.get("Status", ""), headers.get("Description")
            if status == _SIGN:
                self._note_word()
                return
            if status == _NOBODY and self._is_in_cluster:
                self._until = time.monotonic() + _WITHOUT_LEADER
                self._changed.set()
                return
            self._open = 0
            if said == _NEW_LEADER:
                self._refused = TimeoutError("the channel has another leader by now")
            elif status not in _NO_MESSAGES:
                self._refused = APIError(code=int(status or 0), description=said)
        self._changed.set()

    async def _take(self, limit: int) -> list[NatsDelivery]:
        """Return at most so many of those that have arrived and are due."""
        taken: list[NatsDelivery] = []
        try:
            while self._arrived and len(taken) < limit:
                delivery = self._arrived.popleft()
                if not delivery.is_lost and await delivery.is_ready():
                    taken.append(delivery)
        except Exception:
            if not taken:  # Else those that came are in hand, and have to be worked on.
                raise
        return taken
