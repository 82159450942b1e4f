"""URLRouter: slashes, root paths, nesting, includes, mounts, and the child scope."""

import sys
from types import ModuleType
from typing import Any

import pytest

from asgi_routes import (
    Match,
    NoMatch,
    NoRouteFound,
    ProtocolTypeRouter,
    URLRouter,
    include,
    mount,
    path,
    re_path,
    route_path,
)
from asgi_routes.inspection import inspect
from tests.spec.driving import Wrapper, call, http, named

pytestmark = pytest.mark.anyio

A, B, C, D, E = map(named, "ABCDE")


def answer(router: Any, scope: Any) -> Any:
    """Return the name of what serves a scope, its url_route and path_remaining; None for a miss."""
    found = router.match(scope)
    if not found:
        return None
    route = found.scope["url_route"]
    return found.app.__qualname__, route["args"], route["kwargs"], found.scope["path_remaining"]


SLASHES = URLRouter([path("", A), path("foo/", B), re_path("bar", C), path("foo/", D)])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("/", "A"),
        ("", "A"),
        ("//", None),
        ("/foo/", "B"),
        ("foo/", "B"),
        ("//foo/", None),
        ("/foo", None),
        ("/foo//", None),
        ("/FOO/", None),
        ("/x/bar/y", "C"),
        ("/foo/\n", None),
        ("/foo/?x=1", None),
        ("/%66oo/", None),
        (" /foo/", None),
        ("\\foo/", None),
        ("*", None),
        ("http://h/foo/", None),
        ("\ud800", None),
        ("\0", None),
        (b"/foo/", None),
        (None, None),
        (5, None),
    ],
)
def test_slashes(text: object, name: str | None) -> None:
    """One leading slash is taken off; nothing else is; whatever a path is, nothing is raised."""
    found = SLASHES.match({"type": "http", "path": text})
    assert (found.app.__qualname__ if found else None) == name


@pytest.mark.parametrize("scope", [{"type": "http"}, {"path": "/x", "path_remaining": None}])
def test_no_path(scope: Any) -> None:
    """A scope without a path is a miss that says so."""
    found = SLASHES.match(scope)
    assert not found
    assert found.reason.startswith("No 'path' in the scope")


@pytest.mark.parametrize("kind", ["http", "websocket", "mqtt", None])
def test_the_type_is_not_looked_at(kind: str | None) -> None:
    """Any scope with a path is routed."""
    assert SLASHES.match({"type": kind, "path": "/foo/"})


@pytest.mark.parametrize(
    ("root_path", "text", "lenient", "strict"),
    [
        ("/root", "/root/foo/", "B", "B"),
        ("/root", "/rootfoo/", None, None),
        ("/root", "/root", "A", "A"),
        ("/root/", "/root/foo/", "B", "B"),
        ("/root/", "/root", "A", "A"),
        ("/root", "/foo/", "B", None),
        ("/root", "/ROOT/foo/", None, None),
        ("/root", "//root/foo/", None, None),
        ("/root", "/root//foo/", None, None),
        ("root", "/root/foo/", None, None),
        ("/", "/foo/", "B", "B"),
        ("", "/foo/", "B", "B"),
        (None, "/foo/", "B", "B"),
        ("/a.b", "/axb/foo/", None, None),
        ("/a(", "/a(/foo/", "B", "B"),
    ],
)
def test_root_path(
    root_path: str | None, text: str, lenient: str | None, strict: str | None
) -> None:
    """The root path ends at a segment; a path outside it is a miss only when strict."""
    for expected, is_strict in ((lenient, False), (strict, True)):
        router = URLRouter(
            [path("", A), path("foo/", B)], root_path="in_path" if is_strict else "auto"
        )
        found = router.match({"path": text, "root_path": root_path})
        assert (found.app.__qualname__ if found else None) == expected


def test_root_path_is_for_the_outermost_router() -> None:
    """Where an outer router has taken its part, the root path is not taken again."""
    scope = {"path": "/x", "root_path": "/root", "path_remaining": "foo/"}
    assert URLRouter([path("foo/", B)], root_path="in_path").match(scope)


INNER = URLRouter(
    [
        re_path(r"^p/(\d+)/$", A),
        re_path(r"^k/(?P<x>\d+)/$", B),
        path("i/<int:x>/", C, {"d": "in"}),
        path("", D),
    ]
)
OUTER = URLRouter(
    [
        path("n/<int:x>/", INNER, {"d": "out"}),
        re_path(r"^r/(\w+)/", INNER),
        re_path(r"^m/(?P<u>\w+)/", INNER),
        path("bare", INNER),
        re_path("^end/$", INNER),
        path("n/<int:x>/late/", E),
    ]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/n/1/p/2/", ("A", ("2",), {"x": 1, "d": "out"}, "")),
        ("/n/1/k/2/", ("B", (), {"x": "2", "d": "out"}, "")),
        ("/n/1/i/2/", ("C", (), {"x": 2, "d": "in"}, "")),
        ("/n/1/", ("D", (), {"x": 1, "d": "out"}, "")),
        ("/r/w/p/2/", ("A", ("w", "2"), {}, "")),
        ("/r/w/k/3/", ("B", ("w",), {"x": "3"}, "")),
        ("/m/w/p/2/", ("A", ("2",), {"u": "w"}, "")),
        ("/barek/3/", None),
        ("/bare/k/3/", ("B", (), {"x": "3"}, "")),
        ("/bare//k/3/", None),
        ("/n/1//k/2/", None),
        ("/n/1///k/2/", None),
        ("/end/", ("D", (), {}, "")),
        ("/end/k/3/", None),
        ("/n/1/late/", ("E", (), {"x": 1}, "")),
    ],
)
def test_nesting(text: str, expected: object) -> None:
    """A nested router is asked on what is left; what it misses goes on behind it."""
    assert answer(OUTER, http(text)) == expected


def test_nested_parameters_keep_their_places() -> None:
    """An overwritten parameter stays where it was; outer ones come first."""
    inner = URLRouter([path("<b>/<q>/", A, {"a": 2})])
    router = URLRouter([path("<z>/<m>/<b>/<a>/", inner, {"m": 1})])
    found = router.match(http("/z/m/b/a/B/Q/"))
    assert found
    assert list(found.scope["url_route"]["kwargs"].items()) == [
        ("z", "z"),
        ("m", 1),
        ("b", "B"),
        ("a", 2),
        ("q", "Q"),
    ]


def test_child_scope() -> None:
    """The child scope is a new dict that differs in four keys; what was received is as it was."""
    extensions: dict[str, Any] = {}
    scope = http("/users/7/x", extensions=extensions, path_params={"old": 1})
    before = dict(scope)
    found = URLRouter([re_path(r"^users/(?P<id>\d+)/", A, name="user")]).match(scope)
    assert found
    child = found.scope
    assert scope == before
    assert type(child) is dict
    assert {key for key in child if child[key] is not scope.get(key)} == {
        "url_route",
        "path_remaining",
        "path_params",
        "route",
    }
    assert child["url_route"] == {"args": (), "kwargs": {"id": "7"}}
    assert child["path_remaining"] == "x"
    assert child["path_params"] == {"old": 1, "id": "7"}
    assert child["path_params"] is not child["url_route"]["kwargs"]
    assert child["extensions"] is extensions
    route = child["route"]
    assert (route.path, route.path_format, route.name) == (
        r"/^users/(?P<id>\d+)/",
        "/users/{id}/",
        "user",
    )


@pytest.mark.parametrize("text", ["", "<int:n>/"])
@pytest.mark.parametrize("has_route", [False, True])
@pytest.mark.parametrize("has_params", [False, True])
def test_parameters_from_around(text: str, *, has_route: bool, has_params: bool) -> None:
    """What a framework around has left in the scope stays, whichever of the two keys it knows."""
    scope = http("/7/" if text else "/")
    own = {"n": 7} if text else {}
    outer_args, outer = (), {}
    if has_route:
        scope["url_route"] = {"args": (1,), "kwargs": {"k": 2}}
        outer_args, outer = (1,), {"k": 2}
    if has_params:
        scope["path_params"] = {"p": 3}
    found = URLRouter([path(text, A)]).match(scope)
    assert found
    assert found.scope["url_route"] == {"args": outer_args, "kwargs": {**outer, **own}}
    params = {"p": 3} if has_params else {}
    assert found.scope["path_params"] == {**params, **outer, **own}


@pytest.mark.parametrize("route", [path("a/", A), path("<x>/", A), path("a/", A, methods=["GET"])])
def test_plain_requests_go_the_short_way(route: Any) -> None:
    """What most requests are is decided in one function; the others say the same at length."""
    router = URLRouter([route])
    called: list[str] = []

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            called.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        found = router.match(http("/a/"))
    finally:
        sys.setprofile(None)
    assert found
    assert any("match" in name for name in called)
    assert not {"search", "match_directly", "branches"} & {*called}


def test_hits() -> None:
    """All that matches a path is there to be looked at, in order."""
    router = URLRouter([path("a/", A), re_path("^a", B), path("b/", C)])
    assert [(hit[0].target.app, hit[3]) for hit in router.hits("a/")] == [(A, ""), (B, "/")]
    assert [*router.hits("c/")] == []


async def test_received_scope_gets_the_route() -> None:
    """After the call, the received scope has ``route``, with the template over all levels."""
    inner = URLRouter([path("<int:id>/", A, name="inner"), path("", B)])
    router = ProtocolTypeRouter(
        {"http": URLRouter([path("v1/", inner, name="outer"), path("v2/", Wrapper(inner))])}
    )
    for text, template, name in [
        ("/v1/7/", "/v1/{id}/", "inner"),
        ("/v1/", "/v1/", "outer"),
        ("/v2/7/", "/v2/{id}/", "inner"),
        ("/v2/", "/v2/", None),
    ]:
        scope = http(text)
        for _ in range(2):  # A scope that is used again is no child scope.
            await call(router, scope)
            assert (scope["route"].path_format, scope["route"].name) == (template, name)
        assert set(scope) == {*http(text), "route"}


async def test_a_miss_leaves_no_route() -> None:
    """Where nothing has served, no route is named, though one was tried."""
    router = URLRouter([path("v2/", Wrapper(URLRouter([path("x/", A)])))])
    scope = http("/v2/y/")
    await call(router, scope)
    assert "route" not in scope


def test_routes_are_values() -> None:
    """Nothing of the caller's is kept live, and a route serves in any number of tables."""
    defaults = {"d": 1}
    route = path("x/", A, defaults)
    routes = [route]
    first, second = URLRouter(routes), URLRouter([path("nested/", URLRouter(routes)), route])
    routes.clear()
    defaults["d"] = 2
    assert answer(first, http("/x/")) == ("A", (), {"d": 1}, "")
    assert answer(second, http("/nested/x/")) == ("A", (), {"d": 1}, "")
    found = first.match(http("/x/"))
    assert found
    found.scope["url_route"]["kwargs"]["d"] = 3
    assert answer(first, http("/x/")) == ("A", (), {"d": 1}, "")
    with pytest.raises(TypeError):
        route.kwargs["d"] = 4  # type: ignore[index]
    with pytest.raises(AttributeError):
        route.name = "x"  # type: ignore[misc]
    generated = URLRouter(path(text, A) for text in ("a", "b"))
    assert generated.match(http("/b"))
    assert generated.match(http("/b"))


def test_routers_in_many_places_are_not_copied_without_end() -> None:
    """Each level doubles the ways; the table does not."""
    router = URLRouter([path("", A)])
    for _ in range(15):
        router = URLRouter([path("a/", router), path("b/", router)])
    assert len(router._table.rows) < 2000
    found = router.match(http("/" + "a/b/b/" * 5))
    assert found
    assert found.app is A
    assert found.scope["route"].path == "/" + "a/b/b/" * 5
    assert not router.match(http("/" + "a/b/b/" * 4))


def test_subclasses_are_asked() -> None:
    """A nested router that matches in its own way does so in a table, too."""

    class Never(URLRouter):
        def match(self, scope: Any) -> NoMatch:
            return NoMatch("never")

    router = URLRouter([path("a/", Never([path("x", A)])), path("a/x", B)])
    assert router.match(http("/a/x")).app is B  # type: ignore[union-attr]


def test_include_is_no_router() -> None:
    """Included routes stand under the very text of the prefix: no slash is taken off."""
    router = URLRouter(
        [
            path("bare", include([path("k/", A), path("/k/", B)])),  # asgi-routes: ignore[R203]
            re_path(r"^r/(\w+)/", include([re_path(r"^(\d+)/$", C), path("<n>/", D)])),
            path("r/<x>/<y>/", E),
        ]
    )
    assert answer(router, http("/barek/")) == ("A", (), {}, "")
    assert answer(router, http("/bare/k/")) == ("B", (), {}, "")
    assert answer(router, http("/bare//k/")) is None
    assert answer(router, http("/r/w/1/")) == ("C", ("w", "1"), {}, "")
    assert answer(router, http("/r/w/x/")) == ("D", (), {"n": "x"}, "")


def test_include_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list, a module, its name, and a pair with the application's name."""
    module = ModuleType("shop_urls")
    vars(module).update(urlpatterns=[path("<int:id>/", A, name="item")], app_name="shop")
    monkeypatch.setitem(sys.modules, "shop_urls", module)
    for included, name in [
        (include(module.urlpatterns), "item"),
        (include(module), "shop:item"),
        (include("shop_urls"), "shop:item"),
        (include("shop_urls", namespace="second"), "second:item"),
        (include((module.urlpatterns, "other")), "other:item"),
        (include((module, "other"), namespace="third"), "third:item"),
    ]:
        found = URLRouter([path("shop/", included)]).match(http("/shop/7/"))
        assert isinstance(found, Match)
        assert found.scope["route"].name == name
        assert found.scope["route"].path == "/shop/<int:id>/"


def test_mounts_nest_with_routers() -> None:
    """A mounted router takes its path from the root path; a mount below a router knows both."""
    deepest = URLRouter([mount("c", A)])
    router = URLRouter(
        [mount("a", URLRouter([path("b/", deepest), path("x/", B)])), path("a/y/", C)]
    )
    found = router.match(http("/a/b/c/rest"))
    assert found
    assert found.scope["root_path"] == "/a/b/c"
    assert found.scope["route"].path == "/a/b/c"
    assert router.match(http("/a/x/"))
    assert not router.match(http("/a/y/"))  # Everything below its prefix belongs to the mount.
    assert not router.match(http("/a/z/"))


def test_route_path_is_what_routers_compare() -> None:
    """A guard that uses route_path() sees what the routes of the router behind it see."""
    seen = []

    class Guard(Wrapper):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
            seen.append(route_path(scope))
            return await super().__call__(scope, receive, send)

    router = Guard(URLRouter([path("api/", Guard(URLRouter([path("users/", A)])))]))
    scope = http("/root/api/users/", root_path="/root")
    coroutine = router(scope, None, None)
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert seen == ["/api/users/", "/users/"]


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (http("/nope"), ()),
        (http("/a/", method="PUT"), ("GET", "HEAD", "OPTIONS")),
        (http("/a/", method="OPTIONS"), ("GET", "HEAD", "OPTIONS")),
        (http("/a"), ()),
        ({"type": "websocket", "path": "/nope"}, ()),
        ({"type": "other", "path": "/nope"}, ()),
    ],
    ids=["404", "405", "204", "308", "websocket", "other"],
)
async def test_default_none_raises(scope: Any, allowed: tuple[str, ...]) -> None:
    """As the routers of Channels do, which answer nothing by themselves."""
    router = URLRouter([path("a/", A, methods=["GET"])], default=None, slashes="redirect")
    for app in (router, URLRouter([path("", router)]), URLRouter([mount("", Wrapper(router))])):
        with pytest.raises(NoRouteFound) as caught:
            await call(app, scope)
        text = f"{scope['path'][1:]!r}"
        said = f"Path {text} has no route" if allowed else f"No route found for path {text}"
        assert str(caught.value).startswith(said)
        assert isinstance(caught.value, ValueError)
        assert isinstance(caught.value, LookupError)
        assert caught.value.allowed == set(allowed)


def test_children() -> None:
    """Everything that a router can lead to is there to see."""
    route = path("b/", A)
    router = URLRouter([path("a/", include([route])), mount("m", B)], default=C)
    assert [(child.key, child.app) for child in router.children()] == [
        ("a/b/", A),
        ("m", B),
        ("default", C),
    ]
    assert next(iter(router.children())).route is route
    inner = URLRouter([route])
    assert next(child.app for child in URLRouter([path("n/", inner)]).children()) is inner


def test_subclass_lists_its_routes() -> None:
    """What a class names ``routes`` is what it gives us, not what we have read from it."""

    class Site(URLRouter):
        routes = [path("a/", named("a"), name="a")]  # type: ignore[assignment]  # noqa: RUF012

        def __init__(self) -> None:
            super().__init__(self.routes)

    site = Site()
    site.replace([path("b/", named("b"), name="b")])
    assert site.match("/b/")
    assert not site.match("/a/")
    assert [route.name for route in site.declarations] == ["b"]
    assert [node.key for node in inspect(site).children] == ["b/"]
