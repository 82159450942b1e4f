"""The two sides: a table built of the routers of Channels, and of ours; and one call of either.

What stands for an application tells what it was called with. The side of Channels can be made to
agree with ours in some respects, and notes which of them had something to do with a call.
"""

import abc
from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any, NamedTuple

import django.urls
from channels.routing import URLRouter as ChannelsRouter
from django.urls import Resolver404

from asgi_routes.errors import NoRouteFound
from asgi_routes.migration.agreements import (
    Included,
    Notes,
    OneSlashRouter,
    SearchEndedError,
    ending,
    mounted,
    prefixed,
    reading_on,
    routing,
)
from asgi_routes.migration.rules import Rule
from asgi_routes.migration.tables import Declared
from asgi_routes.patterns.converters import Converters
from asgi_routes.routers import URLRouter
from asgi_routes.routes import format_path, include, mount, path, re_path
from asgi_routes.scopes import RootPath


class Asked(NamedTuple):
    """What a router is asked for; by a server, or with a scope that was made by hand."""

    path: str
    root_path: str = ""
    is_served: bool = False
    kind: str = "http"
    method: str | None = None


class Called(NamedTuple):
    """What was called, and with what: all that the two sides have to agree on."""

    number: int
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, type, Any], ...]
    rest: str | None

    @classmethod
    def with_(
        cls, number: int, args: tuple[Any, ...], kwargs: dict[str, Any], rest: str | None = None
    ) -> "Called":
        assert type(args) is tuple
        items = ((k, str if isinstance(v, str) else type(v), v) for k, v in kwargs.items())
        return cls(number, args, tuple(items), rest)


def leaf(number: int, *, is_mounted: bool = False) -> Any:
    """Return an application that tells what it was called with.

    Args:
        number: what it tells first.
        is_mounted: whether the root path of its scope may have grown.
    """

    async def app(scope: Any, _receive: Any, _send: Any) -> Called:
        route = scope["url_route"]
        assert set(route) == {"args", "kwargs"}
        assert is_mounted or scope["untouched"] == (scope["path"], scope["root_path"])
        return Called.with_(number, route["args"], route["kwargs"], scope.get("path_remaining"))

    return app


class Wrapper:
    """A middleware that can be looked through."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self.inner(scope, receive, send)


def hiding(inner: Any) -> Any:
    """Return a middleware that cannot be looked through."""

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        return await inner(scope, receive, send)

    return middleware


class Side(abc.ABC):
    """How one side makes its parts."""

    def routes(self, table: tuple[Declared, ...], *, is_mounted: bool = False) -> list[Any]:
        """Return the routes of a table.

        Args:
            table: as data.
            is_mounted: whether it stands below a mount.
        """
        return [made for route in table for made in self._make(route, is_mounted=is_mounted)]

    def _target(self, route: Declared, *, is_mounted: bool) -> Any:
        """Return an application, a router, or the routes of an include."""
        target = route.target
        if target.kind == "leaf":
            return leaf(target.number, is_mounted=is_mounted)
        routes = self.routes(target.routes, is_mounted=is_mounted)
        return routes if target.kind == "include" else self._wrap(route, self.router(routes))

    @abc.abstractmethod
    def router(self, routes: list[Any]) -> Any:
        """Return a router by path."""

    @abc.abstractmethod
    def _make(self, route: Declared, *, is_mounted: bool) -> Iterable[Any]:
        """Return what one declaration becomes."""

    @abc.abstractmethod
    def _wrap(self, route: Declared, router: Any) -> Any:
        """Return a router with what stands around it."""


class OurSide(Side):
    """Ours, as strict as Channels is with what it misses.

    Args:
        converters: those that the routes name; None for the registered ones.
        root_path: the option of the outermost router.
    """

    def __init__(
        self, converters: Converters | None = None, root_path: RootPath = "in_path"
    ) -> None:
        self._converters = converters
        self._root_path: RootPath = root_path

    def router(self, routes: list[Any]) -> Any:
        return URLRouter(routes, default=None, root_path=self._root_path)

    def _make(self, route: Declared, *, is_mounted: bool) -> Iterable[Any]:
        is_mount = route.function == "mount"
        target = self._target(route, is_mounted=is_mounted or is_mount)
        if is_mount:
            yield mount(route.text, target, converters=self._converters)
            return
        if route.target.kind == "include":
            target = include(target)
        options: dict[str, Any] = {"methods": route.methods or None}
        if route.function != "re_path":
            options["converters"] = self._converters
        yield _FUNCTIONS[route.function](route.text, target, route.kwargs, **options)

    def _wrap(self, route: Declared, router: Any) -> Any:
        made = {"router": _as_it_is, "marked": routing, "wrapped": Wrapper, "hidden": hiding}
        return made[route.target.kind](router)


_FUNCTIONS: dict[str, Any] = {"path": path, "re_path": re_path, "format": format_path}


def _as_it_is(router: Any) -> Any:
    return router


class TheirSide(Side):
    """That of Channels and Django, or what it would be if it agreed with us more.

    Args:
        notes: of the rules that had something to do.
        agreed: the rules that it keeps; those of the whole path are for the caller.
    """

    def __init__(self, notes: Notes, agreed: Collection[Rule] = ()) -> None:
        self._notes = notes
        self._agreed = agreed

    def router(self, routes: list[Any]) -> Any:
        kind = OneSlashRouter if Rule.ONE_SLASH in self._agreed else ChannelsRouter
        return kind(routes)

    def _make(self, route: Declared, *, is_mounted: bool) -> Iterable[Any]:
        of_regex = route.function == "re_path"
        function: Any = django.urls.re_path if of_regex else django.urls.path
        is_mount = route.function == "mount"
        target = self._target(route, is_mounted=is_mounted or is_mount)
        if route.target.kind == "include":
            yield from self._include(function, route, target)
            return
        if is_mount:
            target = mounted(target, route, self._notes, self._agreed)
        yield function(route.their_text, target, route.kwargs)

    def _include(self, function: Any, route: Declared, routes: list[Any]) -> Iterable[Any]:
        """Yield what stands for an include: the nested router that Channels asks for instead."""
        nested = ChannelsRouter(routes)
        outer = function(route.their_text, routing(nested), route.kwargs)
        if Rule.INCLUDE not in self._agreed:
            yield outer
            return
        ChannelsRouter([outer])  # It makes a prefix of it.
        for inner in routes:
            yield Included(outer, inner, self._notes)

    def _wrap(self, route: Declared, router: Any) -> Any:
        kind, app, agreed = route.target.kind, router, self._agreed
        if route.function == "mount":
            return router
        if kind == "hidden":
            app = hiding(router)
        elif kind == "marked":
            app = routing(router)
        elif kind == "wrapped":
            has_prefix = Rule.WRAPPED_IS_PREFIX in agreed
            app = prefixed(router, self._notes) if has_prefix else Wrapper(router)
        if Rule.WRAPPED_ENDS in agreed and kind != "router":
            app = ending(app, self._notes)
        if not agreed or (kind == "hidden" and route.function != "re_path"):
            return app
        return reading_on(app, route, self._notes, agreed)


def call(router: Any, asked: Asked) -> Called | None:
    """Return what a router calls for a path; None for a miss. Nothing else may happen."""
    scope: dict[str, Any] = {
        "type": asked.kind,
        "path": asked.path,
        "root_path": asked.root_path,
        "untouched": (asked.path, asked.root_path),
    }
    if asked.is_served:
        scope["asgi"] = {"version": "3.0"}
    if asked.method is not None:
        scope["method"] = asked.method
    called: Called | None = _run(router(scope, None, None))
    return called


def call_channel(make_router: Callable[[Any], Any], names: Iterable[str], name: str) -> str | None:
    """Return the name of the application that a router of these calls for a channel, or None."""

    async def tell(scope: Any, _receive: Any, _send: Any) -> str:
        return str(scope["channel"])

    router = make_router(dict.fromkeys(names, tell))
    called: str | None = _run(router({"type": "channel", "channel": name}, None, None))
    return called


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return what a call of a router returned; None for a miss."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    except (NoRouteFound, Resolver404, SearchEndedError):
        return None
    except ValueError as error:
        assert str(error).startswith(_MISSES), error  # noqa: PT017
        return None
    raise AssertionError("nothing here waits")


_MISSES = ("No route found for path", "No application configured for channel")
