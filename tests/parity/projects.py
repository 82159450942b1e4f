"""The shapes that routing has in real projects, in small, with the real middlewares of Channels.

Each says what it is asked, and which application serves that: with the routers of Channels, and, where one of
the rules says otherwise, with ours.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import channels.routing
import django.urls
from channels.auth import AuthMiddlewareStack
from channels.middleware import BaseMiddleware
from channels.security.websocket import AllowedHostsOriginValidator, OriginValidator
from channels.sessions import CookieMiddleware, SessionMiddlewareStack

from tests.parity.told import job, page, socket

ChannelsRouter: Any = channels.routing.URLRouter
PROJECTS: dict[str, "Project"] = {}


class Kit(NamedTuple):
    """What a project imports."""

    types: Any
    urls: Any
    channels: Any
    path: Any
    re_path: Any


class Project(NamedTuple):
    """How a project is built, and what it answers."""

    build: Callable[[Kit], Any]
    answers: str


def project(answers: str) -> Callable[[Callable[[Kit], Any]], None]:
    """Return a decorator for a project.

    Args:
        answers: a line each: what is asked, which application has it with Channels, or how it went without
            one; then the same with ours, and the numbers of the rules, where these differ.
    """

    def add(build: Callable[[Kit], Any]) -> None:
        PROJECTS[build.__name__] = Project(build, answers)

    return add


def token_stack(inner: Any) -> Any:
    """Return a middleware that is a closure, and writes into the scope."""

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        return await inner({**scope, "token": "t"}, receive, send)

    return middleware


class Token(BaseMiddleware):
    """A middleware in the way of Channels."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        changed: Any = {**scope, "token": "t"}
        return await super().__call__(changed, receive, send)


class ClosesUnknown:
    """A middleware that knows the error of Channels, and closes."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self.app(scope, receive, send)
        except ValueError as error:
            if "No route found for path" not in str(error):
                raise
            await send({"type": "websocket.close"})


@project("""
    ws      /office/ws/state/        state
    other   /office/ws/state/        closed
    ws      /office/ws/state         missed
    ws      /ws/state/               missed
    http    /office/ws/state/        django
    channel mail                     missed
""")
def sockets_behind_a_setting(k: Kit) -> Any:
    routes = [k.path("office/" + "ws/state/", socket("state"), name="state")]
    stack = AllowedHostsOriginValidator(AuthMiddlewareStack(k.urls(routes)))
    return k.types({"http": page("django"), "websocket": stack})


@project("""
    ws      /hosts/                  hosts
    ws      /relay/                  relay
    ws      /a/relay/                missed
    ws      /hosts/1                 missed
    http    /hosts/                  missed
""")
def types_subclassed_without_http(k: Kit) -> Any:
    class Types(k.types):  # type: ignore[misc, name-defined]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)

    routes = [k.re_path(r"hosts/$", socket("hosts")), k.re_path(r"relay/$", socket("relay"))]
    return Types({"websocket": token_stack(k.urls(routes))})


@project("""
    http    /graph                   graph
    http    /graphs/1/               graph
    http    /                        django
    http    /a/graph/                django
    ws      /graph/                  graph
    ws      /                        missed
""")
def one_endpoint_before_django(k: Kit) -> Any:
    class Graph(k.types):  # type: ignore[misc, name-defined]
        def __init__(self, rest: Any) -> None:
            pages = [k.re_path("^graph", page("graph")), k.re_path("^", rest)]
            sockets = k.urls([k.re_path("^graph", socket("graph"))])
            super().__init__({"http": k.urls(pages), "websocket": sockets})

    return Graph(page("django"))


@project("""
    ws      /ws/north/               zone
    ws      /ws/7                    n
    other   /ws/7                    closed
    ws      /ws/North/               missed
    ws      /ws/7/                   missed
""")
def origins_and_old_regexes(k: Kit) -> Any:
    routes = [
        k.re_path(r"^ws/(?P<zone>[a-z]+)/$", socket("zone")),
        k.re_path(r"^ws/(\d+)$", socket("n")),
    ]
    return k.types({"websocket": OriginValidator(k.urls(routes), [".example.org"])})


@project("""
    channel resize                   resize
    channel mail                     mail
    channel post                     missed
    ws      /learn/lesson/a-1/       lesson
    ws      /learn/lesson/a.1/       missed
    ws      /learn/                  missed
    http    /long/poll/12/x          poll
    http    /long/poll/              django
""")
def jobs_sockets_and_pages(k: Kit) -> Any:
    nested = k.urls([k.path("lesson/<slug:which>/", socket("lesson"))])
    return k.types(
        {
            "channel": k.channels({"resize": job("resize"), "mail": job("mail")}),
            "websocket": AuthMiddlewareStack(k.urls([k.path("learn/", nested)])),
            "http": k.urls(
                [k.re_path(r"poll/(?P<n>\d+)", page("poll")), k.re_path(r"", page("django"))]
            ),
        }
    )


@project("""
    ws      /bids/12/                bids
    ws      /bids/-1/                missed
    ws      /lots/00000000-0000-0000-0000-000000000007/ lots
    ws      /lots/00000000-0000-0000-0000-0000000000070/ missed
    ws      /chat/a/                 chat
    ws      /chat/a/%0A              any
    ws      /chat/a/b/               any
    ws      /bids/1/%0A              missed
""")
def lists_added_up(k: Kit) -> Any:
    bids = [k.path("bids/<int:lot>/", socket("bids"), {"kind": "bid"}, name="bids")]
    bids += [k.path("lots/<uuid:lot>/", socket("lots"))]
    chats = [k.re_path(r"^chat/(?P<room>\w+)/$", socket("chat")), k.re_path("chat/", socket("any"))]
    return k.types({"websocket": token_stack(k.urls(bids + chats))})


@project("""
    ws      /ws/events               events
    ws      /ws/007/                 n
    ws      /ws/events/              missed
    ws      /ws//events              events   missed   9b
    ws      //ws/events              events   missed   9a
""")
def nested_behind_a_slash(k: Kit) -> Any:
    inner = k.urls([k.path("events", socket("events")), k.path("<int:n>/", socket("n"))])
    return k.types({"websocket": CookieMiddleware(Token(k.urls([k.path("ws/", inner)])))})


@project("""
    ws      /ws/chat                 all
    ws      /ws/chat/rooms/a/        room
    ws      /ws/chat/rooms/          missed
    ws      /ws/chatrooms/a/         room     missed   9c
    ws      /ws/chat/                all      missed   9d
    ws      /ws/chat//rooms/a/       room     missed   9b
""")
def nested_behind_no_slash(k: Kit) -> Any:
    inner = k.urls([k.path("rooms/<name>/", socket("room")), k.path("", socket("all"))])
    return k.types({"websocket": Token(k.urls([k.path("ws/chat", inner)]))})


@project("""
    ws      /auth/book/7/            rest     n        2a
    ws      /auth/book/x/            rest     missed   2a 2b
    ws      /book/7/                 rest
""")
def a_middleware_between_three_levels(k: Kit) -> Any:
    pages = k.urls([k.path("<int:n>/", socket("n"))])
    books = k.urls([k.path("book/", pages)])
    return k.types(
        {"websocket": k.urls([k.path("auth/", Token(books)), k.re_path("", socket("rest"))])}
    )


@project("""
    http    /events/1/               events
    http    /feeds/news/             feed
    http    /feeds/news/x/           django
    http    /events/1                django
    http    /events/1/x/             django   missed   2a 2b
    http    /                        django
    ws      /events/1/               missed
""")
def streams_before_django(k: Kit) -> Any:
    events = AuthMiddlewareStack(k.urls([k.path("", page("events"))]))
    routes = [
        k.path("events/<room>/", events, {"channels": ["a"]}),
        k.re_path(
            r"^feeds/(?P<feed>\w+)/$", AuthMiddlewareStack(k.urls([k.re_path("", page("feed"))]))
        ),
        k.re_path(r"", page("django")),
    ]
    return k.types({"http": k.urls(routes)})


@project("""
    ws      /a/                      a
    ws      /a                       last
    ws      /                        last
""")
def urls_subclassed_with_a_last_route(k: Kit) -> Any:
    class WithLast(k.urls):  # type: ignore[misc, name-defined]
        def __init__(self, routes: Any) -> None:
            super().__init__([*routes, k.re_path(r"", socket("last"))])

    return k.types({"websocket": WithLast([k.path("a/", socket("a"))])})


@project("""
    ws      /ws/session/             session
    ws      /ws/session/x/           missed
    ws      /ws/session              missed
""")
def an_end_before_a_nested_router(k: Kit) -> Any:
    inner = k.urls([k.path("", socket("session")), k.path("x/", socket("x"))])
    return k.types({"websocket": k.urls([k.re_path(r"^ws/session/$", inner)])})


@project("""
    ws      /ws/grid/7/              id
    ws      /ws/grid/                grid
    ws      /a/ws/grid/              rest
    ws      /ws/grids/               rest
    ws      /ws/gri/                 missed
    http    /dash/a/b/               dash
    http    /a/dash/a/               django
""")
def overlapping_regexes(k: Kit) -> Any:
    routes = [
        k.re_path(r"ws/grid/(?P<id>\d+)", socket("id")),
        k.re_path(r"ws/grid/$", socket("grid")),
    ]
    routes += [k.re_path(r"ws/grid", socket("rest"))]
    pages = [k.re_path(r"^dash/(?P<name>\w+)/", page("dash")), k.re_path(r"^", page("django"))]
    stack = AuthMiddlewareStack(k.urls(pages))
    return k.types({"websocket": AuthMiddlewareStack(k.urls(routes)), "http": stack})


@project("""
    ws      /media/                  media
    ws      /a/b.js                  js
    ws      /media                   closed
    ws      /media/a                 closed
""")
def middlewares_that_hold_an_app(k: Kit) -> Any:
    routes = [
        k.path("media/", SessionMiddlewareStack(socket("media"))),
        k.path("<path:p>.js", socket("js")),
    ]
    return k.types({"websocket": ClosesUnknown(CookieMiddleware(k.urls(routes)))})


class ByHost:
    """Writes the tenant of a connection into the scope, and hands it to the routes of that tenant."""

    def __init__(self, apps: dict[bytes, Any], rest: Any) -> None:
        self.apps = apps
        self.rest = rest

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        origin = dict(scope["headers"]).get(b"origin", b"")
        app = self.apps.get(origin, self.rest)
        return await app({**scope, "tenant": origin}, receive, send)


@project("""
    ws      /chat/stream/            stream
    ws      /chat/stream             missed
    ws      /chat/                   missed
    http    /chat/stream/            missed
""")
def one_stream_for_all_rooms(k: Kit) -> Any:
    routes = [k.path(route="chat/stream/", view=socket("stream"))]
    return k.types({"websocket": AuthMiddlewareStack(k.urls(routes))})


@project("""
    ws      /n/7/                    mine
    other   /n/7/                    n
    ws      /x/                      missed
    other   /x/                      x
    other   /n/                      missed
""")
def routes_of_each_tenant(k: Kit) -> Any:
    public = k.urls([k.path("n/<int:n>/", socket("n")), k.path("x/", socket("x"))])
    mine = k.urls([k.path("n/<int:n>/", socket("mine"))])
    tenants = ByHost({b"http://www.example.org": Token(mine)}, AuthMiddlewareStack(public))
    return k.types({"websocket": tenants})


class OldLifespan:
    """An application of ASGI 2, as some projects have for a lifespan that does nothing."""

    def __init__(self, scope: Any) -> None:
        self.scope = scope

    async def __call__(self, receive: Any, send: Any) -> None:
        while True:
            event = await receive()
            await send({"type": f"{event['type']}.complete"})


@project("""
    ws      /ws/client/              client
    ws      /ws/outpost/7/           n
    ws      /ws/outpost/x/           closed
    http    /ws/client/              django
""")
def a_lifespan_of_asgi_2(k: Kit) -> Any:
    routes = [k.path("ws/client/", socket("client"))]
    routes += [k.path("ws/outpost/<int:n>/", socket("n"))]
    types = {"lifespan": OldLifespan, "http": page("django")}
    return k.types(types | {"websocket": ClosesUnknown(AuthMiddlewareStack(k.urls(routes)))})


@project("""
    ws      /ws/terminal/            terminal
    ws      /ws/kube/a-1/            pod
    ws      /ws/tasks/4/log/         n
    ws      /ws/tasks/5/log/         missed
    ws      /ws/kube/                missed
    http    /anything                django
""")
def names_converters_and_a_stack_elsewhere(k: Kit) -> Any:
    terminals = [k.path("ws/terminal/", socket("terminal"), name="terminal")]
    kube = [k.re_path(r"^ws/kube/(?P<pod>[-\w]+)/$", socket("pod"), name="kube")]
    patterns = []
    patterns += terminals + kube
    patterns += [k.path("ws/tasks/<even:n>/log/", socket("n"), {"follow": True}, name="log")]

    def stack() -> Any:
        return token_stack(CookieMiddleware(k.urls(patterns)))

    pages = k.urls([k.re_path(r"", page("django"))])
    return k.types({"http": pages, "websocket": stack()})


@project("""
    ws      /app/room/7/             room
    ws      /app/room/x/             missed
    ws      /app/                    all
    ws      /notifications/          news
    ws      /notifications/x/        missed
    http    /events/3/               events
    http    /events/                 django
""")
def routes_of_packages(k: Kit) -> Any:
    room = django.urls.path("room/<int:room>/", socket("room"), name="room")
    packaged = ChannelsRouter([room, django.urls.path("", socket("all"))])
    routes: list[Any] = [k.path("app/", packaged)]
    routes += [django.urls.path("notifications/", socket("news"))]
    events = django.urls.re_path(r"^events/(?P<n>\d+)/$", page("events"))
    pages = k.urls([events, k.re_path("", page("django"))])
    return k.types({"http": pages, "websocket": AuthMiddlewareStack(k.urls(routes))})


@project("""
    ws      /course/3/quiz/4/        q
    ws      /course/3/quiz/x/        missed
    ws      /course/3/               c
    channel compile                  compile
    channel Compile                  missed
    http    /course/3/               missed
""")
def two_levels_and_jobs(k: Kit) -> Any:
    quizzes = k.urls([k.path("quiz/<int:q>/", socket("q")), k.path("", socket("c"))])
    return k.types(
        {
            "websocket": AuthMiddlewareStack(k.urls([k.path("course/<int:c>/", quizzes)])),
            "channel": k.channels({"compile": job("compile")}),
        }
    )
