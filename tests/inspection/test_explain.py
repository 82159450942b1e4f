"""Why a request is served, or not: each near miss with its reason, to the letter."""

from typing import Any

import pytest

from asgi_routes import Match, URLRouter, format_path, path
from asgi_routes.inspection import explain, inspect
from tests.inspection import sample
from tests.parity.cases import Generator
from tests.parity.sides import our_side
from tests.spec.driving import hidden

LONG = "9" * 5000


def scope_of(target: str, method: str = "GET", host: str = "a.example.com", **more: Any) -> Any:
    """Return the scope of a request."""
    headers = [(b"host", host.encode())]
    return {"type": "http", "method": method, "path": target, "headers": headers, **more}


@pytest.mark.parametrize(
    ("target", "more", "template", "way"),
    [
        ("/", {}, "/", ["http", "<t>.example.com", ""]),
        ("/users/7/", {}, "/users/<int:id>/", ["http", "<t>.example.com", "users/<int:id>/"]),
        ("/shop/7/", {}, "/shop/<int:id>/", ["http", "<t>.example.com", "shop/", "<int:id>/"]),
        ("/api/v/s", {}, "/api/v/<slug:s>", ["http", "<t>.example.com", "api/", "", "v/<slug:s>"]),
        (
            *("/methods/", {"method": "PUT"}, "/methods/"),
            ["http", "<t>.example.com", "methods/", "PUT"],
        ),
        ("/notes/", {"method": "POST"}, "/notes/", ["http", "<t>.example.com", "notes/"]),
        ("/static/a.css", {}, "/static", ["http", "<t>.example.com", "static"]),
        ("/home/", {"host": "www.example.com"}, "/home/", ["http", "www.example.com", "home/"]),
        ("/ws/a", {"type": "websocket"}, "/ws/<room>", ["websocket", "ws/<room>"]),
    ],
)
def test_matches(target: str, more: Any, template: str, way: list[str]) -> None:
    """The way goes through every router and middleware, and knows where each route was written."""
    found = explain(sample.application, scope_of(target, **more))
    assert found
    assert found.template == template
    assert [step.key for step in found.way] == way
    assert found.place is not None
    assert found.place.startswith("tests/inspection/sample.py:")


def test_a_match_in_full() -> None:
    """Everything that is known of it."""
    found = explain(sample.application, scope_of("/users/7/", root_path=""))
    assert (found.application, found.name) == ("tests.inspection.sample:app", "user")
    assert found.kwargs == (("t", "a"), ("id", 7))
    assert (found.path_format, found.args, found.root_path) == ("/users/{id}/", (), None)
    assert explain(sample.application, scope_of("/static/x", root_path="")).root_path == "/static"


@pytest.mark.parametrize(
    ("target", "more", "template", "reason"),
    [
        ("/users/abc/", {}, "/users/<int:id>/", "'abc' is not an int"),
        ("/users/-1/", {}, "/users/<int:id>/", "'-1' is not an int"),
        (
            *(f"/users/{LONG}/", {}, "/users/<int:id>/"),
            f"'{LONG[:40]}'… (5000 characters) is not an int",
        ),
        ("/api/v/é", {}, "/api/v/<slug:s>", "'é' is not a slug"),
        ("/mounted/uuid/7", {}, "/mounted/uuid/<uuid:u>", "'7' is not a uuid"),
        ("/prices/x/", {}, "/prices/{price:f}/", "'x' is not f for 'price'"),
        ("/two/ab/", {}, "/two/<a>-<b>/", "'ab' is not of the form '<a>-<b>'"),
        ("/notes/", {}, "/notes/", "only POST"),
        ("/shop/new/", {"method": "PUT"}, "/shop/new/", "only POST"),
        ("/methods/", {"method": "DELETE"}, "/methods/", "only GET, HEAD, PUT"),
        ("/ws/a", {}, "/ws/<room>", "exists for websocket"),
        ("/users/7/", {"type": "websocket"}, "/users/<int:id>/", "exists for http"),
        ("/users/7", {}, "/users/<int:id>/", "with the trailing slash"),
        ("/plain/", {}, "/plain", "without the trailing slash"),
        ("//users/7/", {}, "/users/<int:id>/", "without the leading slashes"),
        ("/home/", {}, "/home/", "another host: www.example.com"),
        (
            "/users/7/",
            {"host": "a.b.example.com"},
            "/users/<int:id>/",
            "another host: <t>.example.com",
        ),
        ("/users/7/x", {}, "/users/<int:id>/", "longer by '/x'"),
        ("/plain/x/y", {}, "/plain", "longer by '/x/y'"),
        ("/api/v", {}, "/api/v/<slug:s>", "shorter by '/<slug:s>'"),
        ("/usrs/7/", {}, "/users/<int:id>/", "'usrs' is not 'users'"),
        ("/USERS/7/", {}, "/users/<int:id>/", "'USERS' is not 'users': case matters"),
        ("/archive/2026", {}, "/^archive/(?P<year>[0-9]{4})/$", "with the trailing slash"),
    ],
)
def test_near_misses(target: str, more: Any, template: str, reason: str) -> None:
    """The closest route is named first, with what the request lacks."""
    missed = explain(sample.application, scope_of(target, **more))
    assert not missed
    assert [(near.template, near.reason) for near in missed.near][:1] == [(template, reason)]


FORMATS = URLRouter(
    [
        format_path("blog/{day:%Y/%m/%d}/{slug}", sample.app),
        format_path("v{major:d}.{minor:d}-{tag}", sample.app),
        format_path("day/{day:%Y-%m-%d}-{slug}/", sample.app),
        format_path("n/{id:d}/", sample.app),
        format_path("t/{day:tg}/x", sample.app),
    ]
)


@pytest.mark.parametrize(
    ("target", "template", "reason"),
    [
        (
            *("/blog/2020/13/01/x", "/blog/{day:%Y/%m/%d}/{slug}"),
            "'2020/13/01' is not %Y/%m/%d for 'day': no such date or time",
        ),
        (
            *("/blog/2020/1x/01/x", "/blog/{day:%Y/%m/%d}/{slug}"),
            "'2020/1x/01' is not %Y/%m/%d for 'day'",
        ),
        ("/v1.x-a", "/v{major:d}.{minor:d}-{tag}", "'x' is not d for 'minor'"),
        (
            *("/day/2023-02-29-a-b/", "/day/{day:%Y-%m-%d}-{slug}/"),
            "'2023-02-29' is not %Y-%m-%d for 'day': no such date or time",
        ),
        ("/day/23-2-9-a/", "/day/{day:%Y-%m-%d}-{slug}/", "'23-2-9' is not %Y-%m-%d for 'day'"),
        ("/n/seven/", "/n/{id:d}/", "'seven' is not d for 'id'"),
        (
            *("/n/" + "9" * 5000 + "/", "/n/{id:d}/"),
            f"'{'9' * 40}'… (5000 characters) is not d for 'id': it has too many digits",
        ),
        ("/t/Juno/2/2020/x", "/t/{day:tg}/x", "'Juno/2/2020' is not tg for 'day'"),
    ],
)
def test_near_misses_of_formats(target: str, template: str, reason: str) -> None:
    """Which field it is, of a date with slashes too, and whether the calendar has no such day."""
    missed = explain(FORMATS, scope_of(target))
    assert [(near.template, near.reason) for near in missed.near][:1] == [(template, reason)]


@pytest.mark.parametrize("target", ["/nothing/like/it", "/", "", "*", "/\n", "/\udcff"])
def test_far_misses(target: str) -> None:
    """Where nothing is near, nothing is named; nothing in a path makes it fail."""
    missed = explain(sample.application, scope_of(target, host="other.example.org"))
    assert not missed
    assert missed.reason
    assert all(near.reason.startswith("another host") for near in missed.near)


def test_what_cannot_be_explained() -> None:
    """An application that leads to no router."""
    with pytest.raises(TypeError, match="is not a router"):
        explain(sample.app, scope_of("/"))


def test_allowed_and_location() -> None:
    """A miss knows the methods, and where it would redirect to."""
    missed = explain(sample.application, scope_of("/notes/"))
    assert missed.allowed == ("OPTIONS", "POST")
    router = URLRouter([path("a/", sample.app)], slashes="redirect")
    assert explain(router, scope_of("/a")).location == "/a/"


@pytest.mark.filterwarnings("ignore::asgi_routes.SlowRegexWarning")
@pytest.mark.parametrize("seed", range(60))
def test_what_is_explained_is_the_match(seed: int) -> None:
    """On random tables, for paths that fit and that do not, and through wrappers."""
    make = Generator(seed)
    table = make.table(("router", "router", "marked", "wrapped"))
    ours = our_side()
    router = ours.router(ours.routes(table))
    for _ in range(20):
        scope = {"type": "http", "path": make.path(table), "root_path": ""}
        found, explained = router.match(scope), explain(router, scope)
        if isinstance(found, Match):
            assert bool(explained) or explained.through
            if not explained.through:
                assert explained.template == found.scope["route"].path
        else:
            assert not explained


@pytest.mark.parametrize(
    ("text", "target"), [("a/", "/a/x"), ("a", "/a/x/y/"), ("<slug:s>/", "/a/x"), ("", "/x")]
)
def test_a_router_that_a_route_cannot_see(text: str, target: str) -> None:
    """A miss below it names it: what was meant to be a prefix is none."""
    nested = URLRouter([path("x", sample.app)])
    others = [path("b/", hidden(nested)), path("a/y/z", sample.app)]
    (near, *_) = explain(URLRouter([*others, path(text, hidden(nested))]), scope_of(target)).near
    assert near.reason.startswith("tests.spec.driving:hidden.<locals>.middleware leads to a router")
    assert near.template == "/" + text


def test_behind_what_nobody_can_look_through() -> None:
    """The way ends there."""
    inner = URLRouter([path("x", sample.app)])
    router = URLRouter([path("a", hidden(inner))])
    assert explain(router, scope_of("/a")).template == "/a"
    assert len([*inspect(router).routes()]) == 1
