"""Applications that go wrong, each a list of steps, and the same behind routers.

An application does what it would do anywhere; nothing in it knows whether
routers are around it.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio
import sniffio

from asgi_routes import ProtocolTypeRouter, URLRouter, mount, path

Step = dict[str, Any] | str | None
Leaves = Literal["", "begun", "first", "closing"]

START = {"type": "http.response.start", "status": 200, "headers": [(b"x-from", b"the app")]}
CHUNK = {"type": "http.response.body", "body": b"<part>", "more_body": True}
END = {"type": "http.response.body", "body": b"end", "more_body": False}
ACCEPT = {"type": "websocket.accept", "headers": [(b"x-from", b"the app")]}
TEXT = {"type": "websocket.send", "text": "<part>"}
CLOSE = {"type": "websocket.close", "code": 4001, "reason": "over"}
DENY = {"type": "websocket.http.response.start", "status": 402, "headers": []}
DENIED = {"type": "websocket.http.response.body", "body": b"denied", "more_body": False}
UNKNOWN = {"type": "no.such.message"}


@dataclass(frozen=True, eq=False)
class Case:
    """What an application does, and what its client does.

    Attributes:
        name: as it is printed.
        steps: messages are sent; ``raise``, ``cancel``, ``receive`` one message, ``begun``: the client may
            go on; ``taken``: wait until the client has the first chunk, which Granian loses now and then
            where the application ends at once; ``until gone``: receive until the client has left; ``for
            ever``: wait.
        sent: how much of a body the client sends, and how much it announces.
        leaves: when the client goes away: once the application has ``begun``, after its ``first`` chunk or
            message, or there with a ``closing`` frame.
        is_websocket: whether it is one.
    """

    name: str
    steps: tuple[Step, ...]
    sent: tuple[int, int] = (0, 0)
    leaves: Leaves = ""
    is_websocket: bool = False

    def __str__(self) -> str:
        return f"{self.protocol} {self.name}"

    @property
    def protocol(self) -> str:
        return "websocket" if self.is_websocket else "http"


MUCH = 2**20
HTTP = [
    Case("fine", [START, CHUNK, END]),
    Case("reads the body", ["receive all", START, END], sent=(MUCH, MUCH)),
    Case("never reads the body", [START, END], sent=(MUCH, MUCH)),
    Case("raises over a body", ["raise"], sent=(MUCH, MUCH)),
    Case("raises before", ["raise"]),
    Case("raises after the start", [START, "raise"]),
    Case("raises in the body", [START, CHUNK, "taken", "raise"]),
    Case("raises after the end", [START, END, "raise"]),
    Case("is cancelled before", ["cancel"]),
    Case("is cancelled in the body", [START, CHUNK, "taken", "cancel"]),
    Case("returns silently", []),
    Case("returns after the start", [START]),
    Case("returns in the body", [START, CHUNK, "taken"]),
    Case("sends after the end", [START, END, END]),
    Case("starts twice", [START, START, END]),
    Case("starts after the end", [START, END, START]),
    Case("begins with the body", [END]),
    Case("garbage: type", [UNKNOWN]),
    Case("garbage: no dict", [None]),
    Case("garbage: no type", [{}]),
    Case("garbage: no status", [{"type": "http.response.start"}]),
    Case("garbage: status", [{**START, "status": "fine"}, END]),
    Case("garbage: headers", [{**START, "headers": [("a", 1)]}, END]),
    Case("garbage: body", [START, {**END, "body": "text"}]),
    Case("garbage in the body", [START, CHUNK, "taken", UNKNOWN]),
    Case("gone before", ["receive", "begun", "until gone", START, END], leaves="begun"),
    Case("gone, and it raises", ["receive", "begun", "until gone", "raise"], leaves="begun"),
    Case("gone in the upload", ["begun", "until gone", START, END], sent=(5, 10), leaves="begun"),
    Case("gone in the response", [START, CHUNK, "until gone", CHUNK, END], leaves="first"),
]
WEBSOCKET = [
    Case(name, steps, leaves=leaves, is_websocket=True)
    for name, steps, leaves in list[tuple[str, list[Step], Leaves]](
        [
            ("fine", ["receive", ACCEPT, TEXT, CLOSE], ""),
            ("raises at once", ["raise"], ""),
            ("raises before", ["receive", "raise"], ""),
            ("raises after", ["receive", ACCEPT, TEXT, "raise"], ""),
            ("raises at the end", ["receive", ACCEPT, CLOSE, "raise"], ""),
            ("is cancelled before", ["receive", "cancel"], ""),
            ("is cancelled after", ["receive", ACCEPT, TEXT, "cancel"], ""),
            ("returns silently", ["receive"], ""),
            ("returns after", ["receive", ACCEPT, TEXT], ""),
            ("closes before", ["receive", CLOSE], ""),
            ("closes twice", ["receive", ACCEPT, CLOSE, CLOSE], ""),
            ("sends before", ["receive", TEXT], ""),
            ("sends after the end", ["receive", ACCEPT, CLOSE, TEXT], ""),
            ("accepts twice", ["receive", ACCEPT, ACCEPT], ""),
            ("denies", ["receive", DENY, DENIED], ""),
            ("denies by half", ["receive", DENY], ""),
            ("denies and raises", ["receive", DENY, "raise"], ""),
            ("denies after", ["receive", ACCEPT, DENY], ""),
            ("answers as http", ["receive", START, END], ""),
            ("garbage before", ["receive", UNKNOWN], ""),
            ("garbage after", ["receive", ACCEPT, UNKNOWN], ""),
            ("garbage: no dict", ["receive", None], ""),
            ("garbage: text", ["receive", ACCEPT, {**TEXT, "text": 7}], ""),
            ("gone before", ["receive", "begun", "until gone", ACCEPT], "begun"),
            ("gone after", ["receive", ACCEPT, TEXT, "until gone", TEXT], "first"),
            ("gone, and it raises", ["receive", ACCEPT, TEXT, "until gone", "raise"], "first"),
            ("gone in good order", ["receive", ACCEPT, TEXT, "until gone", TEXT], "closing"),
        ]
    )
]
STOPPED = [
    Case("is stopped before", ["receive", "begun", "for ever"]),
    Case("is stopped in the body", ["receive", START, CHUNK, "begun", "for ever"]),
    Case("is stopped before", ["receive", "begun", "for ever"], is_websocket=True),
    Case("is stopped after", ["receive", ACCEPT, TEXT, "begun", "for ever"], is_websocket=True),
]
"""What still waits when the server is told to end."""

BREAKING = Case("breaks what looks after Daphne", [START, "raise"])

_STEPS = {
    (case.protocol, case.name.replace(" ", "_")): case.steps
    for case in (*HTTP, *WEBSOCKET, *STOPPED, BREAKING)
}


class FaultError(Exception):
    """What the applications raise."""


@dataclass
class Record:
    """What an application has seen of one connection."""

    seen: list[str] = field(default_factory=list)
    begun: anyio.Event = field(default_factory=anyio.Event)
    taken: anyio.Event = field(default_factory=anyio.Event)
    done: anyio.Event = field(default_factory=anyio.Event)


_RECORDS: dict[str, Record] = {}


async def faulty(scope: Any, receive: Any, send: Any) -> None:
    """Do the steps of the case that the end of the path names."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    where = scope["path"]
    if "/report/" in where:
        await _report(scope, send)
        return
    key = f"{scope['type']}:{where}"
    record = _RECORDS.setdefault(key, Record())
    try:
        for step in _STEPS[scope["type"], where.rpartition("/")[2]]:
            await _do(step, key, record, receive, send)
    except BaseException as error:
        record.seen.append(f"!{type(error).__name__}")
        raise
    finally:
        record.done.set()
        print(f"\nrecord {key} {json.dumps(record.seen)}", flush=True)


async def _do(step: Step, key: str, record: Record, receive: Any, send: Any) -> None:
    match step:
        case "raise":
            raise FaultError(key)
        case "cancel":
            await _cancelled()
        case "begun":
            record.begun.set()
        case "taken":
            await record.taken.wait()
        case "for ever":
            await anyio.sleep_forever()
        case "receive" | "receive all" | "until gone":
            record.seen.append(await _received(step, receive))
        case _:
            await send(step)


_GOES_ON: dict[str, Callable[[Any], object]] = {
    "receive": lambda message: False,
    "receive all": lambda message: message.get("more_body"),
    "until gone": lambda message: "disconnect" not in message["type"],
}


async def _received(step: str, receive: Any) -> str:
    """Return what is shown of the last message that a step receives."""
    while _GOES_ON[step](message := await receive()):
        pass
    return _shown(message)


def _shown(message: Any) -> str:
    return " ".join(str(message[key]) for key in ("type", "code", "reason") if key in message)


async def _cancelled() -> None:
    """Be cancelled: as a task where there are tasks, and where there are scopes, in one."""
    if sniffio.current_async_library() == "asyncio":
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)
    else:
        with anyio.CancelScope() as cancelled:
            cancelled.cancel()
            await anyio.sleep_forever()


async def _report(scope: Any, send: Any) -> None:
    """Answer once a connection has come to a stage; that the client has a chunk is known by the asking."""
    _, _, wanted = scope["path"].partition("/report/")
    stage, _, key = wanted.partition("/")
    record = _RECORDS.setdefault(key, Record())
    if stage == "taken":
        record.taken.set()
    await getattr(record, stage).wait()
    body = json.dumps(record.seen).encode()
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


class Passing:
    """A middleware that passes everything on, in which a router is not seen at once."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(dict(scope), receive, send)


class Swallowing(Passing):
    """A middleware that lets nobody hear of an exception."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        with suppress(Exception):
            await self.app(scope, receive, send)


_swallowing = Swallowing(faulty)


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Call the applications without any router."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    else:
        swallows = scope["path"].startswith("/swallowing/")
        await (_swallowing if swallows else faulty)(scope, receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})


def _nested(app: Any) -> URLRouter:
    return URLRouter([path("nested/", URLRouter([mount("m", app)]))])


_urls = URLRouter(
    [
        path("plain/", _nested(faulty)),
        path("hidden/", Passing(_nested(Passing(faulty)))),
        path("swallowing/", Swallowing(_nested(faulty))),
        path("swallowing/", _nested(faulty)),  # Never asked: the one before it has an answer.
    ]
)
WAYS = ("plain", "hidden", "swallowing")
routed = ProtocolTypeRouter({"http": _urls, "websocket": _urls})
