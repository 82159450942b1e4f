"""Recall and precision of the warnings, on all lists of the tests, and what they cost: ``make warnings``.

Every regex that is called slow is tried on the text that is said to show it: by Python's ``re``, and by a router.
"""

import re
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from asgi_routes import SlowRegexWarning, SuspiciousRouteWarning, URLRouter, re_path
from asgi_routes.regular.slowness import Slowness, find_slowness
from tests.regular.slow_regexes import EXPONENTIAL, POLYNOMIAL, ROUTES, SAFE
from tests.suspicions.test_suspicions import ROWS, write

_LONG = 0.1
"""Seconds that nobody should wait for a route."""
_MOST_CHARACTERS = 2**16


async def serve(scope: Any, receive: Any, send: Any) -> None: ...


def grows(found: Slowness, search: Callable[[str], object]) -> bool:
    """Tell whether a text takes long that is no longer than a server lets it be."""
    times = 4
    while len(text := found.make_text(times)) <= _MOST_CHARACTERS:
        start = time.process_time()
        search(text)
        if time.process_time() - start > _LONG:
            return True
        # One word more may take twice as long; of a power, a tenth more not much longer.
        times += 1 if found.power is None else times // 8 + 1
    return False


def make_router(regex: str) -> tuple[URLRouter, bool]:
    """Return a router with a regex, and whether it warns."""
    with warnings.catch_warnings(record=True, action="always") as caught:
        router = URLRouter([re_path(regex, serve)])
    return router, any(one.category is SlowRegexWarning for one in caught)


def tell_slow(name: str, regexes: Iterable[str]) -> None:
    """Print what is said of regexes that are slow, and what comes of the text that is told."""
    every = [*regexes]
    start = time.process_time()
    found = {one: said for one in every if isinstance(said := find_slowness(one), Slowness)}
    took = time.process_time() - start
    shown = [one for one, said in found.items() if grows(said, re.compile(one).search)]
    routers = {one: make_router(one) for one in found}
    warned = [one for one, (_, warns) in routers.items() if warns]
    silent = [one for one in found if one not in warned]
    slow = [one for one in silent if grows(found[one], _ask(routers[one][0]))]
    print(
        f"{name}: {len(found)} of {len(every)} found in {took:.2f} s of CPU; "
        f"the text takes `re` long for {len(shown)} of them; a router warns of {len(warned)}, "
        f"and matches the other {len(silent)} in another way, for which the text is long: {len(slow)}"
    )
    for label, odd in (("not found", set(every) - {*found}), ("not seen", set(found) - {*shown})):
        for one in sorted(odd):
            print(f"    {label}: {one}")


def _ask(router: URLRouter) -> Callable[[str], object]:
    return lambda text: router.match({"type": "http", "path": f"/{text}", "method": "GET"})


def tell_safe(name: str, regexes: Iterable[str]) -> None:
    """Print how many regexes are accused that are not slow."""
    every = [*regexes]
    start = time.process_time()
    accused = [one for one in every if find_slowness(one) is not None or make_router(one)[1]]
    took = time.process_time() - start
    print(f"{name}: {len(accused)} of {len(every)} accused, in {took:.2f} s of CPU {accused or ''}")


def tell_suspicions() -> None:
    """Print the same of what can hardly have been meant."""
    start = time.process_time()
    warned = {text: [one.category for one in write(text)[2]] for text, *_ in ROWS}
    took = time.process_time() - start
    right = [text for text, id_, _ in ROWS if id_ and SuspiciousRouteWarning in warned[text]]
    wrong = [text for text, id_, _ in ROWS if not id_ and warned[text]]
    meant = sum(1 for _, id_, _ in ROWS if id_)
    print(
        f"suspicious routes: {len(right)} of {meant} found, {len(wrong)} of "
        f"{len(ROWS) - meant} accused, in {took:.2f} s of CPU"
    )


if __name__ == "__main__":
    tell_slow("exponential regexes", (one.regex for one in EXPONENTIAL))
    tell_slow("polynomial regexes", (one.regex for one in POLYNOMIAL))
    tell_safe("safe regexes", SAFE)
    tell_safe("regexes of real routes", ROUTES)
    tell_suspicions()
