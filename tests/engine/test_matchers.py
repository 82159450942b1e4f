"""Every row of the tables, through every matcher."""

import re
from typing import Any

import pytest

from asgi_routes.engine import LaterHits, LinearMatcher, Mode, Row, Step, compile_rows
from asgi_routes.patterns import Pattern, parse_format, parse_path, parse_regex
from asgi_routes.patterns.converters import get_registered_converters
from tests.spec.cases import FORMAT_CASES, PATH_CASES, REGEX_CASES, Case


def compiled_matcher(rows: list[Row[Any]]) -> Any:
    return compile_rows(rows, LinearMatcher(rows)).matcher


MATCHERS = [LinearMatcher, compiled_matcher]
CASES = [
    *((parse_path(case.route, get_registered_converters()), case) for case in PATH_CASES),
    *((parse_regex(case.route), case) for case in REGEX_CASES),
    *((parse_format(case.route, get_registered_converters()), case) for case in FORMAT_CASES),
]


def identify(value: object) -> str | None:
    """Name a row by its cells."""
    if isinstance(value, Case):
        return ascii(f"{value.route} {value.mode.value} {value.path[:40]}")
    return value.syntax if isinstance(value, Pattern) else None


@pytest.mark.parametrize("matcher_class", MATCHERS)
@pytest.mark.parametrize(("pattern", "case"), CASES, ids=identify)
def test_row(matcher_class: Any, pattern: Pattern, case: Case) -> None:
    """A table of one route gives what the row says."""
    matcher = matcher_class([Row(0, (Step(pattern, case.mode, {}),), "target")])
    found = matcher(case.path)
    assert (found and (found[3], found[1], found[2])) == case.expected


@pytest.mark.parametrize("matcher_class", MATCHERS)
def test_the_first_row_wins_whatever_its_shape(matcher_class: Any) -> None:
    """Declaration order decides."""
    texts = ["<a>/", "me/", "<path:p>", "me/"]
    rows = [
        Row(index, (Step(parse_path(text, get_registered_converters()), Mode.ENDPOINT, {}),), text)
        for index, text in enumerate(texts)
    ]
    matcher = matcher_class(rows)
    assert matcher("me/")[0].index == 0
    assert matcher("x")[0].target == "<path:p>"


@pytest.mark.parametrize(
    ("path", "behind"),
    [
        ("me/", [0, 1, 2, 3, 4]),
        ("/me/", [2, 4]),
        ("//me/", [2, 4]),
        ("a/x/", [2, 4, 5]),
        ("a//x/", [2, 4]),
        ("b/x/", [2, 4, 6]),
        ("bx/", [0, 2, 4]),
        ("b//x/", [2, 4]),
        ("x", [2]),
    ],
)
def test_rows_behind_a_row(path: str, behind: list[int]) -> None:
    """They come in order, each once; a nested router takes off the one slash before it."""
    texts = ["<a>/", "me/", "<path:p>", "me/", "<path:p>/"]
    rows = [Row(index, (step(text),), text) for index, text in enumerate(texts)]
    inner = Step(parse_path("x/", get_registered_converters()), Mode.ENDPOINT, {}, is_level=True)
    rows.append(Row(5, (step("a/", Mode.LEVEL), inner), "a/ x/"))
    rows.append(Row(6, (step("b", Mode.LEVEL), inner), "b x/"))
    later_hits = LaterHits(LinearMatcher(rows))
    for index in range(-1, 7):
        hits = [hit[0].index for hit in later_hits.find(path, index)]
        assert hits == [other for other in behind if other > index]


def step(text: str, mode: Mode = Mode.ENDPOINT) -> Step:
    return Step(parse_path(text, get_registered_converters()), mode, {})


def test_where_all_are_literal_the_matcher_is_a_dict() -> None:
    """Nothing comes between a path and its row."""
    made = compile_rows(rows := [Row(0, (step("a/"),), "a")], LinearMatcher(rows))
    assert made.matcher == made.literal
    made = compile_rows(rows := [*rows, Row(1, (step("<b>"),), "b")], LinearMatcher(rows))
    assert made.matcher != made.literal


@pytest.mark.parametrize("matcher_class", MATCHERS)
def test_flags_of_a_regex(matcher_class: Any) -> None:
    """They say what is a group, too."""
    regex = re.compile(r"^(?P<x>a) # (?P<y>b", re.VERBOSE)
    matcher = matcher_class([Row(0, (Step(parse_regex(regex), Mode.ENDPOINT, {}),), "target")])
    assert matcher("a")[2] == {"x": "a"}


@pytest.mark.parametrize("matcher_class", MATCHERS)
def test_steps_never_take_another_split(matcher_class: Any) -> None:
    """What a prefix has taken is gone, even where another split would let the rest match."""
    converters = get_registered_converters()
    prefix = Step(parse_path("<path:p>/", converters), Mode.PREFIX, {})
    inner = Step(parse_path("b/c/", converters), Mode.ENDPOINT, {})
    assert matcher_class([Row(0, (prefix, inner), None)])("a/b/c/") is None
    inner = Step(parse_path("c", converters), Mode.ENDPOINT, {})
    assert matcher_class([Row(0, (prefix, inner), None)])("a/b/c")[2] == {"p": "a/b"}


@pytest.mark.parametrize("matcher_class", MATCHERS)
@pytest.mark.parametrize(
    ("steps", "path", "args", "kwargs"),
    [
        (((r"^(\w)/", {}), (r"^(\w)/", {}), (r"^(\w)$", {})), "a/b/c", ("a", "b", "c"), {}),
        (((r"^(?P<x>\w)/", {}), (r"^(\w)/", {}), (r"^(\w)$", {})), "a/b/c", ("b", "c"), {"x": "a"}),
        (((r"^(\w)/", {}), (r"^(\w)/", {"d": 1}), (r"^(\w)$", {})), "a/b/c", ("c",), {"d": 1}),
        (((r"^(\w)/", {}), (r"^(?P<x>\w)$", {})), "a/b", (), {"x": "b"}),
        (((r"^(?P<x>\w)/", {"x": 1}), (r"^(?P<x>\w)$", {})), "a/b", (), {"x": "b"}),
        (((r"^(?P<x>\w)/", {}), (r"^(?P<x>\w)$", {"x": 2})), "a/b", (), {"x": 2}),
    ],
)
def test_steps_merge_parameters_as_django_does(
    matcher_class: Any,
    steps: tuple[tuple[str, dict[str, object]], ...],
    path: str,
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> None:
    """Inner wins over outer, defaults over captures, and any name drops outer positions."""
    *prefixes, last = steps
    row = Row(
        0,
        (
            *(Step(parse_regex(text), Mode.PREFIX, extra) for text, extra in prefixes),
            Step(parse_regex(last[0]), Mode.ENDPOINT, last[1]),
        ),
        None,
    )
    found = matcher_class([row])(path)
    assert found[1:3] == (args, kwargs)
