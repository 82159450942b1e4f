"""ProtocolTypeRouter, ChannelNameRouter, routers of one's own, and the answers to a miss."""

import logging
from collections.abc import Iterable
from typing import Any

import pytest

from asgi_routes import (
    ChannelNameRouter,
    Child,
    Match,
    MethodRouter,
    NoMatch,
    NoRouteFound,
    ProtocolTypeRouter,
    Router,
    URLRouter,
    not_found,
    path,
)
from asgi_routes.apps import routes_by_path
from tests.spec.driving import Wrapper, call, http, named

pytestmark = pytest.mark.anyio

A, B, C, D = map(named, "ABCD")
DENIAL = {"websocket.http.response": {}}


@pytest.mark.parametrize("kind", ["http", "websocket", "channel", "mqtt", "aprs", "webtransport"])
async def test_any_type(kind: str) -> None:
    """Types that ASGI does not know are as good as those that it does; the scope is not copied."""
    scope = {"type": kind}
    outcome = await call(ProtocolTypeRouter({kind: A}), scope)
    assert outcome.returned[0] == "A"
    assert outcome.returned[1] is scope
    assert scope == {"type": kind}


@pytest.mark.parametrize("kind", ["ftp", "HTTP", b"http", None, [], 5])
async def test_unknown_type(kind: object) -> None:
    """A type that is not in the mapping is refused, whatever it is (ASGI: actively reject)."""
    router = ProtocolTypeRouter({"http": A}, default=None)
    with pytest.raises(NoRouteFound) as caught:
        await call(router, {"type": kind})
    assert str(caught.value) == f"No application configured for scope type {kind!r}."


async def test_no_type() -> None:
    """What has no type is no scope."""
    with pytest.raises(KeyError):
        await call(ProtocolTypeRouter({"http": A}), {})


async def test_mapping_is_copied() -> None:
    """What happens to the dict later does not matter."""
    mapping = {"http": A}
    router = ProtocolTypeRouter(mapping)
    mapping["http"] = B
    assert (await call(router, {"type": "http"})).returned[0] == "A"


CHANNELS = ChannelNameRouter({"thumbs-*": A, "thumbs-big": B, "log-[ab]": C, "*-x": D, "x?z": D})


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("thumbs-small", "A"),
        ("thumbs-", "A"),
        ("thumbs-big", "B"),
        ("log-a", "C"),
        ("log-c", None),
        ("log-x", "D"),
        ("thumbs-x", "A"),
        ("Thumbs-small", None),
        ("xyz", "D"),
        ("xyz\n", None),
        ("", None),
        ("thumbs-*", "A"),
    ],
)
async def test_channel_names(channel: str, name: str | None) -> None:
    """An exact name goes first, then the globs in order; case matters."""
    scope = {"type": "channel", "channel": channel}
    if name is not None:
        outcome = await call(CHANNELS, scope)
        assert outcome.returned == (name, scope)
        return
    with pytest.raises(NoRouteFound) as caught:
        await call(CHANNELS, scope)
    assert str(caught.value) == f"No application configured for channel name {channel!r}."


@pytest.mark.parametrize("scope", [{"type": "http"}, {"type": "channel", "channel": None}])
async def test_no_channel(scope: Any) -> None:
    """A scope without a channel is a miss that says which scopes are meant."""
    found = CHANNELS.match(scope)
    assert not found
    assert "only serves scopes of type 'channel'" in found.reason


class HeaderRouter(Router):
    """A router of one's own: by one header."""

    def __init__(self, header: bytes, apps: dict[bytes, Any]) -> None:
        self.header, self.apps = header, apps

    def match(self, scope: Any) -> Match | NoMatch:
        value = dict(scope["headers"]).get(self.header)
        app = self.apps.get(value) if value else None
        if app is None:
            return NoMatch(f"No application for {value!r}.", frozenset({"GET", "DELETE"}))
        return Match(app, scope)

    def children(self) -> Iterable[Child]:
        return [Child(repr(key), app) for key, app in self.apps.items()]


async def test_a_router_of_ones_own_leads_to_routers() -> None:
    """The routers that it names are followed, as deep as they go, without its doing anything."""
    users = URLRouter([path("<int:id>/", A)])
    versions = HeaderRouter(b"x-version", {b"1": HeaderRouter(b"x-kind", {b"u": users})})
    router = URLRouter([path("api/", versions), path("api/old/", B)])
    headers = [(b"x-version", b"1"), (b"x-kind", b"u")]
    found = router.match(http("/api/7/", headers=headers))
    assert found
    assert found.app is A
    assert found.scope["url_route"]["kwargs"] == {"id": 7}
    assert router.match(http("/api/old/", headers=headers)).app is B  # type: ignore[union-attr]
    outcome = await call(versions, http("/7/", headers=headers))
    assert outcome.returned[0] == "A"


async def test_a_router_is_a_prefix_where_it_goes_on_by_path() -> None:
    """One that goes by something else is asked for the very path, unless it leads to one by path."""
    by_path = URLRouter([path("x", A)])

    class ByPath(HeaderRouter):
        _path_routing = True

    for router, expected in [
        (by_path, True),
        (HeaderRouter(b"", {b"1": A}), False),
        (HeaderRouter(b"", {b"1": A, b"2": by_path}), True),
        (HeaderRouter(b"", {b"1": HeaderRouter(b"", {b"1": by_path})}), True),
        (HeaderRouter(b"", {b"1": Wrapper(by_path)}), True),
        (ByPath(b"", {b"1": A}), True),
        (Wrapper(HeaderRouter(b"", {b"1": A})), False),
        (MethodRouter({"GET": A}), False),
        (MethodRouter({"GET": A, "PUT": by_path}), True),
        (ProtocolTypeRouter({"http": by_path}), True),
        (ProtocolTypeRouter({"http": A}), False),
    ]:
        assert routes_by_path(router) is expected
    itself = HeaderRouter(b"", {})
    itself.apps[b"1"] = itself
    assert not routes_by_path(itself)
    router = URLRouter([path("", MethodRouter({"GET": A})), path("x", B)])
    assert router.match(http("/x")).app is B  # type: ignore[union-attr]


async def test_a_router_of_ones_own() -> None:
    """It serves, nests, lets the router around it go on, and answers lifespan by being a Router."""
    versions = HeaderRouter(b"x-version", {b"1": A})
    router = URLRouter([path("api/", versions), path("api/", B)])
    with_version = http("/api/", headers=[(b"x-version", b"1")])
    assert (await call(versions, with_version)).returned[0] == "A"
    assert (await call(router, with_version)).returned[0] == "A"
    assert (await call(router, http("/api/"))).returned[0] == "B"
    assert router.match(with_version).app is A  # type: ignore[union-attr]
    lifespan = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    assert (await call(versions, {"type": "lifespan"}, lifespan)).types == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


@pytest.mark.parametrize(
    "router",
    [
        ProtocolTypeRouter({}, default=None),
        ProtocolTypeRouter({"http": A}, default=A),
        URLRouter([path("", A)]),
        ChannelNameRouter({}),
    ],
)
async def test_lifespan_is_answered(router: Router) -> None:
    """Every router takes part in the whole handshake, and returns only after the shutdown."""
    outcome = await call(
        router,
        {"type": "lifespan", "asgi": {"version": "3.0"}},
        [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}],
    )
    assert outcome.types == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_lifespan_application() -> None:
    """An application for lifespan in the mapping is given it."""
    router = ProtocolTypeRouter({"lifespan": A})
    assert (await call(router, {"type": "lifespan"})).returned[0] == "A"


async def test_not_found_http(caplog: pytest.LogCaptureFixture) -> None:
    """404 in plain text with its length; one line in the log, which a client cannot break."""
    caplog.set_level(logging.INFO, "asgi_routes")
    router = ProtocolTypeRouter({"http": URLRouter([path("x", A)])})
    outcome = await call(router, http("/a\r\nb"))
    assert outcome.sent == [
        {
            "type": "http.response.start",
            "status": 404,
            "headers": [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", b"9"),
            ],
            "trailers": False,
        },
        {"type": "http.response.body", "body": b"Not Found", "more_body": False},
    ]
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "GET /a\\r\\nb: 404, No route found for path 'a\\r\\nb'.")
    ]
    assert caplog.records[0].exc_info is None


async def test_method_not_allowed() -> None:
    """405 with a sorted Allow, the union over all routes, where only the method was wrong."""
    first = HeaderRouter(b"x-version", {})

    class Other(HeaderRouter):
        def match(self, scope: Any) -> NoMatch:
            return NoMatch("no", frozenset({"PUT"}))

    router = URLRouter([path("a", first), path("a", Other(b"", {})), path("b", A)])
    outcome = await call(router, http("/a"))
    assert outcome.sent[0]["status"] == 405
    assert (b"allow", b"DELETE, GET, PUT") in outcome.sent[0]["headers"]
    assert (await call(router, http("/c"))).sent[0]["status"] == 404


@pytest.mark.parametrize(
    ("extensions", "received", "types"),
    [
        (DENIAL, "connect", ["websocket.http.response.start", "websocket.http.response.body"]),
        ({}, "connect", ["websocket.close"]),
        (None, "connect", ["websocket.close"]),
        (DENIAL, "receive", ["websocket.close"]),
        (DENIAL, "disconnect", []),
    ],
)
async def test_not_found_websocket(extensions: Any, received: str, types: list[str]) -> None:
    """A denial response where the server offers it, else a close; never before the connect."""
    router = ProtocolTypeRouter({"websocket": URLRouter([])})
    scope = {"type": "websocket", "path": "/x", "extensions": extensions}
    outcome = await call(router, scope, [{"type": f"websocket.{received}"}])
    assert outcome.types == types
    assert outcome.unread == []
    if len(types) == 2:
        assert outcome.sent[0]["status"] == 404


async def test_not_found_is_an_application() -> None:
    """It can be used anywhere else too."""
    router = URLRouter([path("gone", not_found), path("<path:p>", A)])
    assert (await call(router, http("/gone"))).sent[0]["status"] == 404
    with pytest.raises(NoRouteFound):
        await call(not_found, {"type": "mqtt"})


async def test_a_default_is_called_with_the_received_scope() -> None:
    """A default gets what the router got, and is told why."""
    scope = http("/x")
    for router in (URLRouter([], default=A), ProtocolTypeRouter({}, default=A)):
        name, child = (await call(router, scope)).returned
        assert name == "A"
        assert {**scope, "route": child["route"], "route_miss": child["route_miss"]} == child
        assert (child["route_miss"].status, child["route_miss"].allowed) == (404, ())
        assert "route" not in scope  # No route has served.
