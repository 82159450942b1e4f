"""What is known of a function before it is called: what it can return, by its code."""

import dis
import functools
import inspect
from types import CodeType, FunctionType, MethodType
from typing import Any

_IS_AWAITABLE = inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE
_IS_GENERATOR = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


def find_function(called: Any) -> FunctionType | None:
    """Return the function that runs when something is called; None where that is not known.

    >>> find_function(functools.partial(find_function)) is find_function
    True
    """
    while isinstance(called, functools.partial):
        called = called.func
    if isinstance(called, MethodType):
        called = called.__func__
    if not isinstance(called, FunctionType | type):
        called = inspect.getattr_static(type(called), "__call__", None)
    return called if isinstance(called, FunctionType) else None


def find_unawaitable(function: FunctionType) -> str | None:
    """Return what a function returns, where nobody can await that; else None.

    >>> async def app(scope, receive, send): ...
    >>> def forgotten(scope, receive, send): app(scope, receive, send)
    >>> find_unawaitable(app), find_unawaitable(forgotten)
    (None, 'nothing')
    """
    code = function.__code__
    if code.co_flags & _IS_AWAITABLE:
        return None
    if code.co_flags & _IS_GENERATOR:
        return "a generator"
    constants = _list_returned(code)
    if not constants:
        return None
    return "nothing" if all(one is None for one in constants) else "a constant"


@functools.lru_cache(maxsize=1024)
def _list_returned(code: CodeType) -> tuple[Any, ...]:
    """Return what every end of a function returns; nothing if that is not always a constant."""
    found: list[Any] = []
    before: dis.Instruction | None = None
    for one in dis.get_instructions(code):
        if one.opname == "RETURN_CONST":
            found.append(one.argval)
        elif one.opname == "RETURN_VALUE":
            if before is None or before.opname != "LOAD_CONST" or one.is_jump_target:
                return ()
            found.append(before.argval)
        before = one
    return tuple(found)
