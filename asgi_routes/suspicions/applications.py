"""Applications that cannot serve, and lifespans that cannot start."""

import inspect
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from asgi_routes.apps import name_of
from asgi_routes.callables import is_double_callable
from asgi_routes.suspicions.functions import find_function, find_unawaitable
from asgi_routes.suspicions.suspicion import Suspicion

_RIGHT = "write an 'async def' that yields, under contextlib.asynccontextmanager"


def suspect_app(app: Any) -> Iterator[Suspicion]:
    """Yield what can hardly have been meant by an application: to return nothing to await.

    >>> def app(scope, receive, send): ...
    >>> [found.id for found in suspect_app(app)]
    ['R214']
    """
    function = find_function(_find_double(app) or app)
    returned = None if function is None else find_unawaitable(function)
    if returned is not None:
        what = name_of(app)
        yield Suspicion(
            "R214", f"{what} returns {returned}, but an application is awaited: use 'async def'"
        )


def _find_double(app: Any) -> Any:
    """Return the application of ASGI 2 that one of ASGI 3 was made of, or None."""
    inner = getattr(app, "__wrapped__", None)
    return inner if inner is not None and is_double_callable(inner) else None


def suspect_lifespan(lifespan: Any, router: str) -> Iterator[Suspicion]:
    """Yield why a router's own lifespan will not start.

    Args:
        lifespan: as it was given, or None.
        router: what it was given to.

    >>> async def lifespan(router): ...
    >>> [found.message for found in suspect_lifespan(lifespan, "URLRouter")]
    ["lifespan of URLRouter is a coroutine function; write an 'async def' that yields, under contextlib.asynccontextmanager"]
    """
    wrong = None if lifespan is None else _find_mistake(lifespan)
    if wrong is not None:
        yield Suspicion("R215", f"lifespan of {router} {wrong}")


def _find_mistake(lifespan: Any) -> str | None:
    function = find_function(lifespan)
    if function is not None:
        if kind := _name_kind(function):
            return f"is {kind}; {_RIGHT}"
        if find_unawaitable(function) == "nothing":
            return f"returns nothing; {_RIGHT}"
        decorated = getattr(function, "__wrapped__", None)
        if _is_of_contextlib(function) and (kind := _name_kind(decorated)):
            return f"is {kind} under contextlib; {_RIGHT}"
    if not _takes_router(lifespan):
        return "is called with the router, which it does not take"
    return None


def _name_kind(function: Any) -> str | None:
    if inspect.iscoroutinefunction(function):
        return "a coroutine function"
    return "a generator function" if inspect.isgeneratorfunction(function) else None


def _is_of_contextlib(function: FunctionType) -> bool:
    return function.__globals__.get("__name__") == "contextlib"


def _takes_router(lifespan: Any) -> bool:
    try:
        signature = inspect.signature(lifespan)
    except (TypeError, ValueError):  # It has none that could be read.
        return True
    try:
        signature.bind(None)
    except TypeError:
        return False
    return True
