"""One application that holds the same routes in many ways, ours and others', and asks all of them.

Its answer names those whose protected route was reached, so one request through a proxy tells of all.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from asgi_routes import URLRouter, format_path, include, mount, path, re_path
from tests.proxies.targets import PROTECTED

SECRET = b"the secret"
OURS = (
    *(
        "flat",
        "include",
        "nested",
        "mount",
        "regex",
        "format",
        "redirect",
        "both",
        "preserve",
        "reject",
    ),
    *("in_path", "stripped"),
)
PEERS = ("Starlette", "FastAPI", "Django", "Falcon", "Channels")


async def secret(scope: Any, receive: Any, send: Any) -> None:
    """Answer as what is protected does."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": SECRET})


async def public(scope: Any, receive: Any, send: Any) -> None:
    """Answer as anything else does."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"public"})


def _flat(**options: Any) -> URLRouter:
    routes = [
        path("admin", secret),
        path("admin/", secret),
        path("admin/<path:rest>", secret),
        path("api/internal/<path:rest>", secret),
        path("public/", public),
    ]
    return URLRouter(routes, **options)


def _parts() -> tuple[list[Any], list[Any]]:
    admin = [path("", secret), path("<path:rest>", secret)]
    return admin, [path("internal/", include([path("<path:rest>", secret)]))]


def _included() -> URLRouter:
    admin, api = _parts()
    return URLRouter([path("admin/", include(admin)), path("api/", include(api))])


def _nested() -> URLRouter:
    admin, _ = _parts()
    api = URLRouter([path("internal/", URLRouter([path("<path:rest>", secret)]))])
    routes = [path("admin/", URLRouter(admin)), path("api/", api), path("", URLRouter([]))]
    return URLRouter([path("", URLRouter(routes))])


def _mounted() -> URLRouter:
    api = URLRouter([mount("internal", URLRouter([path("<path:rest>", secret)]))])
    return URLRouter([path("admin", secret), mount("admin", secret), mount("api", api)])


def _by_regex() -> URLRouter:
    regexes = (r"^admin/?$", r"^admin/(.+)$", r"^api/internal/(.+)$")
    return URLRouter([re_path(regex, secret) for regex in regexes])


def _by_format() -> URLRouter:
    formats = ("admin", "admin/", "admin/{rest:path}", "api/internal/{rest:path}")
    return URLRouter([format_path(one, secret) for one in formats])


def _starlette() -> Any:
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Mount, Route

    async def view(request: Any) -> Any:
        return Response(SECRET)

    admin = [Route("/", view), Route("/{rest:path}", view)]
    api = [Mount("/internal", routes=[Route("/{rest:path}", view)])]
    routes = [Route("/admin", view), Mount("/admin", routes=admin), Mount("/api", routes=api)]
    return Starlette(routes=routes)


def _fastapi() -> Any:
    from fastapi import APIRouter, FastAPI, Response

    async def view() -> Any:
        return Response(SECRET)

    app, internal = FastAPI(), APIRouter(prefix="/api")
    for text in ("/admin", "/admin/", "/admin/{rest:path}"):
        app.get(text)(view)
    internal.get("/internal/{rest:path}")(view)
    app.include_router(internal)
    return app


def _django() -> Any:
    import django
    from django import urls
    from django.conf import settings
    from django.core.asgi import get_asgi_application
    from django.http import HttpResponse

    async def view(request: Any, rest: str = "") -> Any:
        return HttpResponse(SECRET)

    class Urls:
        urlpatterns = (
            urls.path("admin", view),
            urls.path(
                "admin/", urls.include([urls.path("", view), urls.path("<path:rest>", view)])
            ),
            urls.path("api/", urls.include([urls.path("internal/<path:rest>", view)])),
        )

    settings.configure(ROOT_URLCONF=Urls, ALLOWED_HOSTS=["*"], MIDDLEWARE=[])
    django.setup()
    return get_asgi_application()


def _falcon() -> Any:
    from falcon.asgi import App

    class Resource:
        async def on_get(self, request: Any, response: Any, rest: str = "") -> None:
            response.data = SECRET

    app = App()
    for text in ("/admin", "/admin/{rest:path}", "/api/internal/{rest:path}"):
        app.add_route(text, Resource())
    return app


def _channels() -> Any:
    from channels.routing import URLRouter as ChannelsRouter
    from django.urls import path as django_path

    def below(text: str, *routes: Any) -> Any:
        return django_path(text, ChannelsRouter([*routes]))

    end: Any = django_path("<path:rest>", secret)  # type: ignore[arg-type]
    first: Any = django_path("", secret)  # type: ignore[arg-type]
    return ChannelsRouter([below("admin/", first, end), below("api/", below("internal/", end))])


_MAKERS: dict[str, Callable[[], Any]] = {
    "flat": _flat,
    "include": _included,
    "nested": _nested,
    "mount": _mounted,
    "regex": _by_regex,
    "format": _by_format,
    "redirect": lambda: _flat(slashes="redirect"),
    "both": lambda: _flat(slashes="both"),
    "preserve": lambda: _flat(encoded_slashes="preserve"),
    "reject": lambda: _flat(encoded_slashes="reject"),
    "in_path": lambda: _flat(root_path="in_path"),
    "stripped": lambda: _flat(root_path="stripped"),
    "Starlette": _starlette,
    "FastAPI": _fastapi,
    "Django": _django,
    "Falcon": _falcon,
    "Channels": _channels,
}


class Everybody:
    """Asks every layout what a request reaches, once for each scope."""

    def __init__(self) -> None:
        self._apps = {name: make() for name, make in _MAKERS.items()}
        self._known: dict[tuple[Any, ...], bytes] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        key = (scope["path"], scope.get("raw_path"), scope["root_path"], scope["method"])
        if key not in self._known:
            found = [name for name, app in self._apps.items() if await _reaches(app, scope)]
            self._known[key] = " ".join(found).encode()
        body = self._known[key]
        headers = [(b"content-length", b"%d" % len(body)), (b"x-asked", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Guard:
    """Lets nobody have what is protected, as a middleware does that compares ``path`` with a prefix."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PROTECTED):
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._app(scope, receive, send)


async def _reaches(app: Any, scope: Any) -> bool:
    messages = [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[Any] = []

    async def receive() -> Any:
        if messages:
            return messages.pop()
        return await asyncio.Event().wait()  # A client that stays.

    async def send(message: Any) -> None:
        sent.append(message)

    try:
        await app({**scope, "state": {}}, receive, send)
    except Exception:  # noqa: BLE001 - Channels raises where no route fits
        return False
    return any(SECRET in message.get("body", b"") for message in sent)
