"""A plugin for runs of mutmut, which forks a process for each mutant.

What was made before the fork knows nothing of the mutant: caches are emptied, and the modules of the tests are
imported again.
"""

import sys
from functools import _lru_cache_wrapper

from mutmut.mutation import trampoline

# Its frames count as ours, where a message names who wrote a route.
trampoline.__name__ = "asgi_routes.mutated"


def pytest_sessionstart() -> None:
    """Forget what was made of routes."""
    for name, module in [*sys.modules.items()]:
        if name.startswith("asgi_routes."):
            for value in vars(module).values():
                if isinstance(value, _lru_cache_wrapper):
                    value.cache_clear()
        elif name.startswith(("tests.", "examples.")) and name not in (__name__, "tests.conftest"):
            del sys.modules[name]
