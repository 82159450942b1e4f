"""The source that a table is compiled to, as `URLRouter.source` shows it.

Four examples are here to be read. What holds for the source of any table comes behind them; that it
gives the right answers is shown in ``tests/property/test_compiled.py``.
"""

import gc
import inspect
import linecache
import math
import re
import sys
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import pytest

from asgi_routes import URLRouter, mount, path, re_path
from asgi_routes.engine import LinearMatcher, Mode, Row, Step, compile_rows
from asgi_routes.engine.decision_tree import TreeBuilder
from asgi_routes.engine.row_sets import Leaf
from asgi_routes.engine.shapes import read_shape
from asgi_routes.engine.source import Namespace, describe_row, write_leaf
from tests.engine.tables import ALL_TABLES, make_paths
from tests.spec.rows import pattern, row, rows


async def app(scope: Any, receive: Any, send: Any) -> None: ...


EXAMPLES: dict[str, tuple[list[Any], str]] = {
    "a literal path is looked up, or searched for behind what might match it": (
        [path("a/", app), path("<x>/", app), path("b/", app), path("c", app)],
        r"""
def match_2(path, segments):
    s0, s1 = segments
    if s1 == '':
        # <x>/
        if s0:
            return row0, (), {'x': s0}, ''
    if s0 == 'b':
        if s1 == '':
            # b/
            return row1, (), {}, ''
    return None
""",
    ),
    "what differs only in rows and texts is written once": (
        [*(path(f"{text}/<int:id>/", app, {"k": text}) for text in "abcd"), path("<x>/last/", app)],
        r"""
def match_3(path, segments):
    s0, s1, s2 = segments
    if s2 == '':
        # 4 routes: a/<int:id>/, b/<int:id>/, c/<int:id>/, …
        if (r1 := by_text0(s0)) is not None:
            r2, r3 = r1
            if s1.isdigit() and s1.isascii():
                try: return r2, (), {'id': int(s1), 'k': r3}, ''
                except ValueError: pass
        if s1 == 'last':
            # <x>/last/
            if s0:
                return row1, (), {'x': s0}, ''
    return None
""",
    ),
    "what differs in more is numbered, and found by halves": (
        [
            *(path(text, app) for text in ("a/<x>", "b/<int:x>", "c/<path:x>", "d/<x>-<y>")),
            path("e/<z>", app, {"k": 1}),
            re_path("^e/f$", app),
        ],
        r"""
def match_2(path, segments):
    s0, s1 = segments
    if (r1 := number0(s0)) is not None:
        if r1 < 2:
            if r1 < 1:
                # 'a'
                # a/<x>
                if s1:
                    return row1, (), {'x': s1}, ''
            else:
                # 'b'
                # b/<int:x>
                if s1.isdigit() and s1.isascii():
                    try: return row2, (), {'x': int(s1)}, ''
                    except ValueError: pass
        else:
            if r1 < 3:
                # 'c'
                # c/<path:x>
                if (tail := path[len(s0) + 1:]) and '\n' not in tail:
                    return row3, (), {'x': tail}, ''
            else:
                if r1 < 4:
                    # 'd'
                    # d/<x>-<y>
                    if (hit := follow4(path)) is not None: return hit
                else:
                    # 'e'
                    # e/<z>
                    if s1:
                        return row6, (), {'z': s1, 'k': default5}, ''
                    # ^e/f$
                    if (hit := follow7(path)) is not None: return hit
    return None


def match(path, segments):
    s0, *_ = segments
    if s0 == 'c':
        # c/<path:x>
        if (tail := path[len(s0) + 1:]) and '\n' not in tail:
            return row0, (), {'x': tail}, ''
    if s0 == 'e':
        # ^e/f$
        if (hit := follow1(path)) is not None: return hit
    return None
""",
    ),
    "where most begin alike they are compared first": (
        [
            path("a/x/<a>", app),
            path("a/y/<int:b>", app),
            path("a/z/<path:c>", app),
            path("b/<d>/c", app),
        ],
        r"""
def match_3(path, segments):
    s0, s1, s2 = segments
    if s0 == 'a':
        if s1 == 'x':
            # a/x/<a>
            if s2:
                return row0, (), {'a': s2}, ''
        elif s1 == 'y':
            # a/y/<int:b>
            if s2.isdigit() and s2.isascii():
                try: return row1, (), {'b': int(s2)}, ''
                except ValueError: pass
        elif s1 == 'z':
            # a/z/<path:c>
            if (tail := path[len(s0) + len(s1) + 2:]) and '\n' not in tail:
                return row2, (), {'c': tail}, ''
    else:
        if s0 == 'b':
            if s2 == 'c':
                # b/<d>/c
                if s1:
                    return row3, (), {'d': s1}, ''
    return None


def match(path, segments):
    s0, s1, *_ = segments
    if s0 == 'a':
        if s1 == 'z':
            # a/z/<path:c>
            if (tail := path[len(s0) + len(s1) + 2:]) and '\n' not in tail:
                return row0, (), {'c': tail}, ''
    return None
""",
    ),
}


@pytest.mark.parametrize("what", EXAMPLES)
def test_examples(what: str) -> None:
    """It reads like code that somebody wrote, and says for which routes it is there."""
    routes, source = EXAMPLES[what]
    assert URLRouter(routes).source() == source.removeprefix("\n")


FAMILIES: dict[str, Callable[[str], list[Any]]] = {
    "parameters": lambda text: [path(f"{text}/<int:x>/<y>", app)],
    "default kwargs": lambda text: [path(f"{text}/<x>", app, {"k": text, "l": 1})],
    "a second text": lambda text: [path(f"{text}/<x>/{text}s/", app)],
    "a second choice": lambda text: [path(f"{text}/<x>/{one}/", app) for one in "cde"],
    "several in order": lambda text: [path(f"{text}/<int:x>", app), path(f"{text}/<x>", app)],
    "a rest": lambda text: [path(f"{text}/<path:x>", app)],
    "a mount": lambda text: [mount(f"{text}/<x>", app)],
    "what only its own matcher knows": lambda text: [re_path(f"^{text}/(a|b)$", app)],
}


@pytest.mark.parametrize("family", FAMILIES)
def test_what_differs_only_in_rows_and_texts_is_written_once(family: str) -> None:
    """Source of forty routes is as long as that of five, and says of how many it is there."""
    lengths = []
    for count in (5, 40):
        routes = [route for n in range(count) for route in FAMILIES[family](f"t{n}")]
        source = URLRouter(routes).source()
        lengths.append(source.count("\n"))
        if "mount" not in family:
            assert f"# {len(routes)} routes: " in source
        for route in routes[:3]:
            assert route.pattern.source in source
    assert lengths[0] == lengths[1]


def test_large_families_are_asked_first() -> None:
    sizes = {"<int:x>": 2, "<x>": 7, "<slug:x>": 3, "<uuid:x>": 5}
    texts = [f"t{size}{number}/{kind}" for kind, size in sizes.items() for number in range(size)]
    counts = re.findall(r"# (\d+) routes", URLRouter([path(text, app) for text in texts]).source())
    assert counts == ["7", "5", "3", "2"]


@pytest.mark.parametrize(("count", "is_numbered"), [(4, False), (5, True)])
def test_single_routes_are_numbered_where_there_are_many(count: int, *, is_numbered: bool) -> None:
    kinds = ["<x>", "<int:x>", "<slug:x>", "<path:x>", "<uuid:x>"]
    routes = [path(f"t{number}/{kind}", app) for number, kind in enumerate(kinds[:count])]
    assert ("(r1 := number" in URLRouter(routes).source()) is is_numbered


@pytest.mark.parametrize(("most", "is_compared"), [(2, False), (3, True)])
def test_a_text_is_compared_before_a_choice_where_it_is_that_of_most(
    most: int, *, is_compared: bool
) -> None:
    texts = [*(f"a/{text}/<x>" for text in "xyz"[:most]), "b/<x>/y", "c/x/<slug:x>"]
    source = URLRouter([path(text, app) for text in texts]).source()
    assert ("\n    else:\n" in source) is is_compared


def test_a_choice_among_many_is_not_deep() -> None:
    """Of what has to be written out for each, the right one is found by halves."""
    count = 64
    routes = [
        path(f"t{number}/<x>{'-<y>' * (number % 2)}", app, {"k": 1} if number % 3 else None)
        for number in range(4)
    ]
    routes += [path(f"u{number}/<x>", app, {f"k{number}": 1}) for number in range(count)]
    depths = [len(line) - len(line.lstrip()) for line in URLRouter(routes).source().split("\n")]
    assert max(depths) <= 4 * (5 + math.ceil(math.log2(count + 4)) + 2)


def test_families_share_variables() -> None:
    """What one has found is not kept for the next: each variable makes a call slower."""
    kinds = ["<int:x>", "<slug:x>", "<uuid:x>", "<x>-<y>", "<x>"]
    one, all_ = (
        count_variables(
            path(f"{letter}{text}/{kind}/{text}/", app, {"k": text})
            for letter, kind in zip("abcdeij", some, strict=False)
            for text in "fgh"
        )
        for some in (kinds[-1:], kinds)
    )
    assert one == all_


def test_routes_in_order_share_variables() -> None:
    kinds = ["<int:x>", "<slug:x>", "<uuid:x>", "<x>"]
    two, four = (
        count_variables(
            path(f"{text}/{kind}", app, {"k": text}) for text in "fgh" for kind in kinds[:count]
        )
        for count in (2, 4)
    )
    assert two + 2 == four  # One each, for what differs between the routes of a family.


def count_variables(routes: Iterable[Any]) -> int:
    """Return how many variables the function that a table is compiled to has."""
    match: Any = search_of(URLRouter([*routes]))
    return len({*match.__code__.co_varnames} - {"hit"})


def search_of(router: URLRouter) -> Any:
    """Return the one function that the table of a router is compiled to."""
    (match,) = {search for search in router._table.searches if search.__name__ != "_find_nothing"}
    return match


@pytest.mark.parametrize("table", ALL_TABLES, ids=str)
def test_source_answers_as_the_linear_matcher(table: list[str]) -> None:
    """The same row, parameters in order, and rest; and each row is named in a comment."""
    made = rows(*table)
    linear = LinearMatcher(made)
    compiled = compile_rows(made, linear)
    for text in make_paths(table):
        assert show(compiled.matcher(text)) == show(linear(text)), (text, compiled.source)
    if len(table) < 4:
        for one in made:
            is_literal = compiled.literal("".join(step.pattern.source for step in one.steps))
            assert is_literal or describe_row(one) in compiled.source


# The steps of a row, and the objects that its source needs besides the row.
LEAVES: list[tuple[list[str], list[str]]] = [
    (["a/"], []),
    (["a/<x>/"], []),
    (["a/<int:x>"], []),
    (["<slug:x>/<y>"], []),
    (["<slug:x>/<uuid:y>"], ["fits", "convert"]),
    (["<uuid:x>/<uuid:y>"], ["fits", "convert"]),
    (["<even:x>/<int:y>"], ["convert"]),
    (["a/<path:p>"], []),
    (["<path:p>"], []),
    (["prefix a/"], []),
    (["prefix "], []),
    (["mount a/<x>"], []),
    (["mount "], []),
    (["prefix <x>/", "<int:y>/"], []),
    (["level <x>", "a", "level b/", "<slug:y>"], []),
    # What the row's own matcher has to do.
    (["re:a"], []),
    (["<a>-<b>"], []),
]
TEXTS = ["a", "b", "7", "\u0663", "-x", "", "\n", "a-b", "0" * 8 + "-0000" * 3 + "-" + "0" * 12]


@pytest.mark.parametrize(("steps", "objects"), LEAVES, ids=str)
def test_leaves(steps: list[str], objects: list[str]) -> None:
    """One row alone: no converter is called that can do without, and the answers are right."""
    one = row(*steps)
    leaf = TreeBuilder(1).build([read_shape(one)])
    while not isinstance(leaf, Leaf):
        leaf = leaf.then  # type: ignore[union-attr]
    namespace = Namespace()
    write_leaf(leaf.shape, leaf.open, namespace)
    assert [name.rstrip("0123456789") for name in namespace.objects] == objects
    linear = LinearMatcher([one])
    matcher = compile_rows([one], linear).matcher
    for count in (1, 2, 3):
        for segments in product(TEXTS, repeat=count):
            text = "/".join(segments)
            assert show(matcher(text)) == show(linear(text)), text


def test_default_kwargs_stand_behind_the_parameters_of_their_step() -> None:
    steps = (
        Step(pattern("<x>/"), Mode.PREFIX, {"k{}": 1, "class": None}),
        Step(pattern("<y>"), Mode.ENDPOINT, {"m": 2, "n": 3}),
    )
    one: Row[None] = Row(0, steps, None)
    linear = LinearMatcher([one])
    expected = [("x", "a"), ("k{}", 1), ("class", None), ("y", "b"), ("m", 2), ("n", 3)]
    for matcher in (linear, compile_rows([one], linear).matcher):
        hit = matcher("a/b")
        assert hit is not None
        assert [*hit[2].items()] == expected


def show(hit: Any) -> Any:
    """Return a hit in a form in which 1 is not True, nor one order of keys another."""
    if hit is None:
        return None
    found, args, kwargs, rest = hit
    return found.index, args, [(key, type(value), value) for key, value in kwargs.items()], rest


def test_tracebacks_show_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks at the function finds its text, for as long as the table lives.

    The text is dropped with the next table: a collection may come while somebody reads the cache.
    No other test may have tables of these texts: it would share the code.
    """

    def found(file: str) -> bool:
        gc.collect()
        is_there = file in linecache.cache
        URLRouter([path("next/<x>/", app)]).compile_table()
        return is_there and file in linecache.cache

    raised: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: raised.append(error))
    for is_cleared in (False, True):
        router = URLRouter([path("traced/<x>/", app)])
        match: Any = search_of(router)
        assert (match.__name__, match.__module__) == ("match_3", "asgi_routes.engine.compiled")
        assert match.__code__.co_flags & inspect.CO_OPTIMIZED
        file = match.__code__.co_filename
        assert "".join(linecache.getlines(file)) == inspect.getsource(match) == router.source()
        del match
        assert found(file)
        if is_cleared:
            linecache.clearcache()
        del router
        assert not found(file)
    assert raised == []


def test_tables_that_differ_only_in_their_applications_share_code() -> None:
    async def other(scope: Any, receive: Any, send: Any) -> None: ...

    first = URLRouter([path("a/<int:x>/", app, {"y": 1})])
    second = URLRouter([path("a/<int:x>/", other, {"y": 2})])
    third = URLRouter([path("b/<int:x>/", other, {"y": 2})])
    codes = [search_of(router).__code__ for router in (first, second, third)]
    assert codes[0] is codes[1] is not codes[2]
    for router, target, value in ((first, app, 1), (second, other, 2)):
        match = router.match({"type": "http", "path": "/a/7/"})
        assert match.endpoint is target
        assert match.scope["path_params"] == {"x": 7, "y": value}
