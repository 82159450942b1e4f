"""The engines for regular expressions, of which a client can keep one busy and the other not."""

import re
import sys
from typing import Any

import pytest

from asgi_routes import (
    ImproperlyConfigured,
    SlowRegexWarning,
    URLRouter,
    include,
    path,
    re_path,
)


async def app(scope: Any, receive: Any, send: Any) -> None: ...


def test_re2_takes_linear_time() -> None:
    """What keeps ``re`` busy for ages is answered at once."""
    route = re_path(r"^(\w+)*$", app)
    with pytest.warns(SlowRegexWarning, match="regex='re2'"):
        URLRouter([route])
    router = URLRouter([route], regex="re2")  # Without the warning that named it.
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


@pytest.mark.parametrize(
    ("regex", "text"),
    [
        (r"^\w+$", "/\u00e9"),
        (r"^\d+$", "/\u0663"),
        (r"^x\sy$", "/x\u00a0y"),
        (r"^[^\W\d]+$", "/\u00e9"),
        (re.compile(r"^\w+$", re.ASCII), "/ab"),
        (re.compile(r"^(?: k ) \w # Kelvin\n$", re.IGNORECASE | re.VERBOSE), "/\u212a\u00e9"),
        (r"(?a)^a\b", "/a\u00e9"),
        (r"(?i)^\u017f\N{LATIN SMALL LETTER S}\163$", "/SSs"),
        ("^(?P<\u00e9>.)$", "/\ud800"),
        (r"^a$", "/a\n"),
        (r"^(a$|b$)", "/a\n"),
        (r"^a\Z", "/a\n"),
        (r"^(?:(a)|b)*", "/ab"),
    ],
)
@pytest.mark.parametrize("leads_on", [True, False])
def test_re2_is_the_same_language(regex: Any, text: str, *, leads_on: bool) -> None:
    """What Python takes, and nothing else: to the end, and where a router reads on."""
    target = URLRouter([re_path(r"(?s)^(.*)\Z", app)]) if leads_on else app
    found = [
        URLRouter([re_path(regex, target)], regex=engine).match({"path": text})
        for engine in ("re", "re2")
    ]
    mine, its = [
        (one.scope["url_route"], one.scope["path_remaining"]) if one else None for one in found
    ]
    assert mine == its


@pytest.mark.parametrize(
    ("regex", "why", "place", "hint"),
    [
        (r"^(a)\1$", "a back-reference", r"    \1", "regex='re' has it"),
        ("^a(?=b)", "look-around", "  (?=", "regex='re' has it"),
        ("^a(?<!b)", "look-around", "  (?<!", "regex='re' has it"),
        ("^a++b", "a possessive repeat", "  ++", "regex='re' has it"),
        ("^(?>a)", "an atomic group", " (?>", "regex='re' has it"),
        ("^(a)?(?(1)b|c)", "a conditional group", "     (?(", "regex='re' has it"),
        (
            r"^[\b]\\b\b",
            r"a \b between any letters",
            r"        \b",
            r"RE2's \b knows those of ASCII alone, as Python's does with re.ASCII, or (?a) in front",
        ),
        (r"(?a)a\B", r"a \B", r"     \B", "say which characters may stand there"),
        (
            "^a$|b$\n",
            "a $ that does not stand at the end",
            "     $",
            r"\Z is the very end; $ is also before a newline that stands there",
        ),
        (
            "^(?:a*)*",
            "a repeat of something that may be empty",
            "       *",
            "let every round take a character, as in (?:a+b?)*, or use regex='re'",
        ),
        (
            "^a{2}b{1001}",
            "a repeat of more than 1000",
            "      {1001}",
            "write one that has no end, or use regex='re'",
        ),
        (
            "(?:a{50}){50}",
            "invalid repetition size: {50,50}",
            None,
            "make it smaller, or use regex='re'",
        ),
        (
            r"\w{900}",
            "pattern too large - compile failed",
            None,
            "make it smaller, or use regex='re'",
        ),
    ],
)
def test_re2_refuses_clearly(
    capfd: pytest.CaptureFixture[str], regex: str, why: str, place: str | None, hint: str
) -> None:
    """What would not be the same is refused when the router is made, with the place."""
    route = re_path(regex, app)
    with pytest.raises(ImproperlyConfigured) as caught:
        URLRouter([route], regex="re2")
    marked = []
    if place is not None:
        token = place.lstrip()
        marked = [" " * (len(place) - len(token)) + "~" * len(token)]
    assert str(caught.value).splitlines() == [
        f"re2 does not accept this regular expression: {why}",
        *(f"    {line}" for line in [regex.replace("\n", r"\n"), *marked]),
        f"declared at {route.declared}",
        f"hint: {hint}",
    ]
    assert capfd.readouterr() == ("", "")


def test_re2_refuses_all_together() -> None:
    """All expressions that it does not accept are named."""
    routes = [re_path(r"^(a)\1$", app), re_path("^ok$", app), re_path("^a(?=b)", app)]
    with pytest.raises(ImproperlyConfigured) as caught:
        URLRouter([path("", include(routes))], regex="re2")
    assert isinstance(caught.value, ExceptionGroup)
    assert [one.declared for one in caught.value.exceptions] == [
        routes[0].declared,
        routes[2].declared,
    ]


def test_a_place_that_is_not_known() -> None:
    """Python's parser puts together what branches begin with; then no place is marked."""
    route = re_path(r"^(?:\ba|\bb)", app)
    with pytest.raises(ImproperlyConfigured) as caught:
        URLRouter([route], regex="re2")
    assert caught.value.span is None


def test_engines_are_not_mixed() -> None:
    """A nested router with another engine keeps it."""
    inner = URLRouter([re_path(r"^\w$", app)], regex="re2")
    outer = URLRouter([path("n/", inner), re_path(r"^(?!a)\w$", app)])
    assert outer.match({"path": "/b"})
    assert not outer.match({"path": "/a"})
    assert outer.match({"path": "/n/a"})


def test_unknown_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong name, and a missing package, are said so."""
    for name, hint in [
        ("r2", "did you mean 're2'?"),
        ("ree", "did you mean 're'?"),
        ("hyperscan", "known engines: re, re2"),
    ]:
        assert mistake(name) == (f"unknown regex engine {name!r}", hint)
    monkeypatch.setitem(sys.modules, "re2", None)
    monkeypatch.delitem(sys.modules, "asgi_routes.engine.re2_patterns")
    assert mistake("re2") == ("regex='re2' needs google-re2", "pip install 'asgi-routes[re2]'")


def mistake(engine: str) -> tuple[str, str | None]:
    """Return what is said of an engine, and the hint."""
    with pytest.raises(ImproperlyConfigured) as caught:
        URLRouter([], regex=engine)
    return str(caught.value).splitlines()[0], caught.value.hint
