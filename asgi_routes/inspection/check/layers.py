"""What stands around an application: wrappers, and functions that close over the next one.

What such a thing does is told by its name and by the constants in its code; nothing is called.
"""

import re
from collections.abc import Container, Iterator
from types import CodeType, FunctionType
from typing import Any

from asgi_routes.apps import content_of_cell, is_router, name_of, unwrap

_MOST = 32
_CORS = re.compile("cors", re.IGNORECASE)
_GUARD = re.compile(
    r"auth(?!or(?!i))|guard|log_?in|permi|require|restrict|protect|allow|forbid|deny|token|jwt|api_?key"
    r"|staff|csrf|origin(?!al)",
    re.IGNORECASE,
)
_REFUSALS = {401, 403}


def list_wrappers(app: Any) -> list[Any]:
    """Return what stands around an application by hand, the outermost first."""
    found: list[Any] = []
    todo = [app]
    while todo and len(found) < _MOST:
        *around, last = unwrap(todo.pop(0))
        found += around
        held = [*filter(callable, _list_cells(last))]
        if held and not is_router(last):
            found.append(last)
            todo += held
    return found


def _list_cells(app: Any) -> Iterator[Any]:
    if isinstance(app, FunctionType):
        yield from map(content_of_cell, app.__closure__ or ())


def answers_preflights(wrapper: Any) -> bool:
    """Tell whether a wrapper is there for OPTIONS, too: its name says CORS, or its code OPTIONS."""
    return bool(_CORS.search(name_of(wrapper))) or _names_any(wrapper, {"OPTIONS", b"OPTIONS"})


def is_guard(wrapper: Any) -> bool:
    """Tell whether a middleware refuses some requests, by its name or by the statuses in its code."""
    name = name_of(wrapper).rpartition(":")[2]
    return bool(_GUARD.search(name)) or _names_any(wrapper, _REFUSALS)


def _names_any(wrapper: Any, wanted: Container[Any]) -> bool:
    for one in _list_constants(wrapper):
        several = one if isinstance(one, (tuple, frozenset, set, list)) else (one,)
        if any(isinstance(each, (str, bytes, int)) and each in wanted for each in several):
            return True
    return False


def _list_constants(wrapper: Any) -> Iterator[Any]:
    """Yield the constants in the code of a wrapper, and those of its module that it names."""
    kind = wrapper if isinstance(wrapper, type) else type(wrapper)
    members = [one for base in kind.__mro__ for one in vars(base).values()]
    functions = [wrapper] if isinstance(wrapper, FunctionType) else members
    for function in functions:
        if isinstance(function, FunctionType):
            for code in _list_codes(function.__code__):
                yield from code.co_consts
                yield from map(function.__globals__.get, code.co_names)


def _list_codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _list_codes(constant)
