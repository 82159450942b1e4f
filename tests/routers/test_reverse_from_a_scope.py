"""``reverse(scope, …)``: relative to where one is, then outwards; and what a query may be."""

from typing import Any

import pytest
from starlette.datastructures import QueryParams
from werkzeug.datastructures import MultiDict

from asgi_routes import (
    Child,
    Converters,
    HostRouter,
    Match,
    MethodRouter,
    NoMatch,
    NoReverseMatch,
    ProtocolTypeRouter,
    Router,
    URLRouter,
    include,
    mount,
    path,
    reverse,
)
from tests.spec.driving import Wrapper, call, http, named

pytestmark = pytest.mark.anyio

APP = named("app")
SHOP = URLRouter(
    [
        path("<int:id>/", APP, name="item"),
        path("other/<slug:to>/", APP, name="other"),
        path("in/<lang>/", include([path("<int:id>/", APP, name="page")])),
    ]
)
HOSTS = HostRouter(
    {
        "www.example.com": URLRouter([path("", APP, name="www")]),
        "<tenant>.example.com": URLRouter(
            [path("users/<int:id>/", APP, name="user"), mount("shop", SHOP)]
        ),
        "[::1]": URLRouter([path("local/", APP, name="local")]),
    }
)
TYPES = ProtocolTypeRouter(
    {
        "http": URLRouter([path("chat/", APP, name="chat")]),
        "websocket": URLRouter([path("ws/<room>/", APP, name="chat")]),
    }
)


def at(router: Any, target: str, host: str = "www.example.com") -> Any:
    """Return the scope of what serves a request."""
    found = router.match(http(target, headers=[(b"host", host.encode())]))
    return found.scope


TWO = URLRouter([mount("acme", SHOP), mount("globex", Wrapper(SHOP)), path("up/", APP, name="up")])
TENANTS = URLRouter([mount("<tenant>", SHOP), path("<tenant>/up/<int:n>/", APP, name="up")])
DEEP = URLRouter([mount("a", URLRouter([mount("<b>", SHOP), path("x/", APP, name="x")]))])
BELOW = URLRouter([path("<team>/", URLRouter([path("<int:id>/", APP, name="item")]))])


@pytest.mark.parametrize(
    ("scope", "name", "kwargs", "url"),
    [
        # In the mount that one is in, whatever else the router is mounted at.
        (at(TWO, "/acme/1/"), "item", {"id": 9}, "/acme/9/"),
        (at(TENANTS, "/acme/1/"), "item", {"id": 9}, "/acme/9/"),
        (at(DEEP, "/a/b/1/"), "item", {"id": 9}, "/a/b/9/"),
        # Then outwards.
        (at(TWO, "/acme/1/"), "up", {}, "/up/"),
        (at(DEEP, "/a/b/1/"), "x", {}, "/a/x/"),
        # What the prefix has taken that one is below need not be given, and may be.
        (at(SHOP, "/in/de/7/"), "page", {"id": 8}, "/in/de/8/"),
        (at(SHOP, "/in/de/7/"), "page", {"id": 8, "lang": "fr"}, "/in/fr/8/"),
        (at(BELOW, "/red/1/"), "item", {"id": 2}, "/red/2/"),
        # Of hosts as well; a host that is given, or another one, has the port of the request.
        (at(HOSTS, "/users/1/", "acme.example.com"), "user", {"id": 2}, "/users/2/"),
        (
            at(HOSTS, "/users/1/", "acme.example.com:8000"),
            "user",
            {"tenant": "beta", "id": 2},
            "//beta.example.com:8000/users/2/",
        ),
        (at(HOSTS, "/shop/1/", "acme.example.com"), "item", {"id": 2}, "/shop/2/"),
        (at(HOSTS, "/shop/1/", "acme.example.com"), "user", {"id": 2}, "/users/2/"),
        (at(HOSTS, "/", "www.example.com:80"), "local", {}, "//[::1]:80/local/"),
        # Another route of the name that takes the arguments.
        (at(TYPES, "/chat/"), "chat", {}, "/chat/"),
        (at(TYPES, "/chat/"), "chat", {"room": "a"}, "/ws/a/"),
    ],
)
def test_relative(scope: Any, name: str, kwargs: Any, url: str) -> None:
    assert reverse(scope, name, kwargs=kwargs) == url


async def test_in_a_mount_that_somebody_has_wrapped() -> None:
    """It goes on in the scope that the wrapper hands on."""
    name, scope = (await call(TWO, http("/globex/1/"))).returned
    assert (name, reverse(scope, "item", [9])) == ("app", "/globex/9/")


@pytest.mark.parametrize(
    ("scope", "name", "kwargs", "reasons"),
    [
        # A parameter of the route itself is none of a prefix.
        (at(TENANTS, "/acme/1/"), "item", {}, ["missing 'id'", "missing 'id'"]),
        # Where one is not, nothing is taken from.
        (at(SHOP, "/1/"), "page", {"id": 8}, ["missing 'lang'"]),
        (at(TYPES, "/chat/"), "chat", {"to": 1}, ["it does not take 'to'", "missing 'room'"]),
    ],
)
def test_no_url_from_here(scope: Any, name: str, kwargs: Any, reasons: list[str]) -> None:
    with pytest.raises(NoReverseMatch) as caught:
        reverse(scope, name, kwargs=kwargs)
    assert [reason.partition("): ")[2] for reason in caught.value.reasons] == reasons


def test_routers_around_are_asked_in_order() -> None:
    """The one that was made first goes first, in every process."""
    inner = URLRouter([path("", APP, name="here")])
    around = [
        ProtocolTypeRouter({"http": inner, "websocket": URLRouter([path(f"{n}/", APP, name="x")])})
        for n in range(20)
    ]
    assert reverse(at(inner, "/"), "x") == "/0/"
    del around[0]
    assert reverse(at(inner, "/"), "x") == "/1/"


class Changing(Router):
    """A router of somebody else's, which may lead to other routers at any time."""

    inner = URLRouter([path("old/", APP, name="old")])

    def match(self, scope: Any) -> Match | NoMatch:
        return Match(self.inner, scope)

    def children(self) -> list[Child]:
        return [Child("", self.inner)]


def test_names_that_change() -> None:
    """Those of a table that was replaced, and of what a router of somebody else's leads to."""
    table, foreign = URLRouter([path("old/", APP, name="one")]), Changing()
    router = URLRouter([path("a/", table), mount("b", URLRouter([path("c/", foreign)]))])
    for name, url in (("one", "/a/old/"), ("old", "/b/c/old/")):
        assert router.reverse(name) == url
    table.replace([path("new/", APP, name="one")])
    foreign.inner = URLRouter([path("new/", APP, name="new")])
    for name, url in (("one", "/a/new/"), ("new", "/b/c/new/")):
        assert router.reverse(name) == url
    with pytest.raises(NoReverseMatch, match="no route is named 'old'"):
        router.reverse("old")


def test_hosts_within_levels() -> None:
    """A host stays one, wherever its router stands."""
    inner = HostRouter({"<t>.example.com": URLRouter([path("x/", APP, name="x")])})
    router = URLRouter([path("a/", URLRouter([path("b", MethodRouter({"GET": inner}))]))])
    assert router.reverse("x", kwargs={"t": "acme"}) == "//acme.example.com/a/b/x/"


@pytest.mark.parametrize(
    ("query", "end"),
    [
        ({"a": []}, ""),
        ({}, ""),
        ({"a": [], "b": 1}, "?b=1"),
        (QueryParams("b=2&b=3&c="), "?b=2&b=3&c="),
        (MultiDict([("b", 2), ("c", 4), ("b", 3)]), "?b=2&b=3&c=4"),
        ([("a", 1), ("b", 2), ("a", 3)], "?a=1&b=2&a=3"),
    ],
)
def test_queries(query: Any, end: str) -> None:
    """A multi-dict keeps all values of a key."""
    assert SHOP.reverse("item", [7], query=query) == f"/7/{end}"


def test_a_query_of_django() -> None:
    from django.conf import settings  # noqa: PLC0415 - of interest here only
    from django.http import QueryDict  # noqa: PLC0415

    if not settings.configured:
        settings.configure()
    query = QueryDict("b=2&b=3&c=é")
    assert SHOP.reverse("item", [7], query=query) == "/7/?b=2&b=3&c=%C3%A9"


@pytest.mark.parametrize("root_path", ["/api", "/api/", "api", "//api//"])
def test_root_paths(root_path: str) -> None:
    assert SHOP.reverse("item", [7], root_path=root_path) == "/api/7/"
    assert SHOP.reverse("item", [7], root_path="/") == "/7/"


@pytest.mark.parametrize("name", [None, b"item", 7])
def test_a_name_is_text(name: Any) -> None:
    with pytest.raises(NoReverseMatch, match="a name must be a str"):
        SHOP.reverse(name)


def test_an_error_of_a_converter_is_its_own() -> None:
    """Only ValueError says that a value does not fit."""

    class Failing:
        regex = "[a-z]+"

        def to_python(self, value: str) -> str:
            return value

        def to_url(self, value: Any) -> str:
            raise {"v": ValueError, "t": TypeError, "k": KeyError}[value]

    route = path("<x:x>", APP, name="x", converters=Converters({"x": Failing}))
    router = URLRouter([route])
    for value, error in (("v", NoReverseMatch), ("t", TypeError), ("k", KeyError)):
        with pytest.raises(error):
            router.reverse("x", [value])


def test_a_route_is_no_namespace() -> None:
    router = URLRouter([mount("users", SHOP, name="users")])
    with pytest.raises(NoReverseMatch) as caught:
        router.reverse("users:item", [1])
    assert str(caught.value) == ("'users' is a route, and no namespace\nhint: did you mean 'item'?")
