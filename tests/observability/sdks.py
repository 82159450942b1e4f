"""OpenTelemetry, Sentry and Prometheus as users have them, whose findings stay in memory.

Everything is of the real packages, and nothing is sent over the network.
"""

import contextlib
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import sentry_sdk
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from prometheus_client import CollectorRegistry
from sentry_sdk.integrations.asgi import SentryAsgiMiddleware
from sentry_sdk.transport import Transport

from tests.frameworks.client import scope_for
from tests.spec.driving import call

# Metrics of both conventions: the first middleware of the process reads this for all.
os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "http/dup"


class Case(NamedTuple):
    """A connection, and the template under which it has to be seen; None where there is no route."""

    kind: str
    target: str
    status: int
    path: str | None = None
    path_format: str | None = None
    method: str = "GET"

    @property
    def url(self) -> str:
        """What Sentry makes of it: by the server's address, not by the ``Host`` header."""
        return f"{self.kind.replace('websocket', 'ws')}://127.0.0.1{self.target}"


async def connect(app: Any, kind: str, target: str, **more: Any) -> int:
    """Open a connection, let the application serve it to its end, and return the first status."""
    first = {"http": "http.request", "websocket": "websocket.connect"}[kind]
    sent = (await call(app, scope_for(kind, target, **more), [{"type": first}])).sent
    return 101 if sent[0]["type"] == "websocket.accept" else int(sent[0]["status"])


async def opened(app: Any, case: Case) -> int:
    """Open the connection of a case, and return the first status."""
    more = {"method": case.method} if case.kind == "http" else {}
    return await connect(app, case.kind, case.target, **more)


OLDER = ("http.server.duration", "http.target")
STABLE = ("http.server.request.duration", "http.route")


class Telemetry:
    """OpenTelemetry around an application, and what it has recorded."""

    def __init__(self, app: Any, **options: Any) -> None:
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracers = TracerProvider(shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        meters = MeterProvider([self.reader], shutdown_on_exit=False)
        self.app = OpenTelemetryMiddleware(
            app, tracer_provider=tracers, meter_provider=meters, **options
        )

    @property
    def span(self) -> Any:
        """The one span of the connection; those of its messages are named after it."""
        spans = self.exporter.get_finished_spans()
        server = next(span for span in spans if span.kind is SpanKind.SERVER)
        assert all(span.name.startswith(server.name) for span in spans)
        return server

    def measured(self, name: str, attribute: str) -> list[Any]:
        """Return what the points of a metric are told apart by."""
        data = self.reader.get_metrics_data()
        recorded = data.resource_metrics[0].scope_metrics[0].metrics if data else []
        return [
            point.attributes.get(attribute)
            for metric in recorded
            if metric.name == name
            for point in metric.data.data_points
        ]


class Kept(Transport):
    """Keeps what would be sent over the network.

    Attributes:
        sent: the kind of each event, its transaction and source.
        statuses: that of each transaction, in Sentry's words; None where it has seen no answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str, str]] = []
        self.statuses: list[str | None] = []

    def capture_envelope(self, envelope: Any) -> None:
        for item in envelope.items:
            event = item.payload.json
            source = event["transaction_info"]["source"]
            self.sent.append((item.type, event["transaction"], source))
            if item.type == "transaction":
                self.statuses.append(event["contexts"]["trace"].get("status"))


@contextlib.contextmanager
def reporting_to(client: Any) -> Iterator[None]:
    """Let what happens inside be reported to a client of Sentry, and to no other one."""
    with sentry_sdk.isolation_scope(), sentry_sdk.new_scope() as scope:
        scope.set_client(client)
        yield


async def reported(client: Any, app: Any, case: Case, **options: Any) -> list[Any]:
    """Return what is reported of a connection: the kind of event, its transaction and source."""
    with reporting_to(client):
        await opened(SentryAsgiMiddleware(app, **options), case)
    return client.transport.sent  # type: ignore[no-any-return]


def counted(registry: CollectorRegistry) -> dict[tuple[str, ...], float]:
    """Return how many requests were counted, and timed, by method, status and route."""
    counts: dict[str, dict[tuple[str, ...], float]] = {}
    for metric in registry.collect():
        for sample in metric.samples:
            labels = tuple(sample.labels[name] for name in ("method", "status", "route"))
            counts.setdefault(sample.name, {})[labels] = sample.value
    assert counts["requests_total"] == counts["request_seconds_count"]
    return counts["requests_total"]
