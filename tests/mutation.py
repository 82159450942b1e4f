"""A plugin for runs of mutmut, which asks first which test calls what, and then forks a process for each mutant.

What was made before knows nothing of the mutant, and hides who calls: caches are emptied, the modules of the tests are
imported again, and what a module calls when it is imported counts for each of its tests.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from typing import Any

import pytest
from mutmut.mutation import trampoline
from mutmut.state import state

# Its frames count as ours, where a message names who wrote a route.
trampoline.__name__ = "asgi_routes.mutated"

CALLED_ON_IMPORT: defaultdict[str, set[str]] = defaultdict(set)


def pytest_sessionstart() -> None:
    """Forget what was made of routes, and the modules that made it."""
    _forget_modules()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[Any]:
    """Keep what the import of a module calls, and of what it imports in turn."""
    called: set[str] = state()._stats
    called.clear()
    if trampoline.get_mutant_under_test() == "stats":
        _forget_modules()
    try:
        return (yield)
    finally:
        CALLED_ON_IMPORT[collector.nodeid] |= called
        called.clear()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Let each test call on its own."""
    _empty_caches()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Give the test what its module called."""
    state()._stats.update(CALLED_ON_IMPORT[item.nodeid.partition("::")[0]])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Count a module that cannot be imported as a test that fails; for mutmut, somebody interrupted it."""
    if session.exitstatus == pytest.ExitCode.INTERRUPTED and session.testsfailed:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _forget_modules() -> None:
    _empty_caches()
    for name in [*sys.modules]:
        if name.startswith(("tests.", "examples.")) and name not in (__name__, "tests.conftest"):
            del sys.modules[name]


def _empty_caches() -> None:
    for name, module in [*sys.modules.items()]:
        if name.startswith("asgi_routes."):
            for value in vars(module).values():
                if isinstance(value, _lru_cache_wrapper):
                    value.cache_clear()
