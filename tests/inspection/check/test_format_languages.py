"""Formats as languages: the calendar, floats, and whole numbers with whatever fills them.

``LANGUAGE_CASES`` says how many random formats; the tests' own number is for every day.
"""

import os
import random
import sys
from typing import Any

import pytest

from asgi_routes import URLRouter, format_path
from asgi_routes.engine import LinearMatcher
from asgi_routes.inspection.check import check
from asgi_routes.inspection.check.comparison import Comparison
from asgi_routes.inspection.check.languages import Language, read_language
from asgi_routes.patterns.format_converters import make_format_converter
from tests.patterns.texts_of import change, draw_text, list_taken
from tests.spec.driving import named
from tests.spec.rows import row

CASES = int(os.environ.get("LANGUAGE_CASES", "500")) // 10
APP = named("app")
SPECS = ["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d%m%Y", "%H:%M", "%Y/%m/%d", "%m-%d", "_>%Y-%m-%d"]
SPECS += ["ti", "tg", "ta", "te", "th", "tc", "tt", "ts", "f", ".2f", "e", "g", "%", "F", "n"]
SPECS += ["d", "0>d", "x=d", ",d", "5d", ">d", "9<d", "_^d", "w", "^l", "x"]
SPECS = list_taken(SPECS)
TEMPLATES = ["{A}", "x{A}/", "{A}-{B}", "{A}{t}", "{t}-{A}", "{A}{B}", "{A}/{B}", "{A}-{t}/"]


pytestmark = pytest.mark.usefixtures("short_numbers")


@pytest.mark.parametrize("seed", range(2))
def test_random_formats(seed: int) -> None:
    """A language has the paths that the row matches, however its fields touch."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    matched = tried = 0
    for _ in range(CASES // 2):
        template, first, second = draw.choice(TEMPLATES), draw.choice(SPECS), draw.choice(SPECS)
        text = template.replace("A", f"a:{first}").replace("B", f"b:{second}")
        one = row(text)
        language = read_language(one)
        assert isinstance(language, Language), (text, language)
        comparison, follow = Comparison([language]), LinearMatcher([one]).follow(one)
        for _ in range(15):
            path = template.replace("{A}", fill(draw, first)).replace("{B}", fill(draw, second))
            path = path.replace("{t}", draw.choice(["a", "1", "a-b", "30", "-"]))
            path = change(draw, path) if draw.random() < 0.4 else path
            is_matched = follow(path) is not None
            assert comparison.takes(0, path) is is_matched, (text, path)
            matched, tried = matched + is_matched, tried + 1
        assert isinstance(comparison.find_path([0]), str), text
    assert matched > tried / 4


def fill(draw: random.Random, spec: str) -> str:
    """Return a text that a field may take."""
    return draw_text(draw, make_format_converter(spec).regex)


@pytest.mark.parametrize(
    ("spec", "before", "behind"),
    [
        ("d", "", ""),
        ("0>d", "0" * 9, ""),
        ("0>d", "-", ""),
        ("x=d", "-xx", ""),
        ("_^d", "_", "_"),
        (">d", "  ", ""),
        *((spec, "1,", "") for spec in list_taken([",d"])),
    ],
)
def test_as_many_digits_as_python_takes(spec: str, before: str, behind: str) -> None:
    """What fills a number, and what stands between its digits, does not count."""
    one = row(f"{{v:{spec}}}")
    language = read_language(one)
    assert isinstance(language, Language)
    comparison, follow = Comparison([language]), LinearMatcher([one]).follow(one)
    most = sys.get_int_max_str_digits() - before.count("1")
    for digits, is_taken in ((most, True), (most + 1, False)):
        path = before + "9" * digits + behind
        assert (follow(path) is not None) is is_taken
        assert comparison.takes(0, path) is is_taken


@pytest.mark.parametrize("spec", ["0=d", "n"])
def test_zeros_count_where_they_are_digits(spec: str) -> None:
    """Python counts them."""
    one = row(f"{{v:{spec}}}")
    language = read_language(one)
    assert isinstance(language, Language)
    comparison, follow = Comparison([language]), LinearMatcher([one]).follow(one)
    most = sys.get_int_max_str_digits()
    for count in (most // 3, most // 3 + 1):
        path = "0" + ",000" * count if spec == "n" else "000" * count + "0"
        assert comparison.takes(0, path) is (follow(path) is not None)


def found(*texts: str) -> list[Any]:
    """Return what is found in routes, by the mark of each and what it is about."""
    findings = check(URLRouter([format_path(text, APP) for text in texts]))
    return [(one.id, [subject.template for subject in one.subjects]) for one in findings]


@pytest.mark.parametrize("spec", SPECS)
def test_the_same_twice(spec: str) -> None:
    """What comes second is never reached, and nothing is left undecided."""
    first, second = f"a/{{x:{spec}}}/", f"a/{{y:{spec}}}/"
    assert found(first, second) == [("R101", [f"/{second}", f"/{first}"])]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["{a:%Y-%m-%d}", "{a:ti}"], ["R102"]),
        (["{a:f}", "{a:.2f}"], ["R101"]),
        (["{a:d}", "{a:4d}"], ["R102"]),
        (["{a:d}", "{a:f}"], []),
        (["{a:%Y-%m-%d}", "{a:%d.%m.%Y}"], []),
        (["{a:%H:%M}", "{a:tt}"], []),
        (["{a:%Y/%m/%d}/", "{a:d}/{b:d}/{c:d}/"], []),
        (["{a:d}/{b:d}/{c:d}/", "{a:%Y/%m/%d}/"], ["R101"]),
    ],
)
def test_overlaps(texts: list[str], expected: list[str]) -> None:
    """What two formats have in common is found by their values."""
    assert [one for one, _ in found(*texts)] == expected
