"""Applications of ASGI 2, wherever an application may stand."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from asgi_routes import (
    HostRouter,
    ImproperlyConfigured,
    Lifespan,
    MethodRouter,
    NotFound,
    ProtocolTypeRouter,
    URLRouter,
    include,
    mount,
    path,
    re_path,
    url,
)
from asgi_routes.callables import is_double_callable
from asgi_routes.inspection import inspect
from asgi_routes.testing import Client

pytestmark = pytest.mark.anyio


class Consumer:
    """As the consumers of Channels 2 are."""

    def __init__(self, scope: Any) -> None:
        self.scope = scope

    async def __call__(self, receive: Any, send: Any) -> None:
        if self.scope["type"] == "lifespan":
            while True:
                event = await receive()
                STARTED.append(event["type"])
                await send({"type": event["type"] + ".complete"})
                if event["type"] == "lifespan.shutdown":
                    return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self.scope["path"].encode()})


STARTED: list[str] = []


class Anything(Consumer):
    """As users wrote their constructors."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


def function(scope: Any) -> Any:
    return Consumer(scope)


class Instance:
    """As the routers and middlewares of Channels 2 are."""

    def __call__(self, scope: Any) -> Any:
        return Consumer(scope)

    def method(self, scope: Any) -> Any:
        return Consumer(scope)


async def single(scope: Any, receive: Any, send: Any) -> None: ...


async def coroutine(scope: Any) -> None: ...


def view(request: Any) -> None: ...


class Single:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Middleware:
    def __init__(self, app: Any) -> None: ...

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Later(Consumer):
    @classmethod
    def as_asgi(cls) -> Any: ...


def with_option(option: Any, scope: Any) -> Any:
    return Consumer(scope)


def and_option(scope: Any, option: Any) -> Any:
    return Consumer(scope)


DOUBLE = [
    *(Consumer, Anything, function, Instance(), Instance().method),
    *(partial(Consumer), partial(Anything), partial(with_option, 1), partial(Instance())),
    partial(partial(and_option, option=1)),
]
OTHERS = [
    *(single, coroutine, view, Single(), Single, Middleware, Later, int, object, print, None, "x"),
    *(URLRouter([]), partial(single), lambda *args: args, lambda: None, type),
    *(partial(view, 1), partial(coroutine), partial(Later), partial(Single), partial(print)),
    partial(with_option, option=1),
]


@pytest.mark.parametrize("app", DOUBLE)
def test_told_by_signature(app: Any) -> None:
    assert is_double_callable(app)


@pytest.mark.parametrize("app", OTHERS)
def test_nothing_else_is_one(app: Any) -> None:
    assert not is_double_callable(app)


PLACES: list[Callable[[Any], Any]] = [
    lambda app: URLRouter([path("a/", app)]),
    lambda app: URLRouter([path("", include([re_path("^a/$", view=app)]))]),
    lambda app: URLRouter([url(r"^a/$", app)]),
    lambda app: URLRouter([mount("a", app)]),
    lambda app: URLRouter([path("a/", app, methods=["GET"])]),
    lambda app: URLRouter([], default=app),
    lambda app: URLRouter([], default=NotFound(page=app)),
    lambda app: ProtocolTypeRouter({"http": app}),
    lambda app: ProtocolTypeRouter({}, default=app),
    lambda app: HostRouter({"testserver": app}),
    lambda app: URLRouter([path("a/", MethodRouter({"GET": app}))]),
]


@pytest.mark.parametrize("app", DOUBLE)
@pytest.mark.parametrize("place", range(len(PLACES)))
async def test_served_wherever_an_application_stands(app: Any, place: int) -> None:
    response = await Client(PLACES[place](app)).get("/a/")
    assert response.text == "/a/"


async def test_started_once_under_its_own_name() -> None:
    """It is one application, however often it is taken."""
    STARTED.clear()
    router = URLRouter([mount("a", Consumer), mount("b", Consumer)])
    async with Lifespan([router, Consumer]).context():
        assert STARTED == ["lifespan.startup"]
    assert STARTED == ["lifespan.startup", "lifespan.shutdown"]
    router.replace([*router.routes, path("p/", partial(Consumer))])
    names = {node.application for node in inspect(router).routes()}
    assert names == {f"{__name__}:Consumer"}


def test_middleware_has_to_be_of_asgi_3() -> None:
    """That of Channels 2 would call the next application with the scope alone."""
    with pytest.raises(ImproperlyConfigured, match="with the scope alone, as in ASGI 2"):
        path("", single, middleware=[lambda _: function])


def test_a_class_that_makes_applications_is_none() -> None:
    """What knows ``as_asgi`` is asked for it."""
    with pytest.raises(
        ImproperlyConfigured, match=r"Later is a class whose as_asgi\(\) returns the application"
    ):
        path("a/", Later)
