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
    return "nothing" if _returns_none(code) else None


@functools.lru_cache(maxsize=1024)
def _returns_none(code: CodeType) -> bool:
    """Tell whether a function ends, and every end of it is a plain ``return``, or its last line."""
    ends = 0
    before: dis.Instruction | None = None
    for one in dis.get_instructions(code):
        if one.opname in ("RETURN_VALUE", "RETURN_CONST"):
            constant = one if one.opname == "RETURN_CONST" else before
            if constant is None or (constant is before and one.is_jump_target):
                return False
            if not _is_none(constant):
                return False
            ends += 1
        before = one
    return ends > 0


def _is_none(loaded: dis.Instruction) -> bool:
    return loaded.opname in ("LOAD_CONST", "RETURN_CONST") and loaded.argval is None
