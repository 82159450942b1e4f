"""HostRouter and SubprotocolRouter: by the host asked for, and by what a websocket client speaks."""

from typing import Any

import pytest

from asgi_routes import (
    HostRouter,
    ImproperlyConfigured,
    NoRouteFound,
    SubprotocolRouter,
    URLRouter,
    mount,
    path,
)
from tests.spec.driving import call, http, named

pytestmark = pytest.mark.anyio

A, B, C, D, E = map(named, "ABCDE")

HOSTS = HostRouter(
    {
        "<sub>.example.com": A,
        "www.example.com": B,
        "v<int:version>.api.example.com": C,
        "<x>.<y>.example.com": D,
        "[::1]": E,
        "localhost": E,
    }
)


@pytest.mark.parametrize(
    ("host", "name", "params"),
    [
        (b"acme.example.com", "A", {"sub": "acme"}),
        (b"ACME.Example.COM:8000", "A", {"sub": "acme"}),
        (b"acme.example.com.", "A", {"sub": "acme"}),
        (b"www.example.com", "B", None),
        (b"www.example.com.:443", "B", None),
        (b"v2.api.example.com", "C", {"version": 2}),
        (b"vx.api.example.com", "D", {"x": "vx", "y": "api"}),
        (b"a.b.c.example.com", None, None),
        (b"example.com", None, None),
        (b".example.com", None, None),
        (b"a..example.com", None, None),
        (b"acmeXexample.com", None, None),
        (b"wwwXexample.com", None, None),
        (b"acme.example.com.evil.example", None, None),
        (b"acme.example.com:80@evil.example", None, None),
        (b"acme.example.com/x", None, None),
        (b"acme.example.com?x", None, None),
        (b"acme.example.com\n", None, None),
        (b"acme.example.com:x", None, None),
        (b"a b.example.com", None, None),
        (b"a/b@c", None, None),
        (b"", None, None),
        (b"\xff.example.com", None, None),
        (b"[::1]:8000", "E", None),
        (b"[::1", None, None),
        (b"localhost:1", "E", None),
        (b"my_service.example.com", "A", {"sub": "my_service"}),
    ],
)
async def test_hosts(host: bytes, name: str | None, params: dict[str, Any] | None) -> None:
    """One valid host, lower case, without its port; each parameter is one label; dots are dots."""
    scope = http("/", headers=[(b"accept", b"*/*"), (b"host", host)])
    outcome = await call(HOSTS, scope)
    if name is None:
        assert outcome.sent[0]["status"] == 404
        return
    assert outcome.returned[0] == name
    assert outcome.returned[1].get("path_params") == params


@pytest.mark.parametrize(
    "headers",
    [
        [],
        None,
        [(b"host", b"localhost"), (b"host", b"localhost")],
        [(b"host", b"localhost"), (b"host", b"evil.example")],
        [(b"x-forwarded-host", b"localhost")],
        [(b"forwarded", b"host=localhost")],
        [(b"host", "localhost")],
        [(b"host", None)],
        [b"host", 7],
        7,
    ],
)
async def test_no_single_host(headers: Any) -> None:
    """GHSA-93ph-p7v4-hwh4 and others: none or two hosts are no host; X-Forwarded-* is not read."""
    found = HOSTS.match(http("/", headers=headers))
    assert not found
    assert found.reason == "No single valid host in the scope (its type is 'http')."


async def test_parameters_meet_those_of_the_path() -> None:
    """The parameters of the host come first, those of the path win; the path is matched as ever."""
    urls = URLRouter([path("users/<int:id>/", A), path("<sub>/", B), mount("m", C)])
    router = HostRouter({"<sub>.example.com": urls, "example.com": URLRouter([path("", D)])})
    headers = [(b"host", b"acme.example.com")]
    child = router.match(http("/users/7/", headers=headers)).scope  # type: ignore[union-attr]
    assert child["url_route"] == {"args": (), "kwargs": {"sub": "acme", "id": 7}}
    assert child["path_params"] == {"sub": "acme", "id": 7}
    child = router.match(http("/other/", headers=headers)).scope  # type: ignore[union-attr]
    assert child["path_params"] == {"sub": "other"}
    child = router.match(http("/m/x", headers=headers)).scope  # type: ignore[union-attr]
    assert (child["root_path"], child["path_params"]) == ("/m", {"sub": "acme"})
    scope = http("/", headers=[(b"host", b"example.com")])
    assert router.match(scope).app is D  # type: ignore[union-attr]
    nested = URLRouter([path("api/", router), path("api/", B)])
    assert nested.match(http("/api/users/7/", headers=headers)).app is A  # type: ignore[union-attr]
    assert nested.match(http("/api/", headers=[])).app is B  # type: ignore[union-attr]


def test_child_scope() -> None:
    """The scope for what a host leads to has its parameters, if it has some."""
    router = HostRouter({"<sub>.<top>.test": A, "x.a.test": B})
    for host, params in [(b"Y.b.test", {"sub": "y", "top": "b"}), (b"x.a.test", {})]:
        scope = http("/", headers=[(b"host", host)])
        child = router.match(scope).scope  # type: ignore[union-attr]
        assert child.get("path_params", {}) == params
        assert child.get("url_route", {"kwargs": {}})["kwargs"] == params
        assert (child is scope) is (not params)


async def test_defaults() -> None:
    """A default of its own serves what no host fits; None raises."""
    assert (await call(HostRouter({}, default=A), http("/"))).returned[0] == "A"
    with pytest.raises(NoRouteFound):
        await call(HostRouter({}, default=None), http("/"))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("Example.com", "hosts must be in lowercase"),
        ("*.example.com", "write '<name>.example.com'"),
        ("example.com:80", "omit the port and the trailing dot"),
        ("example.com.", "omit the port and the trailing dot"),
        ("https://example.com", "omit the scheme and the path"),
        ("bücher.example", "write it as 'xn--…'"),
        ("<path:x>.example.com", "write one parameter for each label"),
        ("<itn:x>.example.com", "did you mean 'int'"),
        ("<x>.<x>.example.com", "twice"),
        ("", "not a host"),
        ("a..b", "not a host"),
    ],
)
def test_mistakes(key: str, said: str) -> None:
    """A key that could never match is refused, with the key as it was written."""
    with pytest.raises(ImproperlyConfigured) as caught:
        HostRouter({key: A})
    assert said in str(caught.value)
    assert key in str(caught.value)


GRAPHQL = SubprotocolRouter({"graphql-ws": A, "graphql-transport-ws": B})


@pytest.mark.parametrize(
    ("offered", "name"),
    [
        (["graphql-ws"], "A"),
        (["graphql-transport-ws", "graphql-ws"], "B"),
        (["graphql-ws", "graphql-transport-ws"], "A"),
        (["mqtt", "graphql-transport-ws"], "B"),
        (["GRAPHQL-WS"], None),
        ([], None),
        (None, None),
        ([None, ["graphql-ws"]], None),
        (7, None),
        ("graphql-ws", None),
    ],
)
async def test_subprotocols(offered: Any, name: str | None) -> None:
    """The first that the client names and the router has decides (RFC 6455, 4.1)."""
    router = URLRouter([path("graphql", GRAPHQL), path("graphql", C)])
    scope: Any = {"type": "websocket", "path": "/graphql", "subprotocols": offered}
    assert (await call(router, scope)).returned[0] == (name or "C")
    outcome = await call(GRAPHQL, scope, [{"type": "websocket.connect"}])
    assert outcome.types == (["websocket.close"] if name is None else [])
    assert [child.key for child in GRAPHQL.children()][:2] == ["graphql-ws", "graphql-transport-ws"]


def test_one_router_behind_two_hosts_with_parameters() -> None:
    """What is kept for the requests of one host is not for the other."""
    router = URLRouter([path("users/<int:id>/", A)])
    hosts = HostRouter({"<a>.one.example": router, "<b>.two.example": router}, default=None)
    for host, name in ("x.one.example", "a"), ("x.two.example", "b"), ("x.one.example", "a"):
        scope = {"type": "http", "path": "/users/7/", "headers": [(b"host", host.encode())]}
        found = hosts.match(scope)
        assert found.scope["path_params"] == {name: "x", "id": 7}
        assert found.hops[0].key == found.scope["route"].passed[0].text == f"<{name}>{host[1:]}"
