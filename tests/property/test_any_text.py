"""Whatever is written is refused clearly or works; whatever a client sends is answered."""

import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from asgi_routes import (
    ImproperlyConfigured,
    URLRouter,
    format_path,
    include,
    mount,
    path,
    re_path,
    route_path,
)
from asgi_routes.patterns import Literal, Opaque, Parameter, parse_regex

any_text = st.text(st.characters(codec=None), max_size=40)
route_texts = st.one_of(
    any_text,
    st.lists(
        st.sampled_from(
            [
                *("users/", "<int:id>", "<a>", "<", ">", ":", "{id:d}", "{a}", "{", "}", "{{", "/"),
                *("^", "$", r"(\d+)", "(?P<x>", ")", "[", "]", "*", "+?", "|", "\\", " ", "\n"),
                *("<path:p>", "<itn:x>", "{x:zz}", "{}", "{0}", "!r", "%", "\u00e9", "(?i)", "a"),
            ]
        ),
        max_size=8,
    ).map("".join),
)
request_paths = st.one_of(
    any_text,
    st.lists(
        st.sampled_from(["users/", "7", "a", "/", "//", "-7", "\n", "%2F", "\0", "\ud800", "x"]),
        max_size=8,
    ).map("".join),
)


async def app(scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.filterwarnings("ignore::asgi_routes.SlowRegexWarning")
@pytest.mark.filterwarnings("ignore::asgi_routes.SuspiciousRouteWarning")
@pytest.mark.parametrize("write", [path, re_path, format_path, mount], ids=lambda f: f.__name__)
@settings(max_examples=166, deadline=None)
@given(route_texts, request_paths)
def test_refused_or_matching(write: Callable[..., Any], text: str, request: str) -> None:
    """A route is refused with our error, or every path is answered without an exception."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # re: "possible nested set"
            route = write(text, app)
    except ImproperlyConfigured as mistake:
        assert str(mistake)  # noqa: PT017 - to be refused is one of two right answers
        return
    for table in ([route], [path("<int:n>/", URLRouter([route]))], [path("", include([route]))]):
        found = URLRouter(table).match({"type": "http", "path": "/" + request})
        assert not found or found.app is app


@settings(max_examples=166, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["type", "path", "root_path", "path_remaining", "url_route", "route"]),
        st.one_of(st.none(), any_text, st.binary(max_size=4), st.integers()),
    )
)
def test_odd_scopes_are_answered(scope: dict[str, Any]) -> None:
    """Whatever stands in a scope, matching it does not raise."""
    scope.pop("url_route", None)
    router = URLRouter([path("users/", app), re_path("x", app), mount("m", app)])
    router.match(scope)
    assert route_path(scope).startswith("/")


@settings(max_examples=200, deadline=None)
@given(route_texts)
def test_nodes_of_a_regex_are_true(text: str) -> None:
    """What is read as a literal or a group of a regex matches what the regex matches there."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            pattern = parse_regex(text)
    except ImproperlyConfigured:
        assume(False)  # noqa: FBT003
    spans = [node.span for node in pattern.nodes]
    assert spans == sorted(spans)
    for node in pattern.nodes:
        written = text[slice(*node.span)]
        match node:
            case Literal(text=literal):
                assert re.fullmatch(written, literal, re.DOTALL)
            case Parameter(name=name, regex=regex):
                assert written == (f"(?P<{name}>{regex})" if name else f"({regex})")
            case Opaque(regex=regex):
                assert written == regex
