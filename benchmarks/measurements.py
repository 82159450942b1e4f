"""What is measured of ours alone: growth, building, memory, import, dispatch, hostile paths."""

import gc
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from asgi_routes import ChannelNameRouter, ProtocolTypeRouter, URLRouter, format_path, path
from benchmarks.calls import own_clock, scope_of
from benchmarks.clock import interleaved, medians, seconds
from benchmarks.peers import PEERS, app, written
from benchmarks.tables import Table, filled, random_routes, shuffled_and_typed, small_api

SIZES = [10, 100, 1000, 10_000]
LARGEST = {"asgi_routes": 10_000, "falcon": 1000, "werkzeug": 10_000, "starlette": 1000}
"""Peers whose growth is measured, up to so many routes: some take minutes to build more."""

HOSTILE = [
    (path, "<a>-<b>-<c>x", "-"),
    (path, "<a>-<b>-<c>x", "a-"),
    (path, "<path:a>/<path:b>/x", "a/"),
    (path, "<path:a>/<path:b>/x", "/"),
    (path, "<path:a>1<int:b>x", "1"),
    (path, "<int:a><int:b>x", "1"),
    (path, "<path:p>/edit/", "/edit"),
    (path, "<slug:a>-<slug:b>/", "-é"),
    (path, "<int:id>/", "1"),
    (path, "a/b/c", "/"),
    (format_path, "{a}-{b}-{c}x", "-"),
    (format_path, "{a:d}/{b}", "1/"),
]


def _routes(texts: list[str]) -> list[Any]:
    return [path(written(text, "<{}>", "<int:{}>").removeprefix("/"), app) for text in texts]


def growth(tick: Callable[[], None]) -> dict[str, dict[int, float]]:
    """Return the time of a hit by the number of routes; always the same fifty paths are asked for."""
    import random  # noqa: PLC0415

    chosen = random.Random(3)  # noqa: S311
    asked = small_api(2)
    candidates = {}
    for name, largest in LARGEST.items():
        for size in SIZES:
            if size <= largest:
                peer = PEERS[name](Table("", small_api(size // 5), list))
                candidates[f"{name} {size}"] = (peer.find, peer.takes_slash)

    def fifty() -> list[str]:
        return [filled(asked[number % len(asked)], chosen) for number in range(50)] * 20

    found = medians(interleaved(candidates, fifty, tick))
    return {
        name: {size: found[f"{name} {size}"] for size in SIZES if f"{name} {size}" in found}
        for name in LARGEST
    }


def globs(tick: Callable[[], None]) -> dict[int, float]:
    """Return the time to match the last of so many globs of channels."""
    candidates: dict[str, Any] = {}
    for size in (10, 1000):
        router = ChannelNameRouter({f"job{number}-*": app for number in range(size)})

        def find(name: str, router: ChannelNameRouter = router, last: int = size - 1) -> Any:
            return router.match({"type": "channel", "channel": f"job{last}-{name}"})

        candidates[str(size)] = (find, True)
    found = medians(interleaved(candidates, lambda: [f"x{n}" for n in range(500)], tick))
    return {int(size): ns for size, ns in found.items() if size.isdigit()}


def building() -> dict[str, float]:
    """Return seconds and megabytes for tables of several shapes."""
    result: dict[str, float] = {}
    shapes: dict[str, Callable[[int], list[Any]]] = {
        "flat": lambda count: _routes(small_api(count // 5)),
        "nested": lambda count: [
            path(f"api{number}/", URLRouter(_routes(small_api(20))))
            for number in range(count // 100)
        ],
        "random": lambda count: _routes(random_routes(count)),
        "random, shuffled, typed": lambda count: _routes(shuffled_and_typed(random_routes(count))),
    }
    for name, make in shapes.items():
        for count in (10_000, 20_000):
            routes = make(count)
            result[f"{name} {count}, s"] = seconds(lambda routes=routes: _compiled(routes))
        tracemalloc.start()
        router = _compiled(make(10_000))
        result[f"{name}, MB with its routes"] = tracemalloc.get_traced_memory()[0] / 1e6
        tracemalloc.stop()
        result[f"{name}, lines"] = router.source().count("\n")
    routes = shapes["flat"](10_000)
    tracemalloc.start()
    router = _compiled(routes)
    result["flat, MB"] = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    return result


def _compiled(routes: list[Any]) -> URLRouter:
    """Return a router as it is once the application has started."""
    router = URLRouter(routes)
    router.compile_table()
    return router


def importing() -> float:
    """Return what ``import asgi_routes`` adds to the start of Python, in milliseconds."""

    def start(code: str) -> float:
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - of our own
        return time.perf_counter() - begin

    pairs = [(start("import asgi_routes"), start("pass")) for _ in range(15)]
    return statistics.median(ours - bare for ours, bare in pairs) * 1000


class ContractFloor:
    """The least that a router can do that is an object and keeps the contract of the child scope.

    It knows the one route that there is, and looks at nothing.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        child = scope.copy()
        kwargs = {"id": 7}
        child["path_remaining"] = ""
        child["route"] = self
        child["url_route"] = {"args": (), "kwargs": kwargs}
        child["path_params"] = kwargs.copy()
        return await app(child, receive, send)


def dispatch(tick: Callable[[], None]) -> dict[str, float]:
    """Return the time of a whole call, and of the least that one could do, with its multiples.

    The floor copies the scope with two more keys, and awaits the application.
    """
    one = ProtocolTypeRouter({"http": URLRouter(_routes(["/users/:id|int", *small_api(10)]))})
    inner = URLRouter(_routes(["/", "/:id|int", "/:id|int/edit"]))
    urls = URLRouter([path("", app), path("users/", inner), *_routes(small_api(10))])
    three = ProtocolTypeRouter({"http": urls, "websocket": app})

    async def floor(scope: Any, receive: Any, send: Any) -> Any:
        child = dict(scope)
        child["url_route"] = child["path_remaining"] = None
        return await app(child, receive, send)

    served = {"floor": floor, "contract floor": ContractFloor(), "one level": one}
    served["asgi_routes"] = three
    clocks = {name: own_clock() for name in served}
    times: dict[str, list[float]] = {name: [] for name in served}
    for _ in range(21):
        for name, application in served.items():
            made = [scope_of(f"/users/{number}") for number in range(1000)]
            gc.collect()
            gc.disable()
            times[name].append(clocks[name](application, made))
            gc.enable()
        tick()
    found = medians(times)
    return found | {
        "floors": found["asgi_routes"] / found["floor"],
        "floors, one level": found["one level"] / found["floor"],
        "contract floors": found["asgi_routes"] / found["contract floor"],
    }


def hostile() -> list[dict[str, Any]]:
    """Return the time for 32 and 64 KiB of what each pattern likes least."""
    return [_hostile(URLRouter([write(text, app)]), text, unit) for write, text, unit in HOSTILE]


def _hostile(router: URLRouter, text: str, unit: str) -> dict[str, Any]:
    matcher = router.matcher
    short, long = unit * (2**15 // len(unit)), unit * (2**16 // len(unit))
    matcher(short)
    times = [(seconds(lambda: matcher(short)), seconds(lambda: matcher(long))) for _ in range(5)]
    return {
        "route": text,
        "path": f"{unit!r} repeated",
        "64 KiB, ms": statistics.median(long for _, long in times) * 1000,
        "64 against 32 KiB": statistics.median(long / short for short, long in times),
    }


def hostile_peers() -> dict[str, float]:
    """Return the milliseconds that others take for 1,500 dashes on ``/:a-:b-:c.json``."""
    path = "/" + "-" * 1500
    result = {}
    for name in ("asgi_routes", "starlette", "django", "werkzeug", "falcon"):
        peer = PEERS[name](Table("", ["/:a-:b-:c.json"], list))
        result[name] = seconds(lambda peer=peer: peer.find(path), times=1) * 1000
    return result
