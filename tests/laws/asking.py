"""Asking an application, and what comes of it.

Nothing waits for anything, so that no event loop is needed, and an exception is
an answer too.
"""

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import unquote

MARK = "law"
"""The key that a middleware adds to the scope."""

_KEYS = ("url_route", "path_params", "path_remaining", "root_path", "path", "raw_path")


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """What a client sends, and what the server makes of it.

    ``path`` is as it stands in the request: percent-encoded.
    """

    path: str
    method: str = "GET"
    kind: str = "http"
    host: str = "testserver"
    root_path: str = ""
    subprotocols: tuple[str, ...] = ()
    has_asgi: bool = True

    def __repr__(self) -> str:
        word = self.method if self.kind == "http" else self.kind
        others = [
            f"{one.name}={value!r}"
            for one in fields(self)
            if one.name not in ("path", "method", "kind")
            and (value := getattr(self, one.name)) != one.default
        ]
        return f"<{' '.join([word, self.path, *others])}>"

    def _repr_pretty_(self, printer: Any, _cycle: object) -> None:
        printer.text(repr(self))  # hypothesis would write down every field.

    def scope(self) -> dict[str, Any]:
        """Return the scope that a server makes of it."""
        if self.kind == "channel":
            return {"type": "channel", "channel": self.path}
        scope: dict[str, Any] = {
            "type": self.kind,
            "path": unquote(self.path),
            "raw_path": self.path.encode(),
            "root_path": self.root_path,
            "query_string": b"",
            "headers": [(b"host", self.host.encode()), (b"origin", b"http://front.example")],
        }
        if self.has_asgi:
            scope["asgi"] = {"version": "3.0", "spec_version": "2.5"}
        if self.kind == "http":
            scope["method"] = self.method
        elif self.kind == "websocket":
            scope["subprotocols"] = [*self.subprotocols]
            scope["extensions"] = {"websocket.http.response": {}}
        return scope


@dataclass(frozen=True, slots=True)
class Seen:
    """What an application was called with."""

    app: str
    scope: Mapping[str, Any]
    keys: frozenset[str]
    template: tuple[Any, ...] | None
    urls: tuple[tuple[str, str], ...]
    marks: tuple[str, ...]
    miss: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of a request.

    Attributes:
        status: of http, or of a denial; 101 for a websocket that is accepted; None for none.
        error: what was raised, by name.
        seen: what the applications saw that were called, the first first.
        template: what the scope says afterwards that the router was called with.
    """

    status: int | None
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    error: str | None
    seen: tuple[Seen, ...]
    template: tuple[Any, ...] | None

    def header(self, name: bytes) -> str | None:
        """Return a header of the answer, or None."""
        return next((value.decode() for key, value in self.headers if key == name), None)

    @property
    def is_hit(self) -> bool:
        """Whether an application serves the request."""
        is_channel = self.status is None and self.error is None
        return self.status in (200, 101) or (is_channel and bool(self.seen))

    @property
    def app(self) -> str | None:
        """The name of the application that was called last, or None."""
        return self.seen[-1].app if self.seen else None


def seen_by(app: str, scope: Any, urls: tuple[tuple[str, str], ...] = ()) -> Seen:
    """Return what an application sees in its scope."""
    miss = scope.get("route_miss")
    return Seen(
        app,
        {key: scope[key] for key in _KEYS if key in scope},
        frozenset(scope) - {MARK},
        template_of(scope),
        urls,
        tuple(scope.get(MARK, ())),
        None if miss is None else (miss.reason, miss.status, tuple(miss.allowed)),
    )


def template_of(scope: Any) -> tuple[Any, ...] | None:
    """Return path, format and name of the route that stands in a scope, or None."""
    route = scope.get("route")
    return None if route is None else (route.path, route.path_format, route.name)


def at_once(calling: Coroutine[Any, Any, Any]) -> Any:
    """Return what a coroutine returns that waits for nothing."""
    try:
        calling.send(None)
    except StopIteration as done:
        return done.value
    calling.close()
    raise AssertionError("it waits for something")


def ask(app: Any, scope: dict[str, Any], seen: list[Seen], received: Any = None) -> Answer:
    """Return what an application answers.

    Args:
        app: the application.
        scope: what it is called with.
        seen: where its endpoints write down what they see; emptied.
        received: a function that returns the scope that the outermost router was called with.
    """
    seen.clear()
    sent: list[Any] = []
    events = [{"type": f"{scope['type']}.connect"}, {"type": f"{scope['type']}.disconnect"}]

    async def receive() -> Any:
        if scope["type"] == "http":
            return {"type": "http.request", "body": b"", "more_body": False}
        return events.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    error = None
    try:
        at_once(app(scope, receive, send))
    except Exception as raised:  # noqa: BLE001 - whatever is raised is what comes of it
        error = type(raised).__name__
    template = template_of(scope if received is None else received() or scope)
    return _answer(sent, error, tuple(seen), template)


def _answer(
    sent: list[Any], error: str | None, seen: tuple[Seen, ...], template: tuple[Any, ...] | None
) -> Answer:
    start: Any = next((message for message in sent if "status" in message), None)
    body = b"".join(message.get("body", b"") for message in sent)
    if start is not None:
        return Answer(start["status"], tuple(start["headers"]), body, error, seen, template)
    status = None
    if any(message["type"] == "websocket.accept" for message in sent):
        status = 101
    elif any(message["type"] == "websocket.close" for message in sent):
        status = 403
    return Answer(status, (), body, error, seen, template)
