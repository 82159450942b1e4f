"""Packages that export routes of ``django.urls``, or routers of Channels: the real ones."""

import sys
from types import ModuleType
from typing import Any

import django
import pytest
from channels.consumer import AsyncConsumer
from channels.routing import URLRouter as ChannelsRouter
from django.conf import settings

from asgi_routes import ProtocolTypeRouter, URLRouter, path

_SEPARATE = "make applications tries it: it is not among what all other tests need"
_UUID = "00000000-0000-0000-0000-000000000007"


if not settings.configured:
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    )
    django.setup()


def found(router: Any, target: str) -> Any:
    match = router.match({"type": "websocket", "path": target, "headers": []})
    return match.scope["url_route"]["kwargs"] if match else None


def test_reactpy_django() -> None:
    pytest.importorskip("reactpy_django", reason=_SEPARATE)
    from reactpy_django.websocket.paths import REACTPY_WEBSOCKET_ROUTE

    types = ProtocolTypeRouter({"websocket": URLRouter([REACTPY_WEBSOCKET_ROUTE])})
    kwargs = found(types, f"/reactpy/app.view/{_UUID}/1/")
    assert {key: str(value) for key, value in kwargs.items()} == {
        "dotted_path": "app.view",
        "uuid": _UUID,
        "has_args": "1",
    }
    assert found(types, f"/reactpy/app.view/{_UUID}/x/") is None


def test_openwisp_notifications(monkeypatch: pytest.MonkeyPatch) -> None:
    package = pytest.importorskip("openwisp_notifications", reason=_SEPARATE)
    # Its consumers need its models; its routing takes others.
    monkeypatch.setitem(
        sys.modules,
        f"{package.__name__}.websockets.consumers",
        ModuleType(f"{package.__name__}.websockets.consumers"),
    )
    from openwisp_notifications.websockets.routing import get_routes

    consumers = ModuleType("consumers")
    consumers.NotificationConsumer = AsyncConsumer  # type: ignore[attr-defined]
    router = URLRouter([path("", URLRouter(get_routes(consumers)))])
    assert found(router, "/ws/notification/") == {}
    assert found(router, "/ws/notifications/") is None


def test_chanx() -> None:
    pytest.importorskip("chanx", reason=_SEPARATE)
    from chanx.channels.routing import include, re_path
    from chanx.channels.routing import path as path_of_chanx

    inner = ChannelsRouter(
        [path_of_chanx("room/<int:room>/", AsyncConsumer.as_asgi(), name="room")]
    )
    outer = ChannelsRouter(
        [path_of_chanx("chat/", include(inner)), re_path(r"^s/", include(inner))]
    )
    for router in (
        URLRouter([path("ws/", outer)]),
        URLRouter([path("ws/", URLRouter(outer.routes))]),
    ):
        assert found(router, "/ws/chat/room/7/") == {"room": 7}
        assert found(router, "/ws/s/room/7/") == {"room": 7}
        assert found(router, "/ws/chat/room/x/") is None
        assert router.reverse("room", kwargs={"room": 8}) == "/ws/s/room/8/"
