"""Behind a proxy that lets nobody have a path, we are nowhere worse than others.

``make proxies`` sends every target through every proxy to four servers, and prints the table of SECURITY.
"""

import os

import pytest

from tests.proxies.matrix import SERVERS, Reached, ask_through, missing
from tests.proxies.proxies import PROGRAMS, is_installed
from tests.proxies.targets import list_targets

EVERY = int(os.environ.get("PROXY_TARGETS_EVERY", "24"))
"""One target of so many is sent; ``make proxies`` sends all of them."""
DEFAULTS = ("flat", "include", "nested", "mount", "regex", "format", "redirect")


def test_nothing_reaches_us_that_does_not_reach_others() -> None:
    """One server is asked, through those of the proxies that are installed."""
    proxies = [proxy for proxy in PROGRAMS if is_installed(proxy)]
    if not proxies:
        pytest.skip(f"none of these is installed: {', '.join(missing())}")
    found = [*ask_through(proxies, SERVERS[:1], lambda targets: targets[::EVERY])]
    assert {reached.rules.proxy for reached in found} == {*proxies}
    for reached in found:
        hold(reached)


def hold(reached: Reached) -> None:
    """Assert that what reached a layout of ours reached Starlette and Django, too."""
    assert reached.denied > reached.sent / 10, reached.rules
    assert reached.asked > reached.sent / 10, reached.rules
    by = {layout: {*targets} for layout, targets in reached.by.items()}
    theirs = by.get("Starlette", set()) & by.get("Django", set())
    for layout in DEFAULTS:
        assert by.get(layout, set()) <= theirs, (layout, reached.rules)
    for layout in ("preserve", "reject"):
        assert by.get(layout, set()) <= by.get("flat", set()), (layout, reached.rules)
    if reached.rules.root is None:
        assert by.get("stripped", set()) == by.get("in_path", set()) == by.get("flat", set())


def test_targets() -> None:
    """There are as many as was promised, each once, and none that would end a request line."""
    targets = list_targets()
    assert len({*targets}) == len(targets) > 1300
    assert not any(set(target) & set(" \r\n") for target in targets)
