"""Regular expressions: which are warned about, and the engine that a client cannot keep busy."""

import re
import sys
from typing import Any

import pytest

from asgi_routes import (
    Converters,
    ImproperlyConfigured,
    SlowRegexWarning,
    URLRouter,
    include,
    path,
    re_path,
)
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


def test_re2_takes_linear_time() -> None:
    """What keeps ``re`` busy for ages is answered at once."""
    with pytest.warns(SlowRegexWarning):
        route = re_path(r"^(\w+)*$", app)
    router = URLRouter([route], regex="re2")
    assert not router.match({"path": "/" + "a" * 2**16 + "!"})
    assert router.match({"path": "/" + "a" * 2**16})


@pytest.mark.parametrize(
    ("regex", "text", "args", "kwargs", "rest"),
    [
        (r"^a/(?P<x>\d+)/", "/a/12/é/b", (), {"x": "12"}, "é/b"),
        (r"^é/(\w)(b)?", "/é/a/ü", ("a", None), {}, "/ü"),
        (r"b$", "/b", (), {}, ""),
        (re.compile("^A/", re.IGNORECASE), "/a/b", (), {}, "b"),
        (re.compile(r"^A.b$\n", re.IGNORECASE | re.DOTALL | re.MULTILINE), "/a\nb\nc", (), {}, "c"),
        (re.compile("^(.)", re.MULTILINE), "/\nb", ("b",), {}, ""),
        (re.compile("^(.)", re.DOTALL), "/\nb", ("\n",), {}, "b"),
    ],
)
def test_re2_gives_the_same(regex: Any, text: str, args: Any, kwargs: Any, rest: str) -> None:
    """Groups and the rest are as with ``re``."""
    for engine in ("re", "re2"):
        found = URLRouter([re_path(regex, app)], regex=engine).match({"path": text})
        assert found
        assert found.scope["url_route"] == {"args": args, "kwargs": kwargs}
        assert found.scope["path_remaining"] == rest


def test_re2_refuses_clearly(capfd: pytest.CaptureFixture[str]) -> None:
    """All the expressions that it does not accept are named when the router is made, and only there."""
    routes = [re_path(r"^(a)\1$", app), re_path("^ok$", app), re_path("^a(?=b)", app)]
    with pytest.raises(ImproperlyConfigured) as caught:
        URLRouter([path("", include(routes))], regex="re2")
    assert isinstance(caught.value, ExceptionGroup)
    first, second = caught.value.exceptions
    assert str(first).splitlines() == [
        r"re2 does not accept this regular expression: invalid escape sequence: \1",
        r"    ^(a)\1$",
        f"declared at {routes[0].declared}",
        "hint: it has no back-references and no look-around; regex='re' has",
    ]
    assert first.declared == routes[0].declared
    assert "invalid perl operator" in str(second)
    assert capfd.readouterr() == ("", "")
    for flag in (re.VERBOSE, re.ASCII):
        route = re_path(re.compile("a", flag), app)
        with pytest.raises(ImproperlyConfigured) as caught:
            URLRouter([route], regex="re2")
        assert str(caught.value).splitlines() == [
            "re2 knows no verbose and no ASCII flag",
            "    a",
            f"declared at {route.declared}",
        ]


def test_engines_are_not_mixed() -> None:
    """A nested router with another engine keeps it."""
    inner = URLRouter([re_path(r"^\d$", app)], regex="re2")
    outer = URLRouter([path("n/", inner), re_path(r"^\d$", app)])
    assert outer.match({"path": "/٣"})
    assert not outer.match({"path": "/n/٣"})
    assert outer.match({"path": "/n/3"})


def test_text_that_is_no_utf8() -> None:
    """A lone surrogate matches nothing, instead of raising."""
    assert not URLRouter([re_path("", app)], regex="re2").match({"path": "/\ud800"})


def test_unknown_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong name, and a missing package, are said so."""
    for name, hint in [
        ("r2", "did you mean 're2'?"),
        ("ree", "did you mean 're'?"),
        ("hyperscan", "known engines: re, re2"),
    ]:
        assert mistake(name) == (f"no engine named {name!r} for regular expressions", hint)
    monkeypatch.setitem(sys.modules, "re2", None)
    assert mistake("re2") == ("regex='re2' needs google-re2", "pip install 'asgi-routes[re2]'")


def mistake(engine: str) -> tuple[str, str | None]:
    """Return what is said of an engine, and the hint."""
    with pytest.raises(ImproperlyConfigured) as caught:
        URLRouter([], regex=engine)
    return str(caught.value).splitlines()[0], caught.value.hint
