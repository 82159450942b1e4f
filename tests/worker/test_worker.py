"""The life of a worker, on the broker in memory and both event loops."""

import logging
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from asgi_routes import (
    ChannelNameRouter,
    ImproperlyConfigured,
    LifespanError,
    ProtocolTypeRouter,
)
from asgi_routes.worker import InvalidMessageError, MemoryBroker, Worker, WorkerEvent
from asgi_routes.worker.conformance.deliveries import PATIENCE
from asgi_routes.worker.conformance.workers import count_ended, run_worker, wait_until

pytestmark = pytest.mark.anyio


async def noop(scope: Any, receive: Any, send: Any) -> None:
    """Handle anything."""


async def test_broker_that_fails() -> None:
    """A broker that is away for a while stops nothing."""

    class Failing(MemoryBroker):
        failures = 0

        @asynccontextmanager
        async def subscribe(self, channel: str) -> AsyncIterator[Any]:
            self.failures += 1
            if self.failures % 2:
                raise ConnectionError("away")
            async with super().subscribe(channel) as subscription:
                yield subscription

    broker = Failing()
    async with run_worker(broker, {"mail": noop}, concurrency=2) as (worker, events):
        for _ in range(5):
            await broker.send("mail", {"type": "x"})
        await wait_until(lambda: count_ended(events) == 5)
    assert worker.status.counts["broker_error"] >= 1
    assert "ConnectionError('away')" in str(next(e for e in events if e.kind == "broker_error"))


async def test_concurrency_of_each_channel() -> None:
    """A channel has as many slots as it is given, and the others have theirs."""
    now: Counter[str] = Counter()
    peak: Counter[str] = Counter()
    free = anyio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        channel = scope["channel"]
        now[channel] += 1
        peak[channel] = max(peak[channel], now[channel])
        await free.wait()
        now[channel] -= 1

    broker, apps = MemoryBroker(), {"mail": app, "pdf": app, "sms": app}
    concurrency = {"pdf": 1, "mail": 3, "*": 2}
    async with run_worker(broker, apps, concurrency=concurrency) as (worker, events):
        for channel in apps:
            for _ in range(4):
                await broker.send(channel, {"type": "x"})
        await wait_until(lambda: worker.status.in_flight == 6)
        free.set()
        await wait_until(lambda: count_ended(events) == 12)
    assert peak == {"mail": 3, "pdf": 1, "sms": 2}
    assert "pdf, 1 at once" in str(events[0])


async def test_hook_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """What watches the worker cannot stop it."""
    seen: Counter[str] = Counter()

    def hook(event: WorkerEvent) -> None:
        seen[event.kind] += 1
        raise ValueError("no metrics")

    broker = MemoryBroker()
    app = ChannelNameRouter({"mail": noop})
    with caplog.at_level(logging.CRITICAL, "asgi_routes.worker"):
        async with Worker(app, broker, poll=0.01, on_event=hook):
            await broker.send("mail", {"type": "x"})
            await wait_until(lambda: seen["done"] == 1)
    assert seen == {"ready": 1, "start": 1, "done": 1, "draining": 1, "stopped": 1}


async def test_health_file_and_status(tmp_path: Path) -> None:
    """The file is touched as soon as the broker has answered, with no message either."""
    file = tmp_path / "health"
    async with run_worker(MemoryBroker(), {"mail": noop}, health_file=file) as (worker, _):
        await wait_until(file.exists)
        assert worker.status.polled["mail"] > 0
        assert worker.status.channels == ("mail",)


async def test_lifespan_in_the_worker() -> None:
    """The application is started before the first message, and stopped after the last."""
    log: list[str] = []
    broker = MemoryBroker()

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[dict[str, str]]:
        log.append("up")
        yield {"database": "there"}
        log.append("down")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        log.append(scope["state"]["database"])
        worker.stop()

    router = ProtocolTypeRouter({"channel": ChannelNameRouter({"mail": app})}, lifespan=lifespan)
    worker = Worker(router, broker, poll=0.01)
    await broker.send("mail", {"type": "x"})
    with anyio.fail_after(PATIENCE):
        await worker.run(signals=False)
    assert log == ["up", "there", "down"]


async def test_application_that_does_not_start() -> None:
    """Then the worker does not, either."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    router = ProtocolTypeRouter({"http": app, "channel": ChannelNameRouter({"mail": noop})})
    with anyio.fail_after(PATIENCE), pytest.raises(LifespanError, match="no database"):
        await Worker(router, MemoryBroker()).run(signals=False)


async def test_signals() -> None:
    """The first signal drains; the second hands back what runs, at once."""
    broker = MemoryBroker()
    events: list[WorkerEvent] = []
    begun = anyio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await anyio.sleep_forever()

    worker = Worker(ChannelNameRouter({"mail": app}), broker, poll=0.01, on_event=events.append)
    await broker.send("mail", {"type": "x"})
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.run)
            await begun.wait()
            os.kill(os.getpid(), signal.SIGTERM)
            await wait_until(lambda: str(worker.status.state) == "draining")
            os.kill(os.getpid(), signal.SIGTERM)
    assert [event.kind for event in events] == [
        "ready",
        "start",
        "draining",
        "handed_back",
        "stopped",
    ]
    assert broker.size("mail") == 1


async def test_drain_timeout() -> None:
    """What has not ended in time is cancelled, and handed back."""
    broker = MemoryBroker()
    begun = anyio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await anyio.sleep_forever()

    async with run_worker(broker, {"mail": app}, drain_timeout=0.01) as (worker, events):
        await broker.send("mail", {"type": "x"})
        await begun.wait()
        worker.stop()
    assert [event.kind for event in events][-2:] == ["handed_back", "stopped"]
    assert broker.size("mail") == 1


@pytest.mark.parametrize("word", ["channel.ack", "channel.reject", "receive"])
async def test_stopped_after_the_last_word(word: str) -> None:
    """What the application has said holds, though it is cancelled before it returns."""
    broker = MemoryBroker()
    said = anyio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if word != "receive":
            await send({"type": word})
            said.set()
        try:
            await receive()
        finally:
            said.set()
            with anyio.CancelScope(shield=True):
                await stopped.wait()

    stopped = anyio.Event()
    async with run_worker(broker, {"mail": app}) as (worker, events):
        await broker.send("mail", {"type": "x"})
        await said.wait()
        worker.stop_now()
        stopped.set()
    assert [event.kind for event in events if event.id][1:] == [
        "dead" if word == "channel.reject" else "done"
    ]
    assert broker.size("mail") == 0


async def test_what_the_host_raises() -> None:
    """The worker stops, and the error comes out as it was."""
    with pytest.raises(ValueError, match="mine"):
        async with run_worker(MemoryBroker(), {"mail": noop}):
            raise ValueError("mine")


@pytest.mark.parametrize(
    ("app", "channels", "options", "message"),
    [
        (None, ["a"], {}, "app of Worker: None is not an ASGI application"),
        (noop, None, {}, "no channel"),
        (noop, [], {}, "no channel"),
        (noop, "mail", {}, "names, not one text"),
        (noop, ["a"], {"concurrency": 0}, "concurrency"),
        (noop, ["a"], {"concurrency": {"a": 0}}, "1 or more for channel 'a', not 0"),
        (noop, ["a"], {"concurrency": {"*": True}}, "1 or more, not True"),
        (noop, ["mail"], {"concurrency": {"mial": 2}}, "'mial', which it does not have"),
        (noop, ["a"], {"max_attempts": 0}, "max_attempts"),
        (noop, ["a"], {"poll": 0}, "poll"),
    ],
)
def test_mistakes(app: Any, channels: Any, options: dict[str, Any], message: str) -> None:
    """They show when the worker is made."""
    with pytest.raises(ImproperlyConfigured, match=message):
        Worker(app, MemoryBroker(), channels, **options)
    with pytest.raises(InvalidMessageError):
        Worker(noop, MemoryBroker(), [""])


def test_nothing_is_loaded_that_is_not_used() -> None:
    """The package loads no engine's client."""
    import subprocess  # noqa: PLC0415 - of interest here only
    import sys  # noqa: PLC0415

    code = (
        "import sys, asgi_routes, asgi_routes.worker; "
        "print([name for name in ('nats', 'redis', 'channels', 'django') if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert run.stdout == "[]\n"
