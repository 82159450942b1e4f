"""Routers that are held where a route does not look: they are served at one path only.

Rule: what a function only reads attributes of, as a view does that keeps a router for its
``reverse``, it does not lead to.
"""

import dis
import functools
import itertools
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType
from typing import Any

from asgi_routes.apps import (
    Kind,
    attribute_of_hidden_router,
    content_of_cell,
    kind_of,
    name_of,
    router_behind,
)
from asgi_routes.suspicions.suspicion import Suspicion

_BY_ATTRIBUTE = ("LOAD_ATTR", "LOAD_METHOD")
_WITHOUT_A_NAME = ("LOAD_CONST", *_BY_ATTRIBUTE)
_INSTEAD = "use middleware=, mount(), functools.wraps or a class"


def suspect_hidden_router(app: Any) -> Iterator[Suspicion]:
    """Yield that an instance holds a router in an attribute that wrappers do not use."""
    name = attribute_of_hidden_router(app)
    if name is not None:
        yield Suspicion(
            "R207",
            f"{type(app).__qualname__} holds a router in its attribute {name!r}, which a route cannot "
            "see, so it is served at exactly this path; use middleware= or mount(), or set "
            "_path_routing on its class to True (or False, if this is intended)",
        )


def suspect_closure(app: Any) -> Iterator[Suspicion]:
    """Yield that a function leads to a router.

    >>> from asgi_routes import URLRouter
    >>> def guard(app):
    ...     async def guarded(scope, receive, send):
    ...         await app(scope, receive, send)
    ...     return guarded
    >>> [found.id for found in suspect_closure(guard(URLRouter([])))]
    ['R207']
    """
    if kind_of(app) is Kind.ENDPOINT and _leads_to_router(app):
        said = f"{name_of(app)} leads to a router that a route cannot see"
        yield Suspicion("R207", f"{said}: {_INSTEAD}")


def _leads_to_router(app: Any) -> bool:
    todo: list[Any] = [app]
    seen: list[Any] = []
    while todo:
        one = todo.pop()
        if any(one is other for other in seen):
            continue
        seen.append(one)
        held = [*filter(callable, _list_held(one))]
        if any(kind_of(inner) is not Kind.ENDPOINT for inner in held):
            return True
        todo += held
    return any(router_behind(inner) for one in seen for inner in _list_globals(one))


def _list_held(app: Any) -> Iterator[Any]:
    """Yield what a function was made with, and may call."""
    if isinstance(app, functools.partial):
        yield from (app.func, *app.args, *app.keywords.values())
    elif isinstance(app, MethodType) and app.__func__.__name__ == "__call__":
        yield app.__self__
    elif isinstance(app, FunctionType):
        used = _find_used(app.__code__)
        cells = zip(app.__code__.co_freevars, app.__closure__ or (), strict=True)
        yield from (content_of_cell(cell) for name, cell in cells if name in used)
        yield from (*(app.__defaults__ or ()), *(app.__kwdefaults__ or {}).values())


def _list_globals(app: Any) -> Iterator[Any]:
    if isinstance(app, FunctionType):
        for name in _find_used(app.__code__).intersection(app.__code__.co_names):
            if callable(app.__globals__.get(name)):
                yield app.__globals__[name]


@functools.lru_cache(maxsize=4096)
def _find_used(code: CodeType) -> frozenset[str]:
    """Return the names whose values some code uses themselves, not only their attributes."""
    return frozenset(
        one.argval
        for one, after in itertools.pairwise(dis.get_instructions(code))
        if one.opname.startswith("LOAD")
        and one.opname not in _WITHOUT_A_NAME
        and not (after.opname in _BY_ATTRIBUTE and after.argval != "__call__")
    )
