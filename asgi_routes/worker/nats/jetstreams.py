"""The three streams of a broker in JetStream: work, dead letters and marks.

Rule: whatever is missing is made by the first that misses it, and two that make it at once make the
same.
"""

import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

from nats.aio.client import Client
from nats.js import JetStreamContext, api
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError, ServiceUnavailableError

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.messages import MessageTooLargeError, WorkerError
from asgi_routes.worker.nats.connection import Connection
from asgi_routes.worker.nats.wire import Facts, measure, name_consumer, write_headers, write_token

_RESERVE = 8192
"""Bytes that are left free for what is added when a message becomes a dead letter."""

_DAY = 86_400.0
_OTHER_CONFIGURATION = 10058
_WAITING = 16_384
"""Slots that may wait for one channel; by default, NATS refuses more than 512."""


class JetStreams:
    """What a broker keeps in JetStream.

    Args:
        connection: to the server.
        prefix: with which the names of streams and subjects begin.
        replicas: of each stream, when it is made here.

    Attributes:
        limit: bytes that a message may have, with its headers.
    """

    def __init__(self, connection: Connection, prefix: str, replicas: int) -> None:
        if not re.fullmatch("[A-Za-z0-9_-]{1,64}", prefix):
            raise ImproperlyConfigured(
                f"prefix of NatsBroker is 1 to 64 letters, digits, '_' and '-', not {prefix!r}"
            )
        self.limit = 0
        self.work = f"{prefix}-work"
        self.dead = f"{prefix}-dead"
        self.marks = f"{prefix}-marks"
        self.prefix = prefix
        self._replicas = replicas
        self._connection = connection

    async def make(self) -> None:
        """Make the streams that are missing; leave the configuration of the others alone.

        Raises:
            WorkerError: the server has no JetStream.
        """
        try:
            await self._connection.ask(self._make_missing)
        except ServiceUnavailableError as error:
            raise WorkerError(
                f"the NATS server offers no JetStream (nats-server -js): {error}"
            ) from None

    async def publish(
        self, subject: str, data: bytes, message_id: str = "", facts: Facts | None = None
    ) -> None:
        """Keep bytes.

        Args:
            subject: without the prefix.
            data: the bytes.
            message_id: a second message of the same id is dropped when it comes within two minutes.
            facts: about them.

        Raises:
            MessageTooLargeError: it is larger than the server takes.
        """
        headers = write_headers(facts, message_id) if facts is not None else {}
        bytes_ = measure(data, headers)

        async def question(client: Client) -> None:
            free = self.limit if subject.startswith("work.") else client.max_payload
            # With more than that, the server would end the connection.
            if bytes_ > free:
                raise MessageTooLargeError(bytes_, free)
            await client.jetstream().publish(f"{self.prefix}.{subject}", data, headers=headers)

        try:
            await self._connection.ask(question)
        except NoStreamResponseError:
            await self.make()
            await self._connection.ask(question)

    async def count(self, subject: str) -> int:
        """Return how many messages of a subject of work are not done."""
        name = f"{self.prefix}.{subject}"

        async def question(client: Client) -> api.StreamInfo:
            return await client.jetstream().stream_info(self.work, subjects_filter=name)

        return ((await self._connection.ask(question)).state.subjects or {}).get(name, 0)

    async def make_consumer(self, channel: str, lease: float) -> float:
        """Make the consumer that all workers of a channel share; return its lease.

        Deliveries have no limit: beyond one, JetStream would leave the message in the stream, for
        nobody. Neither have messages on loan: each that waits for another attempt counts, and a
        thousand would block the channel.
        """
        config = api.ConsumerConfig(
            name=name_consumer(channel),
            durable_name=name_consumer(channel),
            filter_subject=f"{self.prefix}.work.{write_token(channel)}",
            ack_wait=lease,
            max_deliver=-1,
            max_ack_pending=-1,
            max_waiting=_WAITING,
        )

        async def question(client: Client) -> api.ConsumerInfo:
            return await client.jetstream().add_consumer(self.work, config)

        try:
            info = await self._connection.ask(question)
        except NotFoundError:
            await self.make()
            info = await self._connection.ask(question)
        return info.config.ack_wait or lease

    async def read_messages(self, stream: str, subject: str) -> AsyncIterator[api.RawStreamMsg]:
        """Yield the messages of a subject, the oldest first."""
        sequence = 1
        while True:

            async def question(client: Client, sequence: int = sequence) -> api.RawStreamMsg:
                return await client.jetstream().get_msg(
                    stream, seq=sequence, subject=f"{self.prefix}.{subject}", next=True
                )

            try:
                message = await self._connection.ask(question)
            except NotFoundError:
                return
            yield message
            assert message.seq is not None
            sequence = message.seq + 1

    async def purge(self, stream: str, subject: str, before: int | None = None) -> None:
        """Forget the messages of a subject: all, or those before a sequence number."""

        async def question(client: Client) -> Any:
            jetstream = client.jetstream()
            await jetstream.purge_stream(stream, seq=before, subject=f"{self.prefix}.{subject}")

        with contextlib.suppress(NotFoundError):
            await self._connection.ask(question)

    async def _make_missing(self, client: Client) -> None:
        largest = client.max_payload - _RESERVE
        work = api.StreamConfig(
            name=self.work,
            subjects=[f"{self.prefix}.work.*"],
            retention=api.RetentionPolicy.WORK_QUEUE,
            max_msg_size=largest,
        )
        dead = api.StreamConfig(name=self.dead, subjects=[f"{self.prefix}.dead.*.*"])
        marks = api.StreamConfig(
            name=self.marks,
            subjects=[f"{self.prefix}.marks.*"],
            max_age=_DAY,
            max_msgs_per_subject=1,
        )
        jetstream = client.jetstream()
        found = (await self._make_stream(jetstream, work)).config.max_msg_size or 0
        self.limit = min(found, largest) if found > 0 else largest
        await self._make_stream(jetstream, dead)
        await self._make_stream(jetstream, marks)

    async def _make_stream(
        self, jetstream: JetStreamContext, config: api.StreamConfig
    ) -> api.StreamInfo:
        config.storage = api.StorageType.FILE
        config.num_replicas = self._replicas
        # Where an operator has set a bound, the sender is told, instead of dropping the oldest.
        config.discard = api.DiscardPolicy.NEW
        try:
            return await jetstream.add_stream(config)
        except APIError as error:
            if error.err_code != _OTHER_CONFIGURATION:
                raise
        assert config.name is not None
        return await jetstream.stream_info(config.name)
