"""What most requests are is decided at once; the search decides the same at length.

Both are asked, of the outermost router and of every one that stands behind what serves: who is
called, with which scope, and what a router behind it is told.
"""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from asgi_routes import Match, Route, not_found
from asgi_routes.apps import router_behind
from asgi_routes.dispatch import BASE
from asgi_routes.dispatch.search import find_match
from asgi_routes.scopes import ChildRoute
from tests.laws.building import build
from tests.laws.drawing import Limits, several, trees
from tests.laws.shares import lawful
from tests.laws.test_transparency import with_middleware
from tests.laws.wrappers import DoingNothing

_TOLD = ("template", "policy", "root_path", "mounts", "is_whole")
_MOST_BOUNDARIES = 5


def told_by(route: Any, *, is_read: bool) -> dict[str, Any] | None:
    """Return what a child route tells; how far the path was read, if there is a router to read on."""
    if type(route) is not ChildRoute:
        return None
    told = {name: getattr(route, name) for name in _TOLD}
    # A key has no parameters, save one of a host.
    told["passed"] = [one for one in route.passed if type(one) is Route or "<" in one.text]
    told["after"] = route.after and [*route.after.values()]
    told["origin"] = route.origin and route.origin()
    if is_read:
        told |= {"known": route.known, "position": route.position}
        told |= {"depth": route.depth, "outermost": route.outermost}
    return told


def miss_told_by(miss: Any) -> dict[str, Any]:
    """Return what a miss tells, and what answers it."""
    told = {name: getattr(miss, name) for name in ("reason", "allowed", "location", "method")}
    place = miss.place
    told |= {"hops": miss.hops, "via": place.via, "taken": place.taken, "rest": place.rest}
    return told | {"policy": place.policy, "depth": place.level.depth}


def hold_alike(router: Any, scope: dict[str, Any]) -> Any:
    """Assert that both ways say the same, and return what they say, and whether it was said at once."""
    found, searched = router.find_at_once(dict(scope)), find_match(router, dict(scope), BASE)
    if found is None:
        return searched, False
    if isinstance(found, tuple):
        published, found = found[4], Match(*found[:4])
        assert published is None or published.template == found.route.template
    assert type(found) is type(searched)
    if not found:
        assert miss_told_by(found) == miss_told_by(searched)
        if found.is_plain:
            assert searched.place.policy.default is not_found
            assert not any(hop.layers for hop in searched.hops)
        return found, True
    assert found.app is searched.app
    assert found.endpoint is searched.endpoint
    assert found.is_default == searched.is_default
    assert found.hops == searched.hops
    mine, theirs = dict(found.scope), dict(searched.scope)
    is_read = router_behind(found.endpoint) is not None
    assert told_by(mine.pop("route", None), is_read=is_read) == told_by(
        theirs.pop("route", None), is_read=is_read
    )
    assert mine == theirs
    return searched, True


def test_at_once_and_at_length() -> None:
    """A part of what is found is found at once, behind mounts and wrappers too."""
    counted: Counter[tuple[str, bool]] = Counter()

    @lawful(50)
    @given(tree=trees(Limits(wrapped=True)), data=st.data())
    def hold(tree: Any, data: st.DataObject) -> None:
        places = data.draw(st.lists(st.sampled_from(with_middleware(tree)), max_size=2))
        built = build(tree, {place: [DoingNothing("pass", "app")] for place in places})
        for request in data.draw(several(tree)):
            router, scope, place = built.router, request.scope(), "outside"
            if "path" in scope and data.draw(st.booleans()):
                scope["root_path"] = "/taken/off"
            for _ in range(_MOST_BOUNDARIES):
                found, at_once = hold_alike(router, scope)
                counted["misses" if not found else place, at_once] += 1
                if not found:
                    break
                router, scope = router_behind(found.endpoint), dict(found.scope)
                if router is None:
                    break
                place = "behind a wrapper"

    hold()
    print(*counted.items())
    for place, share in ("outside", 0.3), ("behind a wrapper", 0.1), ("misses", 0.03):
        assert counted[place, True] >= share * counted[place, False], counted
