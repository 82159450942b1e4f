"""The last slash of a path, and slashes that a client has encoded."""

import re
from typing import Any
from urllib.parse import unquote

import pytest

from asgi_routes import (
    Converters,
    ImproperlyConfigured,
    MethodRouter,
    URLRouter,
    format_path,
    mount,
    path,
    re_path,
)
from asgi_routes.inspection import explain
from tests.spec.driving import Wrapper, call, http, named

pytestmark = pytest.mark.anyio

A, B, C, D = map(named, "ABCD")


def routes() -> list[Any]:
    """Return routes with and without a slash at the end."""
    return [
        path("with/", A),
        path("without", B),
        path("users/<int:id>/", C),
        path("get/", MethodRouter({"GET": D})),
        path("nested/", URLRouter([path("x/", A), path("", B)])),
        path("wrapped/", Wrapper(URLRouter([path("x/", A)]))),
        mount("m", D),
        path("both", A),
        path("both/", B),
    ]


@pytest.mark.parametrize(
    ("text", "method", "location"),
    [
        ("/with", "GET", "/with/"),
        ("/with", "POST", "/with/"),
        ("/without/", "GET", "/without"),
        ("/users/7", "HEAD", "/users/7/"),
        ("/users/x", "GET", None),
        ("/nested", "GET", "/nested/"),
        ("/nested/x", "GET", "/nested/x/"),
        ("/get", "GET", "/get/"),
        ("/get", "POST", None),
        ("/nowhere", "GET", None),
        ("/with//", "GET", None),
        ("//with", "GET", None),
        ("*", "OPTIONS", None),
        ("", "GET", None),
    ],
)
async def test_redirect_and_both(text: str, method: str, location: str | None) -> None:
    """A path with a slash too many or too few is redirected, or served, where one asks for it."""
    scope = http(text, method=method, query_string=b"a=1&b=%20")
    assert not URLRouter(routes()).match(scope)
    start = (await call(URLRouter(routes(), slashes="redirect"), scope)).sent[0]
    assert start["status"] == (308 if location else 404)
    expected = location.encode() + b"?a=1&b=%20" if location else None
    assert dict(start["headers"]).get(b"location") == expected
    both = URLRouter(routes(), slashes="both").match(scope)
    assert bool(both) is (location is not None)
    if both and location:
        assert both.app is URLRouter(routes()).match(http(location, method=method)).app  # type: ignore[union-attr]


@pytest.mark.parametrize("slashes", ["strict", "redirect", "both"])
async def test_the_very_path_goes_first(slashes: Any) -> None:
    """Where both spellings have a route, each is served as it is."""
    router = URLRouter(routes(), slashes=slashes)
    assert (await call(router, http("/both"))).returned[0] == "A"
    assert (await call(router, http("/both/"))).returned[0] == "B"
    for text in ("/m", "/m/"):
        assert router.match(http(text)).scope["root_path"] == "/m"  # type: ignore[union-attr]


async def test_a_redirect_goes_before_405() -> None:
    """A path that is there with another method is sent to where the method is."""
    router = URLRouter(
        [path("a", MethodRouter({"GET": A})), path("a/", MethodRouter({"PUT": B}))],
        slashes="redirect",
    )
    assert (await call(router, http("/a", method="PUT"))).sent[0]["status"] == 308
    assert (await call(router, http("/a", method="POST"))).sent[0]["status"] == 405


async def test_only_http_is_redirected() -> None:
    """A websocket cannot be: it is a miss."""
    router = URLRouter(routes(), slashes="redirect")
    scope: Any = {"type": "websocket", "path": "/with"}
    assert (await call(router, scope, [{"type": "websocket.connect"}])).types == ["websocket.close"]
    assert URLRouter(routes(), slashes="both").match(scope).app is A  # type: ignore[union-attr]


async def test_a_default_comes_after_the_redirect() -> None:
    """A path that only lacks a slash is redirected, and no application has it; nested too."""
    nested = URLRouter([path("a/", A)], slashes="redirect", default=C)
    for router, text in ((nested, "/a"), (URLRouter([path("n/", nested)]), "/n/a")):
        outcome = await call(router, http(text))
        assert dict(outcome.sent[0]["headers"])[b"location"] == f"{text}/".encode()


async def test_policies_stay_with_their_routers() -> None:
    """A nested router that redirects does so inside one that does not, and the other way round."""
    lenient = URLRouter([path("a/", A)], slashes="redirect")
    strict = URLRouter([path("a/", A)])
    router = URLRouter([path("lenient/", lenient), path("strict/", strict)])
    assert (await call(router, http("/lenient/a"))).sent[0]["status"] == 308
    assert (await call(router, http("/strict/a"))).sent[0]["status"] == 404
    behind = URLRouter([path("lenient/", lenient), path("lenient/a", B)])
    assert (await call(behind, http("/lenient/a"))).returned[0] == "B"
    hidden = URLRouter([path("lenient/", Wrapper(lenient))])
    assert (await call(hidden, http("/lenient/a"))).sent[0]["status"] == 308


@pytest.mark.parametrize("wrap", [lambda app: app, Wrapper], ids=["bare", "wrapped"])
@pytest.mark.parametrize(
    ("slashes", "method", "status"),
    [
        ("both", "PUT", 405),
        ("both", "OPTIONS", 204),
        ("redirect", "PUT", 404),
        ("redirect", "OPTIONS", 308),
        ("strict", "PUT", 404),
        ("strict", "OPTIONS", 404),
    ],
)
async def test_another_spelling_of_what_is_behind_a_boundary(
    slashes: Any, method: str, status: int, wrap: Any
) -> None:
    """It answers a wrong method as it would without one."""
    inner = wrap(URLRouter([path("", A, methods=["GET"])]))
    for route in (path("m/", inner), path("m/", URLRouter([mount("", inner)]))):
        start = (await call(URLRouter([route], slashes=slashes), http("/m", method=method))).sent[0]
        assert start["status"] == status
        if status in (405, 204):
            assert dict(start["headers"])[b"allow"] == b"GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("text", "raw", "location"),
    [
        ("//evil.example", None, "/%2Fevil.example/"),
        ("///evil.example", None, "/%2Fevil.example/"),
        ("//evil.example", b"//evil.example", "/%2Fevil.example/"),
        ("/\\evil.example", None, "/%5Cevil.example/"),
        ("/\\evil.example", b"/\\evil.example", "/%5Cevil.example/"),
        ("//evil.example", b"/%2Fevil.example", "/%2Fevil.example/"),
        ("//evil.example", b"%2F/evil.example", "/%2Fevil.example/"),
        ("//evil.example", b"%2f%2fevil.example", "/%2Fevil.example/"),
        ("/a/b", b"%2Fa%2Fb", "/a/b/"),
        ("/%2Fevil", b"/%252Fevil", "/%252Fevil/"),
        ("/a?b#c%", b"/a%3Fb%23c%25", "/a%3Fb%23c%25/"),
        ("/a?b#c%", None, "/a%3Fb%23c%25/"),
        ("/a\r\nset-cookie: x", b"/a%0D%0Aset-cookie:%20x", "/a%0D%0Aset-cookie:%20x/"),
        ("/a\r\nset-cookie: x", None, "/a%0D%0Aset-cookie:%20x/"),
        ("/a\r\nb", b"/a\r\nb", "/a%0D%0Ab/"),
        ("/é", b"/%c3%a9", "/%c3%a9/"),
        ("/\udcff", None, "/%3F/"),
        ("http://evil.example/x", None, None),
        ("evil.example", None, None),
    ],
)
async def test_nobody_is_sent_to_another_host(
    text: str, raw: bytes | None, location: str | None
) -> None:
    """CVE-2018-14574, CVE-2021-21330: a location is a path, with one slash in front, all quoted."""
    router = URLRouter([re_path(r"^(?s:.)*[^/]/$", A)], slashes="redirect")
    outcome = await call(router, http(text, raw_path=raw, query_string=b'x=\r\n"<\xff>'))
    found = dict(outcome.sent[0]["headers"]).get(b"location")
    if location is None:
        assert outcome.sent[0]["status"] == 404
        return
    assert found is not None
    assert found.decode() == location + "?x=%0D%0A%22%3C%FF%3E"
    assert unquote(location).rstrip("/").lstrip("/") == text.replace("\udcff", "?").lstrip("/")


@pytest.mark.parametrize("root_path", ["/root", "root"])
async def test_a_root_path_is_in_the_location(root_path: str) -> None:
    """A path that does not have it gets it, and a slash in front of it where the server has none."""
    router = URLRouter([path("a/", A)], slashes="redirect")
    outcome = await call(router, http("/a", root_path=root_path))
    assert dict(outcome.sent[0]["headers"])[b"location"] == b"/root/a/"


@pytest.mark.parametrize("root_path", ["http://evil.example", "evil.example", "//evil.example"])
async def test_nobody_is_sent_to_a_root_path(root_path: str) -> None:
    """CVE-2026-44546: Daphne takes the root path from a header that any client can send."""
    outcome = await call(
        URLRouter(routes(), slashes="redirect"), http("/with", root_path=root_path)
    )
    found = dict(outcome.sent[0]["headers"])[b"location"]
    assert re.fullmatch(rb"/(?!/)[!-~]*evil.example/with/", found)


@pytest.mark.parametrize(
    ("raw", "encoded_slashes", "location"),
    [
        (b"/a/", "decode", b"/a"),
        (b"/a%2F", "decode", b"/a"),
        (b"%2fa%2f", "decode", b"/a"),
        (b"/n/%61", "decode", b"/n/%61/"),
        (b"%2Fn/a", "decode", b"/n/a/"),
        (b"/a/", "preserve", b"/a"),
        (b"/n/a%2F", "preserve", b"/n/a%2F/"),
    ],
)
async def test_a_redirect_leads_to_a_route(
    raw: bytes, encoded_slashes: Any, location: bytes
) -> None:
    """However the slashes of a path are spelled, who follows the redirect arrives."""
    router = URLRouter(
        [path("<x>", A), path("n/<x>/", B)], slashes="redirect", encoded_slashes=encoded_slashes
    )
    outcome = await call(router, http(unquote(raw.decode()), raw_path=raw))
    assert dict(outcome.sent[0]["headers"])[b"location"] == location
    assert router.match(http(unquote(location.decode()), raw_path=location))


class Parts:
    """A converter that sees the slashes in its text."""

    regex = "[^/]+"

    def to_python(self, value: str) -> list[str]:
        return value.split("/")

    def to_url(self, value: list[str]) -> str:
        return "/".join(value)


PARTS = Converters({"parts": Parts})

ENCODED = [
    path("a/<x>/b", A),
    path("int/<int:x>", A),
    path("slug/<slug:x>", A),
    path("parts/<parts:x>", A, converters=PARTS),
    re_path(r"^re/([^/]+)/([^/]+)$", A),
    re_path(r"^named/(?P<x>[^/]+)$", A),
    format_path("format/{x}", A),
    path("nested/<x>/", URLRouter([path("<y>/", A)], encoded_slashes="preserve")),
    path("decoding/<x>/", URLRouter([path("<y>", A)])),
    path("decoded/<x>/", URLRouter([path("<y>", A)], encoded_slashes="decode")),
    path("wrapped/<x>/", Wrapper(URLRouter([path("<y>/", A)], encoded_slashes="preserve"))),
    mount("m/<x>", A),
    path("rest/<path:x>", A),
]


@pytest.mark.parametrize(
    ("raw", "params"),
    [
        (b"/a/1%2F2/b", {"x": "1/2"}),
        (b"/a/1%2f2/b", {"x": "1/2"}),
        (b"/a/1%252F2/b", {"x": "1%2F2"}),
        (b"/%61/%C3%A9%2F/b", {"x": "é/"}),
        (b"/a%2F1/b", None),
        (b"/int/7%2F", None),
        (b"/slug/a%2Fb", None),
        (b"/parts/a%2Fb%2Fc", {"x": ["a", "b", "c"]}),
        (b"/re/a%2Fb/c", ("a/b", "c")),
        (b"/named/a%2Fb", {"x": "a/b"}),
        (b"/format/a%2Fb", {"x": "a/b"}),
        (b"/nested/a%2Fb/c%2Fd/", {"x": "a/b", "y": "c/d"}),
        (b"/wrapped/a%2Fb/c%2Fd/", {"x": "a/b", "y": "c/d"}),
        (b"/decoding/a%2Fb/c", {"x": "a/b", "y": "c"}),
        (b"/decoding/a%2Fb/c%2Fd", {"x": "a/b", "y": "c/d"}),
        (b"/decoded/1/c%2Fd", None),
        (b"/rest/a%2Fb/c", {"x": "a/b/c"}),
        (b"/m/a%2Fb/c", {"x": "a/b"}),
        (b"/a/%FF%2F/b", {"x": "\ufffd/"}),
    ],
)
async def test_encoded_slashes(raw: bytes, params: Any) -> None:
    """Preserved, %2F is a character of its segment; rejected, a miss; decoded, a slash."""
    text = unquote(raw.decode(), errors="replace")
    for root_path in ("", "/root"):
        scope = http(root_path + text, raw_path=root_path.encode() + raw, root_path=root_path)
        preserving = URLRouter(ENCODED, encoded_slashes="preserve")
        outcome = await call(preserving, scope)
        if params is None:
            assert outcome.sent[0]["status"] == 404
        else:
            child = outcome.returned[1]
            found = child["url_route"]
            assert (found["args"] or found["kwargs"]) == params
            assert "\udc2f" not in repr(child)
            assert child["path"] == root_path + text
        is_rejected = not URLRouter(ENCODED, encoded_slashes="reject").match(scope)
        assert is_rejected is (b"%2f" in raw.lower() or not URLRouter(ENCODED).match(scope))


def test_where_the_raw_path_is_of_no_use() -> None:
    """Without one, or with one that says something else, the path counts."""
    router = URLRouter([path("<x>/<y>", A)], encoded_slashes="preserve")
    for raw in (None, b"", b"/other%2F", b"/x%2Fy/z", "/a%2Fb"):
        found = router.match(http("/a/b", raw_path=raw))
        assert found
        assert found.scope["path_params"] == {"x": "a", "y": "b"}


def test_mistakes() -> None:
    """Options are what they are."""
    with pytest.raises(ImproperlyConfigured, match="did you mean 'redirect'"):
        URLRouter([], slashes="redirects")  # type: ignore[arg-type]
    with pytest.raises(ImproperlyConfigured, match="encoded_slashes must be one of"):
        URLRouter([], encoded_slashes="keep")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "root_path", "is_served"),
    [
        (b"/n/a", "", True),
        (b"%2Fn/a", "", False),
        (b"%2fn/a", "", False),
        (b"/svc/n/a", "/svc", True),
        (b"/svc%2fn/a", "/svc", False),
        (b"%2fsvc/n/a", "/svc", False),
    ],
)
async def test_an_encoded_slash_begins_no_path(
    raw: bytes, root_path: str, *, is_served: bool
) -> None:
    """Where it is no slash, it is none in front of everything, and none behind the root path."""
    router = URLRouter([path("n/a", A)], encoded_slashes="preserve")
    scope = {"type": "http", "path": unquote(raw.decode()), "raw_path": raw, "root_path": root_path}
    assert bool(router.match(scope)) is is_served
    assert bool(explain(router, scope)) is is_served
    assert URLRouter([path("n/a", A)]).match(scope)
