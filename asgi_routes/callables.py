"""What can be called as an application: told by signatures, when it is handed over.

An application of ASGI 3 is called with ``(scope, receive, send)``. One of ASGI 2 is called with the
scope, and what it gives with ``(receive, send)``; it is taken as one of ASGI 3.
"""

import functools
import inspect
from types import FunctionType, MethodType
from typing import Any, TypeAlias

_Function: TypeAlias = FunctionType | MethodType
_SCOPE = len(("scope",))
_CHANNELS = len(("receive", "send"))
_ALL = len(("scope", "receive", "send"))
_OF_VIEWS = "request"
"""The first argument of Django's views, which must not be taken for applications of ASGI 2."""
_OF_WSGI = ("environ", "env")
"""The first argument of applications of WSGI."""


def find_mistake_in_app(app: Any) -> tuple[str, str | None] | None:
    """Return ``(message, hint)`` for an object that cannot be an application, else None.

    >>> async def app(scope, receive, send): ...
    >>> find_mistake_in_app(app)
    >>> find_mistake_in_app(None)
    ('None is not an ASGI application: it cannot be called', None)
    """
    if not callable(app):
        hint = None
        if isinstance(app, str):
            hint = "import the application and pass the object; only include() takes the name of a module"
        return f"{app!r} is not an ASGI application: it cannot be called", hint
    if isinstance(app, functools.partial):
        return _find_mistake_in_partial(app)
    if inspect.isclass(app):
        return _find_mistake_in_class(app)
    if isinstance(app, FunctionType | MethodType):
        return _find_mistake_in_function(app, app.__qualname__)
    call = _method_of(type(app), "__call__")
    return call and _find_mistake_in_function(call, type(app).__qualname__)


def _find_mistake_in_class(app: Any) -> tuple[str, str | None] | None:
    name = app.__name__
    if hasattr(app, "as_asgi"):
        return (
            f"{name} is a class whose as_asgi() returns the application",
            f"pass {name}.as_asgi()",
        )
    if hasattr(app, "__await__") or is_double_callable(app):
        return None  # Called with (scope, receive, send), the first gives something to await.
    return f"{name} is a class, not an application", f"pass an instance, {name}(…)"


def _find_mistake_in_partial(app: functools.partial[Any]) -> tuple[str, str | None] | None:
    if is_double_callable(app):
        return None
    inner: Any = app.func
    if inspect.isclass(inner) and (hasattr(inner, "as_asgi") or not hasattr(inner, "__await__")):
        return _find_mistake_in_class(inner)
    if _binds(app, _ALL):
        return None
    name = getattr(inner, "__qualname__", type(inner).__qualname__)
    return f"a partial of {name} cannot be called as app(scope, receive, send)", None


def _find_mistake_in_function(app: _Function, name: str) -> tuple[str, str | None] | None:
    is_view = hasattr(app, "view_class")
    if not is_view and (_takes(app, _ALL) or _is_double_function(app)):
        return None
    hint = None
    if is_view or _first_argument(app) == _OF_VIEWS:
        hint = "Django's views are served by get_asgi_application(): mount that"
    elif _first_argument(app) in _OF_WSGI:
        hint = "wrap a WSGI application with a2wsgi: mount('old', WSGIMiddleware(app))"
    return f"{name} cannot be called as app(scope, receive, send)", hint


def take_app(app: Any) -> Any:
    """Return an application as it was given, or one of ASGI 2 as one of ASGI 3."""
    if not is_double_callable(app):
        return app
    from asgiref.compatibility import double_to_single_callable  # noqa: PLC0415 - seldom needed

    single: Any = double_to_single_callable(app)  # type: ignore[no-untyped-call]
    named = app
    while isinstance(named, functools.partial):
        named = named.func
    named = named if hasattr(named, "__qualname__") else type(named)
    functools.update_wrapper(single, named, updated=())
    single.__wrapped__ = app
    return single


def is_double_callable(app: object) -> bool:
    """Tell whether an application is of ASGI 2.

    It is a class whose instances take ``(receive, send)``, as the consumers of Channels 2 are; or
    anything else that takes ``(scope)`` alone, and is no coroutine.

    >>> class Consumer:
    ...     def __init__(self, scope): ...
    ...     async def __call__(self, receive, send): ...
    >>> is_double_callable(Consumer), is_double_callable(lambda scope: Consumer(scope))
    (True, True)
    """
    if isinstance(app, functools.partial):
        return _is_double_partial(app)
    if inspect.isclass(app):
        init = _method_of(app, "__init__")
        return init is not None and _takes(init, _SCOPE) and _makes_double_halves(app)
    is_function = isinstance(app, FunctionType | MethodType)
    function: Any = app if is_function else _method_of(type(app), "__call__")
    return function is not None and _is_double_function(function)


def _makes_double_halves(kind: type) -> bool:
    """Tell whether instances of a class take ``(receive, send)``, and it is made for no more."""
    call = _method_of(kind, "__call__")
    if call is None or hasattr(kind, "as_asgi") or hasattr(kind, "__await__"):
        return False
    return _takes(call, _CHANNELS) and not _takes(call, _ALL)


def _is_double_function(function: _Function) -> bool:
    if _takes(function, _ALL) or not _takes(function, _SCOPE):
        return False
    return not inspect.iscoroutinefunction(function) and _first_argument(function) != _OF_VIEWS


def _is_double_partial(app: functools.partial[Any]) -> bool:
    if not _binds(app, _SCOPE):
        return False
    if inspect.isclass(app.func):
        return _makes_double_halves(app.func)
    function = app.func if isinstance(app.func, _Function) else type(app.func).__call__
    return not _binds(app, _ALL) and not inspect.iscoroutinefunction(function)


def _binds(app: functools.partial[Any], number: int) -> bool:
    """Tell whether a partial can be called with so many arguments more."""
    try:
        inspect.signature(app).bind(*[None] * number)
    except ValueError:
        return True  # Nobody knows what it takes.
    except TypeError:
        return False
    return True


def _method_of(kind: type, name: str) -> MethodType | None:
    """Return a method that is a plain function, bound to nothing that could be called."""
    found = inspect.getattr_static(kind, name, None)
    return MethodType(found, kind) if isinstance(found, FunctionType) else None


def _takes(function: _Function, number: int) -> bool:
    """Tell whether a function can be called with so many arguments, and no others."""
    # The code object is looked at: inspect.signature() costs more than all the rest of a route,
    # and decorated callables may lie.
    is_bound = isinstance(function, MethodType)
    plain = getattr(function, "__func__", function)
    if not isinstance(plain, FunctionType):
        return True
    code = plain.__code__
    offered = code.co_argcount - is_bound
    required = offered - len(plain.__defaults__ or ())
    keyword_only = code.co_kwonlyargcount - len(plain.__kwdefaults__ or {})
    has_room = offered >= number or bool(code.co_flags & inspect.CO_VARARGS)
    return has_room and required <= number and keyword_only == 0


def _first_argument(function: _Function) -> str | None:
    is_bound = isinstance(function, MethodType)
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    names = () if code is None else code.co_varnames[is_bound : code.co_argcount]
    return next(iter(names), None)
