"""Regular expressions that a client can keep busy: which are warned about."""

from typing import Any

import pytest

from asgi_routes import Converters, SlowRegexWarning, path, re_path
from asgi_routes.regular.danger import find_danger


async def app(scope: Any, receive: Any, send: Any) -> None: ...


HARMLESS = [
    *(r"^(\w+/)*$", r"^(.*)/(.*)$", r"^users/(?P<id>\d+)/(?P<rest>.*)$", r"(ab*)*", r"([ab]*c)*"),
    *(r"^([^/]+)/([^/]+)/([^/]+)/$", r"(a|b)*", r"^(?:(?:\w+)\.)+com$", r"^a{1,9}b", r"[0-9]{4}"),
]
HARMLESS += [
    # Classes that share nothing with what is around them.
    *(
        r"(\d+\D)+",
        r"(\s+\S)+",
        r"(\w+\W)+",
        r"([b-d]+a)*",
        r"([b-d]+e)*",
        r"([^b]+b)*",
        r"(.+\n)*",
    ),
    *(r"([^\d]+\d)*", r"([^\w]+\w)*", r"([^\s]+\s)*", r"([^b-d]+[bcd])*", r"(\d+[^\d])*"),
    *(r"(b+(?:a|c))*", r"(b+(?:(?:a)))*", r"(?:b{3}a)*", r"(b{0,15}){2}", r"(?:a+c?){1,15}"),
    *(r"([^X]+X)*", r"[ab]*[bc]*[cd]*x", r"[ab]*[bc][cd]*[cd]*x", r"a*a*ba*a*"),
    *(r".*a\n.*", r"\w+ \w+ \w+", r"a*b*a*b*a*", r"a*(?:b|c)a*(?:b|c)a*", r"(?>a+)b", r"\d*\D*\d*"),
]
EXPONENTIAL = [r"(a+)+", r"^(\w+)*$", r"^(\w+\s?)*$", r"(.*)*", r"(x+x+)+y", r"(\d+-?)+$"]
EXPONENTIAL += [
    # Classes that share one character, at either end or in the middle.
    *(
        r"([b-d]+b)*",
        r"([b-d]+c)*",
        r"([b-d]+d)*",
        r"([^b]+a)*",
        r"(\d+\w)*",
        r"(\s+[ ])*",
        r"(.+.)*",
    ),
    *(
        r"(\D+a)*",
        r"(\W+-)*",
        r"(\S+a)*",
        r"([^\d]+\D)*",
        r"([^\s]+x)*",
        r"(\w+[a-z])*",
        r"(\d+[5])*",
        r"([ab]+[bc])*",
    ),
    # What need not be there, or takes no room, holds nothing up.
    *(
        r"(a+b?)*",
        r"(a+b*)*",
        r"(a+b{0,3})*",
        r"(a+(?:b|))*",
        r"(a+(?:b?)?)*",
        r"(a+\b)*",
        r"(a+(?=b))*",
    ),
    *(r"(a+(?!b))*", r"(a+?)+?", r"(a{3,})*", r"(a+(?:(?:b?)))*", r"(a{1,16}){1,16}", r"(?:(a+))*"),
]
POLYNOMIAL = [
    *(r"^(.*)-(.*)-(.*)x$", r"^\w*\w*\w*$", r"a*\n?a*\n?a*", r"(a*)(?:b?)(a*)(a*)"),
    *(r"\d+\w+[0-5]+", r"[a-f]+[c-h]+d[b-e]+", r"a+(?=x)a+(?!x)a+", r"a{16,}a{16,}a{16,}"),
]


def test_harmless() -> None:
    """Repeats whose characters do not mix are left alone."""
    assert [regex for regex in HARMLESS if find_danger(regex)] == []


@pytest.mark.parametrize("regex", EXPONENTIAL)
def test_exponential(regex: str) -> None:
    """A repeat within a repeat of the same characters is warned about, at the user's line."""
    assert "doubles" in (find_danger(regex) or "")
    with pytest.warns(SlowRegexWarning, match="the time doubles with each character") as caught:
        re_path(regex, app)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("regex", POLYNOMIAL)
def test_polynomial(regex: str) -> None:
    """So are three in a row."""
    with pytest.warns(SlowRegexWarning, match="grows with the power 3"):
        re_path(regex, app)


def test_converters_are_warned_about() -> None:
    """A custom converter goes through ``re`` like a regex."""
    kind = type(
        "Slow",
        (),
        {"regex": "(a+)+", "to_python": lambda _, text: text, "to_url": lambda _, text: text},
    )
    with pytest.warns(SlowRegexWarning):
        path("<slow:x>/", app, converters=Converters({"slow": kind}))
