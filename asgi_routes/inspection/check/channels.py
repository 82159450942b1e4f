"""Channels that nobody serves, although a worker takes messages from them."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from asgi_routes.apps import matches_as_ours, router_behind, walk
from asgi_routes.dispatch.looking import look
from asgi_routes.errors import did_you_mean
from asgi_routes.routers import ChannelNameRouter


class Unserved(NamedTuple):
    """A channel whose messages nobody would handle.

    Attributes:
        channel: its name.
        hint: what is served instead.
        is_certain: whether it is so; else a wrapper is on the way, which may do otherwise.
    """

    channel: str
    hint: str
    is_certain: bool


def find_unserved_channels(app: Any, channels: Iterable[str]) -> Iterator[Unserved]:
    """Yield the channels whose messages nobody would handle.

    A router of somebody's own may want more than a name: then nothing is said.

    Args:
        app: an application; what leads to no router serves what it likes.
        channels: names.

    >>> async def app(scope, receive, send): ...
    >>> [*find_unserved_channels(ChannelNameRouter({"mail": app}), ["mail", "mial"])]
    [Unserved(channel='mial', hint="did you mean 'mail'?", is_certain=True)]
    """
    routers = [visit.router for visit in walk(app) if visit.router is not None]
    if router_behind(app) is None or not all(map(matches_as_ours, routers)):
        return
    for channel in channels:
        seen = look(app, {"type": "channel", "channel": channel})
        if not seen.found:
            yield Unserved(channel, _suggest(routers, channel), is_certain=not seen.through)


def _suggest(routers: Iterable[Any], channel: str) -> str:
    by_name = (router for router in routers if isinstance(router, ChannelNameRouter))
    names = [name for router in by_name for name in router.channels]
    if not names:
        return "there is no ChannelNameRouter in it"
    return did_you_mean(channel, names) or f"it serves {', '.join(map(repr, names))}"
