"""``middleware=``: what stands between a route that was chosen and the application.

Middleware changes nothing of the search. It is called once the route is chosen, with the scope for
the application, and at its end the application gets the scope that it hands on. It is made once for
each declaration.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from asgi_routes.callables import find_mistake_in_app, is_double_callable
from asgi_routes.errors import ImproperlyConfigured, raise_together
from asgi_routes.scopes import (
    ChildRoute,
    publish_inner,
)
from asgi_routes.types import App, Receive, Scope, Send

Middleware: TypeAlias = Iterable[Any]
"""Callables from an application to an application, the first one outermost; or objects that hold
such a callable as ``cls``, and its arguments as ``args`` and ``kwargs``, as Starlette's ``Middleware``."""


class Layer:
    """The middleware of one declaration, around whatever is called next.

    Attributes:
        app: the outermost middleware.
        callables: what was written, the first one outermost.
    """

    __slots__ = ("app", "callables")

    def __init__(self, callables: tuple[Any, ...]) -> None:
        async def go_on(scope: Scope, receive: Receive, send: Send) -> Any:
            route = scope.get("route")
            after = route.after.get(self) if type(route) is ChildRoute and route.after else None
            if after is None:
                raise RuntimeError(
                    "a middleware called its application with a scope that lacks 'route': "
                    f"{', '.join(map(repr, callables))}"
                )
            try:
                return await after(scope, receive, send)
            finally:
                if type(route) is ChildRoute and route.is_whole:
                    publish_inner(route, scope)

        app: App = go_on
        for make in reversed(callables):
            app = _make(make, app)
        self.app = app
        self.callables = callables

    def __reduce__(self) -> tuple[Any, ...]:
        return Layer, (self.callables,)


def make_layer(middleware: object, where: str) -> Layer | None:
    """Return the layer of what somebody wrote as ``middleware=``; None for no middleware.

    Raises:
        ImproperlyConfigured: it is no list of callables, or one of them returns no application.
    """
    if isinstance(middleware, (str, bytes)) or not isinstance(middleware, Iterable):
        raise ImproperlyConfigured(
            f"middleware of {where} must be a list of callables, not {middleware!r}",
            hint=f"write [{getattr(middleware, '__name__', '…')}]"
            if callable(middleware)
            else None,
        )
    callables = tuple(middleware)
    raise_together([*_mistakes(callables, where)], f"the middleware of {where}")
    return Layer(callables) if callables else None


def _mistakes(callables: tuple[Any, ...], where: str) -> Iterator[ImproperlyConfigured]:
    for number, make in enumerate(callables, 1):
        if not callable(_maker(make)):
            yield ImproperlyConfigured(
                f"item {number} of the middleware of {where} cannot be called: {make!r}",
                hint="pass a callable that takes the application, such as functools.partial(Class, option=…)",
            )


def _make(make: Any, app: App) -> App:
    made: Any = _maker(make)(app)
    if is_double_callable(made):
        raise ImproperlyConfigured(
            f"the middleware {make!r} calls the next application with the scope alone, as in ASGI 2",
            hint="middleware must support ASGI 3",
        )
    if wrong := find_mistake_in_app(made):
        raise ImproperlyConfigured(f"the middleware {make!r} returned {wrong[0]}", hint=wrong[1])
    return made  # type: ignore[no-any-return]


def _maker(make: Any) -> Callable[[App], Any] | Any:
    # Starlette's Middleware is told by its shape; a class of its own may have one of these names.
    if not callable(make) and all(hasattr(make, name) for name in ("cls", "args", "kwargs")):
        return lambda app: make.cls(app, *make.args, **make.kwargs)
    return make


def chain_layers(layers: Iterable[Layer], app: App) -> tuple[App, dict[Layer, App] | None]:
    """Return what to call so that an application is called through layers, and what follows each.

    A layer that stands on the way twice, because its router leads to itself, is called once.
    """
    distinct = [*dict.fromkeys(layers)]
    if not distinct:
        return app, None
    apps = [*(layer.app for layer in distinct[1:]), app]
    return distinct[0].app, dict(zip(distinct, apps, strict=True))


def list_callables(layers: Iterable[Layer]) -> Iterator[Any]:
    """Yield the classes and functions of the middleware in some layers, the outermost first."""
    for layer in dict.fromkeys(layers):
        for make in layer.callables:
            named = make
            while isinstance(named, functools.partial):
                named = named.func
            yield named if callable(named) else named.cls
