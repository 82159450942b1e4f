"""The two sides: a table built of the routers of Channels, and of ours; and one call of either.

What stands for an application tells what it was called with. The side of Channels can be made to
agree with ours in some respects, and notes which of them had something to do with a call.
"""

from collections.abc import Callable, Collection, Coroutine
from typing import Any, NamedTuple

import django.urls
from channels.routing import URLRouter as ChannelsRouter
from django.urls import Resolver404

from asgi_routes.errors import NoRouteFound
from asgi_routes.migration.rules import Rule
from asgi_routes.migration.tables import Declared
from asgi_routes.patterns.converters import Converters
from asgi_routes.routers import URLRouter
from asgi_routes.routes import include, path, re_path


class Asked(NamedTuple):
    """What a router is asked for; by a server, or with a scope that was made by hand."""

    path: str
    root_path: str = ""
    is_served: bool = False


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
    """What somebody has wrapped by hand has missed, and nobody else is asked."""


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

    middleware._path_routing = True  # type: ignore[attr-defined]
    return middleware


def reading_on(app: Any, route: Declared, notes: Notes, agreed: Collection[Rule]) -> Any:
    """Return a router that reads on behind its prefix as ours does, where that was agreed on."""

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        rest = str(scope["path_remaining"])
        front = scope["path"][: len(scope["path"]) - len(rest)]
        # A scope that was made by hand may leave out the slash that everything begins with.
        has_slash = not route.text or not front or front.endswith("/")
        if rest and route.function == "path" and not has_slash:
            refused = Rule.MORE_BEHIND_SLASH if rest == "/" else Rule.SLASH_BETWEEN
            if (rest == "/" or rest[0] != "/") and refused in agreed:
                notes.applied.add(refused)
                raise Resolver404
        if (rule := Rule.NO_SECOND_SLASH) in agreed:
            kept = rest if has_slash else rest.removeprefix("/")
            if kept.startswith("/"):
                notes.applied.add(rule)
            rest = NoSlash(kept)
        return await app({**scope, "path_remaining": rest}, receive, send)

    middleware._path_routing = getattr(app, "_path_routing", False)  # type: ignore[attr-defined]
    return middleware


def leaf(number: int) -> Any:
    """Return an application that tells what it was called with."""

    async def app(scope: Any, _receive: Any, _send: Any) -> Called:
        route = scope["url_route"]
        assert set(route) == {"args", "kwargs"}
        assert scope["untouched"] == (scope["path"], scope["root_path"])
        return Called.with_(number, route["args"], route["kwargs"], scope["path_remaining"])

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


def marked(inner: Any) -> Any:
    """Return a middleware that says of itself that it leads to a router."""

    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        return await inner(scope, receive, send)

    middleware._path_routing = True  # type: ignore[attr-defined]
    return middleware


class Side(NamedTuple):
    """How one side makes its parts."""

    path: Callable[..., Any]
    re_path: Callable[..., Any]
    router: Callable[[list[Any]], Any]
    include: Callable[[list[Any]], Any]
    wrap: Callable[[Declared, Any], Any]

    def routes(self, table: tuple[Declared, ...]) -> list[Any]:
        return [
            getattr(self, route.function)(route.text, self.target(route), route.kwargs)
            for route in table
        ]

    def target(self, route: Declared) -> Any:
        target = route.target
        if target.kind == "leaf":
            return leaf(target.number)
        routes = self.routes(target.routes)
        if target.kind == "include":
            return self.include(routes)
        return self.wrap(route, self.router(routes))


def our_side(converters: Converters | None = None) -> Side:
    """Return our side, as strict as Channels is.

    Args:
        converters: those that the routes name; None for the registered ones.
    """

    def wrap(route: Declared, router: Any) -> Any:
        made: dict[str, Callable[[], Any]] = {
            "router": lambda: router,
            "marked": lambda: marked(router),
            "wrapped": lambda: Wrapper(router),
            "hidden": lambda: hiding(router),
        }
        return made[route.target.kind]()

    return Side(
        lambda *args: path(*args, converters=converters),
        re_path,
        lambda routes: URLRouter(routes, default=None, root_path="in_path"),
        include,
        wrap,
    )


def their_side(notes: Notes, agreed: Collection[Rule] = ()) -> Side:
    """Return the side of Channels and Django, or what it would be if it agreed with us more.

    Args:
        notes: of the rules that had something to do.
        agreed: the rules that it keeps; those of the whole path are for the caller.
    """

    def wrap(route: Declared, router: Any) -> Any:
        kind = route.target.kind
        app = router
        if kind == "hidden":
            app = hiding(router)
        elif kind == "marked":
            app = marked(router)
        elif kind == "wrapped":
            has_prefix = Rule.WRAPPED_IS_PREFIX in agreed
            app = prefixed(router, notes) if has_prefix else Wrapper(router)
        if Rule.WRAPPED_ENDS in agreed and kind != "router":
            app = ending(app, notes)
        is_exact = kind == "hidden" and route.function == "path"
        return reading_on(app, route, notes, agreed) if agreed and not is_exact else app

    return Side(
        django.urls.path,
        django.urls.re_path,
        OneSlashRouter if Rule.ONE_SLASH in agreed else ChannelsRouter,
        lambda routes: django.urls.include((routes, None)),  # type: ignore[arg-type]
        wrap,
    )


def call(router: Any, asked: Asked) -> Called | None:
    """Return what a router calls for a path; None for a miss. Nothing else may happen."""
    scope: dict[str, Any] = {
        "type": "http",
        "path": asked.path,
        "root_path": asked.root_path,
        "untouched": (asked.path, asked.root_path),
    }
    if asked.is_served:
        scope["asgi"] = {"version": "3.0"}
    coroutine: Coroutine[Any, Any, Called] = router(scope, None, None)
    try:
        coroutine.send(None)
    except StopIteration as stop:
        called: Called = stop.value
        return called
    except (NoRouteFound, Resolver404, SearchEndedError):
        return None
    except ValueError as error:
        assert str(error).startswith("No route found for path"), error  # noqa: PT017
        return None
    raise AssertionError("nothing here waits")
