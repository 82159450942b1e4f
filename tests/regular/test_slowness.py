"""Regular expressions that a client can keep busy: all of those that are known are found, and no others."""

import itertools
import os
import re
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_routes import Converters, SlowRegexWarning, URLRouter, include, mount, path, re_path
from asgi_routes.regular.attempts import Attempt, write_attempt
from asgi_routes.regular.counting import Counter, TooManyStepsError
from asgi_routes.regular.parsing import read_items
from asgi_routes.regular.slowness import Slowness, Unknown, find_slowness
from tests.regular.slow_regexes import EXPONENTIAL, POLYNOMIAL, ROUTES, SAFE

EXAMPLES = int(os.environ.get("SLOW_EXAMPLES", "70"))


async def app(scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.parametrize("slow", EXPONENTIAL, ids=lambda slow: slow.regex)
def test_exponential(slow: Any) -> None:
    """What doubles is found, with its text."""
    found = find_slowness(slow.regex)
    assert isinstance(found, Slowness)
    assert found.power is None


@pytest.mark.parametrize("slow", POLYNOMIAL, ids=lambda slow: slow.regex)
def test_polynomial(slow: Any) -> None:
    """So is what grows with a power of the length, from two on."""
    found = find_slowness(slow.regex)
    assert isinstance(found, Slowness)
    assert found.power is not None
    assert found.power >= 2


@pytest.mark.parametrize("regex", [*SAFE, *ROUTES])
def test_safe(regex: str) -> None:
    """Nobody is accused of what is not so; not even that it cannot be told."""
    assert find_slowness(regex) is None


def test_recall_and_precision(capsys: pytest.CaptureFixture[str]) -> None:
    """The figures of all lists, printed."""
    slow = [one.regex for one in (*EXPONENTIAL, *POLYNOMIAL)]
    safe = [*SAFE, *ROUTES]
    found = [regex for regex in slow if isinstance(find_slowness(regex), Slowness)]
    accused = [regex for regex in safe if isinstance(find_slowness(regex), Slowness)]
    with capsys.disabled():
        print(
            f"\nslow regexes: {len(found)} of {len(slow)} found, {len(accused)} of {len(safe)} accused"
        )
    assert (len(EXPONENTIAL) >= 47, len(POLYNOMIAL) >= 15, len(SAFE) >= 60) == (True, True, True)


@pytest.mark.parametrize(
    ("regex", "power", "spelled"),
    [
        (r"^(\w+)*$", None, "'x' * n + '-'"),
        (r"^users/(\d+)+/$", None, "'users/' + '1' * n"),
        (r"(\d+)/$", 2, "'1' * n"),
        (r"^(.*)-(.*)-(.*)x$", 3, "'a' + '-' * n"),
    ],
)
def test_texts(regex: str, power: int | None, spelled: str) -> None:
    """A text is short, and says what is repeated."""
    found = find_slowness(regex)
    assert isinstance(found, Slowness)
    assert (found.power, str(found)) == (power, spelled)


def test_what_is_more_than_a_regex_is_not_decided() -> None:
    """What a back-reference does is not known; where it is slow all the same, it is found."""
    assert find_slowness(r"^(\w)\1$") == Unknown("a back-reference")
    assert isinstance(find_slowness(r"^(\w)\1(a+)+$"), Slowness)
    assert isinstance(find_slowness(r"^(\w+)\1$"), Slowness)
    assert isinstance(find_slowness("a" * 5000 + "(b+)+$"), Unknown)


def warned(*routes: Any, **options: Any) -> list[str]:
    """Return what is said of routes when a router is made of them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        URLRouter(routes, **options)
    assert all(one.filename == __file__ for one in caught)
    return [str(one.message) for one in caught if one.category is SlowRegexWarning]


def test_warnings() -> None:
    """A router warns of its own routes, once each, at their lines, by what it matches them with."""
    slow = re_path(r"^(\w+)*$", app)
    (said,) = warned(slow, path("x/", include([slow])))
    assert said == (
        r"'^(\\w+)*$' is vulnerable to ReDoS: matching 'x' * n + '-' takes time exponential in n; "
        r"use '^(\\w)*$', which matches the same strings, although its groups capture other "
        "strings, "
        "or use URLRouter(…, regex='re2')"
    )
    (said,) = warned(re_path(r"(\d+)/", app))
    assert said.endswith("; rewrite it, or use URLRouter(…, regex='re2')")
    assert warned(slow, regex="re2") == []
    inner = URLRouter([slow], regex="re2")
    assert warned(path("x/", inner), mount("y", inner)) == []
    # What ends in a dollar sign is not searched; what leads on is.
    assert warned(re_path(r"(\d+)/$", app)) == []
    assert "re2" not in warned(re_path(r"^(?=(a+)+b)", app))[0]


def converters(regex: str) -> Converters:
    """Return a registry with one converter."""
    members = {"regex": regex, "to_python": lambda _, text: text, "to_url": lambda _, text: text}
    return Converters({"one": type("One", (), members)})


@pytest.mark.parametrize(
    ("regex", "text", "is_slow"),
    [
        ("(?:a+)+", "<one:x>/", True),
        ("(?:a+)+", "<one:x>", True),
        ("(?:ab)*", "<one:x><one:y>/", False),
        ("(?:ab)*", "<one:x>/<one:y>/", False),
        ("[a-z]+", "<one:x><one:y>/", False),
        ("[0-9]{4}", "<one:x>", False),
    ],
)
def test_converters(regex: str, text: str, *, is_slow: bool) -> None:
    """Those that go through ``re`` are looked at as they stand in their path, whatever the engine."""
    for engine in ("re", "re2"):
        said = warned(path(text, app, converters=converters(regex)), regex=engine)
        assert ["re2" in one for one in said] == [False] * is_slow


_ATOMS = st.sampled_from(["a", "b", "c", "[ab]", ".", "ab"])
_REGULAR = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "+?", "{2}", "{1,2}"])).map(
            lambda two: f"(?:{two[0]}){two[1]}"
        ),
    ),
    max_leaves=5,
)
_ANY = st.recursive(
    _REGULAR,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(st.sampled_from(["(?=", "(?!", "(?>", "("]), inner).map(
            lambda two: f"{two[0]}{two[1]})"
        ),
        inner.map(lambda one: f"(?:{one})++"),
    ),
    max_leaves=4,
)
_AROUND = st.tuples(st.sampled_from(["^", ""]), st.sampled_from(["", "$", r"\Z"]))


def attempt(regex: str) -> Attempt:
    """Return the program of a regex that is searched."""
    items, flags = read_items(regex, 0)
    return write_attempt(items, flags, is_searched=True, end=None, is_loose=False)


@settings(max_examples=EXAMPLES, deadline=None)
@given(_ANY, _AROUND, st.lists(st.text("abc\n", max_size=8), min_size=3, max_size=6))
def test_the_count_is_of_what_re_does(
    regex: str, around: tuple[str, str], texts: list[str]
) -> None:
    """The engine whose steps are counted finds the match that ``re`` finds."""
    whole = regex.join(around)
    counter = Counter(attempt(whole), 20_000)
    for text in texts:
        found = re.search(whole, text)
        try:
            assert counter.count(text).end == (found and found.end())
        except TooManyStepsError:
            continue


_WORDS = ["".join(word) for size in (1, 2) for word in itertools.product("ab", repeat=size)]
_ENDS = ("", "a", "c", "!", "\n!", "bc")


def is_slow_for_some_text(one: Attempt) -> bool:
    """Tell whether the steps grow faster than the text for any of many that are made of words."""
    counter = Counter(one, 60_000)
    for before, word, end in itertools.product(("", "a", "b"), _WORDS, _ENDS):
        try:
            short, long = (counter.count(before + word * times + end).steps for times in (16, 32))
        except TooManyStepsError:
            return True
        if long > 3.2 * short:
            return True
    return False


@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(_REGULAR, _AROUND)
def test_nothing_is_missed(regex: str, around: tuple[str, str]) -> None:
    """What is not found is slow for no text that was tried; and all of it is decided."""
    whole = regex.join(around)
    found = find_slowness(whole)
    assert not isinstance(found, Unknown)
    if found is None:
        assert not is_slow_for_some_text(attempt(whole))
