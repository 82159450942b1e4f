"""Whole calls: scopes as a server makes them, and a clock for applications that never wait."""

import time
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any


def scope_of(path: str) -> dict[str, Any]:
    """Return the scope that a server makes of a GET."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


def own_clock() -> Callable[[Any, Sequence[Any]], float]:
    """Return a copy of `ns_each_call` for one candidate, as `benchmarks.clock.own_clock` does."""
    return FunctionType(ns_each_call.__code__.replace(), ns_each_call.__globals__)


async def discard(event: Any) -> None:
    """Take an event of a response, as a server does, and drop it."""


def ns_each_call(app: Any, scopes: Sequence[Any]) -> float:
    """Return how long one call of an application takes, on average, in nanoseconds."""
    start = time.perf_counter_ns()
    for scope in scopes:
        try:  # contextlib.suppress() takes as long as a small application.
            app(scope, None, discard).send(None)
        except StopIteration:
            continue
    return (time.perf_counter_ns() - start) / len(scopes)
