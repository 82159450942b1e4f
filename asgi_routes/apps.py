"""What is an application, which applications are routers, and what an application leads to.

Everything is decided from the object's shape when the route is written; nothing is called but
``children``.
"""

import functools
import inspect
from collections.abc import Iterator
from enum import Enum
from types import CellType, FunctionType, MethodType
from typing import Any, NamedTuple

_WRAPPER_ATTRIBUTES = (
    "app",
    "_app",
    "asgi_app",
    "inner",
    "application",
    "next_app",
    "wrapped",
    "_wrapped",
    "func",
    "__wrapped__",
)
_DEEPEST_WRAPPING = 32


def name_of(app: Any) -> str:
    """Return ``module:name`` of a function, method or class; of anything else, that of its class.

    >>> name_of(name_of)
    'asgi_routes.apps:name_of'
    """
    named = app if isinstance(app, (FunctionType, MethodType, type)) else type(app)
    return f"{named.__module__}:{named.__qualname__}"


class Kind(Enum):
    """What the search does with an application.

    ROUTER: it is asked, and passed by. BOUNDARY: it leads to a router, but has to be called, and
    the search ends there. ENDPOINT: it serves.
    """

    ROUTER = "router"
    BOUNDARY = "boundary"
    ENDPOINT = "endpoint"


ROUTER, BOUNDARY, ENDPOINT = Kind
"""For what is asked on each request: on 3.11, an attribute of an enumeration costs a call."""


def kind_of(app: object) -> Kind:
    """Return what the search does with an application.

    A router whose being called is its own business, a guard say, is never passed by.
    ``_path_routing``, Channels' mark, says of any other application whether it goes on routing by
    the path.
    """
    if type(app) is FunctionType and not app.__dict__:
        return Kind.ENDPOINT  # Where nothing was added, there is nothing to find.
    if is_router(app) and is_called_as_router(app):
        return Kind.ROUTER
    for inner in unwrap(app):
        mark = _mark(inner)
        if mark is not None or is_router(inner):
            return Kind.ENDPOINT if mark is False else Kind.BOUNDARY
    return Kind.ENDPOINT


def is_router(app: object) -> bool:
    """Tell whether an application is a router: its class has ``match`` and ``children``.

    The class is asked, not the object, because a mock answers to every name.
    """
    kind = type(app)
    return callable(getattr(kind, "match", None)) and callable(getattr(kind, "children", None))


def is_called_as_router(router: object) -> bool:
    """Tell whether calling a router does nothing but to match, and to call what serves."""
    return getattr(type(router).__call__, "calls_what_serves", False) is True


def router_behind(app: object) -> Any:
    """Return the router that an application is or wraps, or None."""
    inner = innermost(app)
    return inner if is_router(inner) else None


def routes_by_path(app: object) -> bool:
    """Tell whether an application goes on routing by what is left of the path.

    Then a route that leads to it is a prefix. A router by path says so (``_path_routing`` is True);
    one that goes by something else does when what it leads to does.
    """
    for inner in unwrap(app):
        mark = _mark(inner)
        if mark is not None:
            return mark
        if is_router(inner):
            return any(_mark(visit.router) for visit in walk(inner))
    return False


def _mark(app: object) -> bool | None:
    # Exactly True or False: a mock has every attribute, and each of them is true.
    mark = _attribute(app, "_path_routing")
    return mark if mark is True or mark is False else None


class Visit(NamedTuple):
    """An application that another one leads to.

    Attributes:
        app: the application, as it was put there.
        wrappers: what stands around the router in it, the outermost first.
        router: the router that it is or wraps, or None.
        child: what the router around says of it, a `Child`; None for where the walk began.
        outer: the visit of the router around, or None.
    """

    app: Any
    wrappers: tuple[Any, ...]
    router: Any
    child: Any
    outer: "Visit | None"

    @property
    def is_known(self) -> bool:
        """Whether the router stands around itself; then it is not entered again."""
        outer = self.outer
        while outer is not None:
            if outer.router is self.router:
                return True
            outer = outer.outer
        return False


def make_visit(app: Any, child: Any = None, outer: Visit | None = None) -> Visit:
    """Return what stands at one place: the application, and the router in it."""
    *wrappers, inner = unwrap(app)
    if not is_router(inner):
        return Visit(app, (), None, child, outer)
    return Visit(app, tuple(wrappers), inner, child, outer)


def visit_children(visit: Visit) -> Iterator[Visit]:
    """Yield what the router of a visit leads to, in order; nothing if it is around itself."""
    if visit.router is not None and not visit.is_known:
        for child in visit.router.children():
            yield make_visit(child.app, child, visit)


def walk(app: Any) -> Iterator[Visit]:
    """Yield an application and all that it leads to, in order, also what is behind wrappers."""
    todo = [iter((make_visit(app),))]
    while todo:
        visit = next(todo[-1], None)
        if visit is None:
            todo.pop()
        else:
            yield visit
            todo.append(visit_children(visit))


def unwrap(app: object) -> Iterator[object]:
    """Yield an application and what it wraps, from the outside in."""
    seen: list[object] = []
    while app is not None and len(seen) < _DEEPEST_WRAPPING:
        if any(app is other for other in seen):
            return
        yield app
        if is_router(app) or inspect.isclass(app):
            return
        seen.append(app)
        held = [*filter(functools.partial(_is_held, app), _held_by(app))]
        app = next(filter(is_router, held), held[0] if held else None)


def _held_by(app: object) -> Iterator[object]:
    return map(functools.partial(_attribute, app), _WRAPPER_ATTRIBUTES)


def _is_held(app: object, inner: object) -> bool:
    # Quart's asgi_app is a method of its own.
    is_own = isinstance(inner, MethodType) and inner.__self__ is app
    return callable(inner) and not is_own


def innermost(app: object) -> Any:
    """Return the router that an application is or wraps; without one, the last it holds."""
    *_, inner = unwrap(app)
    return inner


def content_of_cell(cell: CellType) -> object:
    """Return what a function closes over; None where that is yet to be assigned."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def attribute_of_hidden_router(app: object) -> str | None:
    """Return the attribute in which an endpoint hides a router, or None."""
    held = getattr(app, "__dict__", None)
    if not isinstance(held, dict) or isinstance(app, (FunctionType, type)):
        return None
    if kind_of(app) is not Kind.ENDPOINT or _mark(app) is not None:
        return None
    names = (name for name, inner in held.items() if callable(inner) and router_behind(inner))
    return next(names, None)


def _attribute(app: object, name: str) -> object:
    try:
        return getattr(app, name, None)
    except Exception:  # noqa: BLE001 - a property of a foreign class may raise anything
        return None


def is_searched(router: Any) -> bool:
    """Tell whether the search can go through a router; one that matches in its own way is asked."""
    return matches_as_ours(router) and is_called_as_router(router)


def matches_as_ours(router: Any) -> bool:
    """Tell whether a router has no `match` of its own; a class says so when it is made."""
    return getattr(type(router), "has_our_match", False) is True
