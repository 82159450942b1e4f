"""What does nothing changes nothing, wherever it stands.

``middleware=`` anywhere; a wrapper by hand where nothing can come after: at the top, at the keys of a router at the
top, at a mount, at an endpoint.
"""

import functools
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from asgi_routes import NoReverseMatch
from asgi_routes.testing import Client
from tests.laws.asking import Answer, Request
from tests.laws.building import Built, build
from tests.laws.commands import found
from tests.laws.drawing import Limits, several, trees
from tests.laws.oracle import Expected, Oracle, SilentError
from tests.laws.shares import Shares, lawful
from tests.laws.trees import (
    App,
    Included,
    Keyed,
    Page,
    Place,
    Route,
    Router,
    Spot,
    Target,
    Urls,
    numbered,
    shown,
    walk,
)
from tests.laws.wrappers import ATTRIBUTES, FUNCTION, TOUCHES, DoingNothing

WRAPPED = Limits(wrapped=True)
READABLE = Limits(inner_defaults="applications", mixed_slashes=False, channels=False)

makers = st.builds(DoingNothing, st.sampled_from(TOUCHES), st.sampled_from((*ATTRIBUTES, FUNCTION)))


def with_middleware(tree: Target) -> list[Place]:
    """Return where ``middleware=`` may stand."""
    return [s.place for s in walk(tree) if isinstance(s.node, Route | Included | Urls | Keyed)]


def by_hand(tree: Target) -> list[Place]:
    """Return where a wrapper by hand changes nothing, because nothing can come after.

    Whether a default that is there for another method has a path, nobody has said; so what is told to
    the router of this one is not compared.
    """
    places: list[Place] = [()]
    if isinstance(tree, Keyed) and not _has_default_for_methods(tree):
        places += [(key,) for key, _ in tree.targets]
    for spot in walk(tree):
        is_mounted = isinstance(spot.around, Route) and spot.around.syntax == "mount"
        if is_mounted or (isinstance(spot.node, App) and spot.place[:-1]):
            places.append(spot.place)
    return places


def _has_default_for_methods(tree: Keyed) -> bool:
    inner = [spot.node for spot in walk(tree) if isinstance(spot.node, Urls)]
    return tree.kind == "method" and any(isinstance(node.default, App) for node in inner)


@st.composite
def chosen(draw: st.DrawFn, places: list[Place]) -> dict[Place, DoingNothing]:
    """Draw what stands at some places."""
    few = draw(st.lists(st.sampled_from(places), min_size=1, max_size=4, unique=True))
    drawn = {place: draw(makers) for place in few}
    return {
        place: DoingNothing(doing.touch, doing.attribute, f"at {place}")
        for place, doing in drawn.items()
    }


def look(answer: Answer, *, has_template: bool = True) -> dict[str, Any]:
    """Return all of an answer that a wrapper must not change."""
    return {
        "status": answer.status,
        "headers": answer.headers,
        "body": answer.body,
        "error": answer.error,
        "apps": [seen.app for seen in answer.seen],
        "scopes": [seen.scope for seen in answer.seen],
        "keys": [seen.keys for seen in answer.seen],
        "urls": [seen.urls for seen in answer.seen],
        "why": [seen.miss for seen in answer.seen],
        "template": answer.template if has_template else None,
        "templates": [seen.template for seen in answer.seen] if has_template else None,
    }


def hold_same(
    plain: Answer, other: Answer, request: Request, *told: object, **options: Any
) -> None:
    """Assert that two answers are the same."""
    one, two = look(plain, **options), look(other, **options)
    wrong = [f"{key}: {one[key]!r}, not {two[key]!r}" for key in one if one[key] != two[key]]
    assert not wrong, "\n".join([*wrong, str(request), *map(str, told)])


def spots_of(tree: Target) -> dict[str, Spot]:
    """Return where each application stands that stands in one place."""
    found: dict[str, list[Spot]] = {}
    for spot in walk(tree):
        if isinstance(spot.node, App):
            found.setdefault(spot.node.name, []).append(spot)
    return {name: spots[0] for name, spots in found.items() if len(spots) == 1}


def errors_in(answer: Answer, places: dict[Place, DoingNothing]) -> list[str]:
    """Return the exceptions that went through wrappers, though nothing was raised in the end."""
    errors = [error for doing in places.values() for error in doing.notes.errors]
    for doing in places.values():
        doing.notes.errors.clear()
    return [] if answer.error else errors


def test_middleware_that_does_nothing() -> None:
    shares = Shares("middleware= is transparent")

    @lawful(28)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        tree = data.draw(trees(WRAPPED))
        places = data.draw(chosen(with_middleware(tree)))
        plain = build(tree, with_urls=True)
        other = build(tree, {place: [one] for place, one in places.items()}, with_urls=True)
        shares.tree(tree, has_middleware=True)
        spots = spots_of(tree)
        for request in data.draw(several(tree)):
            right, answer = plain.ask(request), other.ask(request)
            shares.answer(answer)
            hold_same(right, answer, request, places, shown(tree))
            assert not errors_in(answer, places), (request, places, shown(tree))
            if answer.app in spots:
                _hold_marks(spots[answer.app], answer, places)

    law()
    shares.hold()


def _hold_marks(spot: Spot, answer: Answer, places: dict[Place, DoingNothing]) -> None:
    """An endpoint sees what the middleware on its way has added, the outermost first."""
    on_the_way = [places[place] for place, _ in spot.above if place in places]
    added = tuple(doing.label for doing in on_the_way if doing.touch == "key")
    assert answer.seen[-1].marks == added


def test_wrappers_by_hand_where_nothing_comes_after() -> None:
    shares = Shares("wrappers by hand are transparent")

    @lawful(28)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        tree = data.draw(trees())
        places = data.draw(chosen(by_hand(tree)))
        plain, other = build(tree, with_urls=True), build(tree, by_hand=places, with_urls=True)
        _receive_at_top(other, places)
        shares.tree(tree, has_middleware=True)
        for request in data.draw(several(tree)):
            for doing in places.values():
                doing.notes.passed.clear()
            right, answer = plain.ask(request), other.ask(request)
            shares.answer(answer)
            options = {"has_template": not _may_cost_a_template(tree, places)}
            hold_same(right, answer, request, places, shown(tree), **options)
            assert not errors_in(answer, places), (request, places, shown(tree))

    law()
    shares.hold()


def _receive_at_top(built: Built, places: dict[Place, DoingNothing]) -> None:
    top = places.get(())
    if top is not None:
        built.received = lambda: top.notes.passed[-1] if top.notes.passed else None


def _may_cost_a_template(tree: Target, places: dict[Place, DoingNothing]) -> bool:
    """Tell whether a router stands behind a wrapper that deep-copies the scope."""
    nodes = {spot.place: spot.node for spot in walk(tree)}
    return any(
        place and doing.touch == "deepcopy" and not isinstance(nodes[place], App)
        for place, doing in places.items()
    )


def test_findings() -> None:
    """``asgi-routes check`` finds the same."""

    @lawful(15)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        tree = data.draw(trees(Limits(levels=2)))
        middleware = data.draw(chosen(with_middleware(tree)))
        hands = data.draw(chosen(by_hand(tree)))
        right = [*map(_what, found(build(tree).app))]
        layers = {place: [one] for place, one in middleware.items()}
        assert [*map(_what, found(build(tree, layers).app))] == right, (layers, shown(tree))
        assert [*map(_what, found(build(tree, None, hands).app))] == right, (hands, shown(tree))

    law()


def _what(finding: dict[str, Any]) -> tuple[Any, ...]:
    templates = [route["template"] for route in finding["routes"]]
    return finding["id"], finding["level"], templates, finding["witness"]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_lifespans(backend: str) -> None:
    """Each application that takes part starts once, and stops once."""

    @lawful(15)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        tree = data.draw(trees(WRAPPED))
        middleware = data.draw(chosen(with_middleware(tree)))
        hands = data.draw(chosen(by_hand(tree)))
        layers = {place: [one] for place, one in middleware.items()}
        several = [build(tree), build(tree, layers), build(tree, None, hands)]
        anyio.run(_live, [one.app for one in several], backend=backend)
        plain = several[0]
        for built in several:
            assert built.starts == plain.starts, (layers, hands, shown(tree))
            assert built.stops == built.starts
            assert set(built.starts.values()) <= {1}
            assert mounted(tree) <= set(built.starts)

    law()


async def _live(apps: list[Any]) -> None:
    for app in apps:
        async with Client(app).lifespan():
            pass


def mounted(tree: Target) -> set[str]:
    """Return the names of the applications that are mounted."""
    return {
        spot.node.name
        for spot in walk(tree)
        if isinstance(spot.node, App)
        and isinstance(spot.around, Route)
        and spot.around.syntax == "mount"
    }


def cors(app: Any) -> Any:
    """Put Starlette's middleware around an application."""
    return CORSMiddleware(app, allow_origins=["*"])


CORS: list[Any] = [
    functools.partial(CORSMiddleware, allow_origins=["*"]),
    Middleware(CORSMiddleware, allow_origins=["*"]),
]


def test_every_answer_below_a_declaration_goes_through_its_middleware() -> None:
    shares = Shares("CORS on every answer below")

    @lawful(28)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        tree = data.draw(trees(READABLE))
        place = data.draw(st.sampled_from(with_middleware(tree)))
        layer = data.draw(st.sampled_from(CORS))
        hands = {place: cors} if place in by_hand(tree) and data.draw(st.booleans()) else {}
        built = build(tree, {} if hands else {place: [layer]}, hands)
        oracle = Oracle(tree)
        shares.tree(tree, has_middleware=True)
        for request in data.draw(several(tree)):
            answer = built.ask(request)
            shares.answer(answer)
            is_below = _is_answered_below(place, tree, oracle, request)
            if is_below is not None and answer.error is None:
                has_header = answer.header(b"access-control-allow-origin") == "*"
                assert has_header is is_below, f"{place} {request} {answer.status} {shown(tree)}"

    law()
    shares.hold()


def _is_answered_below(place: Place, tree: Router, oracle: Oracle, request: Request) -> bool | None:
    """Tell whether a request is answered below a place; None: nobody has said."""
    if request.kind != "http" or not request.path.startswith("/"):
        return None
    try:
        expected = oracle.answer(request)
        if not place:
            return True
        if expected.rows:
            return _is_row_below(place, tree, expected)
        # What an application as default of the outermost router is called through, nobody has said.
        return oracle.is_miss_below(place, request) if expected.status == 404 else None
    except SilentError:
        return None


def _is_row_below(place: Place, tree: Router, expected: Expected) -> bool | None:
    first = expected.rows[0]
    if expected.status == 308 and first.at_prefix == "redirect" and place == first.front.places[-1]:
        return None  # It is the mount that redirects; whether through what is mounted is not said.
    if expected.allow and _is_behind_method(place, tree):
        return None  # The request has another method: whether it comes that far is not said.
    boundary = expected.boundary
    if boundary and any(boundary not in row.front.places for row in expected.rows):
        return None  # Something before a boundary has the path: whether that answers is not said.
    below = {place in row.front.places for row in expected.rows}
    return below.pop() if len(below) == 1 else None


def _is_behind_method(place: Place, tree: Router) -> bool:
    return any(
        isinstance(spot.node, Keyed)
        and spot.node.kind == "method"
        and spot.place == place[: len(spot.place)] != place
        for spot in walk(tree)
    )


def test_pages_and_defaults_know_their_urls() -> None:
    """What answers a miss can reverse every name that the router can, and is told why it was called."""

    @lawful(26)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        table = data.draw(trees(Limits(keyed=False)))
        assert isinstance(table, Urls)
        last: Any = data.draw(st.sampled_from([App("the last"), Page(App("the last"))]))
        tree: Router = Urls(table.routes, table.slashes, default=last)
        if data.draw(st.booleans()):
            by_host = Keyed("host", (("one.example", Urls(table.routes)),), last)
            tree = numbered(by_host)  # type: ignore[assignment]
        built = build(tree, with_urls=True)
        for request in data.draw(several(tree)):
            answer = built.ask(request)
            for seen in answer.seen[-1:]:
                is_default = seen.app.startswith(("the last", "page", "default"))
                assert (seen.miss is not None) is is_default, (request, shown(tree))
                if seen.app == "the last" and not request.root_path:
                    urls = [(name, _path_of(url)) for name, url in seen.urls]
                    assert urls == [*_urls_of(built)], shown(tree)

    law()


def _urls_of(built: Built) -> Iterator[tuple[str, str]]:
    for name, kwargs in built.names.items():
        try:
            yield name, _path_of(built.router.reverse(name, kwargs=kwargs))
        except NoReverseMatch:
            yield name, "no URL"


def _path_of(url: str) -> str:
    """Return a URL without the host, which one gives or leaves out by where one is."""
    return url.removeprefix("//one.example")
