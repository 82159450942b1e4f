"""URLs from names: ours, through every shape of router, beside Django's, Werkzeug's and Starlette's.

Each makes the URLs of the same names, some at each end of the table and some between, with the same two arguments.
"""

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

from asgi_routes import HostRouter, ProtocolTypeRouter, URLRouter, mount, path, reverse
from benchmarks.clock import medians
from benchmarks.peers import configure_django

SIZES = (10, 800, 10_000)
_ARGUMENTS = {"id": 7, "slug": "a-b"}
ROUNDS = 41
_MOST_NS = 6_000_000  # A machine changes its speed; within so short a turn hardly.

Build = Callable[[str], str]


async def app(_scope: Any, _receive: Any, _send: Any) -> None:
    """Do nothing."""


def measured(tick: Callable[[], None]) -> dict[int, dict[str, dict[str, float]]]:
    """Return microseconds, and multiples of Django's, by the number of names."""
    results = {}
    for size in SIZES:
        builds = {**_ours(size), **_theirs(size)}
        names = [f"n{number}" for number in range(0, size, size // 10)]
        expected = [f"r{number}/7/x/a-b/" for number in range(0, size, size // 10)]
        for build in builds.values():
            assert all(build(n).endswith(e) for n, e in zip(names, expected, strict=True))
        found = medians(_interleaved(builds, names, tick))
        results[size] = {
            name: {"us": ns / 1000, "times Django": ns / found["django"]}
            for name, ns in found.items()
        }
    return results


def _interleaved(
    builds: dict[str, Build], names: list[str], tick: Callable[[], None]
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in builds}
    counts = {name: _count(build, names) for name, build in builds.items()}
    gc.collect()
    gc.freeze()
    for turn in range(ROUNDS):
        order = [*builds]
        for one in order[turn % len(order) :] + order[: turn % len(order)]:
            gc.collect()
            gc.disable()
            times[one].append(_ns_each(builds[one], names, counts[one]))
            gc.enable()
        tick()
    gc.unfreeze()
    return times


def _count(build: Build, names: list[str]) -> int:
    return max(1, min(200, int(_MOST_NS / (_ns_each(build, names, 1) * len(names)))))


def _ns_each(build: Build, names: list[str], count: int) -> float:
    start = time.perf_counter_ns()
    for _ in range(count):
        for name in names:
            build(name)
    return (time.perf_counter_ns() - start) / count / len(names)


def _ours(size: int) -> dict[str, Build]:
    """Return ours, with the table at the top, and in what a table may be in."""
    table = URLRouter(
        [
            path(f"r{number}/<int:id>/x/<slug:slug>/", app, name=f"n{number}")
            for number in range(size)
        ]
    )
    nested = URLRouter([path("a/", URLRouter([path("b/", table)]))])
    mounted = URLRouter([mount("m", table)])
    hosts = ProtocolTypeRouter({"http": HostRouter({"<tenant>.example.com": mounted})})
    found = mounted.match({"type": "http", "path": "/m/r0/7/x/a-b/", "method": "GET"})
    assert found
    scope = found.scope
    of_host = {**_ARGUMENTS, "tenant": "acme"}
    return {
        "asgi_routes": lambda name: table.reverse(name, kwargs=_ARGUMENTS),
        "asgi_routes, nested": lambda name: nested.reverse(name, kwargs=_ARGUMENTS),
        "asgi_routes, mounted": lambda name: mounted.reverse(name, kwargs=_ARGUMENTS),
        "asgi_routes, host": lambda name: hosts.reverse(name, kwargs=of_host),
        "asgi_routes, scope": lambda name: reverse(scope, name, kwargs=_ARGUMENTS),
    }


def _theirs(size: int) -> dict[str, Build]:
    return {name: make(size) for name, make in _peers()}


def _peers() -> Iterator[tuple[str, Callable[[int], Build]]]:
    yield "django", _django
    yield "werkzeug", _werkzeug
    yield "starlette", _starlette


def _django(size: int) -> Build:
    configure_django()
    from django.urls import path as django_path  # noqa: PLC0415
    from django.urls import reverse as django_reverse  # noqa: PLC0415

    table = tuple(
        django_path(f"r{number}/<int:id>/x/<slug:slug>/", print, name=f"n{number}")
        for number in range(size)
    )
    return lambda name: django_reverse(name, table, kwargs=_ARGUMENTS)  # type: ignore[no-any-return]


def _werkzeug(size: int) -> Build:
    from werkzeug.routing import Map, Rule  # noqa: PLC0415

    rules = [
        Rule(f"/r{number}/<int:id>/x/<string:slug>/", endpoint=f"n{number}")
        for number in range(size)
    ]
    build = Map(rules).bind("example.com").build
    return lambda name: build(name, _ARGUMENTS)


def _starlette(size: int) -> Build:
    from starlette.routing import Route, Router  # noqa: PLC0415

    routes = [
        Route(f"/r{number}/{{id:int}}/x/{{slug}}/", app, name=f"n{number}")
        for number in range(size)
    ]
    build = Router(routes).url_path_for
    return lambda name: build(name, **_ARGUMENTS)
