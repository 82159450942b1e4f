"""What has gone wrong elsewhere, by the name under which it became known.

Each check is run twice: on our routers, where it has to pass, and on a naive router that makes the mistake,
where it has to fail.
"""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import pytest

from asgi_routes import (
    HostRouter,
    Match,
    NoMatch,
    URLRouter,
    format_path,
    mount,
    path,
    re_path,
    route_path,
)
from asgi_routes.scopes import (
    make_location,
)
from tests.spec.driving import http, named

APP = named("app")


class Ours:
    """How our routers answer."""

    def routes(self, route: str, text: str) -> bool:
        return bool(URLRouter([path(route, APP)]).match(http(text)))

    def mounts(self, prefix: str, text: str) -> bool:
        return bool(URLRouter([mount(prefix, APP)]).match(http(text)))

    def formats(self, route: str, text: str) -> bool:
        return bool(URLRouter([format_path(route, APP)]).match(http(text)))

    def regexes(self, regex: str, text: str) -> bool:
        return bool(URLRouter([re_path(regex, APP)]).match(http(text)))

    def hosts(self, host: str, *asked: bytes, forwarded: bytes = b"") -> bool:
        headers = [(b"host", one) for one in asked] + [(b"x-forwarded-host", forwarded)]
        return bool(HostRouter({host: APP}).match(http("/", headers=headers)))

    def served(self, text: str, root_path: str, *, strict: bool = False) -> str | None:
        router = URLRouter([path("<path:rest>", APP)], root_path="in_path" if strict else "auto")
        found = router.match(http(text, root_path=root_path))
        return "/" + found.scope["url_route"]["kwargs"]["rest"] if found else None

    def guarded(self, scope: Any) -> str:
        return route_path(scope)

    def one_host(self, names: list[bytes]) -> bool:
        headers = [(name, b"example.com") for name in names]
        return bool(HostRouter({"example.com": APP}).match(http("/", headers=headers)))

    def location(self, text: str) -> str | None:
        return make_location(http(text), is_shorter=text.endswith("/"))


class Naive(Ours):
    """A router as one writes it in an afternoon."""

    def routes(self, route: str, text: str) -> bool:
        regex = re.sub(r"<(?:(path):)?\w+>", lambda f: "(.+)" if f[1] else "([^/]+)", route)
        return re.match(f"^/{regex}$", text) is not None

    def formats(self, route: str, text: str) -> bool:
        regex = re.sub(r"\{\w+(?::\w+)?\}", "(.+)", route)
        return re.match(f"^/{regex}$", text) is not None

    def regexes(self, regex: str, text: str) -> bool:
        return re.search(regex, text[1:]) is not None

    def mounts(self, prefix: str, text: str) -> bool:
        return re.match(f"/{prefix}", text) is not None

    def hosts(self, host: str, *asked: bytes, forwarded: bytes = b"") -> bool:
        first = (forwarded or asked[0]).decode()
        return re.match(re.sub(r"<\w+>", ".*", host), first) is not None

    def served(self, text: str, root_path: str, *, strict: bool = False) -> str | None:
        return "/" + re.sub(f"^{root_path}", "", text).lstrip("/")

    def guarded(self, scope: Any) -> str:
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        return urlsplit(f"http://{host.decode()}{scope['path']}").path

    def one_host(self, names: list[bytes]) -> bool:
        joined: dict[bytes, bytes] = {}
        for name in names:
            joined[name] = joined.get(name, b"") + b",example.com"
        return joined[b"host"] == b",example.com"

    def location(self, text: str) -> str | None:
        return text + "/"


Check = Callable[[Ours], None]
CHECKS: dict[str, Check] = {}


def known_as(*names: str) -> Callable[[Check], Check]:
    """Add a check under the names of what it is about."""

    def add(check: Check) -> Check:
        CHECKS[", ".join(names)] = check
        return check

    return add


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Fail what takes longer, even inside of a regular expression."""

    def too_long(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"it takes more than {seconds} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@known_as("CVE-2021-44420", "werkzeug#2350")
def line_break_at_the_end(router: Ours) -> None:
    """``$`` matches before a line break at the end: /admin%0A is not /admin."""
    for end in ("\n", "\r\n", "\n\n"):
        assert not router.routes("admin", "/admin" + end)
        assert not router.routes("<name>/edit", "/x/edit" + end)
        assert not router.formats("admin/{id:d}", "/admin/7" + end)
        assert not router.regexes("^admin$", "/admin" + end)


@known_as("CVE-2024-45296", "CVE-2026-4867")
def backtracking(router: Ours) -> None:
    """Several parameters in a segment take a backtracking matcher the cube of its length."""
    with deadline(4):
        for unit in ("-", "a-", "--x-"):
            assert not router.routes("<a>-<b>-<c>x", "/" + unit * (2**16 // len(unit)))
            assert not router.formats("{a}-{b}-{c}x", "/" + unit * (2**16 // len(unit)))
        assert not router.routes("<path:a>/<path:b>/<path:c>/x", "/" + "/" * 2**16)


@known_as("CVE-2022-41323", "starlette#2599")
def text_used_as_regex(router: Ours) -> None:
    """A literal, or a root path, is text, whatever it looks like."""
    assert router.routes("a.b+c", "/a.b+c")
    assert not router.routes("a.b", "/axb")
    assert router.routes("(x|y)", "/(x|y)")
    for prefix in ("a.b", "a+", "[a]", "(a|b)", "a{2}", "^a$", "a*", "a\\b"):
        assert router.mounts(prefix, f"/{prefix}/x")
    assert not router.mounts("a.b", "/axb/x")
    assert router.served("/v1.0/x", "/v1.0") == "/x"
    assert router.served("/v1x0/x", "/v1.0") == "/v1x0/x"
    assert router.served("/a(/x", "/a(") == "/x"


@known_as("CVE-2026-25479", "GHSA-93ph-p7v4-hwh4")
def host_used_as_regex(router: Ours) -> None:
    """The dots of a host are dots, and it ends where it ends."""
    assert router.hosts("api.example.com", b"api.example.com")
    assert not router.hosts("api.example.com", b"apixexample.com")
    assert not router.hosts("<sub>.example.com", b"a.example.com.evil.test")
    assert not router.hosts("example.com", b"example.com.evil.test")


@known_as("CVE-2026-48710", "GHSA-86qp-5c8j-p5mr")
def malformed_host(router: Ours) -> None:
    """A host that is none is none: nothing after a slash or an at sign counts, and nothing moves."""
    for host in (b"example.com/admin", b"example.com?x", b"example.com@evil.test", b"a/b@c"):
        assert not router.hosts("example.com", host)
    assert not router.hosts("example.com", b"example.com", b"evil.test")
    for host in (b"localhost/x?", b"localhost/admin#", b"a@b/", b"[", b""):
        scope = http("/admin", root_path="", headers=[(b"host", host)])
        assert router.guarded(scope) == "/admin"


@known_as("CVE-2025-14550")
def many_headers(router: Ours) -> None:
    """The same header a hundred thousand times takes no longer than so many headers."""
    with deadline(4):
        assert not router.one_host([b"host"] * 200_000)
        assert router.one_host([b"host", *[b"cookie"] * 200_000])


@known_as("X-Forwarded-Host")
def forwarded_host(router: Ours) -> None:
    """Any client can send X-Forwarded-Host."""
    assert not router.hosts("example.com", b"evil.test", forwarded=b"example.com")


@known_as("CVE-2023-29159", "litestar#3501")
def segment_boundary(router: Ours) -> None:
    """/static1 is not below /static, /apiary not below the root path /api."""
    assert router.mounts("static", "/static/a.css")
    assert not router.mounts("static", "/static1/a.css")
    assert not router.mounts("static", "/static.old")
    assert router.served("/apiary/x", "/api") == "/apiary/x"


@known_as("CVE-2018-14574", "CVE-2021-21330", "CVE-2020-28724", "CVE-2021-28861", "aiohttp#13153")
def open_redirect(router: Ours) -> None:
    """A location is a path with one slash in front, quoted, whatever the client sends."""
    for text in (
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "/\t/evil.test",
        "/x\r\nset-cookie: a",
        "//evil.test/",
        "/\\evil.test/",
        "/%2F%2Fevil.test/",
        "/x?#%",
        "/\x00\x7f\x85\u2028\udc80",
    ):
        location = router.location(text)
        assert location is not None
        assert re.fullmatch(r"/(?!/)[!-~]*", location)
        assert "\\" not in location
    assert router.location("http://evil.test/x") is None


@known_as("LightRAG#3534")
def guard_and_router(router: Ours) -> None:
    """A guard that allows by path has to see the path that is routed, below a root path too."""
    for text, root_path in [("/api/admin", "/api"), ("/admin", "/api"), ("/api", "/api")]:
        scope = http(text, root_path=root_path)
        assert router.guarded(scope) == (router.served(text, root_path) or "/")


@known_as("two slashes")
def leading_slashes(router: Ours) -> None:
    """//admin is not another spelling of /admin, for which nobody has a rule."""
    assert router.served("//admin", "") == "//admin"


@known_as("double strip")
def stripped_twice(router: Ours) -> None:
    """Strict, a path outside the root path is a miss: a proxy has seen another path than we do."""
    assert router.served("/admin", "/srv", strict=True) is None
    assert router.served("/srv/admin", "/srv", strict=True) == "/admin"


@pytest.mark.filterwarnings("ignore::asgi_routes.SuspiciousRouteWarning")
@pytest.mark.parametrize("name", CHECKS)
def test_ours(name: str) -> None:
    """Our routers do it right."""
    CHECKS[name](Ours())


@pytest.mark.parametrize("name", CHECKS)
def test_the_check_can_fail(name: str) -> None:
    """The naive router does not."""
    with pytest.raises((AssertionError, re.error)):
        CHECKS[name](Naive())


@pytest.mark.parametrize(
    "root_path",
    [
        "/users",
        "/users/7",
        "//",
        "/",
        ".*",
        "(",
        "/\n",
        "users",
        "/users/7/",
        "%2F",
        "\x00",
        7,
        b"/x",
    ],
)
@pytest.mark.parametrize("text", ["/users/7/", "/users/x/", "//users/7/", "", "*", "users/7/"])
def test_a_root_path_from_a_client(text: str, root_path: Any) -> None:
    """CVE-2026-44546: Daphne takes the root path from a header that any client can send."""
    router = URLRouter([path("users/<int:id>/", APP), mount("", APP)])
    scope = http(text, root_path=root_path)
    found = router.match(scope)
    assert isinstance(found, Match | NoMatch)
    guarded = URLRouter([path("users/<int:id>/", APP)]).match(http(route_path(scope)))
    assert (bool(found) and found.scope["route"].path == "/users/<int:id>/") is bool(guarded)
