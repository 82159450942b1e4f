"""The channels that a worker takes messages from, and how many of each at once.

Rule: the names are read from the routers; nothing of the application is called but ``children``.
"""

from collections.abc import Iterable, Mapping

from asgi_routes.apps import walk
from asgi_routes.errors import ImproperlyConfigured, did_you_mean
from asgi_routes.routers import ChannelNameRouter
from asgi_routes.types import App
from asgi_routes.worker.messages import check_channel

OTHERS = "*"
"""Stands for every channel that `select_concurrency` is not told of by its name."""

CONCURRENCY = 10
"""Messages of a channel that are worked on at once where nobody says otherwise."""

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
            "channels of Worker must be a list of names, not a str", hint=f"write [{channels!r}]"
        )
    found = find_channels(app) if channels is None else tuple(dict.fromkeys(channels))
    if not found:
        hint = "a ChannelNameRouter with only globs names no channel; pass channels=[…]"
        raise ImproperlyConfigured("Worker has no channels", hint=hint)
    return tuple(map(check_channel, found))


def select_concurrency(
    channels: Iterable[str], concurrency: int | Mapping[str, int]
) -> dict[str, int]:
    """Return how many messages of each channel are worked on at once.

    Args:
        channels: their names.
        concurrency: one number for all, or a number by the name of a channel, in which ``*`` stands
            for the others; these have 10 where it is left out.

    Raises:
        ImproperlyConfigured: a number is not 1 or more, or a name is none of the channels.

    >>> select_concurrency(["mail", "pdf", "sms"], {"pdf": 1, "*": 4})
    {'mail': 4, 'pdf': 1, 'sms': 4}
    """
    names = tuple(channels)
    given = concurrency if isinstance(concurrency, Mapping) else {OTHERS: concurrency}
    for name, number in given.items():
        if name != OTHERS and name not in names:
            hint = did_you_mean(name, names) or f"it has {', '.join(map(repr, names))}"
            raise ImproperlyConfigured(
                f"concurrency of Worker names channel {name!r}, which it does not have", hint=hint
            )
        if type(number) is not int or number < 1:
            whose = "" if name == OTHERS else f" for channel {name!r}"
            raise ImproperlyConfigured(
                f"concurrency of Worker must be 1 or more{whose}, not {number!r}"
            )
    return {name: given.get(name, given.get(OTHERS, CONCURRENCY)) for name in names}
