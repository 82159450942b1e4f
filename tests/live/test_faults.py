"""Applications and clients that go wrong: what a server sees is what it would see without us.

Every case is played twice on each server, on applications without a router and on the same ones behind
ProtocolTypeRouter, URLRouter, nested URLRouter and mount. Servers differ from each other; that is theirs.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.live.faults import HTTP, STOPPED, WAYS, WEBSOCKET
from tests.live.playing import Play, Played, play_all
from tests.live.servers import KINDS, Kind

CASES = [*HTTP, *WEBSOCKET, *STOPPED]
FINE, RAISES = (
    next(case for case in HTTP if case.name == name) for name in ("fine", "raises before")
)


@pytest.mark.parametrize("kind", KINDS[::-1], ids=lambda kind: kind.name)
def test_as_without_us(kind: Kind, record_property: Callable[[str, object], None]) -> None:
    """The wire, its end, and what the application and the log say, are the same."""
    with ThreadPoolExecutor() as pool:
        bare, routed = pool.map(partial(play_all, kind), ("bare", "routed"))
    different = []
    for case in CASES:
        both = [
            (way, bare.outcomes[Play(way, case)], routed.outcomes[Play(way, case)]) for way in WAYS
        ]
        found = [(str(case), *one) for one in both if one[1] != one[2]]
        place = ("faults, with routers as without", str(case), kind.name)
        record_property("matrix", (*place, not found))
        different += found
    assert not different
    assert routed.exceptions == bare.exceptions
    for played in (bare, routed):
        assert_the_comparison_can_fail(played)


def assert_the_comparison_can_fail(played: Played) -> None:
    """Two requests are answered where nothing goes wrong, and an exception that is swallowed shows."""
    assert played.exceptions
    fine = played.outcomes[Play("plain", FINE)]
    assert fine.wire.count(b" 200 ") == fine.wire.count(b"<part>") == 2
    heard, swallowed = (played.outcomes[Play(way, RAISES)] for way in ("plain", "swallowing"))
    assert heard.app == swallowed.app == ['["!FaultError"]']
    assert heard.raised > swallowed.raised == 0
