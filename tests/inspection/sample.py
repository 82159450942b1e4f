"""An application with something of everything, to be looked at."""

from typing import Any

from asgi_routes import (
    ChannelNameRouter,
    HostRouter,
    MethodRouter,
    ProtocolTypeRouter,
    URLRouter,
    format_path,
    include,
    mount,
    path,
    re_path,
)


async def app(scope: Any, receive: Any, send: Any) -> None: ...


async def shop(scope: Any, receive: Any, send: Any) -> None: ...


class Middleware:
    """Holds the next application."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self.inner(scope, receive, send)


items = [path("<int:id>/", app, name="item"), path("new/", app, methods=["POST"])]
nested = URLRouter([path("v/<slug:s>", app, name="nested")])
urls = URLRouter(
    [
        path("", app, name="home"),
        path("users/<int:id>/", app, name="user"),
        path("users/<int:id>/edit", app),
        path("notes/", app, methods=["POST"]),
        path("methods/", MethodRouter({"GET": app, "PUT": shop})),
        path("shop/", include((items, "shop"), namespace="first")),
        path("api/", Middleware(nested)),
        path("two/<a>-<b>/", app),
        path("plain", app),
        format_path("prices/{price:f}/", app),
        re_path(r"^archive/(?P<year>[0-9]{4})/$", app, name="archive"),
        mount("static", shop),
        mount("mounted", URLRouter([path("uuid/<uuid:u>", app)])),
    ]
)
application = ProtocolTypeRouter(
    {
        "http": HostRouter(
            {
                "www.example.com": URLRouter([path("home/", app)], default=shop),
                "<t>.example.com": urls,
            }
        ),
        "websocket": URLRouter([path("ws/<room>", app, name="room")]),
        "channel": ChannelNameRouter({"mail": app}),
    }
)
partly = URLRouter([path("<a>/b", app), path("a/<b>", app)])
