"""What ``django.urls`` and Channels have made, in tables of ours; and ours in Channels' router."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import channels.routing
import django.urls
import pytest
from channels.middleware import BaseMiddleware
from django.conf.urls.i18n import i18n_patterns
from django.http import Http404
from django.urls import Resolver404, URLPattern
from django.urls.resolvers import RoutePattern
from django.utils.translation import gettext_lazy

import asgi_routes
from asgi_routes import (
    HostRouter,
    ImproperlyConfigured,
    NotFound,
    ProtocolTypeRouter,
    URLRouter,
    include,
    mount,
    path,
)
from asgi_routes.inspection import explain, inspect
from asgi_routes.inspection.check import check
from asgi_routes.migration.agreements import routing
from asgi_routes.migration.sides import hiding
from asgi_routes.testing import Client, assert_routes
from tests.parity import sides  # it sets Django up, and registers converters with it

# Their types are for views and for their own routers.
django_include: Any = django.urls.include
django_path: Any = django.urls.path
re_path: Any = django.urls.re_path
ChannelsRouter: Any = channels.routing.URLRouter
ChannelsTypes: Any = channels.routing.ProtocolTypeRouter
ChannelsChannels: Any = channels.routing.ChannelNameRouter

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]


def telling(name: str) -> Any:
    """Return an application that answers http with its name and what it was given."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        route = scope["url_route"]
        body = " ".join([name, *route["args"], *map(str, route["kwargs"].values())])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body.encode()})

    return app


class AnyCase(RoutePattern):
    """A pattern of somebody's own."""

    def match(self, path: str) -> Any:
        return super().match(path.lower())


class Token(BaseMiddleware):
    """A middleware of Channels, which holds its application as ``inner``."""


def with_own_call(routes: list[Any]) -> Any:
    class Own(ChannelsRouter):  # type: ignore[misc]
        async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
            return await super().__call__(scope, receive, send)

    return Own(routes)


BOOKS = ModuleType("books.urls")
BOOKS.__dict__.update(
    app_name="books",
    urlpatterns=[
        django_path("<int:book>/", telling("book"), name="book"),
        django_path("even/<even:n>/", telling("even"), {"kind": "even"}, name="even"),
        re_path(r"^page/(\d+)/$", telling("page"), name="page"),
        django_path("", telling("all")),
    ],
)
FLAT = [*BOOKS.urlpatterns]


async def ask(app: Any, target: str, method: str = "GET") -> str:
    response = await Client(app).request(method, target)
    return response.text if response.status == 200 else str(response.status)


FIRST_ROW = {
    "/7/": "book 7",
    "/even/4/": "even 4 even",
    "/even/5/": "404",
    "/page/3/": "page 3",
    "/": "all",
    "/x/": "404",
}
MIXED: dict[str, tuple[Callable[[], Any], str, dict[str, str]]] = {
    "listed": (lambda: URLRouter(FLAT), "", {}),
    "among ours": (lambda: URLRouter([path("x/", telling("ours")), *FLAT]), "", {"/x/": "ours"}),
    "included": (lambda: URLRouter([path("b/", include(FLAT))]), "/b", {}),
    "a module": (lambda: URLRouter([path("b/", include(BOOKS))]), "/b", {}),
    "Django's include": (lambda: URLRouter([path("b/", django_include(BOOKS))]), "/b", {}),
    "ours of it": (lambda: URLRouter([path("b/", include(django_include(BOOKS)))]), "/b", {}),
    "a resolver": (lambda: URLRouter([django_path("b/", django_include(BOOKS))]), "/b", {}),
    "nested resolvers": (
        lambda: URLRouter(
            [django_path("a/", django_include([django_path("b/", django_include(BOOKS))]))]
        ),
        "/a/b",
        {},
    ),
    "Channels' router": (lambda: URLRouter([path("c/", ChannelsRouter(FLAT))]), "/c", {}),
    "behind a slash": (lambda: URLRouter([path("c", ChannelsRouter(FLAT))]), "/c", {"/": "404"}),
    "its route": (lambda: URLRouter([django_path("c/", ChannelsRouter(FLAT))]), "/c", {}),
    "with a later route": (
        lambda: URLRouter([path("c/", ChannelsRouter(FLAT)), path("c/x/", telling("later"))]),
        "/c",
        {"/x/": "later"},
    ),
    "mounted": (lambda: URLRouter([mount("c", ChannelsRouter(FLAT))]), "/c", {}),
    "by type": (lambda: ProtocolTypeRouter({"http": ChannelsRouter(FLAT)}), "", {}),
    "by host": (lambda: HostRouter({"testserver": ChannelsRouter(FLAT)}), "", {}),
    "a subclass": (
        lambda: URLRouter([path("c/", type("R", (ChannelsRouter,), {})(FLAT))]),
        "/c",
        {},
    ),
    "behind middleware": (lambda: URLRouter([path("c/", Token(ChannelsRouter(FLAT)))]), "/c", {}),
    "behind a closure": (lambda: URLRouter([path("c/", routing(ChannelsRouter(FLAT)))]), "/c", {}),
    "behind another": (
        lambda: URLRouter([asgi_routes.re_path("^c/", hiding(ChannelsRouter(FLAT)))]),
        "/c",
        {},
    ),
    "called in its own way": (lambda: URLRouter([path("c/", with_own_call(FLAT))]), "/c", {}),
    "middleware, mounted": (lambda: URLRouter([mount("c", Token(ChannelsRouter(FLAT)))]), "/c", {}),
    "middleware, by type": (
        lambda: ProtocolTypeRouter({"http": Token(ChannelsRouter(FLAT))}),
        "",
        {},
    ),
    "types of Channels": (
        lambda: ProtocolTypeRouter({"http": ChannelsTypes({"http": ChannelsRouter(FLAT)})}),
        "",
        {},
    ),
    "as a default": (lambda: URLRouter([], default=ChannelsRouter(FLAT)), "", {}),
    "wrapped, as a default": (lambda: URLRouter([], default=Token(ChannelsRouter(FLAT))), "", {}),
}


@pytest.mark.parametrize("name", MIXED)
async def test_mixed(name: str, anyio_backend: str) -> None:
    """Wherever they stand, they serve what they serve at Channels' or Django's, and miss the rest."""
    build, prefix, differs = MIXED[name]
    app = build()
    found = {target: await ask(app, prefix + target) for target in FIRST_ROW}
    assert found == FIRST_ROW | differs


async def test_a_websocket_that_channels_misses_is_denied(anyio_backend: str) -> None:
    """Also where a middleware has taken the first message already."""

    class Eager(BaseMiddleware):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
            first = await receive()

            async def again() -> Any:
                return first

            return await super().__call__(scope, again, send)

    app: Any = URLRouter([path("c/", Eager(ChannelsRouter(FLAT)))])
    events = [{"type": "websocket.connect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return events.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "websocket", "path": "/c/nope/", "headers": []}, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]


ERRORS = [Resolver404("its own"), ValueError("No route found for path 'x'."), Http404("gone")]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_errors_of_applications_are_their_own(error: Exception, anyio_backend: str) -> None:
    """What only looks like a miss of Channels' router is none."""

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise error

    class Failing(BaseMiddleware):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
            raise error

    for app in (
        URLRouter(
            [path("c/", ChannelsRouter([django_path("", failing)])), path("c/", telling("b"))]
        ),
        URLRouter([path("c/", Failing(ChannelsRouter(FLAT)))]),
    ):
        with pytest.raises(type(error)) as caught:
            await ask(app, "/c/")
        assert caught.value is error


async def test_a_miss_after_an_answer_has_begun_is_an_error(anyio_backend: str) -> None:
    """No second answer is sent."""

    class Answering(BaseMiddleware):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            return await super().__call__(scope, receive, send)

    app: Any = URLRouter([path("c/", Answering(ChannelsRouter(FLAT)))])
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(Resolver404):
        await app({"type": "http", "method": "GET", "path": "/c/x/"}, None, send)
    assert len(sent) == 1


async def test_names_templates_and_lines(anyio_backend: str) -> None:
    """They are as much a part of the table as ours are."""
    router = URLRouter(
        [
            path("b/", django_include(BOOKS, namespace="shop"), name=None),
            path("c/", ChannelsRouter(FLAT)),
        ]
    )
    assert router.reverse("shop:book", [7]) == "/b/7/"
    assert router.reverse("books:even", kwargs={"n": 4}) == "/b/even/4/"
    assert router.reverse("page", [3]) == "/c/page/3/"
    found = assert_routes(router, "GET", "/b/even/4/", name="shop:even")
    assert found.scope["route"].path_format == "/b/even/{n}/"
    assert (
        explain(router, {"type": "http", "method": "GET", "path": "/c/7/"}).place == "(django.urls)"
    )
    shown = {(node.template, node.place) for node in inspect(router).routes()}
    assert ("/b/<int:book>/", "(django.urls)") in shown
    assert ("/c/<int:book>/", "(django.urls)") in shown
    assert [finding.id for finding in check(router) if finding.level == "error"] == []


async def test_the_built_in_converters_are_ours(anyio_backend: str) -> None:
    """Django's own do the same, and ours in less time; others come from the pattern itself."""
    router = URLRouter([django_path("<int:a>/<slug:b>/<str:c>/<uuid:d>/<path:e>", telling("x"))])
    (route,) = router.declarations
    modules = {type(one.converter).__module__ for one in route.pattern.parameters}
    assert modules == {"asgi_routes.patterns.converters"}
    (route,) = URLRouter([django_path("<even:n>", telling("x"))]).declarations
    assert type(route.pattern.parameters[0].converter) is sides.Even


async def test_converters_registered_with_django_are_known(anyio_backend: str) -> None:
    """A route of ours may use them, too."""
    assert await ask(URLRouter([path("<even:n>/", telling("even"))]), "/4/") == "even 4"


async def sync_view(request: Any) -> None: ...


CHAT: Any = gettext_lazy("chat/")
ITEM = "item 1 of the routes of URLRouter, made by django.urls"
DEPENDS = "depends on the language of the request, which a table of routes cannot"
REFUSED: list[tuple[Callable[[], Any], str, str | None]] = [
    (
        lambda: URLRouter(i18n_patterns(django_path("", telling("x")))),
        f"{ITEM}: i18n_patterns() {DEPENDS}",
        "declare a path for each language",
    ),
    (
        lambda: URLRouter([django_path(CHAT, telling("x"))]),
        f"{ITEM}: RoutePattern('chat/') {DEPENDS}",
        "declare a path for each language",
    ),
    (
        lambda: URLRouter([URLPattern(AnyCase("a/", is_endpoint=True), telling("x"))]),
        f"{ITEM}: AnyCase has its own match(), which a table of routes does not call",
        "declare what it matches with re_path()",
    ),
    (
        lambda: URLRouter([mount("c", ChannelsRouter(FLAT), strip=True)]),
        "strip=True is for applications that ignore root_path; a router reads it",
        "omit strip=True",
    ),
    (
        lambda: URLRouter([mount("c", Token(ChannelsRouter(FLAT)), strip=True)]),
        "strip=True is for applications that ignore root_path; a router reads it",
        "omit strip=True",
    ),
    (
        lambda: path(CHAT, telling("x")),
        "a path pattern must be the same for every request, but the lazy string chat/ is not",
        "pass str(…) of it, or declare a route for each language",
    ),
    (
        lambda: asgi_routes.re_path(CHAT, telling("x")),
        "a regex pattern must be the same for every request, but the lazy string chat/ is not",
        "pass str(…) of it, or declare a route for each language",
    ),
    (
        lambda: path("", telling("x"), name=CHAT),
        "the name of a route must be the same for every request, but the lazy string chat/ is not",
        "pass str(…) of it, or declare a route for each language",
    ),
    (
        lambda: ProtocolTypeRouter({CHAT: telling("x")}),
        "a scope type of ProtocolTypeRouter must be the same for every request, but the lazy string chat/ is not",
        "pass str(…) of it, or declare a route for each language",
    ),
    (
        lambda: path("<evem:n>/", telling("x")),
        "unknown converter 'evem' in path pattern",
        "did you mean 'even'?",
    ),
    (
        lambda: URLRouter([path("", telling("x")), django_path("a/", sync_view)]),
        f"{ITEM}: sync_view cannot be called as app(scope, receive, send)".replace("1", "2", 1),
        "Django's views are served by get_asgi_application(): mount that",
    ),
    (
        lambda: URLRouter([path("c/", ChannelsRouter([django_path("a/", sync_view)]))]),
        f"{ITEM}: sync_view cannot be called as app(scope, receive, send)",
        "Django's views are served by get_asgi_application(): mount that",
    ),
]


@pytest.mark.parametrize("row", range(len(REFUSED)))
async def test_refused(row: int, anyio_backend: str) -> None:
    """What a table cannot hold is named when it is written."""
    write, message, hint = REFUSED[row]
    with pytest.raises(ImproperlyConfigured) as caught:
        write()
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.declared.file == __file__


async def test_a_module_that_includes_itself(anyio_backend: str) -> None:
    """Django finds its patterns when they are asked for; a table has all of them."""
    module = ModuleType("endless")
    sys.modules["endless"] = module
    module.__dict__["urlpatterns"] = []
    module.urlpatterns.append(django_path("a/", django_include("endless")))
    with pytest.raises(
        ImproperlyConfigured, match=r"includes a list of django\.urls that includes itself"
    ):
        URLRouter(module.urlpatterns)
    del sys.modules["endless"]


async def test_nothing_of_theirs_is_changed(anyio_backend: str) -> None:
    """The same objects still serve at Django's."""
    URLRouter([path("b/", include(BOOKS)), path("c/", ChannelsRouter(FLAT))])
    assert [*map(id, BOOKS.urlpatterns)] == [*map(id, FLAT)]
    found = django.urls.URLResolver(django.urls.resolvers.RegexPattern(""), FLAT).resolve("7/")
    assert found.kwargs == {"book": 7}


OURS = URLRouter([path("a/", telling("ours"), methods=["GET"])])
INSIDE: dict[str, Callable[[Any], Any]] = {
    "bare": lambda ours: ours,
    "by type": lambda ours: ProtocolTypeRouter({"http": ours}),
    "behind middleware": Token,
    "with a policy": lambda ours: URLRouter(ours.declarations, default=NotFound()),
}


@pytest.mark.parametrize("name", INSIDE)
async def test_ours_inside_channels(name: str, anyio_backend: str) -> None:
    """What ours misses, the next route of Channels' may have; a wrong method is known of."""
    app = ChannelsRouter([re_path("^n/", INSIDE[name](OURS)), re_path("^n/b/", telling("theirs"))])
    assert await ask(app, "/n/a/") == "ours"
    assert await ask(app, "/n/b/") == "theirs"
    assert await ask(app, "/n/a/", "POST") == "405"
    with pytest.raises(ValueError, match="No route found for path"):
        await ask(app, "/n/c/")


async def test_ours_inside_channels_inside_ours(anyio_backend: str) -> None:
    """Each of them answers for its own part."""
    inner = Token(ChannelsRouter([re_path("^n/", OURS), re_path("^n/b/", telling("theirs"))]))
    app = URLRouter([path("o/", inner), path("p/", ChannelsRouter([django_path("n/", OURS)]))])
    assert await ask(app, "/o/n/a/") == "ours"
    assert await ask(app, "/o/n/b/") == "theirs"
    assert await ask(app, "/o/n/c/") == "404"
    assert await ask(app, "/p/n/a/") == "ours"
    assert await ask(app, "/p/n/c/") == "404"


async def test_channels_of_channels(anyio_backend: str) -> None:
    """A router of names is called, and what it misses is said as by ours."""

    async def work(scope: Any, receive: Any, send: Any) -> str:
        return "done"

    app: Any = ProtocolTypeRouter({"channel": ChannelsChannels({"a": work})})
    assert await app({"type": "channel", "channel": "a"}, None, None) == "done"
    with pytest.raises(asgi_routes.NoRouteFound, match="No application configured for channel"):
        await app({"type": "channel", "channel": "b"}, None, None)


async def test_channels_that_contains_itself(anyio_backend: str) -> None:
    """It cannot be read to its end, so it is refused at once."""
    theirs = ChannelsRouter([django_path("a/", telling("a"))])
    theirs.routes.append(django_path("again/", theirs))
    with pytest.raises(ImproperlyConfigured, match="contains itself"):
        URLRouter([path("x/", theirs)])
