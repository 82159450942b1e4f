"""OpenTelemetry: a span for each message that is sent, and for each that is handled.

The context travels in the headers of the message.

Rule: a worker knows nothing of tracing; `TracedApp` and `TracedBroker` stand around what they
trace, and only those who use them import OpenTelemetry.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, Self

from opentelemetry import propagate, trace
from opentelemetry.trace import Link, Span, SpanKind, StatusCode, Tracer, TracerProvider

from asgi_routes.types import App, Receive, Send
from asgi_routes.worker.attempts import EXTENSION
from asgi_routes.worker.contract import Broker, Subscription

_NAME = "asgi_routes.worker"


class TracedApp:
    """A middleware that opens a span of kind CONSUMER around the work on each message of a channel.

    It goes around a `ChannelNameRouter`, or anything with one in it; other scopes pass untouched.
    The sender's span, if it is in the message's headers, is the parent, and linked. The span is an
    error where the message failed: the application raised, was cancelled, or asked for a retry or a
    dead letter. What it sends to other channels has a span of kind PRODUCER, and takes the context
    along.

    Args:
        app: an application.
        system: the ``messaging.system``: ``nats``, ``redis``.
        tracer_provider: None takes OpenTelemetry's global one.
    """

    def __init__(
        self,
        app: App,
        *,
        system: str = "asgi_routes",
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        self.app = app
        self._system = system
        self._tracer = trace.get_tracer(_NAME, tracer_provider=tracer_provider)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "channel":
            await self.app(scope, receive, send)
            return
        facts = scope.get("extensions", {}).get(EXTENSION, {})
        context = propagate.extract(facts.get("headers", {}))
        sender = trace.get_current_span(context).get_span_context()
        attributes = _make_attributes(self._system, scope["channel"], "process")
        if facts:
            attributes["messaging.message.id"] = facts["id"]
            attributes["asgi_routes.attempt"] = facts["attempt"]
        with self._tracer.start_as_current_span(
            f"{scope['channel']} process",
            context=context,
            kind=SpanKind.CONSUMER,
            attributes=attributes,
            links=[Link(sender)] if sender.is_valid else [],
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            call = _TracedCall(receive, send, span, self._tracer, self._system)
            try:
                await self.app(scope, call.receive, call.send)
            except BaseException as error:
                call.note_error(error)
                raise


class _TracedCall:
    """One call of an application: what it says of its message is noted in the span."""

    def __init__(
        self, receive: Receive, send: Send, span: Span, tracer: Tracer, system: str
    ) -> None:
        self._receive = receive
        self._send = send
        self._span = span
        self._tracer = tracer
        self._system = system
        self._received = 0
        self._is_settled = False

    async def receive(self) -> Any:
        self._received += 1
        self._is_settled = self._is_settled or self._received > 1
        return await self._receive()

    async def send(self, message: Any) -> None:
        kind = message.get("type")
        if kind != "channel.send":
            await self._send(message)
            self._is_settled = True
            if kind in ("channel.retry", "channel.reject"):
                _fail(self._span, kind, str(message.get("reason") or ""))
            return
        given = message.get("headers", {})
        with _trace_send(self._tracer, self._system, message.get("channel"), given) as (_, headers):
            await self._send({**message, "headers": headers})

    def note_error(self, error: BaseException) -> None:
        """Note an exception, unless it is clear already how the message ended."""
        if self._is_settled:
            return
        if isinstance(error, Exception):
            self._span.record_exception(error)
        _fail(self._span, type(error).__qualname__, str(error))


class TracedBroker:
    """A broker that opens a span of kind PRODUCER for each message that it sends.

    The context is sent along.

    Headers that hold a context already are left alone. Everything else is the broker's own.

    Args:
        broker: any broker.
        system: the ``messaging.system``: ``nats``, ``redis``.
        tracer_provider: None takes OpenTelemetry's global one.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        system: str = "asgi_routes",
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        self._broker = broker
        self._system = system
        self._tracer = trace.get_tracer(_NAME, tracer_provider=tracer_provider)

    async def __aenter__(self) -> Self:
        await self._broker.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._broker.__aexit__(*error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    def subscribe(self, channel: str) -> AbstractAsyncContextManager[Subscription]:
        """Return the subscription of one slot to a channel; see `Broker.subscribe`."""
        return self._broker.subscribe(channel)

    async def send(
        self,
        channel: str,
        message: Mapping[str, Any],
        *,
        id: str | None = None,  # noqa: A002 - as the field is called everywhere
        headers: Mapping[str, str] | None = None,
        delay: float = 0.0,
    ) -> str:
        """Keep a message for the workers of a channel; see `Broker.send`."""
        with _trace_send(self._tracer, self._system, channel, headers or {}) as (span, more):
            message_id = await self._broker.send(channel, message, id=id, headers=more, delay=delay)
            span.set_attribute("messaging.message.id", message_id)
            return message_id


@contextmanager
def _trace_send(
    tracer: Tracer, system: str, channel: Any, headers: Mapping[str, str]
) -> Iterator[tuple[Span, Mapping[str, str]]]:
    if any(name in headers for name in propagate.get_global_textmap().fields):
        yield trace.INVALID_SPAN, headers
        return
    attributes = _make_attributes(system, str(channel), "send")
    with tracer.start_as_current_span(
        f"{channel} send", kind=SpanKind.PRODUCER, attributes=attributes
    ) as span:
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        yield span, {**headers, **carrier}


def _make_attributes(system: str, channel: str, operation: str) -> dict[str, Any]:
    """Return the attributes that every span of a message has (OpenTelemetry, "Messaging spans")."""
    return {
        "messaging.system": system,
        "messaging.destination.name": channel,
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
    }


def _fail(span: Span, kind: str, reason: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR, reason)
