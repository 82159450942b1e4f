"""Packages that export routes of ``django.urls``, or routers of Channels: the real ones, whole.

Their applications are installed in a Django with a database, and their own consumers are served.
"""

from importlib.util import find_spec
from typing import Any

import django
import pytest
from channels.consumer import AsyncConsumer
from channels.routing import URLRouter as ChannelsRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings

from asgi_routes import ProtocolTypeRouter, URLRouter, include, mount, path
from asgi_routes.migration import compare

# To import them, Django has to be set up for them.
if not all(map(find_spec, ("chanx", "openwisp_notifications", "reactpy_django"))):
    pytest.skip("make applications tries them: no other test needs them", allow_module_level=True)

if not settings.configured:
    settings.configure(
        AUTH_USER_MODEL="openwisp_users.User",
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=[
            *(f"django.contrib.{name}" for name in ("admin", "auth", "contenttypes")),
            *(f"django.contrib.{name}" for name in ("messages", "sessions", "sites")),
            "openwisp_users.accounts",
            *("allauth", "allauth.account", "allauth.socialaccount"),
            *("organizations", "rest_framework", "rest_framework.authtoken"),
            *("openwisp_users", "openwisp_notifications"),
            *("chanx", "reactpy_django"),
        ],
        MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
        SITE_ID=1,
    )
    django.setup()

_UUID = "00000000-0000-0000-0000-000000000007"
_VIEW = f"/reactpy/app.view/{_UUID}/1/"


def of_openwisp() -> list[Any]:
    from openwisp_notifications.websockets.routing import get_routes

    return [*get_routes()]


def of_reactpy() -> list[Any]:
    from reactpy_django.websocket.paths import REACTPY_WEBSOCKET_ROUTE

    return [REACTPY_WEBSOCKET_ROUTE]


def of_chanx() -> list[Any]:
    from chanx.channels.routing import include, re_path
    from chanx.channels.routing import path as path_of_chanx

    room = path_of_chanx("room/<int:room>/", AsyncConsumer.as_asgi(), name="room")
    inner = ChannelsRouter([room])
    return [path_of_chanx("chat/", include(inner)), re_path(r"^s/", include(inner))]


def all_of_them() -> list[Any]:
    return [*of_openwisp(), *of_reactpy(), *of_chanx()]


@pytest.mark.parametrize("routes_of", [of_openwisp, of_reactpy, of_chanx, all_of_them])
def test_beside_channels(routes_of: Any) -> None:
    """Of what they declare, and of what is near to it, nothing is served otherwise than is listed."""
    for router in (ChannelsRouter(routes_of()), URLRouter(routes_of())):
        found = compare(router)
        assert found is not None
        assert found.is_explained, found.differences
        assert found.alike
        assert found.left_out == ()


HITS: list[tuple[str, dict[str, object]]] = [
    ("/ws/notification/", {}),
    (_VIEW, {"dotted_path": "app.view", "uuid": _UUID, "has_args": "1"}),
    ("/chat/room/7/", {"room": "7"}),
    ("/s/room/7/", {"room": "7"}),
]
PLACES = {
    "listed": ("", lambda: URLRouter(all_of_them())),
    "included": ("/in", lambda: URLRouter([path("in/", include(all_of_them()))])),
    "nested": ("/in", lambda: URLRouter([path("in/", URLRouter(all_of_them()))])),
    "in Channels' router": ("/in", lambda: URLRouter([path("in/", ChannelsRouter(all_of_them()))])),
    "mounted": ("/in", lambda: URLRouter([mount("in", ChannelsRouter(all_of_them()))])),
}


@pytest.mark.parametrize("place", PLACES)
def test_in_a_table(place: str) -> None:
    """Wherever their routes stand, they are found, with their parameters; a near miss is none."""
    prefix, build = PLACES[place]
    router = ProtocolTypeRouter({"websocket": build()})
    for target, expected in HITS:
        scope = {"type": "websocket", "path": prefix + target, "headers": []}
        match = router.match(scope)
        assert match, target
        kwargs = match.scope["url_route"]["kwargs"]
        assert {key: str(value) for key, value in kwargs.items()} == expected
        assert not router.match({**scope, "path": prefix + target[:-1]})
        assert not router.match({**scope, "path": f"{prefix}/x{target}"})
    assert router.reverse("room", kwargs={"room": 8}) == f"{prefix}/s/room/8/"


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("is_known", [True, False], ids=["a user", "nobody"])
async def test_their_consumer_is_served(is_known: bool, anyio_backend: str) -> None:  # noqa: FBT001
    """The one of openwisp-notifications does the same behind its router, and behind ours."""
    from django.contrib.auth.models import AnonymousUser
    from openwisp_users.models import User

    for router in (ChannelsRouter, URLRouter):
        app = router(of_openwisp())  # type: ignore[operator]
        communicator = WebsocketCommunicator(app, "/ws/notification/")
        communicator.scope["user"] = User(username="ada") if is_known else AnonymousUser()
        is_open, _ = await communicator.connect()
        assert is_open is is_known
        await communicator.disconnect()
