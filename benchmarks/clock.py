"""Interleaved rounds: everything that is compared is timed in turn, again and again.

A machine's speed drifts from second to second; what drifts for all alike does not touch the ratios of
medians.
"""

import gc
import random
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import Any

ROUNDS = 11
_ENOUGH_NS = 20_000_000


def copied(paths: Iterable[str]) -> list[str]:
    """Return the same texts as new strings, whose hashes nobody knows yet."""
    return ["".join([path[:1], path[1:]]) for path in paths]


def own_clock() -> Callable[[Callable[[str], Any], Sequence[str]], float]:
    """Return a copy of `ns_each` for one candidate.

    The interpreter adapts the bytes of a loop to what it calls; whoever shares a loop with others
    pays for theirs.
    """
    return FunctionType(ns_each.__code__.replace(), ns_each.__globals__)


def ns_each(find: Callable[[str], Any], paths: Sequence[str]) -> float:
    """Return how long one call takes, on average over the paths, in nanoseconds."""
    start = time.perf_counter_ns()
    for path in paths:
        find(path)
    return (time.perf_counter_ns() - start) / len(paths)


def interleaved(
    candidates: dict[str, tuple[Callable[[str], Any], bool]],
    make_paths: Callable[[], list[str]],
    tick: Callable[[], None],
    rounds: int = ROUNDS,
) -> dict[str, list[float]]:
    """Return the times of each candidate, one a round, and those of ``dict.get``.

    Args:
        candidates: the calls, and whether they want the leading slash.
        make_paths: returns paths that were not asked for before.
        tick: called when a candidate has had its turn.
        rounds: how often each is timed.
    """
    times: dict[str, list[float]] = {name: [] for name in ("dict.get", *candidates)}
    counts = dict.fromkeys(times, 0)
    clocks = {name: own_clock() for name in times}
    order = [*times]
    for _ in range(rounds):
        paths = make_paths()
        random.shuffle(order)
        gc.collect()
        for name in order:
            # As with every router, each path leads to an object of its own, and the paths are not
            # asked for in the order in which they lie in memory.
            found = {path: (path,) for path in copied(random.sample(paths, len(paths)))}.get
            find, takes_slash = candidates.get(name, (found, True))
            asked = copied(path if takes_slash else path[1:] for path in paths)
            if not counts[name]:
                # A slow one is asked less often; its first paths are as random as all are.
                each = clocks[name](find, asked[:100])
                counts[name] = max(100, min(len(asked), int(_ENOUGH_NS / each)))
            gc.disable()
            times[name].append(clocks[name](find, asked[: counts[name]]))
            gc.enable()
            tick()
    return times


def medians(times: dict[str, list[float]]) -> dict[str, float]:
    """Return the median of each."""
    return {name: statistics.median(each) for name, each in times.items()}


def seconds(work: Callable[[], Any], times: int = 3) -> float:
    """Return the median of how long a piece of work takes, in seconds."""
    taken = []
    for _ in range(times):
        gc.collect()
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
