"""What stands around Channels' parts, so that they agree with ours where that was agreed on.

Each part notes the rules that had something to do with a call. Nothing of ours is used: these few
lines are what ``docs/coming-from-channels.rst`` says, in the words of Channels.
"""

from collections.abc import Collection
from typing import Any

from channels.routing import URLRouter as ChannelsRouter
from django.urls import Resolver404

from asgi_routes.migration.rules import Rule
from asgi_routes.migration.tables import Declared


class Notes:
    """The rules that had something to do with one call."""

    def __init__(self) -> None:
        self.applied: set[Rule] = set()


class OneSlash(str):
    """Text of which Channels can take one leading slash only, however it tries to take all."""

    __slots__ = ()

    def lstrip(self, chars: str | None = None, /) -> str:
        assert chars == "/"
        return str(self.removeprefix("/"))

    def __getitem__(self, key: Any, /) -> str:
        return OneSlash(str(self)[key])


class NoSlash(OneSlash):
    """Text of which Channels can take no slash."""

    __slots__ = ()

    def lstrip(self, chars: str | None = None, /) -> str:
        assert chars == "/"
        return str(self)


class OneSlashRouter(ChannelsRouter):
    """Channels' router, save that it takes one slash off at the top, and none where it is told so."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        if "path_remaining" not in scope:
            scope = {**scope, "path": OneSlash(scope["path"])}
        return await super().__call__(scope, receive, send)


class SearchEndedError(Exception):
    """What somebody has wrapped by hand, or mounted, has missed, and nobody else is asked."""


def routing(app: Any) -> Any:
    """Return an application that says of itself that it goes on routing by the path."""

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        return await app(scope, receive, send)

    middleware._path_routing = True  # type: ignore[attr-defined]
    return middleware


def ending(app: Any, notes: Notes) -> Any:
    """Return an application whose miss ends the search."""

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        try:
            return await app(scope, receive, send)
        except Resolver404:
            notes.applied.add(Rule.WRAPPED_ENDS)
            raise SearchEndedError from None

    middleware._path_routing = getattr(app, "_path_routing", False)  # type: ignore[attr-defined]
    return middleware


def prefixed(app: Any, notes: Notes) -> Any:
    """Return a router behind a wrapper that says of itself that it leads to a router."""

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        notes.applied.add(Rule.WRAPPED_IS_PREFIX)
        return await app(scope, receive, send)

    return routing(middleware)


def reading_on(app: Any, route: Declared, notes: Notes, agreed: Collection[Rule]) -> Any:
    """Return a router that reads on behind its prefix as ours does, where that was agreed on."""

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        rest, has_slash = _left_of(scope)
        has_slash = has_slash or not route.text
        if rest and route.function != "re_path" and not has_slash:
            refused = Rule.MORE_BEHIND_SLASH if rest == "/" else Rule.SLASH_BETWEEN
            if (rest == "/" or rest[0] != "/") and refused in agreed:
                notes.applied.add(refused)
                raise Resolver404
        rest = _without_second_slash((rest, has_slash), notes, agreed)
        return await app({**scope, "path_remaining": rest}, receive, send)

    middleware._path_routing = getattr(app, "_path_routing", False)  # type: ignore[attr-defined]
    return middleware


def _left_of(scope: Any) -> tuple[str, bool]:
    """Return what a prefix has left, and whether that stands behind a slash."""
    rest = str(scope["path_remaining"])
    front = scope["path"][: len(scope["path"]) - len(rest)]
    # A scope that was made by hand may leave out the slash that everything begins with.
    return rest, not front or front.endswith("/")


def _without_second_slash(left: tuple[str, bool], notes: Notes, agreed: Collection[Rule]) -> str:
    rest, has_slash = left
    if Rule.NO_SECOND_SLASH not in agreed:
        return rest
    kept = rest if has_slash else rest.removeprefix("/")
    if kept.startswith("/"):
        notes.applied.add(Rule.NO_SECOND_SLASH)
    return NoSlash(kept)


def mounted(app: Any, route: Declared, notes: Notes, agreed: Collection[Rule]) -> Any:
    """Return an application that has all below its prefix, as a mounted one has, where agreed on."""
    inner = ending(app, notes) if Rule.WRAPPED_ENDS in agreed else app
    is_router = route.target.kind != "leaf"

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        rest, has_slash = _left_of(scope)
        if rest[:1] not in ("", "/") and not has_slash and Rule.SLASH_BETWEEN in agreed:
            notes.applied.add(Rule.SLASH_BETWEEN)
            raise Resolver404
        # A whole application is not told what is left: it reads its root path.
        left = _without_second_slash((rest, has_slash), notes, agreed) if is_router else None
        return await inner({**scope, "path_remaining": left}, receive, send)

    return routing(middleware)


class Included:
    """One route of an ``include()`` with what stands in front of it, as a route that Channels takes.

    It matches what Django's own resolver does: nothing is taken off between the two, and unnamed
    groups in front count while there are no other parameters (``URLResolver.resolve``).
    """

    default_args: dict[str, Any] = {}  # noqa: RUF012 - Channels reads it
    name = None

    def __init__(self, outer: Any, inner: Any, notes: Notes) -> None:
        self.pattern = self
        self._outer, self._inner, self._notes = outer, inner, notes

    async def callback(self, scope: Any, receive: Any, send: Any) -> Any:
        # Channels must not make a prefix of this: the inner one has been made one already.
        return await self._inner.callback(scope, receive, send)

    def match(self, path: str) -> tuple[str, tuple[Any, ...], dict[str, Any]] | None:
        found = self._outer.pattern.match(path)
        if found is None:
            return None
        rest, in_front, kwargs = found
        found = self._inner.pattern.match(rest)
        if rest[:1] == "/":
            self._notes.applied.add(Rule.INCLUDE)  # Channels' router takes it off.
        if found is None:
            return None
        left, args, more = found
        kwargs = {**kwargs, **self._outer.default_args, **more, **self._inner.default_args}
        if kwargs and in_front:
            self._notes.applied.add(Rule.INCLUDE)
        return left, args if kwargs else in_front + args, kwargs
