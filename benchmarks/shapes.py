"""One route in every shape that applications give it: whole calls, beside a flat table.

Every shape leads to the same application, by a table of 51 routes, for paths that were never asked for before.
The rule kept here: a shape is compared with the plain one of the same run, and with nothing else.

A middleware costs a coroutine of its own, whoever calls it. What that takes is measured around a plain
function, so that what the router adds to it can be told.
"""

import gc
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from asgi_routes import (
    HostRouter,
    MethodRouter,
    NotFound,
    ProtocolTypeRouter,
    URLRouter,
    mount,
    path,
)
from benchmarks.calls import ns_each_call, own_clock, scope_of
from benchmarks.clock import medians
from benchmarks.peers import app, written
from benchmarks.tables import small_api

ROUNDS = 42
_CALLS = 1000


@dataclass(frozen=True)
class Shape:
    """An application that leads to the leaf, and what the scopes for it are like.

    Attributes:
        app: what is called.
        prefix: what stands in the path before ``/users/7/``.
        passes: how many middlewares are on the way.
        params: what the leaf finds as ``path_params`` for that path; for a miss, it is not called.
        more: what else is in the scope.
        is_miss: whether the answer is 404 or 405.
    """

    app: Any
    prefix: str = ""
    passes: int = 0
    params: dict[str, Any] | None = field(default_factory=lambda: {"id": 7})
    more: dict[str, Any] = field(default_factory=dict)
    is_miss: bool = False

    def scope(self, number: int) -> dict[str, Any]:
        """Return a fresh scope for a user."""
        return scope_of(f"{self.prefix}/users/{number}/") | self.more


class Passing:
    """A middleware that does nothing."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self.app(scope, receive, send)


def shapes(leaf: Any) -> dict[str, Shape]:
    """Return every shape around a leaf; the first two have no router."""

    def table(target: Any = leaf, **options: Any) -> URLRouter:
        return URLRouter([*_others(), path("users/<int:id>/", target)], **options)

    def below(prefix: str, target: Any) -> URLRouter:
        return URLRouter([path(prefix, target)])

    def types(target: Any, **options: Any) -> ProtocolTypeRouter:
        return ProtocolTypeRouter({"http": target}, **options)

    three = below("a/", below("b/", below("c/", table())))
    methods = MethodRouter({"GET": leaf, "POST": leaf})
    second = [path("users/<int:id>/", leaf, methods=[method]) for method in ("POST", "GET")]
    page = NotFound(page=app)
    return {
        "function": Shape(leaf, params=None),
        "function, middleware": Shape(Passing(leaf), passes=1, params=None),
        "plain": Shape(table()),
        "root_path": Shape(table(), "/api", more={"root_path": "/api"}),
        'slashes="redirect"': Shape(table(slashes="redirect")),
        'encoded_slashes="preserve"': Shape(table(encoded_slashes="preserve")),
        "types": Shape(types(table())),
        "types, middleware=": Shape(types(table(), middleware=[Passing]), passes=1),
        "types, wrapped by hand": Shape(types(Passing(table())), passes=1),
        "host": Shape(HostRouter({"localhost": table()})),
        "host with a parameter": Shape(
            HostRouter({"<name>": table()}), params={"name": "localhost", "id": 7}
        ),
        "nested": Shape(below("api/", table()), "/api"),
        "nested three deep": Shape(three, "/a/b/c"),
        "types below a path": Shape(below("api/", ProtocolTypeRouter({"http": table()})), "/api"),
        "methods behind a path": Shape(table(methods)),
        "second of two methods=": Shape(URLRouter([*_others(), *second])),
        "middleware=": Shape(below("api/", table(middleware=[Passing])), "/api", passes=1),
        "wrapped by hand": Shape(below("api/", Passing(table())), "/api", passes=1),
        "mount of a router": Shape(URLRouter([mount("api", table())]), "/api"),
        "mount with middleware=": Shape(
            URLRouter([mount("api", table(), middleware=[Passing])]), "/api", passes=1
        ),
        "mount of an application": Shape(URLRouter([*_others(), mount("users", leaf)]), params={}),
        "404": Shape(table(), "/none", is_miss=True),
        "404 behind types": Shape(types(table()), "/none", is_miss=True),
        "404 with a page": Shape(types(table(default=page)), "/none", is_miss=True),
        "404 of a mount": Shape(URLRouter([mount("api", table())]), "/api/none", is_miss=True),
        "405": Shape(table(methods), more={"method": "PUT"}, is_miss=True),
        "308": Shape(table(slashes="redirect"), more={"path": "/users/7"}, is_miss=True),
    }


def _others() -> list[Any]:
    texts = (written(text, "<{}>", "<int:{}>").removeprefix("/") for text in small_api(10))
    return [path(text, app) for text in texts]


def measured(tick: Callable[[], None]) -> dict[str, dict[str, float]]:
    """Return nanoseconds and multiples of the plain shape, with the middlewares' own coroutines and without."""
    # A peer has turned the level of the root logger down; as a rule, nobody reads of each miss.
    logging.getLogger("asgi_routes").setLevel(logging.WARNING)
    _check()
    candidates = shapes(app)
    times: dict[str, list[float]] = {name: [] for name in candidates}
    clocks = {name: own_clock() for name in candidates}
    for turn in range(ROUNDS):
        # Nobody comes after the same one each time, and finds what that has left in the caches.
        order = [*candidates]
        order = order[turn % len(order) :] + order[: turn % len(order)]
        for name in order:
            first = turn * _CALLS
            scopes = [candidates[name].scope(number) for number in range(first, first + _CALLS)]
            gc.collect()
            gc.disable()
            times[name].append(clocks[name](candidates[name].app, scopes))
            gc.enable()
        tick()
    return _compared(candidates, medians(times))


def _compared(candidates: dict[str, Shape], ns: dict[str, float]) -> dict[str, dict[str, float]]:
    coroutine = ns["function, middleware"] - ns["function"]
    return {
        name: {
            "ns": ns[name],
            "times plain": ns[name] / ns["plain"],
            "without its coroutine": (ns[name] - shape.passes * coroutine) / ns["plain"],
        }
        for name, shape in candidates.items()
    }


def _check() -> None:
    """See to it that every shape leads to the leaf: a miss is quick, and proves nothing."""
    found: list[Any] = []

    async def leaf(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        found.append(scope.get("path_params"))

    for name, shape in shapes(leaf).items():
        found.clear()
        ns_each_call(shape.app, [shape.scope(7)])
        assert found == ([] if shape.is_miss else [shape.params]), name
