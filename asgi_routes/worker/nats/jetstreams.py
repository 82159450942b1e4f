"""The three streams of a broker in JetStream: work, dead letters and marks.

Rule: whatever is missing is made by the first that misses it, and two that make it at once make the
same.
"""

import contextlib
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal

from nats.aio.client import Client
from nats.errors import NoRespondersError
from nats.js import JetStreamContext, api
from nats.js.errors import APIError, NotFoundError, ServiceUnavailableError

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.messages import MessageTooLargeError, WorkerError
from asgi_routes.worker.nats.connection import Connection
from asgi_routes.worker.nats.wire import Facts, measure, name_consumer, write_headers, write_token

_RESERVE = 8192
"""Bytes that are left free for what is added when a message becomes a dead letter."""

_STORAGES = ("file", "memory")
_REPLICAS = range(1, 6)
_DAY = 86_400.0
_WINDOW = 120.0
"""Seconds in which a second message of the same id is dropped, as NATS has it by itself."""

_OTHER_CONFIGURATION = 10058
_NO_SUCH_MESSAGE = frozenset({10037, 10043, 10057, 10059})
_WAITING = 16_384
"""Slots that may wait for one channel; by default, NATS refuses more than 512."""


@dataclass(frozen=True)
class Keeping:
    """How the streams are kept that are made here.

    Attributes:
        replicas: servers of a cluster that keep each.
        storage: on disk, or in memory.
        placement: of which servers; None for any.
        dead_lifetime: seconds that dead letters are kept; None for ever, or as they are.
    """

    replicas: int = 1
    storage: Literal["file", "memory"] = "file"
    placement: api.Placement | None = None
    dead_lifetime: float | None = None


class JetStreams:
    """What a broker keeps in JetStream.

    Args:
        connection: to the server.
        prefix: with which the names of streams and subjects begin.
        keeping: how each stream is kept, when it is made here.

    Raises:
        ImproperlyConfigured: the prefix or a value of ``keeping`` is none.

    Attributes:
        connection: as given.
        limit: bytes that a message may have, with its headers.
    """

    def __init__(self, connection: Connection, prefix: str, keeping: Keeping) -> None:
        if not re.fullmatch("[A-Za-z0-9_-]{1,64}", prefix):
            raise ImproperlyConfigured(
                f"prefix of NatsBroker must be 1 to 64 letters, digits, '_' and '-', not {prefix!r}"
            )
        if keeping.storage not in _STORAGES or keeping.replicas not in _REPLICAS:
            raise ImproperlyConfigured(
                "storage of NatsBroker must be 'file' or 'memory', and replicas 1 to 5, "
                f"not {keeping.storage!r} and {keeping.replicas!r}"
            )
        self.limit = 0
        self.work = f"{prefix}-work"
        self.dead = f"{prefix}-dead"
        self.marks = f"{prefix}-marks"
        self.prefix = prefix
        self._keeping = keeping
        self.connection = connection

    async def make(self) -> None:
        """Make the streams that are missing; leave the configuration of the others alone.

        Raises:
            WorkerError: the server has no JetStream.
        """
        try:
            await self.connection.ask(self._make_missing)
        except ServiceUnavailableError as error:
            raise WorkerError(
                f"JetStream is not enabled on the NATS server (nats-server -js): {error}"
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
        size = measure(data, headers)
        limit = self.limit
        if not subject.startswith("work."):
            limit = (await self.connection.get_client()).max_payload
        # With more than that, the server would end the connection.
        if size > limit:
            raise MessageTooLargeError(size, limit)
        name = f"{self.prefix}.{subject}"
        try:
            await self.connection.request(name, data, headers)
        except NoRespondersError:
            await self.make()
            # The stream may have no leader yet.
            await self.connection.request(name, data, headers, is_patient=True)

    async def count(self, stream: str, subject: str) -> dict[str, int]:
        """Return how many messages each subject has that has any, without the prefix.

        Args:
            stream: its name.
            subject: with wildcards.
        """
        name = f"{self.prefix}.{subject}"

        async def question(client: Client) -> api.StreamInfo:
            jetstream = self.connection.jetstream(client)
            return await jetstream.stream_info(stream, subjects_filter=name)

        try:
            found = (await self.connection.ask(question)).state.subjects or {}
        except NotFoundError:
            return {}
        return {name.removeprefix(f"{self.prefix}."): number for name, number in found.items()}

    async def count_pending(self, channel: str) -> tuple[int, int] | None:
        """Return how many messages of a channel nobody has had yet, and how many are not settled.

        None where nobody has ever subscribed to it.
        """

        async def question(client: Client) -> api.ConsumerInfo:
            jetstream = self.connection.jetstream(client)
            info: api.ConsumerInfo = await jetstream.consumer_info(
                self.work, name_consumer(channel)
            )
            return info

        try:
            info = await self.connection.ask(question)
        except NotFoundError:
            return None
        return info.num_pending or 0, info.num_ack_pending or 0

    async def make_consumer(self, channel: str, lease: float) -> api.ConsumerInfo:
        """Make the consumer that all workers of a channel share.

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
            return await self.connection.jetstream(client).add_consumer(self.work, config)

        try:
            return await self.connection.ask(question)
        except NotFoundError:
            await self.make()
            return await self.connection.ask(question)

    async def read_messages(
        self, stream: str, subject: str, sequence: int = 1
    ) -> AsyncGenerator[api.RawStreamMsg]:
        """Yield the messages of a subject, the oldest first, from a sequence number on."""
        while True:

            async def question(client: Client, sequence: int = sequence) -> api.RawStreamMsg:
                return await self.connection.jetstream(client).get_msg(
                    stream, seq=sequence, subject=f"{self.prefix}.{subject}", next=True
                )

            try:
                message = await self.connection.ask(question)
            except NotFoundError:
                return
            yield message
            assert message.seq is not None
            sequence = message.seq + 1

    async def purge(self, stream: str, subject: str, keep: int | None = None) -> None:
        """Forget the messages of a subject, but for so many of the newest."""

        async def question(client: Client) -> None:
            jetstream = self.connection.jetstream(client)
            await jetstream.purge_stream(stream, subject=f"{self.prefix}.{subject}", keep=keep)

        with contextlib.suppress(NotFoundError):
            await self.connection.ask(question)

    async def delete(self, stream: str, sequence: int) -> int:
        """Forget one message; return how many there were."""

        async def question(client: Client) -> None:
            await self.connection.jetstream(client).delete_msg(stream, sequence)

        try:
            await self.connection.ask(question)
        except APIError as error:
            if error.err_code not in _NO_SUCH_MESSAGE:
                raise
            return 0
        return 1

    async def _make_missing(self, client: Client) -> None:
        largest = client.max_payload - _RESERVE
        work = api.StreamConfig(
            name=self.work,
            subjects=[f"{self.prefix}.work.*"],
            retention=api.RetentionPolicy.WORK_QUEUE,
            max_msg_size=largest,
        )
        lifetime = self._keeping.dead_lifetime
        dead = api.StreamConfig(
            name=self.dead, subjects=[f"{self.prefix}.dead.*.*"], max_age=lifetime
        )
        marks = api.StreamConfig(
            name=self.marks,
            subjects=[f"{self.prefix}.marks.*"],
            max_age=_DAY,
            max_msgs_per_subject=1,
        )
        jetstream = self.connection.jetstream(client)
        found = (await self._make_stream(jetstream, work)).config.max_msg_size or 0
        self.limit = min(found, largest) if found > 0 else largest
        kept = (await self._make_stream(jetstream, dead)).config
        if lifetime is not None and kept.max_age != lifetime:
            window = min(kept.duplicate_window or _WINDOW, lifetime)
            await jetstream.update_stream(kept, max_age=lifetime, duplicate_window=window)
        await self._make_stream(jetstream, marks)

    async def _make_stream(
        self, jetstream: JetStreamContext, config: api.StreamConfig
    ) -> api.StreamInfo:
        config.storage = api.StorageType(self._keeping.storage)
        config.num_replicas = self._keeping.replicas
        config.placement = self._keeping.placement
        # Where an operator has set a bound, the sender is told, instead of dropping the oldest.
        config.discard = api.DiscardPolicy.NEW
        try:
            return await jetstream.add_stream(config)
        except APIError as error:
            if error.err_code != _OTHER_CONFIGURATION:
                raise
        assert config.name is not None
        return await jetstream.stream_info(config.name)
