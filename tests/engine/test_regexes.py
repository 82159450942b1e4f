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


def test_re2_refuses_clearly(capfd: pytest.CaptureFixture[str]) -> None:
    """All expressions that it does not accept are named when the router is made."""
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
