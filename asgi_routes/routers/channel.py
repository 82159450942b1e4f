"""Routing by ``scope["channel"]``."""

import fnmatch
import re
from collections.abc import Iterator, Mapping

from asgi_routes.levels import Level
from asgi_routes.lifespan import policy_of_endpoint
from asgi_routes.matches import Child
from asgi_routes.middleware import Middleware
from asgi_routes.routers.keyed import SearchedRouter, checked_mapping, default_child, keys_of
from asgi_routes.scopes import UNSET
from asgi_routes.search import Branch, Search
from asgi_routes.types import App

_IS_GLOB = re.compile(r"[*?[]").search


class ChannelNameRouter(SearchedRouter):
    """Serves each channel, from which a worker takes messages, with an application of its own.

    Args:
        mapping: from channel name to application; it is copied. A key with ``*``, ``?`` or ``[``
            is a glob (`fnmatch`, minding case). An exact name goes first, then the globs in order.
        default: the application for every other channel; or a policy for misses; both
            `not_found` and None raise `NoRouteFound`, because a channel has nobody to answer to.
        middleware: see `path`.

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

    def __init__(
        self,
        mapping: Mapping[str, App],
        *,
        default: App | None = UNSET,
        middleware: Middleware = (),
    ) -> None:
        self._apps = checked_mapping(mapping, "ChannelNameRouter", "channel name")
        keys = keys_of(self._apps)
        self._keys = {name: key for name, key in keys.items() if not _IS_GLOB(name)}
        self._globs = [
            (re.compile(fnmatch.translate(name)).match, key)
            for name, key in keys.items()
            if _IS_GLOB(name)
        ]
        SearchedRouter.__init__(self, default, middleware)

    @property
    def channels(self) -> tuple[str, ...]:
        """The names and globs, in order."""
        return tuple(self._apps)

    def branches(self, level: Level, search: Search) -> Iterator[Branch]:
        """Yield what serves the scope's channel; its type is not looked at."""
        channel = level.scope.get("channel")
        if not isinstance(channel, str):
            kind = level.scope.get("type")
            yield from search.lead_nowhere(
                level,
                f"No channel name in the scope (its type is {kind!r}); "
                "ChannelNameRouter only serves scopes of type 'channel'.",
            )
            return
        key = self._keys.get(channel)
        if key is None:
            key = next((key for is_match, key in self._globs if is_match(channel)), None)
        if key is None:
            reason = f"No application configured for channel name {channel!r}."
            yield from search.lead_nowhere(level, reason)
        elif (branch := search.lead_by_key(level, key)) is not None:
            yield branch

    def children(self) -> Iterator[Child]:
        for name, app in self._apps.items():
            yield Child(name, app, lifespan=policy_of_endpoint(app))
        yield from default_child(self.default)
