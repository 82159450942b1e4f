"""OpenTelemetry and Prometheus see what a worker does: the real SDKs, on the broker in memory."""

from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import CollectorRegistry, Counter, Histogram

from asgi_routes import ChannelNameRouter
from asgi_routes.worker import MemoryBroker, Worker, WorkerEvent
from asgi_routes.worker.conformance.workers import QUICK, count_ended, wait_until
from asgi_routes.worker.telemetry import TracedApp, TracedBroker

pytestmark = pytest.mark.anyio


class Traces:
    """OpenTelemetry around an application and its broker, and the spans that have ended."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("test")

    async def handle(self, apps: dict[str, Any], *, count: int = 1, **options: Any) -> None:
        """Send one message to the first channel, and wait until so many have ended."""
        events: list[WorkerEvent] = []
        broker = TracedBroker(MemoryBroker(), system="memory", tracer_provider=self.provider)
        app = TracedApp(ChannelNameRouter(apps), system="memory", tracer_provider=self.provider)
        options = {"poll": 0.05, "backoff": QUICK, "on_event": events.append, **options}
        async with Worker(app, broker, **options):
            with self.tracer.start_as_current_span("request"):
                await broker.send(next(iter(apps)), {"type": "x"}, id="one", headers={"k": "v"})
            await wait_until(lambda: count_ended(events) == count)

    def named(self, name: str) -> list[Any]:
        """Return the spans of a name, in the order in which they ended."""
        return [span for span in self.exporter.get_finished_spans() if span.name == name]


async def test_one_trace_from_the_request_to_the_work() -> None:
    """What is sent, handled, sent on and handled there, hangs together."""
    traces, headers = Traces(), []

    async def first(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        headers.append(scope["extensions"]["channel.delivery"]["headers"])
        with traces.tracer.start_as_current_span("inner"):
            await send({"type": "channel.send", "channel": "second", "message": {"type": "y"}})

    async def second(scope: Any, receive: Any, send: Any) -> None:
        while True:
            await receive()

    await traces.handle({"first": first, "second": second}, count=2)
    chain = ["request", "first send", "first process", "inner", "second send", "second process"]
    spans = [span for name in chain for span in traces.named(name)]
    assert [span.name for span in spans] == chain
    assert [span.parent and span.parent.span_id for span in spans] == [
        None,
        *(span.context.span_id for span in spans[:-1]),
    ]
    assert {span.context.trace_id for span in spans} == {spans[0].context.trace_id}
    _, sent, handled, _, _, last = spans
    assert (sent.kind, handled.kind) == (SpanKind.PRODUCER, SpanKind.CONSUMER)
    assert [link.context.span_id for link in handled.links] == [sent.context.span_id]
    assert sent.attributes == {
        "messaging.system": "memory",
        "messaging.destination.name": "first",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.message.id": "one",
    }
    assert handled.attributes == {
        **sent.attributes,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "asgi_routes.attempt": 1,
    }
    # Asking for another message is no failure, though the call is cancelled there.
    assert {span.status.status_code for span in spans} == {StatusCode.UNSET}
    assert last.end_time is not None
    assert headers[0].keys() == {"k", "traceparent"}


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    raise ValueError("no such image")


async def reject(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "channel.reject", "reason": "it is no image"})


async def hang(scope: Any, receive: Any, send: Any) -> None:
    import anyio  # noqa: PLC0415 - only here

    await receive()
    await anyio.sleep_forever()


@pytest.mark.parametrize(
    ("app", "options", "kind", "said", "exceptions"),
    [
        (refuse, {"max_attempts": 1}, "ValueError", "no such image", ["ValueError"]),
        (reject, {}, "channel.reject", "it is no image", []),
        (hang, {"timeout": 0.01, "max_attempts": 1}, "Cancelled", None, []),
    ],
)
async def test_failures(
    app: Any, options: Any, kind: str, said: str | None, exceptions: list[str]
) -> None:
    """Each way in which a message fails is an error of its span."""
    traces = Traces()
    await traces.handle({"mail": app}, **options)
    [span] = traces.named("mail process")
    assert span.status.status_code is StatusCode.ERROR
    assert said is None or span.status.description == said
    assert span.attributes["error.type"].startswith(kind)
    assert [event.attributes["exception.type"] for event in span.events] == exceptions


async def test_attempts() -> None:
    """Each attempt is a span of its own below the sender's."""
    traces = Traces()
    await traces.handle({"mail": refuse}, max_attempts=3)
    spans = traces.named("mail process")
    assert [span.attributes["asgi_routes.attempt"] for span in spans] == [1, 2, 3]
    [sent] = traces.named("mail send")
    assert {span.parent.span_id for span in spans} == {sent.context.span_id}


async def test_other_scopes_pass() -> None:
    """What is no message has no span."""
    traces, seen = Traces(), []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, receive, send))

    receive, send = object(), object()
    scope: Any = {"type": "http"}
    await TracedApp(app, tracer_provider=traces.provider)(scope, receive, send)  # type: ignore[arg-type]
    assert seen == [(scope, receive, send)]
    assert not traces.exporter.get_finished_spans()


async def test_prometheus_by_on_event() -> None:
    """A hook of a few lines makes metrics of the events."""
    registry = CollectorRegistry()
    labels = ["channel", "outcome"]
    messages = Counter("messages", "Messages that ended", labels, registry=registry)
    seconds = Histogram("message_seconds", "Work on them", ["channel"], registry=registry)

    def on_event(event: WorkerEvent) -> None:
        if event.kind in ("done", "retry", "dead"):
            messages.labels(event.channel, event.kind).inc()
            seconds.labels(event.channel).observe(event.seconds)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if (await receive())["type"] == "bad":
            raise ValueError

    broker = MemoryBroker()
    router = ChannelNameRouter({"mail": app})
    worker = Worker(router, broker, poll=0.05, backoff=QUICK, max_attempts=2, on_event=on_event)
    async with worker:
        for kind in ("good", "good", "bad"):
            await broker.send("mail", {"type": kind})
        await wait_until(lambda: worker.status.counts["done"] + worker.status.counts["dead"] == 3)
    for outcome, count in (("done", 2), ("retry", 1), ("dead", 1)):
        labels_ = {"channel": "mail", "outcome": outcome}
        assert registry.get_sample_value("messages_total", labels_) == count
    assert registry.get_sample_value("message_seconds_count", {"channel": "mail"}) == 4
