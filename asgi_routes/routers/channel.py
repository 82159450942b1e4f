"""Routing by ``scope["channel"]``."""

import fnmatch
import re
from collections.abc import Iterator, Mapping

from asgi_routes.dispatch import Router, answer_of
from asgi_routes.lifespan import policy_of_endpoint
from asgi_routes.matches import Child, Match, NoMatch
from asgi_routes.not_found import not_found
from asgi_routes.routers.keyed import checked_default, checked_mapping, default_child
from asgi_routes.types import App, Scope

_IS_GLOB = re.compile(r"[*?[]").search


class ChannelNameRouter(Router):
    """Serves each channel, from which a worker takes messages, with an application of its own.

    Args:
        mapping: from channel name to application; it is copied. A key with ``*``, ``?`` or ``[``
            is a glob (`fnmatch`, minding case). An exact name goes first, then the globs in order.
        default: the application for every other channel; None raises `NoRouteFound`, and so does
            `not_found`, because a channel has nobody to answer to.

    Raises:
        ImproperlyConfigured: a key is not text, or a value is not an application.

    >>> async def thumbnails(scope, receive, send): ...
    >>> async def mail(scope, receive, send): ...
    >>> router = ChannelNameRouter({"thumbnails-*": thumbnails, "mail": mail})
    >>> router.match({"type": "channel", "channel": "thumbnails-small"}).app is thumbnails
    True
    >>> router.match({"type": "channel", "channel": "Mail"})
    NoMatch("No application configured for channel name 'Mail'.")
    """

    follows_routers = True

    def __init__(self, mapping: Mapping[str, App], *, default: App | None = not_found) -> None:
        self._apps = checked_mapping(mapping, "ChannelNameRouter", "channel name")
        self._answers = {
            name: answer_of(app) for name, app in self._apps.items() if not _IS_GLOB(name)
        }
        self._globs = [
            (re.compile(fnmatch.translate(name)).match, answer_of(app))
            for name, app in self._apps.items()
            if _IS_GLOB(name)
        ]
        self.default = checked_default(default, "ChannelNameRouter")

    def match(self, scope: Scope) -> Match | NoMatch:
        """Return what serves the scope's channel; its type is not looked at."""
        channel = scope.get("channel")
        if not isinstance(channel, str):
            return NoMatch(
                f"No channel name in the scope (its type is {scope.get('type')!r}); "
                "ChannelNameRouter only serves scopes of type 'channel'."
            )
        answer = self._answers.get(channel)
        if answer is not None:
            return answer(scope)
        for is_match, answer in self._globs:
            if is_match(channel):
                return answer(scope)
        return NoMatch(f"No application configured for channel name {channel!r}.")

    def children(self) -> Iterator[Child]:
        for name, app in self._apps.items():
            yield Child(name, app, lifespan=policy_of_endpoint(app))
        yield from default_child(self.default)
