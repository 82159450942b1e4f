"""URLs from names: which URL comes out, and what is said where none does."""

import datetime as dt
import re
import uuid
from typing import Any
from urllib.parse import unquote

import pytest

from asgi_routes import (
    Converters,
    HostRouter,
    Match,
    MethodRouter,
    NoReverseMatch,
    ProtocolTypeRouter,
    URLRouter,
    format_path,
    include,
    mount,
    path,
    re_path,
    reverse,
)
from tests.spec.driving import Wrapper, http, named

APP = named("app")
ITEMS = [path("", APP, name="list"), path("<int:id>/", APP, name="item")]


class Signed:
    """A converter that writes a value in its own way, and refuses some."""

    regex = "[pm][0-9]+"

    def to_python(self, value: str) -> int:
        return int(value[1:]) * (1 if value[0] == "p" else -1)

    def to_url(self, value: int) -> str:
        if not value:
            raise ValueError("neither")
        return f"{'p' if value > 0 else 'm'}{abs(value)}"


ROUTER = URLRouter(
    [
        path("", APP, name="home"),
        path("int/<int:n>/", APP, name="int"),
        path("str/<n>/", APP, name="str"),
        path("path/<path:p>/end", APP, name="path"),
        path("uuid/<uuid:u>/", APP, name="uuid"),
        path("signed/<signed:n>/", APP, name="signed", converters=Converters({"signed": Signed})),
        path("two/<a>-<b>/", APP, name="two"),
        path("100%/<n>/", APP, name="percent"),
        path("kw/<n>/", APP, {"page": 1, "n": "x"}, name="defaults"),
        path("dup1/", APP, name="dup"),
        path("dup2/<a>/", APP, name="dup"),
        path("dup3/", APP, name="dup"),
        re_path(r"^re/(\d+)/(\w+)/$", APP, name="re"),
        re_path(r"^named/(?P<x>\d+)(?:/(?P<y>\w+))?/$", APP, name="optional"),
        re_path(r"^cls/[ab][^x]\d./(?P<x>x)$", APP, name="classes"),
        re_path(r"^(?i:alt|b)/(?P<x>\d)$", APP, name="alternatives"),
        re_path(r"^back/(?P<x>\w)-(?P=x)$", APP, name="back"),
        format_path("fmt/{n:d}/{s}", APP, name="fmt"),
        format_path("day/{d:ti}", APP, name="day"),
        path("shop/", include((ITEMS, "shop"))),
        path("old/<int:year>/", include((ITEMS, "shop"), namespace="old")),
        path("flat/", include([path("x/", APP, name="flat")])),
        path("nested/<t>/", URLRouter([path("<int:n>/", APP, name="nested")])),
        path("wrapped/", Wrapper(URLRouter([path("w/", APP, name="wrapped")]))),
        path("by/method/", MethodRouter({"GET": APP}), name="by-method"),
        mount("static/<v>", APP, name="static"),
        mount("mounted", URLRouter([path("in/<int:n>", APP, name="in")])),
    ]
)


def lines(*texts: str) -> str:
    """Return a text of several lines."""
    return "\n".join(texts)


DAY = dt.datetime(2026, 11, 21, 7, 9, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "url"),
    [
        ("home", [], {}, "/"),
        ("int", [5], {}, "/int/5/"),
        ("int", ["05"], {}, "/int/05/"),
        ("int", [], {"n": 5}, "/int/5/"),
        ("str", ["a b"], {}, "/str/a%20b/"),
        ("str", ["é?#%2F"], {}, "/str/%C3%A9%3F%23%252F/"),
        ("str", ["a&b=c+d;e:f@g~h!$'()*,"], {}, "/str/a&b=c+d;e:f@g~h!$'()*,/"),
        ("str", ["..."], {}, "/str/.../"),
        ("path", ["a/b c"], {}, "/path/a/b%20c/end"),
        ("path", ["/"], {}, "/path///end"),
        ("uuid", [uuid.UUID(int=7)], {}, "/uuid/00000000-0000-0000-0000-000000000007/"),
        ("signed", [-7], {}, "/signed/m7/"),
        ("two", ["a-b", "c"], {}, "/two/a-b-c/"),
        ("percent", ["1"], {}, "/100%25/1/"),
        ("defaults", [], {"n": "y"}, "/kw/y/"),
        ("defaults", [], {"n": "y", "page": 1}, "/kw/y/"),
        ("defaults", [], {}, "/kw/x/"),
        ("dup", [], {}, "/dup3/"),
        ("dup", [3], {}, "/dup2/3/"),
        ("re", [1, "w"], {}, "/re/1/w/"),
        ("optional", [], {"x": 1}, "/named/1/"),
        ("optional", [], {"x": 1, "y": "z"}, "/named/1/z/"),
        ("classes", ["x"], {}, "/cls/ay0./x"),
        ("back", ["q"], {}, "/back/q-q"),
        ("fmt", [-7, "a b"], {}, "/fmt/-7/a%20b"),
        ("day", [DAY], {}, "/day/2026-11-21T07:09:00+00:00"),
        ("shop:list", [], {}, "/shop/"),
        ("shop:item", [7], {}, "/shop/7/"),
        ("old:item", [], {"year": 2020, "id": 7}, "/old/2020/7/"),
        ("flat", [], {}, "/flat/x/"),
        ("nested", ["a", 7], {}, "/nested/a/7/"),
        ("wrapped", [], {}, "/wrapped/w/"),
        ("by-method", [], {}, "/by/method/"),
        ("static", ["v1"], {}, "/static/v1"),
        ("static", [], {"v": "v1", "path": "/css/a b.css"}, "/static/v1/css/a%20b.css"),
        ("in", [7], {}, "/mounted/in/7"),
    ],
)
def test_urls(name: str, args: Any, kwargs: Any, url: str) -> None:
    """Each URL is what Django's quoting makes of it, and leads back to the route of that name."""
    assert ROUTER.reverse(name, args, kwargs) == url
    found = ROUTER.match(http(unquote(url)))
    assert isinstance(found, Match)
    assert found.scope["route"].name in (name, None)


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "text"),
    [
        ("hom", [], {}, "no route is named 'hom'\nhint: did you mean 'home'?"),
        ("shop:itm", [], {}, "no route is named 'shop:itm'\nhint: did you mean 'shop:item'?"),
        ("shp:item", [], {}, "no namespace is named 'shp'\nhint: did you mean 'shop:item'?"),
        ("item", [], {}, "no route is named 'item'\nhint: did you mean 'old:item'?"),
        (
            "int",
            [],
            {},
            "no URL for 'int' with no arguments\n    /int/<int:n>/ (HERE): missing 'n'",
        ),
        (
            *("int", [-1], {}),
            lines(
                "no URL for 'int' with arguments (-1,)\n    /int/<int:n>/ (HERE): -1 is no int for 'n'"
            ),
        ),
        (
            *("int", [1, 2], {}),
            lines(
                "no URL for 'int' with arguments (1, 2)",
                "    /int/<int:n>/ (HERE): it takes 1 arguments, not 2",
            ),
        ),
        (
            *("int", [], {"n": 1, "x": 2}),
            lines(
                "no URL for 'int' with {'n': 1, 'x': 2}",
                "    /int/<int:n>/ (HERE): it does not take 'x'",
            ),
        ),
        (
            *("signed", [0], {}),
            lines(
                "no URL for 'signed' with arguments (0,)",
                "    /signed/<signed:n>/ (HERE): 0 is no signed for 'n'",
            ),
        ),
        (
            *("two", ["a", "b-c"], {}),
            lines(
                "no URL for 'two' with arguments ('a', 'b-c')",
                "    /two/<a>-<b>/ (HERE): 'two/a-b-c/' leads to other arguments",
            ),
        ),
        (
            *("defaults", [], {"n": "y", "page": 2}),
            lines(
                "no URL for 'defaults' with {'n': 'y', 'page': 2}",
                "    /kw/<n>/ (HERE): 'page' is always 1, not 2",
            ),
        ),
        (
            *("re", ["x", "y"], {}),
            lines(
                "no URL for 're' with arguments ('x', 'y')",
                r"    /^re/(\d+)/(\w+)/$ (HERE): 're/x/y/' does not match it",
            ),
        ),
        (
            *("re", [], {"x": 1}),
            lines(
                "no URL for 're' with {'x': 1}",
                r"    /^re/(\d+)/(\w+)/$ (HERE): it takes 2 arguments, by position",
            ),
        ),
        (
            *("alternatives", [1], {}),
            lines(
                "no URL for 'alternatives' with arguments (1,)",
                r"    /^(?i:alt|b)/(?P<x>\d)$ (HERE): it cannot be reversed: it has alternatives",
            ),
        ),
        (
            *("dup", [1, 2], {}),
            lines(
                "no URL for 'dup' with arguments (1, 2)",
                "    /dup3/ (HERE): it takes 0 arguments, not 2",
                "    /dup2/<a>/ (HERE): it takes 1 arguments, not 2",
                "    /dup1/ (HERE): it takes 0 arguments, not 2",
            ),
        ),
    ],
)
def test_no_urls(name: str, args: Any, kwargs: Any, text: str) -> None:
    """The error says for each route of the name why it does not fit, and where it was written."""
    with pytest.raises(NoReverseMatch) as caught:
        ROUTER.reverse(name, args, kwargs)
    assert re.sub(r"\(\S+test_reverse\.py:\d+\)", "(HERE)", str(caught.value)) == text
    assert caught.value.name == name


@pytest.mark.parametrize(
    ("query", "fragment", "end"),
    [
        ({"a": [1, 2], "b": "x y"}, None, "?a=1&a=2&b=x+y"),
        ([("a", "é"), ("a", "&")], None, "?a=%C3%A9&a=%26"),
        ({}, None, ""),
        (None, "", "#"),
        ({"q": 1}, "a b#é", "?q=1#a%20b%23%C3%A9"),
    ],
)
def test_query_and_fragment(query: Any, fragment: str | None, end: str) -> None:
    """Both are quoted."""
    assert ROUTER.reverse("home", query=query, fragment=fragment) == "/" + end


def test_positional_and_named() -> None:
    """One or the other."""
    with pytest.raises(ValueError, match="not both"):
        ROUTER.reverse("int", [1], {"n": 1})


def test_no_url_leads_to_another_host() -> None:
    """Two slashes in front would be a host."""
    router = URLRouter([path("<path:p>", APP, name="p")])
    assert router.reverse("p", ["/evil.example/x"]) == "/%2Fevil.example/x"
    assert router.reverse("p", ["/evil.example/x"], root_path="/r") == "/r//evil.example/x"
    assert router.reverse("p", ["\\evil.example"]) == "/%5Cevil.example"


def test_from_a_scope() -> None:
    """Below the root path of the outermost router; in the namespace that one is in."""
    for root_path in ("", "/root", "/é"):
        inside: Any = ROUTER.match(http(f"{root_path}/old/2020/7/", root_path=root_path))
        quoted = root_path.replace("é", "%C3%A9")
        assert reverse(inside.scope, "int", [5]) == f"{quoted}/int/5/"
        assert reverse(inside.scope, "shop:item", [2021, 8]) == f"{quoted}/old/2021/8/"
        outside: Any = ROUTER.match(http(f"{root_path}/", root_path=root_path))
        assert reverse(outside.scope, "shop:item", [8]) == f"{quoted}/shop/8/"
        mounted: Any = ROUTER.match(http(f"{root_path}/mounted/in/7", root_path=root_path))
        assert reverse(mounted.scope, "int", [5]) == f"{quoted}/int/5/"
        static: Any = ROUTER.match(http(f"{root_path}/static/v1/x", root_path=root_path))
        assert static.scope["root_path"] == f"{root_path}/static/v1"
        assert reverse(static.scope, "int", [5]) == f"{quoted}/int/5/"
        assert reverse(outside.scope, "int", kwargs={"n": 5}) == f"{quoted}/int/5/"
        url = reverse(outside.scope, "home", query={"q": "a b"}, fragment="f")
        assert url == f"{quoted}/?q=a+b#f"
    for scope in ({"type": "http"}, http("/", route="theirs")):
        with pytest.raises(NoReverseMatch) as caught:
            reverse(scope, "int", [5])
        assert caught.value.name == "int"
        assert str(caught.value) == lines(
            "no URL for 'int': no router has passed on this scope",
            "hint: pass reverse() the scope that the application was called with",
        )


def test_hosts_and_protocols() -> None:
    """A URL through a HostRouter has a host; an http application can ask for a websocket."""
    router = ProtocolTypeRouter(
        {
            "http": HostRouter(
                {"<tenant>.example.com": ROUTER, "www.example.com": URLRouter(ITEMS)}
            ),
            "websocket": URLRouter([path("rooms/<slug:room>/", APP, name="room")]),
        }
    )
    assert router.reverse("room", ["a"]) == "/rooms/a/"
    assert router.reverse("int", [], {"tenant": "acme", "n": 5}) == "//acme.example.com/int/5/"
    assert router.reverse("item", [7]) == "//www.example.com/7/"
    for tenant in ("a.b", "a b", "", "é"):
        with pytest.raises(NoReverseMatch):
            router.reverse("int", [], {"tenant": tenant, "n": 5})
    headers = [(b"host", b"acme.example.com")]
    inside: Any = router.match(http("/int/5/", headers=headers))
    assert reverse(inside.scope, "room", ["a"]) == "/rooms/a/"
    assert reverse(inside.scope, "str", ["x"]) == "/str/x/"
    assert reverse(inside.scope, "item", [7]) == "//www.example.com/7/"
    with pytest.raises(NoReverseMatch, match="did you mean 'room'"):
        reverse(inside.scope, "rooms", ["a"])


def test_unnamed_routes_are_in_no_namespace() -> None:
    """Who asks from a route without a name, or from a name with one letter, is outside of all."""
    instances = [
        path("a/", include((ITEMS, "shop"), namespace="a")),
        path("b/", include((ITEMS, "shop"), namespace="b")),
    ]
    router = URLRouter([*instances, path("none/", APP), path("one/", APP, name="b")])
    for text in ("/none/", "/one/"):
        outside: Any = router.match(http(text))
        assert reverse(outside.scope, "shop:item", [1]) == "/b/1/"
    inside: Any = router.match(http("/a/7/"))
    assert reverse(inside.scope, "shop:item", [1]) == "/a/1/"


def test_namespaces_within_namespaces() -> None:
    """Who asks from the middle of several is in all that are around."""

    def shops() -> list[Any]:
        return [
            path("a/", include((ITEMS, "shop"), namespace="a")),
            path("b/", include((ITEMS, "shop"), namespace="b")),
        ]

    router = URLRouter(
        [
            path("x/", include((shops(), "town"), namespace="x")),
            path("y/", include((shops(), "town"), namespace="y")),
        ]
    )
    for text in ("/x/a/", "/x/b/", "/y/a/", "/y/b/"):
        inside: Any = router.match(http(f"{text}7/"))
        assert reverse(inside.scope, "town:shop:item", [1]) == f"{text}1/"


def test_through_routers_that_have_no_names() -> None:
    """A router by method has none of its own; those around it are found all the same."""
    inner = URLRouter([path("a/", APP, name="a")])
    router = ProtocolTypeRouter(
        {
            "http": MethodRouter({"GET": Wrapper(inner)}),
            "websocket": URLRouter([path("w/", APP, name="w")]),
        }
    )
    inside: Any = inner.match(http("/a/"))
    assert reverse(inside.scope, "w") == router.reverse("w") == "/w/"


def test_the_outermost_router_says_what_is_missing() -> None:
    """Arguments that fit no route of a name are an error of the router that knows the name."""
    inner = URLRouter([path("<int:n>/", APP, name="mine")])
    router = ProtocolTypeRouter(
        {"http": inner, "websocket": URLRouter([path("w/", APP, name="w")])}
    )
    scope: Any = router.match(http("/7/"))
    with pytest.raises(NoReverseMatch) as caught:
        reverse(scope.scope, "mine", ["x"])
    assert len(caught.value.reasons) == 1
    assert reverse(scope.scope, "w") == "/w/"
    with pytest.raises(NoReverseMatch, match="did you mean 'w'"):
        reverse(scope.scope, "ww")


def test_after_a_replacement() -> None:
    """Names are those of the routes that the routers have now."""
    nested = URLRouter([path("a/", APP, name="a")])
    router = URLRouter([path("n/", nested), path("w/", Wrapper(nested))])
    assert router.reverse("a") == "/w/a/"
    nested.replace([path("b/", APP, name="b")])
    assert router.reverse("b") == "/w/b/"
    with pytest.raises(NoReverseMatch):
        router.reverse("a")


def test_a_router_in_itself() -> None:
    """It is looked into so often, and no more."""
    router = URLRouter([])
    router.replace([path("x/", router), path("a/", APP, name="a")])
    assert router.reverse("a") == "/a/"
    with pytest.raises(NoReverseMatch, match="no route is named 'b'"):
        router.reverse("b")
