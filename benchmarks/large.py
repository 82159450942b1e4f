"""Large tables: what they take to build, to hold, to ask, and to change.

Each is measured in a process of its own, whose peak of memory is its own, too. Times of building are those of
the processor.
"""

import gc
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from asgi_routes import HostRouter, URLRouter, path
from benchmarks.clock import interleaved, medians
from benchmarks.peers import app, written
from benchmarks.tables import fresh, github, random_routes, shuffled_and_typed, small_api

SIZES = [10_000, 20_000, 50_000, 100_000]
KINDS: dict[str, Callable[[int], list[str]]] = {
    "flat": lambda count: small_api(count // 5),
    "random": random_routes,
    "random, shuffled, typed": lambda count: shuffled_and_typed(random_routes(count)),
}
HOSTS, ROUTES_OF_A_HOST = 1000, 100
_REPLACED = 811
_TIMES = 7
_ASKED = 2000


def growth(tick: Callable[[], None]) -> dict[str, dict[str, dict[str, float]]]:
    """Return what tables of each kind take, by the number of routes."""
    results: dict[str, dict[str, dict[str, float]]] = {}
    for kind in KINDS:
        for size in SIZES:
            results.setdefault(kind, {})[str(size)] = _ask("table", kind, str(size))
            tick()
    return results


def hosts() -> dict[str, float]:
    """Return what 1,000 hosts with 100 equal routes each take beside one table of as many."""
    return _ask("hosts", str(HOSTS), str(ROUTES_OF_A_HOST))


def replacing() -> dict[str, dict[str, float]]:
    """Return what it takes to replace one of 811 routes, beside declaring and building them all."""
    tables = {
        "GitHub": github()[:_REPLACED],
        "flat": small_api(_REPLACED // 5 + 1)[:_REPLACED],
        "random": random_routes(_REPLACED),
    }
    return {name: _replace(texts) for name, texts in tables.items()}


def _replace(texts: list[str]) -> dict[str, float]:
    place = len(texts) // 2
    routes = make_routes(texts)
    router = build(routes)

    def replace_one() -> None:
        routes[place] = make_routes(texts[place : place + 1])[0]
        router.replace(routes)

    def add_one() -> None:
        more = make_routes(["/something/:new"])
        router.replace([*routes[:place], *more, *routes[place:]])

    both = [
        (_cpu(lambda: build(make_routes(texts))), _cpu(replace_one), _cpu(add_one))
        for _ in range(_TIMES)
    ]
    whole, replaced, added = (min(times) * 1000 for times in zip(*both, strict=True))
    return {
        "all, ms": whole,
        "one replaced, ms": replaced,
        "one added, ms": added,
        "one replaced / all": replaced / whole,
        "one added / all": added / whole,
    }


def make_routes(texts: list[str]) -> list[Any]:
    """Return texts as routes of ours."""
    return [path(written(text, "<{}>", "<int:{}>").removeprefix("/"), app) for text in texts]


def build(routes: list[Any]) -> URLRouter:
    """Return a router as it is once the application has started."""
    router = URLRouter(routes)
    router.compile_table()
    return router


def _cpu(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def _ask(*arguments: str) -> Any:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.large", *arguments]
    done = subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - of our own
    return json.loads(done.stdout)


def _mib(what: str) -> float:
    """Return how much memory the process has (``VmRSS``), or has had at most (``VmHWM``).

    Elsewhere than on Linux there is one figure for both, which may begin with what the parent had.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    values = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(values[what].split()[0]) / 2**10


def measure_table(kind: str, size: int) -> dict[str, float]:
    """Return what a table takes; the declarations were there before."""
    texts = KINDS[kind](size)
    routes = make_routes(texts)
    declared = _mib("VmRSS")
    router: Any = None

    def make() -> None:
        nonlocal router
        router = build(routes)

    seconds = _cpu(make)
    peak = _mib("VmHWM") - declared
    chosen = random.Random(3)  # noqa: S311 - to be repeated, not to be secret
    paths = fresh(chosen.sample(texts, _ASKED), _ASKED)
    for asked in paths():  # What is prepared when the first path comes to it is.
        router.matcher(asked[1:])
    found = medians(interleaved({"match": (router.matcher, False)}, paths, lambda: None, rounds=7))
    return {
        "build, s": seconds,
        "peak over its declarations, MiB": peak,
        "match, ns": found["match"],
        "match / dict.get": found["match"] / found["dict.get"],
        "lines": router.source().count("\n"),
    }


def measure_hosts(count: int, each: int) -> dict[str, float]:
    """Return seconds for hosts with equal routes, and for one table of all these routes."""
    whole = make_routes(small_api(count * each // 5))
    one = _cpu(lambda: build(whole))
    tables = [make_routes(small_api(each // 5)) for _ in range(count)]
    routers: list[URLRouter] = []

    def make() -> HostRouter:
        routers.extend(URLRouter(routes) for routes in tables)
        return HostRouter({f"h{number}.example": one for number, one in enumerate(routers)})

    made = _cpu(make)
    asked = made + _cpu(lambda: [router.compile_table() for router in routers])
    return {
        "one table, s": one,
        "hosts, s": made,
        "hosts, all asked, s": asked,
        "hosts / one table": made / one,
        "hosts, all asked / one table": asked / one,
    }


def main() -> None:
    """Measure one thing, and print it."""
    what, first, second = sys.argv[1:]
    if what == "table":
        result = measure_table(first, int(second))
    else:
        result = measure_hosts(int(first), int(second))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
