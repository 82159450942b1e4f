"""One row for each kind of regular expression that Django's ``reverse()`` knows, beside ours."""

import contextlib
from typing import Any

import pytest
from django.urls import NoReverseMatch as DjangoNoReverseMatch
from django.urls import include as django_include
from django.urls import path as django_path
from django.urls import re_path as django_re_path
from django.urls import reverse as django_reverse

from asgi_routes import NoReverseMatch, URLRouter, include, path, re_path
from tests.parity.sides import leaf

A = leaf(0)
NONE = None
"""There is no URL."""

KINDS: dict[str, list[tuple[tuple[Any, ...] | dict[str, Any], str | None]]] = {
    # One parameter, without a name and with one.
    r"^shelf/([0-9]+)/$": [((3,), "/shelf/3/"), (("3",), "/shelf/3/"), (("x",), NONE), ((), NONE)],
    r"^book/(?P<id>[0-9]+)/$": [
        ({"id": 8}, "/book/8/"),
        ((8,), "/book/8/"),
        ({"id": "eight"}, NONE),
        ({"number": 8}, NONE),
        ({"id": 8, "more": 1}, NONE),
    ],
    # Anchors and escapes, as text.
    r"^all/?$": [((), "/all"), ((1,), NONE)],
    r"^\Astart/\Z": [((), "/start/")],
    r"^word\b/$": [((), "/word/")],
    r"^a\.b\+c/$": [((), "/a.b+c/")],
    r"^drive/(?P<letter>[A-Z]):\\(?P<folder>.+)/$": [
        ({"letter": "D", "folder": r"new music\1"}, "/drive/D:%5Cnew%20music%5C1/"),
        ({"letter": "d", "folder": "x"}, NONE),
    ],
    # Classes of characters, each by one of its own.
    r"^d\d/$": [((), "/d0/")],
    r"^w\w/$": [((), "/wx/")],
    r"^D\D/$": [((), "/Dx/")],
    r"^any./$": [((), "/any./")],
    r"^one[abc]/$": [((), "/onea/")],
    r"^(?P<pair>[ab]\d)/of/$": [({"pair": "b7"}, "/b7/of/"), ({"pair": "c7"}, NONE)],
    # Quantifiers: as few as there may be.
    r"^star/x*y/$": [((), "/star/y/")],
    r"^plus/x+y/$": [((), "/plus/xy/")],
    r"^maybe/x?y/$": [((), "/maybe/y/")],
    r"^lazy/x+?y/$": [((), "/lazy/xy/")],
    r"^twice/x{2}y/$": [((), "/twice/xxy/")],
    r"^some/x{3,}y/$": [((), "/some/xxxy/")],
    r"^few/x{1,4}y/$": [((), "/few/xy/")],
    r"^none/x{0,2}y/$": [((), "/none/y/")],
    r"^both/a{2}b?c*d+/(\d)/$": [((1,), "/both/aad/1/"), (("x",), NONE)],
    r"^mail/([^@/]+)@([a-z.]+)/$": [(("ada", "one.example"), "/mail/ada@one.example/"), ((), NONE)],
    r"^tens/(\d{2,3})/$": [((10,), "/tens/10/"), ((1,), NONE), ((1000,), NONE)],
    r"^code/([a-z]{2})/$": [(("ab",), "/code/ab/"), (("abc",), NONE), (("a",), NONE)],
    # Optional groups: with a value, without one.
    r"^person/(\w+)/(\d+)?$": [(("ada", 1), "/person/ada/1"), (("ada",), "/person/ada/")],
    r"^opt/(?P<a>\d+)/(?:(?P<b>\d+)/)?$": [
        ({"a": 1}, "/opt/1/"),
        ({"a": 1, "b": 2}, "/opt/1/2/"),
        ({"b": 2}, NONE),
        ((1, 2), "/opt/1/2/"),
    ],
    r"^more/(?P<a>\d+)/(?:(?P<b>\w)/){0,1}end/$": [
        ({"a": 1}, "/more/1/end/"),
        ({"a": 1, "b": "z"}, "/more/1/z/end/"),
    ],
    r"^silent/(?:on|off)/$": [((), NONE)],
    # Groups in groups: the outer one is the parameter, or the inner one where it has a name.
    r"^in/((?:\d+)-\w)/$": [(("12-a",), "/in/12-a/"), (("a-12",), NONE)],
    r"^out/(?:year-(?P<year>\d{4}))/$": [({"year": 1999}, "/out/year-1999/")],
    r"^day/(?P<year>\d{4})\.(?P<month>\d{2})\.(?P<day>\d{1,2})/$": [
        ({"year": 2007, "month": "05", "day": 21}, "/day/2007.05.21/"),
        ((2007, "05", 21), "/day/2007.05.21/"),
        ({"year": 2007, "month": "05"}, NONE),
        ({"year": 2007, "month": 5, "day": 21}, NONE),
    ],
    # Values that a URL has to quote; and those that it need not.
    r"^said/(?P<what>.+)/$": [
        ({"what": "a b"}, "/said/a%20b/"),
        ({"what": "é"}, "/said/%C3%A9/"),
        ({"what": "50%"}, "/said/50%25/"),
        ({"what": "?#"}, "/said/%3F%23/"),
        ({"what": "a/b"}, "/said/a/b/"),
        ({"what": "it's(ok)~!*,;:@&=+$"}, "/said/it's(ok)~!*,;:@&=+$/"),
        ({"what": ""}, NONE),
    ],
    r"^sign/(\+|-)/(\d+)/$": [(("+", 2), "/sign/+/2/"), (("*", 2), NONE)],
    r"^text with spaces & é/$": [((), "/text%20with%20spaces%20&%20%C3%A9/")],
    # No second host: two slashes in front.
    r"^/?(?P<host>[^/]+)/there/$": [({"host": "evil.test"}, "/evil.test/there/")],
    r"^(?P<rest>.*)$": [({"rest": "/evil.test"}, "/%2Fevil.test"), ({"rest": ""}, "/")],
    # Flags and conditions on what stands around.
    r"(?i)^CASE/(\w)/$": [(("a",), "/CASE/a/"), (("A",), "/CASE/A/")],
    r"^ahead/(?=a)(?P<x>a\w)/$": [({"x": "ab"}, "/ahead/ab/"), ({"x": "cb"}, NONE)],
    r"^not/(?!a)(?P<x>\w+)/$": [({"x": "ba"}, "/not/ba/"), ({"x": "ab"}, NONE)],
    r"^behind/(?P<x>\w+)(?<=b)/$": [({"x": "ab"}, "/behind/ab/"), ({"x": "ba"}, NONE)],
    r"^same/(?P<x>\w)-(?P=x)/$": [({"x": "a"}, "/same/a-a/")],
    # Without an anchor.
    r"loose/(\d)": [((1,), "/loose/1")],
}

ONLY_OURS = {r"^\Astart/\Z", r"(?i)^CASE/(\w)/$"}
"""What Django has no URL for."""

ROWS = [
    pytest.param(text, given, url, id=f"{text} {given}")
    for text, rows in KINDS.items()
    for given, url in rows
]


def test_there_are_as_many_as_django_has() -> None:
    """Django's own table of this has 92 rows."""
    assert len(ROWS) + len(NESTED) + len(SHARED) >= 92


def ask_both(theirs: Any, ours: URLRouter, name: str, given: Any) -> tuple[Any, Any]:
    """Return what each side gives: a URL, or None."""
    args, kwargs = ((), given) if isinstance(given, dict) else (given, {})
    their: Any = NONE
    our: Any = NONE
    # Some syntax of re is none of Django's own: a ValueError.
    with contextlib.suppress(DjangoNoReverseMatch, ValueError):
        their = django_reverse(name, tuple(theirs), args, kwargs)
    with contextlib.suppress(NoReverseMatch):
        our = ours.reverse(name, args=args, kwargs=kwargs)
    return their, our


@pytest.mark.parametrize(("text", "given", "url"), ROWS)
def test_one_route(text: str, given: Any, url: str | None) -> None:
    """Both sides give the URL that the row has."""
    theirs, ours = [django_re_path(text, A, name="n")], URLRouter([re_path(text, A, name="n")])
    assert ask_both(theirs, ours, "n", given) == (NONE if text in ONLY_OURS else url, url)


NESTED: list[tuple[tuple[Any, ...] | dict[str, Any], str | None]] = [
    ({"lang": "en", "id": 1, "slug": "a-b"}, "/en/shop/1/a-b/"),
    (("en", 1, "a-b"), "/en/shop/1/a-b/"),
    ({"lang": "english", "id": 1, "slug": "a"}, NONE),
    ({"id": 1, "slug": "a"}, NONE),
    ({"lang": "en", "id": "x", "slug": "a"}, NONE),
    ({"lang": "en", "id": 0, "slug": ""}, NONE),
]


@pytest.mark.parametrize(("given", "url"), NESTED)
def test_routes_below_others(given: Any, url: str | None) -> None:
    """Parameters of all levels, of both syntaxes."""
    theirs = [
        django_re_path(
            r"^(?P<lang>[a-z]{2})/",
            django_include(
                [
                    django_path(
                        "shop/<int:id>/",
                        django_include([django_re_path(r"^(?P<slug>[\w-]+)/$", A, name="n")]),
                    )
                ]
            ),
        )
    ]
    inner = path("shop/<int:id>/", include([re_path(r"^(?P<slug>[\w-]+)/$", A, name="n")]))
    ours = URLRouter([re_path(r"^(?P<lang>[a-z]{2})/", include([inner]))])
    assert ask_both(theirs, ours, "n", given) == (url, url)


SHARED: list[tuple[tuple[Any, ...] | dict[str, Any], str | None]] = [
    ((), "/list/"),
    ((1,), "/list/1/tagged/"),
    ((1, 2), "/list/1/2/"),
    ((1, 2, 3), NONE),
    ({"page": 4}, "/list/page/4/"),
    ({"tag": "x"}, "/list/x/tagged/"),
    ({"tag": "x", "d": 1}, "/list/x/tagged/"),
    ({"tag": "x", "d": 2}, NONE),
]


@pytest.mark.parametrize(("given", "url"), SHARED)
def test_one_name_for_many_routes(given: Any, url: str | None) -> None:
    """Count and names of the parameters choose; the last of those that fit is taken."""
    texts: list[tuple[str, dict[str, Any] | None]] = [
        (r"^list/$", None),
        (r"^list/(\d+)/$", None),
        (r"^list/(\d+)/(\d+)/$", None),
        (r"^list/page/(?P<page>\d+)/$", None),
        (r"^list/(?P<tag>\w+)/tagged/$", {"d": 1}),
    ]
    theirs = [django_re_path(text, A, defaults, "n") for text, defaults in texts]
    ours = URLRouter([re_path(text, A, defaults, "n") for text, defaults in texts])
    assert ask_both(theirs, ours, "n", given) == (url, url)
