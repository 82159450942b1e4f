"""The life of a worker, on the broker in memory and both event loops."""

import logging
import os
import re
import signal
import threading
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
from asgi_routes.worker import (
    BrokerClosedError,
    BrokerUnavailableError,
    InvalidMessageError,
    MemoryBroker,
    Worker,
    WorkerEvent,
)
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
    assert "ConnectionError: away" in str(next(e for e in events if e.kind == "broker_error"))


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


async def test_heartbeat(tmp_path: Path) -> None:
    """Files are touched again and again while every slot is at work; one is gone when it drains."""
    alive, ready = tmp_path / "alive", tmp_path / "ready"
    begun, free = anyio.Event(), anyio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        begun.set()
        await free.wait()

    broker = MemoryBroker()
    options: dict[str, Any] = {"concurrency": 1, "health_file": alive, "ready_file": ready}
    async with run_worker(broker, {"mail": app}, **options) as (worker, _):
        await broker.send("mail", {"type": "x"})
        await begun.wait()
        for file in (alive, ready):
            os.utime(file, (0, 0))  # As if it had been touched long ago; or a clock was put back.
            await wait_until(lambda file=file: file.stat().st_mtime > 0)  # type: ignore[misc]
        assert worker.status.polled["mail"] > 0
        assert worker.status.channels == ("mail",)
        worker.stop()
        await wait_until(lambda: not ready.exists())
        assert alive.exists()
        free.set()


async def test_broker_that_comes_later() -> None:
    """A worker waits for it at its start, and says so once."""

    class Late(MemoryBroker):
        tries = 0

        async def open(self) -> None:
            self.tries += 1
            if self.tries < 3:
                raise TimeoutError

    broker = Late()
    async with run_worker(broker, {"mail": noop}) as (_, events):
        await broker.send("mail", {"type": "x"})
        await wait_until(lambda: count_ended(events) == 1)
    kinds = [event.kind for event in events]
    assert kinds[:3] == ["broker_error", "broker_back", "ready"]
    assert events[0].reason == "TimeoutError"


@pytest.mark.parametrize(
    ("error", "options"),
    [
        (BrokerUnavailableError("wrong password", will_pass=False), {}),
        (ConnectionError("nobody there"), {"wait": 0}),
    ],
)
async def test_broker_that_does_not_come(error: Exception, options: dict[str, Any]) -> None:
    """One that refuses is not waited for, and the others no longer than was said."""

    class Away(MemoryBroker):
        async def open(self) -> None:
            raise error

    worker = Worker(ChannelNameRouter({"mail": noop}), Away(), **options)
    with anyio.fail_after(PATIENCE), pytest.raises(BrokerUnavailableError, match="cannot be opene"):
        await worker.run(signals=False)


async def test_stopped_before_the_broker_comes() -> None:
    """Then it ends as if it had begun."""

    class Away(MemoryBroker):
        async def open(self) -> None:
            worker.stop()
            raise TimeoutError

    worker = Worker(ChannelNameRouter({"mail": noop}), Away())
    with anyio.fail_after(PATIENCE):
        await worker.run(signals=False)
    assert worker.status.state == "stopped"


async def test_outage_is_told_once() -> None:
    """A line when it begins and one when it ends, however many channels there are."""

    class Failing(MemoryBroker):
        is_away = True
        asked = 0

        def subscribe(self, channel: str) -> Any:
            self.asked += 1
            if self.is_away:
                raise ConnectionError("away")
            return super().subscribe(channel)

    broker = Failing()
    apps = {f"mail{number}": noop for number in range(20)}
    async with run_worker(broker, apps) as (worker, _):
        await wait_until(lambda: broker.asked > 60)
        broker.is_away = False
        await wait_until(lambda: worker.status.counts["broker_back"] == 1)
    assert worker.status.counts["broker_error"] == 1


async def test_one_reader_for_a_channel() -> None:
    """However many slots a channel has, one subscription feeds them, and asks for what they need."""
    opened: Counter[str] = Counter()
    asked: list[int] = []

    class Counting(MemoryBroker):
        @asynccontextmanager
        async def subscribe(self, channel: str) -> AsyncIterator[Any]:
            opened[channel] += 1
            async with super().subscribe(channel) as subscription:
                more = subscription.receive_more

                async def counting(limit: int) -> Any:
                    asked.append(limit)
                    return await more(limit)

                subscription.receive_more = counting  # type: ignore[method-assign]
                yield subscription

    broker = Counting()
    async with broker:
        for _ in range(40):
            await broker.send("mail", {"type": "x"})
        async with run_worker(broker, {"mail": noop}, concurrency=8) as (_, events):
            await wait_until(lambda: count_ended(events) == 40)
    assert opened == {"mail": 1}
    assert max(asked) == 7


async def test_thread_that_does_not_end() -> None:
    """Its message is handed back at the deadline, and what it does later settles nothing."""
    broker = MemoryBroker()
    begun, free = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        free.wait(PATIENCE)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await anyio.to_thread.run_sync(work)

    async with run_worker(broker, {"mail": app}, drain_timeout=0.01) as (worker, events):
        await broker.send("mail", {"type": "x"})
        await wait_until(begun.is_set)
        worker.stop()
        await wait_until(lambda: worker.status.counts["handed_back"] == 1)
        free.set()
    assert [event.kind for event in events][-2:] == ["handed_back", "stopped"]
    assert broker.size("mail") == 1


async def test_returns_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    """It counts as done, and is said once."""
    broker = MemoryBroker()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        pass

    async with run_worker(broker, {"mail": app}) as (_, events):
        for _ in range(3):
            await broker.send("mail", {"type": "x"})
        await wait_until(lambda: count_ended(events) == 3)
    assert sum("returned without receive()" in line for line in caplog.messages) == 1


async def test_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """It is in the log and on the event, and its last frames are in the dead letter."""

    def deep() -> Any:
        return {}["missing"]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        deep()

    broker = MemoryBroker()
    async with run_worker(broker, {"mail": app}, max_attempts=2) as (_, events):
        await broker.send("mail", {"type": "x"})
        await wait_until(lambda: count_ended(events) == 1)
    [letter] = await broker.dead_letters()
    assert letter.reason.startswith("attempt 2: KeyError: 'missing' (raised at ")
    assert re.search(r"test_worker\.py:\d+ in deep, called at \S+:\d+ in app", letter.reason)
    errors = [event.error for event in events if event.kind in ("retry", "dead")]
    assert [type(error) for error in errors] == [KeyError, KeyError]
    assert sum(line.endswith(" in deep") for line in caplog.text.splitlines()) == 2


async def test_sent_without_opening() -> None:
    """The error shows how a broker is opened, the one in memory too."""
    with pytest.raises(BrokerClosedError, match="MemoryBroker is used outside") as caught:
        await MemoryBroker().send("mail", {"type": "x"})
    assert "async with broker:\n            yield" in str(caught.value)


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
    with anyio.fail_after(PATIENCE):
        async with broker:
            await broker.send("mail", {"type": "x"})
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
    with anyio.fail_after(PATIENCE):
        async with broker, anyio.create_task_group() as tasks:
            await broker.send("mail", {"type": "x"})
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
        (noop, "mail", {}, "a list of names, not a str"),
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
