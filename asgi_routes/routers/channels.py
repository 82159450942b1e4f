"""Channels' routers among ours: read where they can be read, and answered for where they cannot.

They are told by the module in which their call was written; neither Channels nor Django is
imported. Inside a router of Channels, a miss of ours is what such a router understands.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any

from asgi_routes.apps import content_of_cell, is_router, unwrap
from asgi_routes.dispatch import BASE, NoMatch, make_answer
from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.routes import Include, Route, make_mistake_in_strip
from asgi_routes.scopes import NO_ROUTE, ChildRoute, method_of, outermost_of, publish
from asgi_routes.types import App, Receive, Scope, Send

_MODULE = "channels.routing"
_MISSES = ("No route found for path", "No application configured for")
"""How the texts of the errors begin that Channels' routers raise where they have nothing."""
_MOST_WRAPPERS = 32

MakeRouter = Callable[[Any], App]
"""From a list of routes to a router by path."""


def adopt_app(app: Any, make_router: MakeRouter | None = None) -> Any:
    """Return what stands for an application: itself, if it has nothing to do with Channels.

    Channels' router by path becomes one of ours, with its routes. One that somebody has wrapped, or
    that cannot be read, is called; what it misses is then answered as a miss.

    Args:
        app: an application, as it was given.
        make_router: makes a router by path of what a list of routes may hold; None where Channels'
            own is to be called.

    Raises:
        ImproperlyConfigured: a route of Channels' router is none for us, or it contains itself.
    """
    if _MODULE not in sys.modules or isinstance(app, Include) or is_router(app):
        return app
    if make_router is not None and _is_readable(app):
        try:
            return make_router(app.routes)
        except RecursionError:
            raise ImproperlyConfigured("a router of Channels contains itself") from None
    return MissesOfChannels(app) if _leads_to_channels(app) else app


def adopt_apps(apps: Mapping[str, Any], make_router: MakeRouter) -> dict[str, Any]:
    """Return a mapping with what it leads to adopted."""
    return {key: adopt_app(app, make_router) for key, app in apps.items()}


def adopt_routes(routes: Iterable[Route], make_router: MakeRouter) -> tuple[Route, ...]:
    """Return declarations with what they lead to adopted."""
    return tuple(_adopt_route(route, make_router) for route in routes)


def _adopt_route(route: Route, make_router: MakeRouter) -> Route:
    target: Any = route.target
    if isinstance(target, Include):
        inner = adopt_routes(target.routes, make_router)
        if all(map(_is_same, inner, target.routes)):
            return route
        return replace(route, target=replace(target, routes=inner))
    adopted = adopt_app(target, make_router)
    if adopted is target:
        return route
    if route.mounting is not None and route.mounting.strip:
        raise make_mistake_in_strip()
    return replace(route, target=adopted)


def _is_same(one: object, other: object) -> bool:
    return one is other


def _leads_to_channels(app: object) -> bool:
    """Tell whether a router of Channels is behind an application, in a function's closure, too."""
    todo, seen = [app], 0
    while todo and seen < _MOST_WRAPPERS:
        *_, inner = unwrap(todo.pop())
        seen += 1
        if any(kind.__module__ == _MODULE for kind in type(inner).__mro__):
            return True
        cells = getattr(inner, "__closure__", None) if isinstance(inner, FunctionType) else None
        todo += filter(callable, map(content_of_cell, cells or ()))
    return False


def _is_readable(app: object) -> bool:
    """Tell whether an application is Channels' router by path, and is called as that is."""
    written = next((one for one in type(app).__mro__ if "__call__" in vars(one)), None)
    is_by_path = written is not None and getattr(written, "_path_routing", False) is True
    return is_by_path and written.__module__ == _MODULE and hasattr(app, "routes")


class MissesOfChannels:
    """Calls an application that a router of Channels is in, and answers what that one misses.

    Only what the router itself has raised is a miss, and only while nothing was sent; an error of
    an application is its own.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.app!r}>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Call the application, and answer the scope where its router has nothing for it."""
        route = scope.get("route")
        if type(route) is ChildRoute:
            route.goes_to_channels = True
        received: list[Any] = []
        sent: list[Any] = []

        async def receive_and_keep() -> Any:
            message = await receive()
            if not (sent or received):
                received.append(message)  # The first, by which a websocket is denied; no bodies.
            return message

        async def send_and_note(message: Any) -> None:
            sent[:] = [None]
            received.clear()
            await send(message)

        try:
            return await self.app(scope, receive_and_keep, send_and_note)
        except Exception as error:
            if sent or not _is_miss(error):
                raise
            reason = str(error)

        async def receive_again() -> Any:
            return received.pop(0) if received else await receive()

        policy = (route.policy if type(route) is ChildRoute else None) or BASE
        publish(NO_ROUTE, outermost_of(scope))
        miss = NoMatch(reason, method=method_of(scope))
        return await make_answer(miss, policy.default)(scope, receive_again, send)


def _is_miss(error: Exception) -> bool:
    """Tell whether an error was raised by a router of Channels because it has nothing."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or trace.tb_frame.f_globals.get("__name__") != _MODULE:
        return False
    is_nested = type(error).__name__ == "Resolver404"
    return is_nested or (isinstance(error, ValueError) and str(error).startswith(_MISSES))
