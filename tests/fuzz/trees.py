"""Trees of routers as the fuzzer likes them: the laws of ``tests/laws``, on inputs guided by coverage.

Mounts, includes, routers by every key, defaults, middleware, ``slashes=``, ``encoded_slashes=``, ``root_path=``,
``at_prefix=`` and ``methods=`` stand in them; the oracle is one that knows nothing of asgi_routes.
"""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.laws.building import build
from tests.laws.drawing import Limits, several, trees
from tests.laws.oracle import Oracle
from tests.laws.test_both_ways import hold_alike
from tests.laws.test_one_answer import hold_explained, hold_matched
from tests.laws.test_paths import READABLE, judged
from tests.laws.trees import App, Route, Wrapped, walk
from tests.laws.wrappers import DoingNothing

_LIMITS = Limits(wrapped=True, inner_defaults=READABLE.inner_defaults, channels=False)
_PIECES = ("/", "m", "x", "m/", "7/", "//", ".", "..", "%2F", "%2f", "%00", "%0A", "é", "%C3", ";")


@settings(database=None, deadline=None, suppress_health_check=[*HealthCheck])
@given(st.data())
def _hold(data: st.DataObject) -> None:
    tree = data.draw(trees(_LIMITS))
    routes = [spot.place for spot in walk(tree) if isinstance(spot.node, Route)]
    layered = data.draw(st.lists(st.sampled_from(routes), max_size=2))
    built = build(tree, {place: [DoingNothing("pass", "app")] for place in layered})
    wrapped = frozenset(
        spot.node.name for spot in walk(tree) if isinstance(spot.node, App) and _is_wrapped(spot)
    )
    oracle = Oracle(tree)
    for request in data.draw(several(tree)):
        answer = judged(built, oracle, request) or built.ask(request)
        hold_alike(built.router, request.scope())
        said = hold_explained(built, request, answer, wrapped)
        hold_matched(built, request, answer, said, wrapped)
    odd = data.draw(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join))
    scope = {"type": "http", "path": "/" + odd, "method": "GET", "raw_path": b"/" + odd.encode()}
    hold_alike(built.router, scope)


def _is_wrapped(spot: Any) -> bool:
    return any(isinstance(node, Wrapped) for _, node in spot.above)


def hold_trees(data: bytes) -> None:
    """A tree is served by what is declared, and all who are asked say the same."""
    _hold.hypothesis.fuzz_one_input(data)
