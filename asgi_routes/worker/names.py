"""Which channels an application serves.

In: an application. Out: names. The rule kept here: everything is read off; nothing is called but
``children``.
"""

from collections.abc import Iterator
from typing import Any

from asgi_routes.apps import is_router, wrapped
from asgi_routes.routers import ChannelNameRouter

_GLOB = frozenset("*?[")


def channels_of(app: object) -> tuple[str, ...]:
    """Return every exact name that a `ChannelNameRouter` in an application knows, in order.

    A glob names no channel that a worker could ask for.

    >>> async def app(scope, receive, send): ...
    >>> channels_of(ChannelNameRouter({"mail": app, "thumbnails-*": app}))
    ('mail',)
    """
    return tuple(dict.fromkeys(_names(app, ())))


def _names(app: object, around: tuple[object, ...]) -> Iterator[str]:
    router: Any = next(filter(is_router, wrapped(app)), None)
    if router is None or any(router is other for other in around):
        return
    children = [*router.children()]
    if isinstance(router, ChannelNameRouter):
        named = children if router.default is None else children[:-1]
        yield from (child.key for child in named if not _GLOB & set(child.key))
    for child in children:
        yield from _names(child.app, (*around, router))
