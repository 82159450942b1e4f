"""Those beside ours: FastStream, taskiq and Channels' own worker, each as its documentation has it.

Each fetches as many messages at once as it works on, and acknowledges each. Functions that send
yield something that has ``send(channel, message)``; functions that work do not return.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

CONCURRENCY = 10
Handle = Callable[[Any], Awaitable[None]]


def layer(url: str) -> Any:
    """Return a layer of channels_redis that drops nothing because of its own limits."""
    from channels_redis.core import RedisChannelLayer  # noqa: PLC0415 - where it is measured

    # The five seconds that redis-py 8 waits by default are over just before a pop of this layer is.
    hosts = [{"address": url, "socket_timeout": 60}]
    return RedisChannelLayer(hosts=hosts, capacity=10**9, expiry=24 * 3600)


@asynccontextmanager
async def send_by_channels(url: str, channel: str) -> AsyncIterator[Any]:  # noqa: ARG001 - all have it
    """Send by a channel layer."""
    made = layer(url)
    yield made
    await made.close_pools()


async def work_as_channels(url: str, channel: str, handle: Handle) -> None:
    """Work as ``runworker`` does."""
    from channels.worker import Worker  # noqa: PLC0415 - as above

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        while True:
            await handle(await receive())

    # What `run` starts, in a loop that is there already.
    made = Worker(app, [channel], layer(url))
    await asyncio.gather(made.handle(), made.application_checker())


def _nats_broker(url: str) -> Any:
    from faststream.nats import NatsBroker  # noqa: PLC0415 - as above

    return NatsBroker(url, logger=None)


def _redis_broker(url: str) -> Any:
    from faststream.redis import RedisBroker  # noqa: PLC0415 - as above

    return RedisBroker(url, logger=None)


@asynccontextmanager
async def send_by_faststream_nats(url: str, channel: str) -> AsyncIterator[Any]:
    """Publish to a stream of JetStream."""
    import nats  # noqa: PLC0415 - as above

    async with _nats_broker(url) as broker:
        client = await nats.connect(url)
        await client.jetstream().add_stream(name=channel, subjects=[channel], retention="workqueue")
        await client.close()

        async def send(name: str, message: Any) -> None:
            await broker.publish(message, name, stream=name)

        yield SimpleNamespace(send=send)


async def work_as_faststream_nats(url: str, channel: str, handle: Handle) -> None:
    """Work on a pull consumer."""
    from faststream.nats import JStream, PullSub  # noqa: PLC0415 - as above

    broker = _nats_broker(url)

    @broker.subscriber(
        channel,
        stream=JStream(channel, declare=False),
        durable="workers",
        pull_sub=PullSub(batch_size=CONCURRENCY),
        max_workers=CONCURRENCY,
    )
    async def work(message: dict[str, Any]) -> None:
        await handle(message)

    await _run_faststream(broker)


@asynccontextmanager
async def send_by_faststream_redis(url: str, channel: str) -> AsyncIterator[Any]:
    """Add to a stream of Redis; a group that begins later would not have what came before."""
    from redis.asyncio import Redis  # noqa: PLC0415 - as above

    async with Redis.from_url(url) as client, _redis_broker(url) as broker:
        await client.xgroup_create(channel, "workers", id="0", mkstream=True)

        async def send(name: str, message: Any) -> None:
            await broker.publish(message, stream=name)

        yield SimpleNamespace(send=send)


async def work_as_faststream_redis(url: str, channel: str, handle: Handle) -> None:
    """Work on a group of a stream."""
    from faststream.redis import StreamSub  # noqa: PLC0415 - as above

    broker = _redis_broker(url)
    stream = StreamSub(channel, group="workers", consumer="one", max_records=CONCURRENCY)

    @broker.subscriber(stream=stream, max_workers=CONCURRENCY)
    async def work(message: dict[str, Any]) -> None:
        await handle(message)

    await _run_faststream(broker)


async def _run_faststream(broker: Any) -> None:
    from faststream import FastStream  # noqa: PLC0415 - as above

    await FastStream(broker, logger=None).run()


def _taskiq_nats(url: str, channel: str) -> Any:
    from taskiq_nats import PullBasedJetStreamBroker  # noqa: PLC0415 - as above

    return PullBasedJetStreamBroker(
        url, subject=channel, stream_name=channel, durable="workers", pull_consume_batch=CONCURRENCY
    )


def _taskiq_redis(url: str, channel: str) -> Any:
    from taskiq_redis import RedisStreamBroker  # noqa: PLC0415 - as above

    return RedisStreamBroker(url, queue_name=channel, consumer_id="0", xread_count=CONCURRENCY)


def _taskiq(make: Callable[[str, str], Any], url: str, channel: str, handle: Handle) -> Any:
    """Return a broker of taskiq, and its only task."""
    broker = make(url, channel)

    async def work(message: dict[str, Any]) -> None:
        await handle(message)

    return broker, broker.register_task(work, task_name="work")


def send_by_taskiq(make: Callable[[str, str], Any]) -> Any:
    """Return what sends to one of its brokers."""

    @asynccontextmanager
    async def sending(url: str, channel: str) -> AsyncIterator[Any]:
        async def nothing(message: Any) -> None:
            pass

        broker, task = _taskiq(make, url, channel, nothing)
        await broker.startup()

        async def send(name: str, message: Any) -> None:  # noqa: ARG001 - a broker has one queue
            await task.kiq(message)

        yield SimpleNamespace(send=send)
        await broker.shutdown()

    return sending


def work_as_taskiq(make: Callable[[str, str], Any]) -> Any:
    """Return what works on one of its brokers."""

    async def working(url: str, channel: str, handle: Handle) -> None:
        from taskiq.api import run_receiver_task  # noqa: PLC0415 - as above

        broker, _ = _taskiq(make, url, channel, handle)
        await broker.startup()
        await run_receiver_task(broker, max_async_tasks=CONCURRENCY)

    return working


send_by_taskiq_nats, work_as_taskiq_nats = (
    send_by_taskiq(_taskiq_nats),
    work_as_taskiq(_taskiq_nats),
)
send_by_taskiq_redis = send_by_taskiq(_taskiq_redis)
work_as_taskiq_redis = work_as_taskiq(_taskiq_redis)
