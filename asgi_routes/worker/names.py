"""Which channels an application serves.

In: an application. Out: names. The rule kept here: everything is read off; nothing is called but
``children``.
"""

from asgi_routes.apps import walk
from asgi_routes.routers import ChannelNameRouter

_GLOB = frozenset("*?[")


def channels_of(app: object) -> tuple[str, ...]:
    """Return every exact name that a `ChannelNameRouter` in an application knows, in order.

    A glob names no channel that a worker could ask for.

    >>> async def app(scope, receive, send): ...
    >>> channels_of(ChannelNameRouter({"mail": app, "thumbnails-*": app}))
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
