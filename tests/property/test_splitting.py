"""Splits beside the regular expressions that define what they have to answer."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_routes.engine import Mode
from asgi_routes.engine.ambiguity import is_ambiguous
from asgi_routes.engine.pieces import read_pieces
from asgi_routes.engine.splitting import Split, Splitter, make_split
from asgi_routes.patterns import Pattern, parse_path, parse_regex
from asgi_routes.patterns.converters import Converters, get_registered_converters

REGEXES = [
    *("[^/]+", "[0-9]+", "[-a-zA-Z0-9_]+", ".+", "[0-9]*", "[ab]{2}", "[ab]{1,3}", "[ab]{2,}"),
    *("[ab]?", r"\d+", r"\w*", "[0-9a-f]{2}-[0-9]", "a", r"[^\]]+", "[]a]+", r"\-", ".{3}"),
    # What formats are made of: choices, groups, and what is as short as it can be.
    *(
        "[^/]+?",
        "[ab]{1,3}?",
        "a|ab",
        "(?:b|a)?1?",
        "(?:a[ab])*",
        "-?(?:[0-9]+|a[ab]+)",
        "b*.{2,}?b*",
    ),
]
NAMES = {regex: f"c{index}" for index, regex in enumerate(REGEXES)}


def converter(regex: str) -> type:
    """Return a converter that takes text of a regex as it is."""

    class Plain:
        def to_python(self, value: str) -> str:
            return value

        def to_url(self, value: str) -> str:
            return value

    Plain.regex = regex  # type: ignore[attr-defined]
    return Plain


CONVERTERS = Converters({name: converter(regex) for regex, name in NAMES.items()})
END = {Mode.ENDPOINT: r"\Z", Mode.PREFIX: "", Mode.LEVEL: "", Mode.MOUNT: r"(?=/|\Z)"}
LEFT_BEHIND_TEXT = re.compile(r"|/(?P<read>.+)", re.DOTALL)
LEFT_BEHIND_REGEX = re.compile(r"/?(?P<read>.*)", re.DOTALL)

literals = st.one_of(st.sampled_from("ab/"), st.text("ab1/-x.", min_size=1, max_size=3))
parameters = st.sampled_from(REGEXES)
routes = st.lists(
    st.one_of(parameters.map(lambda regex: (regex,)), literals), min_size=1, max_size=6
)
paths = st.one_of(
    st.text("ab", max_size=8),
    st.text("ab1/-", max_size=12),
    st.text("ab1/-x.]\n\u0663", max_size=14),
)


def pattern_of(pieces: list[tuple[str] | str]) -> Pattern:
    """Return the pattern whose literals and converters' regexes are given."""
    text = "".join(
        piece if isinstance(piece, str) else f"<{NAMES[piece[0]]}:p{index}>"
        for index, piece in enumerate(pieces)
    )
    return parse_path(text, CONVERTERS)


@settings(max_examples=300, deadline=None)
@given(routes, paths, st.sampled_from(Mode))
def test_splitter_answers_as_the_regex(
    pieces: list[tuple[str] | str], path: str, mode: Mode
) -> None:
    """Greedy and leftmost, over every kind of run, in every mode."""
    check(pattern_of(pieces), mode, [path])


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("first", REGEXES)
def test_every_pair_of_runs_on_every_short_path(first: str, mode: Mode) -> None:
    """A small world whole: one run, two of them, and two with a text between."""
    paths = ["".join(chars) for size in range(4) for chars in itertools.product("ab/", repeat=size)]
    check(pattern_of([(first,)]), mode, paths)
    for second in REGEXES:
        check(pattern_of([(first,), (second,)]), mode, paths)
        check(pattern_of([(first,), "b", (second,)]), mode, paths)


def check(pattern: Pattern, mode: Mode, paths: list[str]) -> None:
    """Compare the splitter of a pattern with its regex."""
    split, regex = splitter(pattern, mode), re.compile(pattern.regex + END[mode])
    for path in paths:
        found = regex.match(path)
        expected = found and ([*found.groupdict().values()], path[found.end() :])
        if found and mode is Mode.LEVEL:
            read = left_to_read(found[0], path[found.end() :], LEFT_BEHIND_TEXT)
            expected = None if read is None else ([*found.groupdict().values()], read)
        answer = split(path)
        assert (answer and ([*answer[0]], answer[1])) == expected, (pattern.source, path)


def splitter(pattern: Pattern, mode: Mode) -> Split:
    """Return the splitter for a pattern, where `make_split` would use ``re``, too."""
    pieces = read_pieces(pattern.nodes)
    assert pieces is not None
    return make_split(pattern, mode) if mode is Mode.LEVEL else Splitter(pieces, mode)


def left_to_read(taken: str, left: str, of_segment: re.Pattern[str]) -> str | None:
    """Return what a nested router reads behind a text; None where it cannot."""
    if taken == "" or taken.endswith("/"):
        return left
    found = of_segment.fullmatch(left)
    return found and (found["read"] or "")


@pytest.mark.parametrize(
    "regex",
    [
        "",
        "^",
        "^a",
        "^a/",
        "^a/?",
        "^a*",
        "^a*?",
        "a",
        "a$",
        "^a$",
        "b|^a",
        "(a)(/)?",
        "^/",
        "/",
        "$",
    ],
)
def test_levels_behind_a_regex_on_every_short_path(regex: str) -> None:
    """What a regex leaves is read, one slash less where what is before it does not end in one."""
    split = make_split(parse_regex(regex), Mode.LEVEL)
    for size in range(6):
        for chars in itertools.product("ab/", repeat=size):
            path = "".join(chars)
            found = re.search(regex, path)
            read = found and left_to_read(
                path[: found.end()], path[found.end() :], LEFT_BEHIND_REGEX
            )
            assert split(path) == (found and (found.groups(), read)), path


HOSTILE = [
    ("<a>-<b>-<c>x", "-"),
    ("<a>-<b>-<c>x", "a-"),
    ("<a><b><c><d>/", "a"),
    ("<path:a>/<path:b>/<path:c>/x", "/"),
    ("<path:a>/<path:b>/<path:c>/x", "a/"),
    ("<path:a>1<int:b>x", "1"),
    ("<int:a><int:b><int:c>x", "1"),
    ("<slug:a>-<slug:b>/", "-\u00e9"),
    ("-/<a>-<b>/", "-"),
    ("<path:p>/edit/<path:q>/edit", "/edit"),
]


@pytest.mark.parametrize("tail", ["", "x", "/", "/x"])
@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(("route", "unit"), HOSTILE)
def test_hostile_paths_are_answered(route: str, unit: str, mode: Mode, tail: str) -> None:
    """Paths of 64 KiB, on which a backtracking regex would be busy for hours."""
    pattern = parse_path(route, get_registered_converters())
    pieces = read_pieces(pattern.nodes)
    assert pieces is not None
    assert is_ambiguous(pieces)
    split = splitter(pattern, mode)
    few, many = unit * 8 + tail, unit * (2**16 // len(unit)) + tail
    found = split(many)
    assert (found is None) == (split(few) is None)
    if found is not None:
        texts = iter(found[0])
        taken = re.sub("<[^>]+>", lambda _: next(texts), route)
        slash = "/" if mode is Mode.LEVEL and len(taken + found[1]) < len(many) else ""
        assert taken + slash + found[1] == many


@pytest.mark.parametrize(
    "route",
    [
        "<int:a>/<slug:b>/<c>/",
        "<path:p>",
        "<path:p>/edit/",
        "a<a>",
        "<uuid:a>-<b>",
        "<uuid:a>",
        "a",
    ],
)
def test_unambiguous_patterns_are_left_to_re(route: str) -> None:
    """Where a regex cannot go back far, it is what matches."""
    pieces = read_pieces(parse_path(route, get_registered_converters()).nodes)
    assert pieces is not None
    assert not is_ambiguous(pieces)
