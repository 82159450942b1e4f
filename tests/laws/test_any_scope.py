"""Matching raises nothing and takes linear time, whatever a client sends, and however routers nest."""

import functools
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_routes import URLRouter
from tests.laws.asking import ask
from tests.laws.building import build
from tests.laws.counting import TooMuchWorkError, calls_of
from tests.laws.drawing import Limits, several, trees
from tests.laws.endless import MOUNTS, WAYS, Step, endless
from tests.laws.shares import Shares, lawful
from tests.laws.test_transparency import chosen, with_middleware
from tests.laws.trees import shown

LEVELS = 1500
FEW = 10
"""So many levels, twice and three times as many are compared."""
MORE = 1.1
"""The third so many levels may be so many times the work of the second: it is the same for what is linear."""

SLASHES = ("strict", "redirect", "both")
TEXTS = ("a/", "<f>/", "a")
ENDS = ("end", "nothing", "end/", "")


def scope_of(text: str, method: str = "GET") -> dict[str, Any]:
    """Return the scope that a server makes of a path."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": method,
        "path": text,
        "raw_path": text.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
    }


def hold_linear(router: URLRouter, end: str, method: str, told: object) -> None:
    """Assert that twice as many levels are twice as much work."""
    work = []
    for levels in (
        1,
        FEW,
        2 * FEW,
        3 * FEW,
    ):  # What is made but once, for the first, is not counted.
        scope = scope_of("/" + "a/" * levels + end, method)
        try:
            work.append(calls_of(functools.partial(router.match, scope)))
        except TooMuchWorkError:
            raise AssertionError(f"{levels} levels are too much work: {told}") from None
    _, once, twice, thrice = work
    assert thrice - twice <= MORE * max(twice - once, once) + 50, (work, told)


def hold_deep(
    router: URLRouter, end: str, method: str, told: object, levels: int = LEVELS
) -> int | None:
    """Assert that a path of very many levels is answered, and return the status."""
    text = "/" + "a/" * levels + end
    assert router.match(scope_of(text, method)) is not None
    answer = ask(router, scope_of(text, method), [])
    assert answer.error is None, (answer.error, told)
    return answer.status


def in_itself(way: str) -> Iterator[tuple[list[Step], URLRouter]]:
    """Yield routers that stand in their own table, once, and twice: so each level is read in two ways."""
    for number, slashes in enumerate(SLASHES):
        steps = [Step(way, "a/", 0), Step(way, "<f>/", 0)][: 2 - number % 2]
        yield steps, endless([steps], slashes)  # type: ignore[arg-type]


@pytest.mark.parametrize("way", [*WAYS, *MOUNTS])
def test_a_router_in_itself(way: str) -> None:
    for steps, router in in_itself(way):
        for end in ENDS:
            for method in ("GET", "OPTIONS"):
                hold_linear(router, end, method, (steps, end, method))


@pytest.mark.parametrize("way", ["path", "type", "method", "mount"])
def test_very_many_levels(way: str) -> None:
    steps, router = next(in_itself(way))
    hold_linear(router, "nothing", "GET", steps)  # What is not would take for ever.
    for end in ("end", "nothing"):
        status = hold_deep(router, end, "GET", steps)
        right = {200 if end == "end" else 404} if way in WAYS else {200, 404}
        assert status in right


def test_routers_that_lead_to_one_another() -> None:
    @lawful(6)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        ways = st.sampled_from([*WAYS, *MOUNTS])
        step = st.builds(Step, ways, st.sampled_from(TEXTS), st.integers(0, 2))
        table = st.lists(step, min_size=1, max_size=2)
        tables = data.draw(st.lists(table, min_size=1, max_size=2))
        router = endless(tables, data.draw(st.sampled_from(SLASHES)))
        method = data.draw(st.sampled_from(("GET", "POST", "OPTIONS")))
        end = data.draw(st.sampled_from(ENDS))
        hold_linear(router, end, method, (tables, end, method))
        hold_deep(router, end, method, tables, 1200)

    law()


anything = st.one_of(
    st.none(),
    st.integers(-1, 1),
    st.binary(max_size=6),
    st.text(st.characters(codec=None), max_size=6),
    st.just([]),
    st.just({}),
    st.just(object),
)
headers = st.one_of(
    anything,
    st.lists(st.tuples(st.just(b"host"), st.binary(max_size=6) | anything), max_size=3),
    st.lists(anything, max_size=2),
)
paths = st.one_of(
    anything,
    st.lists(
        st.sampled_from(
            ["m", "x", "/", "//", "%2F", "%", "\n", "\0", "\ud800", "\udc2f", "*", "."]
        ),
        max_size=8,
    ).map("".join),
)
raw_paths = st.one_of(
    anything,
    st.lists(st.sampled_from([b"m", b"/", b"%2F", b"%2f", b"%", b"%FF", b"\xff"]), max_size=8).map(
        b"".join
    ),
)
ODD: dict[str, st.SearchStrategy[Any]] = {
    "path": paths,
    "raw_path": raw_paths,
    "root_path": paths,
    "method": st.sampled_from([None, "get", "", "GET\n", b"GET", 7, [], "\ud800"]),
    "headers": headers,
    "query_string": st.binary(max_size=6),
    "subprotocols": st.one_of(anything, st.lists(anything, max_size=2)),
    "extensions": st.one_of(st.none(), st.just({})),
}


def test_odd_scopes(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever stands in a scope, matching does not raise, somebody answers, and a log line is one line."""
    shares = Shares("any scope is answered")

    @lawful(32)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        tree = data.draw(trees(Limits(wrapped=True, channels=False)))
        layers = data.draw(chosen(with_middleware(tree)))
        built = build(tree, {place: [one] for place, one in layers.items()})
        shares.tree(tree, has_middleware=True)
        for request in data.draw(several(tree)):
            scope = request.scope()
            for key in data.draw(st.lists(st.sampled_from([*ODD]), max_size=1)):
                scope[key] = data.draw(ODD[key])
            told = {**scope}, shown(tree)
            built.router.match(scope)
            assert {**scope} == told[0]
            answer = ask(built.app, scope, built.seen)
            shares.answer(answer)
            assert answer.error in (None, "NoRouteFound"), (answer.error, *told)

    with caplog.at_level(logging.INFO, "asgi_routes"):
        law()
    shares.hold()
    assert caplog.records
    assert all(record.getMessage().isprintable() for record in caplog.records)
