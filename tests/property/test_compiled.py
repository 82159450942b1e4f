"""The compiled matcher beside the linear one, which defines what a table means.

The tables are dense: many routes over few texts and few depths, so that they overlap wherever they
can. Sparse ones find nothing.
"""

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from asgi_routes import Converters, URLRouter, format_path, include, mount, path, re_path
from asgi_routes.engine import LaterHits, LinearMatcher, Mode, compile_rows, decision_tree
from asgi_routes.routes import (
    Route,
)
from tests.property.rows import Rows, every_path, written

pytestmark = [
    pytest.mark.filterwarnings("ignore::asgi_routes.SlowRegexWarning"),
    pytest.mark.filterwarnings("ignore::asgi_routes.SuspiciousRouteWarning"),
]
CHUNKS = 8
CASES = int(os.environ.get("COMPILED_CASES", "8000"))
PATHS_PER_TABLE = 80
DEPTH = 2


@pytest.fixture(autouse=True)
def _afford_no_copies(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every other chunk there are sets of rows wherever a tree would need a copy."""
    if request.node.callspec.params["chunk"] % 2:
        for budget in ("_COPIES_A_ROW", "_COPIES_FREE"):
            monkeypatch.setattr(decision_tree, budget, 0)


class Even:
    """Refuses what its regex lets through."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        if int(value) % 2:
            raise ValueError(value)
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class Maybe(Even):
    """Takes the empty text, too."""

    regex = "[a-b]*"

    def to_python(self, value: str) -> str:  # type: ignore[override]
        return value


class Either(Maybe):
    """Its regex is more than a run of characters."""

    regex = "a|b/a|1"


class Pair(Maybe):
    """Of a fixed width."""

    regex = "[ab1]{2}"


class Lower(Maybe):
    """A class that is no built-in one."""

    regex = "[a-z]+"


CONVERTERS = Converters(
    {"even": Even, "maybe": Maybe, "either": Either, "pair": Pair, "lower": Lower}
)
NAMES = ["", "int:", "slug:", "path:", "even:", "maybe:", "either:", "pair:", "lower:"]
WEIGHTS = [9, 6, 2, 2, 2, 1, 1, 1, 1]
TEXTS = ["a", "b", "1", "a", "b", ""]
REGEXES = [
    *(r"^a/", r"^(a|b)/$", r"^a/(?P<x>[^/]+)/$", r"b", r"", r"^(\d)/(\w)$", r"^(?P<x>\w)/(\w)"),
    *(r"^a/b$", r"^a/b/?$", r"^a/b/(.*)$", r"\Aa/1/", r"^1/a|b", r"(?m)^a$", r"^$", r"^a\/b\.?"),
    *(r"^(?:a/)?b/(?P<x>1)?$", r"^b/a/(?P<y>.+)$", r"^a/b\$", r"b/$"),
]
FORMATS = ["{x}", "a/{x:d}", "{x:d}/{y}", "a/{x}-{y}", "{x:int}/", "{x:w}/b", "b/{x:path}"]


async def app(scope: Any, receive: Any, send: Any) -> None: ...


class Opaque:
    """A wrapper that can be looked through, so that its routes are prefixes."""

    def __init__(self) -> None:
        self.app = URLRouter([])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Tables:
    """Makes random tables, and random paths for them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret

    def text(self, *, is_prefix: bool) -> str:
        """Return a route text of up to four segments."""
        pick = self.random.choice
        segments = []
        for number in range(self.random.randint(0, 3)):
            kind = self.random.random()
            parameter = f"<{self.random.choices(NAMES, WEIGHTS)[0]}p{number}>"
            if kind < 0.5:
                segments.append(pick(TEXTS))
            elif kind < 0.92:
                segments.append(parameter)
            else:
                segments.append(
                    pick([f"a{parameter}", f"{parameter}b", f"{parameter}-<q{number}>"])
                )
        if is_prefix and self.random.random() < 0.5:
            return "/".join(segments) + ("/" if segments else "")
        return "/".join(segments) + pick(["", "/"])

    def route(self, depth: int) -> Route:
        """Return a route: plain, of another syntax, a mount, or one that leads to more routes."""
        kwargs = (
            {self.random.choice(["p0", "d"]): "default"} if self.random.random() < 0.15 else None
        )
        kind = self.random.random()
        if depth and kind < 0.2:
            return self.nested(depth, kwargs)
        if kind < 0.28:
            return re_path(self.random.choice(REGEXES), app, kwargs)
        if kind < 0.33:
            return format_path(self.random.choice(FORMATS), app, kwargs)
        if kind < 0.36:
            return mount(self.text(is_prefix=True), app, converters=CONVERTERS)
        if kind < 0.39:
            return path(self.text(is_prefix=True), Opaque(), kwargs, converters=CONVERTERS)
        return path(self.text(is_prefix=False), app, kwargs, converters=CONVERTERS)

    def nested(self, depth: int, kwargs: Any) -> Route:
        """Return an include or a nested router, under a path or a regex."""
        routes = self.routes(depth - 1)
        target: Any = include(routes)
        if self.random.random() < 0.6:
            target = URLRouter(routes, **({"default": app} if self.random.random() < 0.2 else {}))
            if self.random.random() < 0.1:
                itself = path(self.text(is_prefix=True), target, converters=CONVERTERS)
                target.replace([*routes, itself])
        if self.random.random() < 0.15:
            return re_path(self.random.choice(REGEXES), target, kwargs)
        return path(self.text(is_prefix=True), target, kwargs, converters=CONVERTERS)

    def routes(self, depth: int) -> list[Route]:
        """Return the routes of a table."""
        most = self.random.choice([8, 16, 16, 60]) if depth == DEPTH else 5
        routes = [self.route(depth) for _ in range(self.random.randint(1, most))]
        if self.random.random() < 0.3:
            at = self.random.randint(0, len(routes))
            routes[at:at] = self.family()
        return routes

    def family(self) -> list[Route]:
        """Return routes that differ in nothing but texts and the values of defaults, or in ends, too."""
        pick = self.random.choice
        starts = pick(
            [["a", "b", "1"], [f"{first}/{second}" for first in "ab1" for second in "ab1"]]
        )
        rests = [self.text(is_prefix=False) for _ in range(pick([1, 1, 2, 3]))]
        has_kwargs = pick([True, False])
        return [
            path(
                f"{start}/{pick(rests)}",
                app,
                {"d": start} if has_kwargs else None,
                converters=CONVERTERS,
            )
            for start in starts
        ]

    def path(self) -> str:
        """Return a path over the same few texts, sometimes an odd one."""
        pieces = ["a", "b", "1", "2", "a", "b", "ab", "a1", "a-b", "", "b/a", "\n", "\u0663"]
        count = self.random.randint(0, 5)
        segments = self.random.choices(pieces, [5, 5, 4, 3, 5, 5, 2, 2, 2, 1, 1, 0.3, 0.3], k=count)
        return "/".join(segments) + self.random.choice(["", "/", "/"])


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_compiled_answers_as_linear(chunk: int) -> None:
    """The same row, parameters of the same types in the same order, and the same rest; then those behind."""
    hits = cases = 0
    for number in range(CASES // CHUNKS // PATHS_PER_TABLE + 1):
        tables = Tables(chunk * 1_000_000 + number)
        routes = tables.routes(DEPTH)
        router = URLRouter(routes)
        linear = LinearMatcher([*router._table.rows])
        for _ in range(PATHS_PER_TABLE):
            text = tables.path()
            expected, found = shown(linear(text)), shown(router.matcher(text))
            cases += 1
            hits += expected is not None
            assert found == expected, (
                text,
                [row.target.key for row in linear.rows],
                router.source(),
            )
            if expected is not None and cases % 4 == 0:  # It takes longer than the first hit.
                every = [expected, *all_behind(linear, text, expected[0])]
                assert [*map(shown, router.hits(text))] == every, (text, router.source())
    assert hits > cases * 0.25


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_short_path(chunk: int) -> None:
    """Rows of every kind and mode, on all paths of a few characters."""
    levels = hits = 0
    paths = every_path("a1/", 5)
    for number in range(CASES // CHUNKS // 100):
        make = Rows(chunk * 1_000_000 + number)
        rows = [make.row(index) for index in range(make.random.randint(1, 8))]
        linear = LinearMatcher(rows)
        match, later_hits = compile_rows(rows, linear).matcher, LaterHits(linear)
        for text in paths:
            expected = linear(text)
            assert shown(match(text)) == shown(expected), (text, [*map(written, rows)])
            if expected is None:
                continue
            hits += 1
            levels += any(step.mode is Mode.LEVEL for step in expected[0].steps)
            if hits % 16 == 0:
                found = [*map(shown, later_hits.find(text, -1))]
                assert found == [shown(expected), *all_behind(linear, text, expected[0].index)]
    assert levels > hits * 0.1


def all_behind(linear: LinearMatcher[Any], text: str, index: int) -> Iterator[Any]:
    """Yield the hits behind a row, one by one."""
    for row in linear.rows:
        if row.index > index and (hit := linear.follow(row)(text)) is not None:
            yield shown(hit)


def shown(hit: Any) -> Any:
    """Return a hit in a form in which 1 is not True, nor one order of keys another."""
    if hit is None:
        return None
    row, args, kwargs, rest = hit
    return row.index, args, [(key, type(value), value) for key, value in kwargs.items()], rest
