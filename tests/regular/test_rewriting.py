"""What is written instead of a slow regex: it matches the same, as Python's ``re`` itself says."""

import itertools
import re
from collections.abc import Iterator

import pytest

from asgi_routes import Converters, SlowRegexWarning, URLRouter, path, re_path
from asgi_routes.regular.parsing import read_items
from asgi_routes.regular.programs import Assertion
from asgi_routes.regular.rewriting import Faster, find_faster
from asgi_routes.regular.slowness import find_slowness
from asgi_routes.regular.spelling import simplify_items, spell_items
from tests.regular.slow_regexes import EXPONENTIAL, POLYNOMIAL, SAFE

SLOW = [one.regex for one in (*EXPONENTIAL, *POLYNOMIAL)]
CHARACTERS = "ab1_-./,:;x \n"
LENGTH = 3

INSTEAD: list[tuple[str, str | None, bool]] = [
    (r"^(a+)+$", r"^(a+)$", True),
    (r"^(?:a|a)*$", r"^a*$", True),
    (r"^\d+\d+$", r"^\d+\d$", True),
    (r"^(?:a|aa)+$", r"^a+$", True),
    (r"^(\w+\s?)*$", r"^(\w\s?)*$", False),
    (r"^(?:[a-z]+|[a-z0-9]+)+/$", r"^[a-z0-9]+/$", True),
    (r"^(?:\d{1,3}\.?)+$", r"^(?:\d\.?)+$", True),
    (r"^(?P<n>\d+)\w+[0-5]+$", r"^(?P<n>\d)\w+[0-5]$", False),
    (r"^(?:\w+/)*(?P<slug>[\w/]+)/edit$", r"^(?P<slug>[\w/]+)/edit$", False),
    (r"^(.*)-(.*)x$", None, True),
    (r"^(a+)+\1$", None, True),
    (r"(?i)^(a+)+$", None, True),
]


@pytest.mark.parametrize(("regex", "instead", "has_same_groups"), INSTEAD)
def test_instead(regex: str, instead: str | None, has_same_groups: bool) -> None:  # noqa: FBT001
    found = find_faster(regex)
    assert found == (None if instead is None else Faster(instead, has_same_groups))


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Return all short texts of some characters, and a few of others."""
    every = itertools.chain.from_iterable(
        itertools.product(CHARACTERS, repeat=length) for length in range(LENGTH + 1)
    )
    return [*map("".join, every), "é", "éa", "٣", "a٣", "K", "kK"]


def suggestions() -> Iterator[tuple[str, Faster]]:
    for regex in SLOW:
        if (found := find_faster(regex)) is not None:
            yield regex, found


def test_the_same_texts_are_matched(texts: list[str]) -> None:
    """Half of the known kinds have a suggestion, and none of these changes what is matched."""
    found = [*suggestions()]
    assert len(found) >= 35
    for regex, faster in found:
        slow, fast = re.compile(regex), re.compile(faster.regex)
        assert slow.groupindex == fast.groupindex
        for text in texts:
            one, other = slow.fullmatch(text), fast.fullmatch(text)
            assert (one is None) == (other is None), (regex, faster, text)
            if faster.has_same_groups and one and other:
                assert one.groups() == other.groups(), (regex, faster, text)
        assert find_slowness(faster.regex, is_searched=False, end=Assertion.END) is None, faster


@pytest.mark.parametrize("regex", [*SLOW, *SAFE])
def test_a_parsed_regex_is_spelled_as_it_was_meant(regex: str) -> None:
    items, _ = read_items(regex, 0)
    try:
        plain = simplify_items(items)
    except ValueError:
        return  # It is not regular.
    names = {number: name for name, number in items.state.groupdict.items()}
    again, _ = read_items(spell_items(plain, names), 0)
    assert simplify_items(again) == plain


def test_the_warning_says_what_to_write() -> None:
    with pytest.warns(SlowRegexWarning) as caught:
        URLRouter([re_path(r"^(a+)+$", app)])
    assert str(caught[0].message).endswith(
        "; use '^(a+)$', which matches the same strings, or use URLRouter(…, regex='re2')"
    )


class Names:
    regex = "([a-z]+-?)+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


def test_the_warning_says_what_a_converter_may_be() -> None:
    converters = Converters({"names": Names})
    with pytest.warns(SlowRegexWarning) as caught:
        URLRouter([path("x/<names:a>/", app, converters=converters)])
    assert str(caught[0].message).endswith(
        "; use '([a-z]-?)+' for the '([a-z]+-?)+' of a converter, which matches the same strings"
    )


async def app(scope: object, receive: object, send: object) -> None: ...
