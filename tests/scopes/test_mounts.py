"""mount(): where the prefix ends, and the scope that a mounted application gets."""

from typing import Any

import pytest

from asgi_routes import ImproperlyConfigured, URLRouter, include, mount, path
from tests.spec.driving import Wrapper, call, http, named

pytestmark = pytest.mark.anyio

A, B = map(named, "AB")


@pytest.mark.parametrize(
    ("prefix", "text", "root_path", "expected"),
    [
        ("m", "/m/x", "", ("/m", "/m/x")),
        ("/m/", "/m/x", "", ("/m", "/m/x")),
        ("m", "/m", "", ("/m", "/m")),
        ("m", "/m/", "", ("/m", "/m/")),
        ("m", "/mx", "", None),
        ("m", "//m/x", "", None),
        ("m", "/root/m/x", "/root", ("/root/m", "/root/m/x")),
        ("m", "/root/m/x", "/root/", ("/root/m", "/root/m/x")),
        ("m", "/root/m/x", None, None),
        # A proxy, or the server, has stripped the root path: the application sees it all the same.
        ("m", "/m/x", "/root", ("/root/m", "/root/m/x")),
        ("m", "/m", "/root/", ("/root/m", "/root/m")),
        ("m", "m/x", "/root", ("/root/m", "/root/m/x")),
        ("", "/x", "/root", ("/root", "/root/x")),
        ("", "/m/x", "", ("", "/m/x")),
        ("", "/root/m/x", "/root", ("/root", "/root/m/x")),
        ("", "*", "", ("", "*")),
        ("t/<slug:t>", "/t/a/x", "", ("/t/a", "/t/a/x")),
        ("a.c", "/abc/x", "", None),
        ("(m)", "/(m)/x", "", ("/(m)", "/(m)/x")),
    ],
)
def test_root_path_and_path(
    prefix: str, text: str, root_path: str | None, expected: tuple[str, str] | None
) -> None:
    """A mount ends at a segment; root_path is where the application is, and path begins with it."""
    scope = http(text, root_path=root_path, raw_path=text.encode())
    found = URLRouter([mount(prefix, A)]).match(scope)
    if not found:
        assert expected is None
        return
    child = found.scope
    assert (child["root_path"], child["path"]) == expected
    assert child["raw_path"] == child["path"].encode()
    assert "path_remaining" not in child
    assert scope == http(text, root_path=root_path, raw_path=text.encode())


@pytest.mark.parametrize(
    ("text", "raw", "root_path", "expected"),
    [
        ("/m/x", b"/m/x", "", ("/x", b"/x")),
        ("/m", b"/m", "", ("/", b"/")),
        ("/m/", b"/m/", "", ("/", b"/")),
        ("/m/a/b", b"/m/a%2Fb", "", ("/a/b", b"/a%2Fb")),
        ("/m/é x", b"/%6D/%C3%A9%20x", "", ("/é x", b"/%C3%A9%20x")),
        ("/root/m/x", b"/root/m/x", "/root", ("/x", b"/x")),
        ("/m/x", b"/m/x", "/root", ("/x", b"/x")),
        ("/m//x", b"/m//x", "", ("//x", b"//x")),
        ("/m/x", b"%2Fm/%78", "/root", ("/x", b"/%78")),
        # Somebody has changed the path, and left the raw one as it was.
        ("/m/é", b"/other", "", ("/é", b"/%C3%A9")),
        ("/m/\ufffd", b"/m/%ff", "", ("/\ufffd", b"/%ff")),
        ("/m/x", None, "", ("/x", None)),
    ],
)
def test_strip(
    text: str, raw: bytes | None, root_path: str, expected: tuple[str, bytes | None]
) -> None:
    """With strip, path and raw_path are what is below the prefix, each in its own spelling."""
    scope = http(text, root_path=root_path, raw_path=raw)
    found = URLRouter([mount("m", A, strip=True)]).match(scope)
    assert found
    assert (found.scope["path"], found.scope["raw_path"]) == expected
    assert found.scope["root_path"] == root_path + "/m"


@pytest.mark.parametrize("root_path", ["auto", "in_path", "stripped"])
@pytest.mark.parametrize("wrap", [lambda app: app, Wrapper], ids=["bare", "wrapped"])
@pytest.mark.parametrize(("outer", "front"), [("", ""), ("o", "/o")])
@pytest.mark.parametrize(("text", "expected"), [("/m", "A"), ("/m/x", "B"), ("/m/m", None)])
async def test_what_a_mounted_router_reads(
    root_path: Any, wrap: Any, outer: str, front: str, text: str, expected: str | None
) -> None:
    """It goes on where the mount ends; what its own option says is for when a server calls it."""
    inner = wrap(URLRouter([path("", A), path("x", B)], root_path=root_path))
    router = URLRouter([mount(outer, URLRouter([mount("m", inner)]))])
    returned = (await call(router, http(front + text))).returned
    assert (returned and returned[0]) == expected


LEFT = {
    "app": 1,
    "router": 2,
    "endpoint": 3,
    "app_root_path": "",
    "starlette.exception_handlers": (),
    "fastapi_inner_astack": 4,
    "litestar_app": 5,
    "route_handler": 6,
    "path_template": "/x",
}


def test_isolation() -> None:
    """What another framework left is dropped under a mount, unless one wants it; all else stays."""
    scope = http("/m/x", **LEFT, route="theirs", session={}, user="ada", path_params={"a": 1})
    for isolate in (True, False):
        found = URLRouter([mount("m", A, isolate=isolate)]).match(scope)
        assert found
        assert (LEFT.keys() <= found.scope.keys()) is not isolate
        assert not (LEFT.keys() & found.scope.keys()) or not isolate
        assert found.scope["user"] == "ada"
        assert found.scope["session"] is scope["session"]
        assert found.scope["path_params"] == {"a": 1}
        assert found.scope["route"].path == "/m"
    assert URLRouter([path("m/x", A)]).match(scope).scope["app"] == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("at_prefix", ["serve", "redirect", "miss"])
async def test_at_prefix(at_prefix: Any) -> None:
    """The very prefix is served, or redirected; or it is not below the mount, and the search goes on."""
    for prefix in ("m", "<x>"):
        router = URLRouter([mount(prefix, A, at_prefix=at_prefix)])
        outcome = await call(router, http("/m", query_string=b"q=1", root_path="/r"))
        if at_prefix == "serve":
            assert outcome.returned[0] == "A"
            continue
        start = outcome.sent[0]
        location = b"/r/m/?q=1" if at_prefix == "redirect" else None
        assert start["status"] == (308 if location else 404)
        assert dict(start["headers"]).get(b"location") == location
        websocket: Any = {**http("/m"), "type": "websocket"}
        assert not router.match(websocket)
        assert (await call(router, http("/m/"))).returned[0] == "A"
    router = URLRouter([mount("m", A, at_prefix=at_prefix), path("<x>", B)])
    outcome = await call(router, http("/m"))
    if at_prefix == "redirect":
        assert outcome.sent[0]["status"] == 308
    else:
        assert outcome.returned[0] == ("A" if at_prefix == "serve" else "B")
    assert (await call(URLRouter([mount("", A, at_prefix=at_prefix)]), http("/"))).returned[
        0
    ] == "A"


def test_mistakes() -> None:
    """Options are what they are; include() is not an application."""
    with pytest.raises(ImproperlyConfigured, match="did you mean 'redirect'"):
        mount("m", A, at_prefix="redirekt")  # type: ignore[arg-type]
    with pytest.raises(ImproperlyConfigured, match="lifespan must be one of 'auto', 'on', 'off'"):
        mount("m", A, lifespan=True)  # type: ignore[arg-type]
    with pytest.raises(ImproperlyConfigured, match="not an include"):
        mount("m", include([]))  # type: ignore[arg-type]
