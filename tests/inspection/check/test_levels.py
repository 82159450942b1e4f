"""What declarations do to each other on several levels: parameters, OPTIONS, guards."""

from functools import partial
from typing import Any

import pytest
from starlette.middleware.cors import CORSMiddleware

from asgi_routes import (
    HostRouter,
    MethodRouter,
    ProtocolTypeRouter,
    URLRouter,
    include,
    mount,
    path,
    re_path,
)
from asgi_routes.inspection.check import Finding, check
from asgi_routes.testing import Client
from tests.spec.driving import Wrapper


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def found(router: Any, *ids: str) -> list[Finding]:
    return [one for one in check(router) if one.id in ids]


# Parameters.

INNER = URLRouter([path("<t>/", app)])


@pytest.mark.parametrize(
    ("router", "expected"),
    [
        (HostRouter({"<t>.com": INNER}), [("/<t>/", "<t>.com")]),
        (HostRouter({"<t>.com": Wrapper(INNER)}), [("/<t>/", "<t>.com")]),
        (HostRouter({"<u>.com": INNER, "t.com": INNER}, default=INNER), []),
        (URLRouter([path("<t>/", INNER)]), [("/<t>/<t>/", "/<t>/")]),
        (URLRouter([path("<t>/", Wrapper(INNER))]), [("/<t>/<t>/", "/<t>/")]),
        (URLRouter([mount("<t>", INNER)]), [("/<t>/<t>/", "/<t>")]),
        (URLRouter([path("a/", INNER, {"t": "fixed"})]), [("/a/<t>/", "/a/")]),
        (
            URLRouter([path("<t>/", include([path("<int:t>/", app)]))]),
            [("/<t>/<int:t>/", "/<t>/")],
        ),
        (URLRouter([re_path("^(?P<t>a)/", INNER)]), [("/^(?P<t>a)/<t>/", "/^(?P<t>a)/")]),
        (
            URLRouter([path("<t>/", URLRouter([path("b/", INNER)]))]),
            [("/<t>/b/<t>/", "/<t>/")],
        ),
        # What is fixed on an inner level is meant to be; and so is what is fixed beside a parameter.
        (URLRouter([path("<t>/", URLRouter([path("a/", app, {"t": "fixed"})]))]), []),
        (URLRouter([path("a/", include([path("b/", app, {"t": 1})]), {"t": 2})]), []),
        (URLRouter([path("<t>/", app, {"t": "fixed"})]), []),
        (URLRouter([path("<t>/", URLRouter([path("<u>/", app)])), path("<t>", app)]), []),
    ],
)
def test_the_same_parameter_on_two_levels(router: Any, expected: list[tuple[str, str]]) -> None:
    """The inner one is named first, then the one that is lost."""
    findings = found(router, "R216")
    assert [tuple(one.template for one in each.subjects) for each in findings] == expected


# OPTIONS.


def cross(inner: Any) -> Any:
    """Return a middleware of one's own, as a function."""

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        if scope["method"] != "OPTIONS":
            return await inner(scope, receive, send)
        headers = [(b"access-control-allow-origin", b"*")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        return await send({"type": "http.response.body", "body": b""})

    return middleware


CORS = partial(CORSMiddleware, allow_origins=["*"])
BOTH = ["GET", "OPTIONS"]
GET: Any = {"methods": ["GET"]}


@pytest.mark.parametrize("cors", [CORS, cross])
@pytest.mark.parametrize(
    ("build", "is_reached"),
    [
        (lambda cors: [path("a/", cors(app), **GET)], False),
        (lambda cors: [path("a/", cors(Wrapper(app)), **GET)], False),
        (lambda cors: [path("a/", Wrapper(cors(app)), **GET)], False),
        (lambda cors: [path("a/", MethodRouter({"GET": cors(app)}))], False),
        (lambda cors: [path("a/", Wrapper(MethodRouter({"GET": cors(app)})))], False),
        (lambda cors: [path("", URLRouter([path("a/", cors(app))]), **GET)], False),
        (lambda cors: [path("a/", cors(app), **GET), path("a/", app)], False),
        (lambda cors: [path("a/", cors(app))], True),
        (lambda cors: [path("a/", cors(app), methods=BOTH)], True),
        (lambda cors: [path("a/", app, middleware=[cors], **GET)], True),
        (lambda cors: [path("a/", MethodRouter({"GET": app}), middleware=[cors])], True),
        (lambda cors: [path("a/", cors(MethodRouter({"GET": app})))], None),
        (lambda cors: [path("a/", MethodRouter(dict.fromkeys(BOTH, cors(app))))], True),
        (
            lambda cors: [path("a/", cors(app), **GET), path("<x>/", cors(app), methods=BOTH[1:])],
            True,
        ),
        (lambda _: [path("a/", Wrapper(app), **GET)], None),
    ],
)
@pytest.mark.anyio
async def test_preflights(cors: Any, build: Any, is_reached: Any) -> None:
    """Who is found gets none; who gets them is not found."""
    router = URLRouter(build(cors))
    assert [one.id for one in found(router, "R217")] == (["R217"] if is_reached is False else [])
    if is_reached is not None:
        headers = {"origin": "http://b.example", "access-control-request-method": "GET"}
        answer = await Client(router).request("OPTIONS", "/a/", headers=headers)
        assert ("access-control-allow-origin" in answer.headers) is is_reached


def test_preflights_at_a_router_by_method() -> None:
    """One without a route around it is found by its own line."""
    (finding,) = found(MethodRouter({"GET": CORS(app)}), "R217")
    assert finding.subjects[0].declared.file == __file__
    assert found(MethodRouter({"GET": CORS(app)}, default=CORS(app)), "R217") == []


# Guards.


class Guard(Wrapper):
    """Lets nobody in."""


def check_role(inner: Any) -> Any:
    """Return a middleware that is told by what it sends."""

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        if scope.get("user") is None:
            return await send({"type": "http.response.start", "status": 403, "headers": []})
        return await inner(scope, receive, send)

    return middleware


ADMIN = URLRouter([path("x/", app), path("y/", app, methods=["GET"])])
CATCH_ALLS = [
    mount("", app),
    path("<path:rest>", app),
    re_path("", app),
    re_path("^.*$", app),
    path("", URLRouter([mount("", app)])),
    path("<path:rest>", app, methods=["GET"]),
]


@pytest.mark.parametrize("guard", [Guard, check_role, partial(Guard)])
@pytest.mark.parametrize("later", CATCH_ALLS, ids=str)
def test_a_catch_all_behind_a_guard(guard: Any, later: Any) -> None:
    """It serves what the guard's part of the table misses; the path that is shown proves it."""
    for route in (
        path("admin/", ADMIN, middleware=[guard]),
        path("admin/", include([path("x/", app)]), middleware=[guard]),
        path("admin/", include([path("x/", app)], middleware=[guard])),
        path("admin/", URLRouter([path("x/", app)], middleware=[Wrapper, guard])),
        path("<slug:s>/", ADMIN, middleware=[guard]),
    ):
        router = URLRouter([path("home/", app), route, later])
        (finding,) = found(router, "R104")
        assert len(finding.subjects) == 2
        assert finding.witness is not None
        served = router.match({"type": "http", "method": "GET", "path": finding.witness})
        assert served
        assert [layer for hop in served.hops for layer in hop.layers] == []


@pytest.mark.parametrize("later", [*CATCH_ALLS[:-1], path("<path:rest>", app, middleware=[Guard])])
def test_a_guard_that_keeps_all(later: Any) -> None:
    """By hand, with all paths of its own, with the same guard behind it; or no guard at all."""
    full = URLRouter([path("x/", app), mount("", app)])
    for routes in (
        [path("admin/", Guard(ADMIN)), later],
        [path("admin/", full, middleware=[Guard]), later],
        [mount("admin", ADMIN, middleware=[Guard]), later],
        [path("admin/", URLRouter([path("x/", app)], default=app), middleware=[Guard]), later],
        [path("admin/", ADMIN, middleware=[Wrapper]), later],
        [path("admin/", ADMIN, middleware=[Guard]), mount("", Guard(app))],
        [path("admin/", ADMIN, middleware=[check_role]), mount("", check_role(app))],
        [path("admin/", ADMIN, middleware=[Guard]), path("admin/health/", app)],
        [path("admin/", ADMIN, middleware=[Guard]), path("<slug:page>/", app)],
        [path("x/", app, middleware=[Guard]), later],
        [later, path("admin/", ADMIN, middleware=[Guard])],
    ):
        assert found(URLRouter(routes), "R104") == []


def test_a_guard_at_a_prefix_without_a_slash() -> None:
    """The path with a slash is not below it."""
    for later in (mount("", app), path("<path:rest>", app)):
        router = URLRouter([path("admin", Guard(ADMIN)), later])
        (finding,) = found(router, "R104")
        assert finding.witness == "/admin/"
        served = router.match({"type": "http", "method": "GET", "path": "/admin/"})
        assert served.endpoint is app
        assert found(URLRouter([path("admin", Wrapper(ADMIN)), later]), "R104") == []
    for routes in (
        [path("admin/", Guard(ADMIN)), mount("", app)],
        [path("admin", Guard(ADMIN)), path("admin/", app)],
        [path("admin", Guard(ADMIN)), path("admin/", Guard(ADMIN)), mount("", app)],
    ):
        assert found(URLRouter(routes), "R104") == []


def test_a_default_behind_a_guard() -> None:
    """An application as default serves it as well."""
    router = URLRouter([path("admin/", ADMIN, middleware=[Guard])], default=app)
    (finding,) = found(router, "R104")
    assert "served by the default, without tests.inspection.check.test_levels:Guard" in (
        finding.message
    )
    assert found(URLRouter([path("admin/", ADMIN, middleware=[Guard])], default=Guard(app))) == []


# Through wrappers.


def test_what_stands_around_by_hand_is_named() -> None:
    """It was not called, and may do otherwise."""
    twice = URLRouter([path("a", app), path("a", app)])
    router = ProtocolTypeRouter({"http": Guard(Wrapper(twice)), "websocket": twice})
    through = tuple(f"{one.__module__}:{one.__qualname__}" for one in (Guard, Wrapper))
    assert [one.through for one in found(router, "R101")] == [()]
    router = ProtocolTypeRouter({"http": Guard(Wrapper(twice))})
    assert [one.as_dict()["through"] for one in check(router)] == [[*through]]
    inner = URLRouter([path("m/", Wrapper(URLRouter([mount("", app), path("b", app)])))])
    assert {one.through for one in check(Guard(inner))} == {through}
