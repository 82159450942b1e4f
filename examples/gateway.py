"""A gateway: one process and one port in front of FastAPI, Django and Flask.

    hypercorn examples.gateway:app
    curl -i http://127.0.0.1:8000/health/
    curl -i http://127.0.0.1:8000/api/orders/7
    curl -H 'x-api-key: secret' http://127.0.0.1:8000/api/orders/7
    curl http://127.0.0.1:8000/old/invoices/7
    curl http://127.0.0.1:8000/about/

Every answer has an ``x-request-id``, whoever made it. The API is behind a guard, which
tells FastAPI who is calling. What has no route goes to Django, which has a 404 page of
its own.
"""

import hmac
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import django.conf
import django.core.asgi
import django.http
import django.urls
import fastapi
import flask
from a2wsgi import WSGIMiddleware

from asgi_routes import URLRouter, mount, path
from asgi_routes.types import App

KEYS = {"secret": "ada"}


class RequestId:
    """Gives every request an id: in the scope, and in the header of the answer."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        name = uuid.uuid4().hex

        async def send_with_id(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"x-request-id", name.encode())]
                message = {**message, "headers": headers}
            await send(message)

        await self.app({**scope, "request_id": name}, receive, send_with_id)


class ApiKey:
    """Answers 401 without a known key, and tells the application whose key it is."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":  # FastAPI has to be started, whoever asks for it.
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-api-key", b"")
        for key, name in KEYS.items():
            if hmac.compare_digest(given, key.encode()):
                await self.app({**scope, "user": name}, receive, send)
                return
        await answer(send, 401, b"send your key as x-api-key\n")


async def answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def health(scope: Any, receive: Any, send: Any) -> None:
    await answer(send, 200, b"healthy\n")


# The API is FastAPI's. Its lifespan runs with that of the router.


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[dict[str, dict[int, str]]]:
    yield {"orders": {7: "seven pencils"}}


api = fastapi.FastAPI(lifespan=lifespan)


@api.get("/orders/{number}")
async def show_order(number: int, request: fastapi.Request) -> dict[str, str]:
    return {"order": request.state.orders[number], "for": request.scope["user"]}


# The invoices are still Flask's.

old = flask.Flask(__name__)


@old.get("/invoices/<int:number>")
def show_invoice(number: int) -> str:
    return f"invoice {number}, at {flask.url_for('show_invoice', number=number)}\n"


# Everything else is Django's.


async def about(request: Any) -> Any:
    return django.http.HttpResponse(f"about us, {request.scope['request_id']}\n")


django.conf.settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=type("urls", (), {"urlpatterns": [django.urls.path("about/", about)]}),
)
pages = django.core.asgi.get_asgi_application()

# And this is who gets what.

app = URLRouter(
    [
        path("health/", health, methods=["GET"]),
        mount("api", ApiKey(api)),
        mount("old", WSGIMiddleware(old)),  # type: ignore[arg-type]
        # It has no lifespan, and need not be asked.
        mount("", pages, lifespan="off"),
    ],
    middleware=[RequestId],
)
