"""GitHub's 1,225 operations: path and method together, ours beside the router of Sanic.

A request is asked for as ``METHOD /path``; splitting that is the same work for both. Ours makes the
scope, and the scope of the endpoint, too.
"""

import random
from collections.abc import Callable
from typing import Any

import sanic_routing
from sanic_routing.exceptions import NoMethod, NotFound

from asgi_routes import MethodRouter, URLRouter, path
from benchmarks.clock import interleaved, medians
from benchmarks.peers import app, written
from benchmarks.tables import filled, operations


class SanicRouter(sanic_routing.BaseRouter):  # type: ignore[misc]
    """The router of Sanic, as Sanic uses it."""

    def get(self, path: str, method: str, extra: Any = None) -> Any:
        return self.resolve(path=path, method=method, extra=extra)


def ours(table: dict[str, list[str]]) -> Callable[[str], Any]:
    """Return what a whole scope is matched by, with the child scope that it makes."""
    router = URLRouter(
        [
            path(
                written(text, "<{}>", "<int:{}>").removeprefix("/"),
                MethodRouter(dict.fromkeys(methods, app)),
            )
            for text, methods in table.items()
        ]
    )
    match = router.match

    def find(request: str) -> Any:
        method, _, path = request.partition(" ")
        return match({"type": "http", "method": method, "path": path}) or None

    return find


def theirs(table: dict[str, list[str]]) -> Callable[[str], Any]:
    """Return the lookup of sanic-routing."""
    router = SanicRouter()
    for text, methods in table.items():
        router.add(written(text, "<{}:str>", "<{}:int>"), handler=app, methods=methods)
    router.finalize()

    def find(request: str) -> Any:
        method, _, path = request.partition(" ")
        try:
            return router.get(path, method)
        except (NotFound, NoMethod):
            return None

    return find


def methods(tick: Callable[[], None]) -> dict[str, float]:
    """Return the time of each, and how many of the operations it does not find."""
    table = operations()
    chosen = random.Random(5)  # noqa: S311 - to be repeated, not to be secret
    asked = [(method, text) for text, each in table.items() for method in each]

    def requests() -> list[str]:
        chosen.shuffle(asked)
        return [f"{method} {filled(text, chosen)}" for method, text in asked]

    finds = {"asgi_routes": ours(table), "sanic-routing": theirs(table)}
    sample = requests()
    result = {
        f"{name}, not found": float(sum(map(lambda r, f=find: not f(r), sample)))
        for name, find in finds.items()
    }
    return result | medians(
        interleaved({name: (find, True) for name, find in finds.items()}, requests, tick)
    )
