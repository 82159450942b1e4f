"""MethodRouter and ``methods``: by method, without ending the search for another route."""

from typing import Any

import pytest

from asgi_routes import (
    ImproperlyConfigured,
    MethodRouter,
    NoRouteFound,
    URLRouter,
    format_path,
    include,
    path,
    re_path,
)
from tests.spec.driving import Wrapper, call, http, named

pytestmark = pytest.mark.anyio

A, B, C, D = map(named, "ABCD")
ROUTER = URLRouter(
    [
        path("a/", MethodRouter({"GET": A, "POST": B})),
        path("<x>/", MethodRouter({"DELETE": C}, options=False)),
        path("b/", Wrapper(MethodRouter({"GET": D}))),
        path("c/", MethodRouter({"GET": A}, head=False, options=False)),
    ]
)
SHORT = URLRouter(
    [
        path("a/", A, methods=["GET"]),
        re_path(r"^a/$", B, methods={"POST"}),
        format_path("{x:l}/", C, methods=("DELETE",)),
        path("b/", Wrapper(URLRouter([path("", D)])), methods=["GET"]),
        path("c/", URLRouter([path("", A)]), methods=["GET"]),
        path("d/", include([path("", A, methods=["GET"]), path("", B, {"k": 1}, methods=["PUT"])])),
    ]
)


@pytest.mark.parametrize(
    ("method", "text", "name"),
    [
        ("GET", "/a/", "A"),
        ("HEAD", "/a/", "A"),
        ("POST", "/a/", "B"),
        ("DELETE", "/a/", "C"),
        ("DELETE", "/b/", "C"),
        ("GET", "/b/", "D"),
    ],
)
async def test_served(method: str, text: str, name: str) -> None:
    """Each method is served by the first route for the path that has it."""
    for router in (ROUTER, SHORT):
        outcome = await call(router, http(text, method=method))
        assert outcome.returned[0] == name
        assert outcome.returned[1]["route"].path == outcome.scope["route"].path


async def test_short_forms() -> None:
    """``methods`` of a route are a MethodRouter around its target, whatever that is."""
    for text, method, name in [
        ("/c/", "GET", "A"),
        ("/d/", "HEAD", "A"),
        ("/d/", "PUT", "B"),
    ]:
        outcome = await call(SHORT, http(text, method=method))
        assert outcome.returned[0] == name
        assert outcome.returned[1]["url_route"]["kwargs"] == ({"k": 1} if method == "PUT" else {})
    for text, allow in [
        ("/c/", b"DELETE, GET, HEAD, OPTIONS"),
        ("/d/", b"DELETE, GET, HEAD, OPTIONS, PUT"),
    ]:
        start = (await call(SHORT, http(text, method="POST"))).sent[0]
        assert (start["status"], dict(start["headers"])[b"allow"]) == (405, allow)
    nested = URLRouter([path("n/", SHORT), path("n/a/", D)])
    assert (await call(nested, http("/n/a/", method="PUT"))).returned[0] == "D"
    for method in (None, ["GET"], b"GET", 5):
        assert not SHORT.match(http("/a/", method=method))


@pytest.mark.parametrize(
    ("method", "text", "status", "allow"),
    [
        ("PUT", "/a/", 405, b"DELETE, GET, HEAD, OPTIONS, POST"),
        ("get", "/a/", 405, b"DELETE, GET, HEAD, OPTIONS, POST"),
        ("OPTIONS", "/a/", 204, b"DELETE, GET, HEAD, OPTIONS, POST"),
        ("PUT", "/b/", 405, b"DELETE, GET, HEAD, OPTIONS"),
        ("HEAD", "/c/", 405, b"DELETE, GET"),
        ("OPTIONS", "/c/", 405, b"DELETE, GET"),
        ("GET", "/nowhere", 404, None),
    ],
)
async def test_answered(method: str, text: str, status: int, allow: bytes | None) -> None:
    """Allow is the sorted union over all routes that fit the path (RFC 9110, 15.5.6)."""
    start, _ = (await call(ROUTER, http(text, method=method))).sent
    assert start["status"] == status
    assert dict(start["headers"]).get(b"allow") == allow
    assert (b"content-length" in dict(start["headers"])) is (status != 204)


@pytest.mark.parametrize("wrap", [lambda app: app, Wrapper], ids=["bare", "wrapped"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS"])
async def test_a_router_behind_one_method_knows_the_others(method: str, wrap: Any) -> None:
    """Also where its wrapper is called, and the search has ended."""
    get, post = URLRouter([path("x", A)]), URLRouter([path("y", B)])
    router = MethodRouter({"GET": wrap(get), "POST": wrap(post)})
    outer = URLRouter([path("m/", router)])
    for app, text in ((router, "/y"), (outer, "/m/y")):
        start, _ = (await call(app, http(text, method=method))).sent
        assert start["status"] == (204 if method == "OPTIONS" else 405)
        assert dict(start["headers"])[b"allow"] == b"OPTIONS, POST"


async def test_alone_and_with_defaults() -> None:
    """It serves by itself; a default of its own ends the search; None raises."""
    assert (await call(MethodRouter({"GET": A}), http("/"))).returned[0] == "A"
    router = URLRouter([path("", MethodRouter({"GET": A}, default=B)), path("", C)])
    assert (await call(router, http("/", method="PUT"))).returned[0] == "B"
    with pytest.raises(NoRouteFound) as caught:
        await call(MethodRouter({"GET": A}, default=None), http("/", method="PUT"))
    assert caught.value.allowed == {"GET", "HEAD", "OPTIONS"}


async def test_other_protocols() -> None:
    """A websocket has no method: it is a miss, and no method would have helped."""
    scope: Any = {"type": "websocket", "path": "/a/", "extensions": {"websocket.http.response": {}}}
    outcome = await call(ROUTER, scope, [{"type": "websocket.connect"}])
    assert outcome.sent[0]["status"] == 404
    assert not MethodRouter({"GET": A}).match({"type": "http", "method": ["GET"]})


def test_mistakes() -> None:
    """A method in small letters would never match."""
    with pytest.raises(ImproperlyConfigured, match="write 'GET'"):
        MethodRouter({"get": A})
    for methods, said in [
        (["get"], "write 'GET'"),
        ("GET", r"write \['GET'\]"),
        ([], "never match"),
        ([b"GET"], "a str"),
        (5, "list"),
    ]:
        with pytest.raises(ImproperlyConfigured, match=said):
            path("a/", A, methods=methods)  # type: ignore[arg-type]
    with pytest.raises(ImproperlyConfigured, match="pass methods to each of its routes"):
        path("a/", include([]), methods=["GET"])


def test_children() -> None:
    """What is there is shown; what follows from it is not."""
    assert [child.key for child in MethodRouter({"GET": A}).children()] == ["GET"]
    with_default = MethodRouter({"GET": A}, default=A)
    assert [child.key for child in with_default.children()] == ["GET", "default"]


@pytest.mark.parametrize(
    ("router", "text"), [(ROUTER, "/a/"), *((SHORT, f"/{one}/") for one in "abcd")]
)
async def test_only_http_has_methods(router: URLRouter, text: str) -> None:
    """A method in any other scope says nothing, in whichever shape the table is."""
    assert router.match(http(text, method="GET"))
    assert not router.match(http(text, method="GET", type="websocket"))
