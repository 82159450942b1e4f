"""The channels that a worker takes messages from: given ones, or those that its application knows.

Rule: the names are read from the routers; nothing of the application is called but ``children``.
"""

from collections.abc import Iterable

from asgi_routes.apps import walk
from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.routers import ChannelNameRouter
from asgi_routes.types import App
from asgi_routes.worker.messages import check_channel

_GLOB = frozenset("*?[")


def find_channels(app: object) -> tuple[str, ...]:
    """Return every exact name that a `ChannelNameRouter` in an application knows, in order.

    A glob names no channel that a worker could ask for.

    >>> async def app(scope, receive, send): ...
    >>> find_channels(ChannelNameRouter({"mail": app, "thumbnails-*": app}))
    ('mail',)
    """
    routers = (visit.router for visit in walk(app))
    names = [
        name
        for router in routers
        if isinstance(router, ChannelNameRouter)
        for name in router.channels
    ]
    return tuple(dict.fromkeys(name for name in names if not _GLOB & set(name)))


def select_channels(app: App, channels: Iterable[str] | None) -> tuple[str, ...]:
    """Return the channels of a worker: given ones, each once, or all that its application knows.

    Raises:
        ImproperlyConfigured: there are none, or one text was given instead of a list.
        InvalidMessageError: a name is not text of 1 to 255 characters.
    """
    if isinstance(channels, str):
        raise ImproperlyConfigured(
            "channels of Worker are names, not one text", hint=f"write [{channels!r}]"
        )
    found = find_channels(app) if channels is None else tuple(dict.fromkeys(channels))
    if not found:
        hint = "a ChannelNameRouter that has only globs names no channel; give channels=[…]"
        raise ImproperlyConfigured("Worker has no channel to take messages from", hint=hint)
    return tuple(map(check_channel, found))
