"""A router whose routes were replaced beside one that was made of them at once."""

import os
import random
from itertools import pairwise
from typing import Any

import pytest

from asgi_routes import URLRouter, include, path
from asgi_routes.engine import LinearMatcher
from asgi_routes.routers.numbering import number
from asgi_routes.routes import Route
from tests.property.test_compiled import Tables, app, shown

pytestmark = [
    pytest.mark.filterwarnings("ignore::asgi_routes.SlowRegexWarning"),
    pytest.mark.filterwarnings("ignore::asgi_routes.SuspiciousRouteWarning"),
]
ROUTERS = int(os.environ.get("REPLACED_ROUTERS", "10"))
_TIMES = 8
_PATHS = 25
_DEPTH = 1


def change(tables: Tables, routes: list[Route]) -> list[Route]:
    """Return other routes: some are new, gone, moved, doubled, or all of them made anew."""
    pick = tables.random
    changed = [*routes]
    for _ in range(pick.choice([0, 1, 1, 1, 2, 5])):
        at = pick.randrange(len(changed) + 1)
        kind = pick.random()
        if kind < 0.4:
            changed[at : at + 1] = [tables.route(_DEPTH)]
        elif kind < 0.6:
            changed.insert(at, tables.route(_DEPTH))
        elif kind < 0.8:
            del changed[at : at + pick.choice([1, 3])]
        elif changed and kind < 0.9:
            changed.insert(at, changed.pop(pick.randrange(len(changed))))
        elif changed and kind < 0.97:
            changed.insert(at, pick.choice(changed))
        else:
            changed = make_routes(tables)
    return changed


def make_routes(tables: Tables) -> list[Route]:
    """Return the routes of a table."""
    return [tables.route(_DEPTH) for _ in range(tables.random.randint(1, 12))]


@pytest.mark.parametrize("chunk", range(2))
def test_replaced_answers_as_made_anew(chunk: int) -> None:
    """For itself and around: the first hit, those behind it, and the places of a miss."""
    hits = kept = cases = 0
    for seed in range(ROUTERS // 2):
        tables = Tables(chunk * 1_000_000 + seed)
        routes = make_routes(tables)
        router = URLRouter(routes)
        others = [path("a/", app), include_of(tables)]
        outer = URLRouter([*others, path("<p0>/", router), path("a/b/", router)])
        for _ in range(_TIMES):
            if tables.random.random() < 0.8:  # A table that nobody has asked is compiled later.
                router.match("/a/"), outer.match("/a/")
            before = {*map(id, router._table.rows)}
            routes = change(tables, routes)
            router.replace(routes)
            kept += len(before & {*map(id, router._table.rows)})
            fresh = URLRouter(routes)
            around = URLRouter([*others, path("<p0>/", fresh), path("a/b/", fresh)])
            for one, another in ((router, fresh), (outer, around)):
                cases += _PATHS
                hits += compare(one, another, [tables.path() for _ in range(_PATHS)])
    assert hits > cases * 0.25
    assert kept > cases / _PATHS


def include_of(tables: Tables) -> Route:
    """Return an inclusion, which stands unchanged in the router around."""
    return path("b/", include(tables.routes(0)))


def compare(router: URLRouter, fresh: URLRouter, texts: list[str]) -> int:
    """Hold the answers of two routers against each other and the linear matcher."""
    rows, fresh_rows = router._table.rows, fresh._table.rows
    assert [row.target.key for row in rows] == [row.target.key for row in fresh_rows]
    assert all(one.index < other.index for one, other in pairwise(rows))
    orders = [row.target.order for row in rows]
    assert orders == sorted(orders)
    linear = LinearMatcher(fresh_rows)
    found = 0
    for text in texts:
        expected = [*map(placed(fresh_rows), fresh.hits(text))]
        assert [*map(placed(rows), router.hits(text))] == expected, (text, router.source())
        first = linear(text)
        assert (placed(fresh_rows)(first) if first else None) == (expected or [None])[0]
        assert [hit[3] for hit in router._table.places(text)] == [
            hit[3] for hit in fresh._table.places(text)
        ]
        found += first is not None
    return found


def placed(rows: list[Any]) -> Any:
    """Return what shows a hit with the place of its row instead of the number."""
    places = {row.index: place for place, row in enumerate(rows)}

    def show(hit: Any) -> Any:
        index, *more = shown(hit)
        return places[index], *more

    return show


@pytest.mark.parametrize("seed", range(30))
def test_numbers_rise_and_stay(seed: int) -> None:
    """Whatever happens to a list, and however often: they rise, and most stay."""
    pick = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    items: list[int] = [*range(pick.randint(0, 20))]
    numbers = number(items, {})
    names = iter(range(100, 100_000))
    for _ in range(200):
        before = dict(zip(items, numbers, strict=True))
        at = pick.randrange(len(items) + 1) if pick.random() < 0.5 else len(items) // 2
        if pick.random() < 0.6:
            items.insert(at, next(names))
        else:
            del items[at : at + 1]
        numbers = number(items, before)
        assert numbers == sorted({*numbers})
        stayed = sum(before.get(item) == one for item, one in zip(items, numbers, strict=True))
        assert stayed >= len(items) - 1 or numbers[0] == 2**20
