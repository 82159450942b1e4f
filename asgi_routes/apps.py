"""What is an application, and which applications are routers.

In: any object that somebody put where an application belongs. Out: the mistake in it, or the
router that it is or wraps. The rule kept here: everything is decided from the object's shape when
the route is written; nothing is called.
"""

import functools
import inspect
from collections.abc import Iterator
from types import FunctionType, MethodType
from typing import Any

_WRAPPER_ATTRIBUTES = (
    *("app", "_app", "asgi_app", "inner", "application", "next_app"),
    *("wrapped", "_wrapped", "func", "__wrapped__"),
)
_DEEPEST_WRAPPING = 32
_ARGUMENTS = len(("scope", "receive", "send"))


def mistake_in_app(app: object) -> tuple[str, str | None] | None:
    """Return ``(message, hint)`` for an object that cannot be an application, else None.

    >>> async def app(scope, receive, send): ...
    >>> mistake_in_app(app)
    >>> mistake_in_app(None)
    ('None is not an ASGI application: it cannot be called', None)
    """
    if not callable(app):
        hint = None
        if isinstance(app, str):
            hint = "import the application and give the object; include() takes a module's name"
        return f"{app!r} is not an ASGI application: it cannot be called", hint
    if inspect.isclass(app):
        return _mistake_in_class(app)
    return _mistake_in_signature(app)


def _mistake_in_class(app: type) -> tuple[str, str | None] | None:
    name = app.__name__
    if hasattr(app, "as_asgi"):
        return f"{name} is a class that makes applications", f"give {name}.as_asgi()"
    if hasattr(app, "__await__"):
        return None  # Called with (scope, receive, send), it gives something to await.
    return f"{name} is a class, not an application", f"give an instance, {name}(…)"


def _mistake_in_signature(app: Any) -> tuple[str, str | None] | None:
    # Only plain functions are looked at, by their code object: inspect.signature() costs more
    # than all the rest of a route, and decorated callables may lie.
    function = app.__func__ if isinstance(app, MethodType) else app
    if not isinstance(function, FunctionType):
        return None
    code = function.__code__
    offered = code.co_argcount - isinstance(app, MethodType)
    required = offered - len(function.__defaults__ or ())
    keyword_only = code.co_kwonlyargcount - len(function.__kwdefaults__ or {})
    has_room = offered >= _ARGUMENTS or code.co_flags & inspect.CO_VARARGS
    if has_room and required <= _ARGUMENTS and keyword_only == 0:
        return None
    hint = None
    if offered == 1:
        hint = (
            "an ASGI 2 application goes through asgiref.compatibility.double_to_single_callable()"
        )
    return f"{function.__qualname__} cannot be called as app(scope, receive, send)", hint


def is_router(app: object) -> bool:
    """Tell whether an application is a router: its class has ``match`` and ``children``.

    The class is asked, not the object, because a mock answers to every name.
    """
    kind = type(app)
    return callable(getattr(kind, "match", None)) and callable(getattr(kind, "children", None))


def leads_to_router(app: object) -> bool:
    """Tell whether an application that is no router itself passes connections on to one.

    That is so when it says so (``_path_routing`` is True, Channels' mark), or when one of the
    attributes by which wrappers usually hold the next application leads to a router.
    """
    return any(is_router(inner) or _is_marked(inner) for inner in wrapped(app))


def routes_by_path(app: object, within: tuple[object, ...] = ()) -> bool:
    """Tell whether an application goes on routing by what is left of the path.

    Then a route that leads to it is a prefix. A router by path says so (``_path_routing`` is True);
    one that goes by something else does when what it leads to does.
    """
    for inner in wrapped(app):
        if _is_marked(inner):
            return True
        if is_router(inner) and not any(inner is other for other in within):
            children = inner.children()  # type: ignore[attr-defined]
            return any(routes_by_path(child.app, (*within, inner)) for child in children)
    return False


def _is_marked(app: object) -> bool:
    # Exactly True: a mock has every attribute, and each of them is true.
    return getattr(app, "_path_routing", None) is True


def wrapped(app: object) -> Iterator[object]:
    """Yield an application and what it wraps, from the outside in."""
    seen: list[object] = []
    while app is not None and len(seen) < _DEEPEST_WRAPPING:
        if any(app is other for other in seen):
            return
        yield app
        if is_router(app) or inspect.isclass(app):
            return
        seen.append(app)
        app = next(
            filter(callable, map(functools.partial(_attribute, app), _WRAPPER_ATTRIBUTES)), None
        )


def innermost(app: object) -> Any:
    """Return the router that an application is or wraps, or, where there is none, the last it holds."""
    *_, inner = wrapped(app)
    return inner


def _attribute(app: object, name: str) -> object:
    try:
        return getattr(app, name, None)
    except Exception:  # noqa: BLE001 - a property of a foreign class may raise anything
        return None
