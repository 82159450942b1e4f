"""The way of a scope through the routers, step by step.

In: an application and a scope. Out: every router on the way with the key that it went by, and the
application at its end. The rule kept here: the way ends where `match` ends; nothing is called.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from asgi_routes.apps import is_router, wrapped
from asgi_routes.inspection.reading import name_of
from asgi_routes.matches import Match
from asgi_routes.mounting import mounted_scope
from asgi_routes.redirects import other_slash
from asgi_routes.routers import HostRouter, URLRouter
from asgi_routes.routers.host import host_of
from asgi_routes.scopes import child_scope, remaining_path

_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Step:
    """A router on the way, or a middleware around one.

    Attributes:
        by: the class of the router, or ``module:name`` of the middleware.
        key: what the router went by, as written; empty for a middleware.
        place: ``file:line`` of the declaration, or None.
    """

    by: str
    key: str
    place: str | None = None


class End(NamedTuple):
    """Where a way ends.

    Attributes:
        steps: the way.
        app: the application that serves the scope.
        scope: the child scope for it.
    """

    steps: tuple[Step, ...]
    app: Any
    scope: Any


def trace(app: Any, scope: Any, depth: int = 0) -> End | None:
    """Return the way of a scope, or None where it is a miss."""
    *around, inner = wrapped(app)
    if not is_router(inner) or depth > _DEEPEST:
        return End((), app, scope)
    before = tuple(Step(name_of(middleware), "") for middleware in around)
    ends = (
        _by_path(inner, scope, depth)
        if isinstance(inner, URLRouter)
        else _by_key(inner, scope, depth)
    )
    for end in ends:
        return End(before + end.steps, end.app, end.scope)
    return None


def _by_path(router: URLRouter, scope: Any, depth: int) -> Iterator[End]:
    if not router.match(scope):
        return
    path = remaining_path(scope) or ""
    for text in (path, other_slash(path)):
        for row, args, kwargs, rest in router.hits(text) if text is not None else ():
            target = row.target
            route = target.matched.below(scope.get("route"))
            child: Any = child_scope(scope, args, kwargs, rest, route)
            if target.mounting is not None:
                child = mounted_scope(child, target.mounting)
            methods = target.route.methods
            if methods and target.answer is not None and not target.answer(child):
                continue
            steps = tuple(
                Step(type(router).__qualname__, declared.pattern.source, str(declared.declared))
                for declared in target.declarations
            )
            end = trace(target.app, child, depth + 1)
            if end is not None:
                yield End(steps + end.steps, end.app, end.scope)


def _by_key(router: Any, scope: Any, depth: int) -> Iterator[End]:
    found = router.match(scope)
    if not found:
        return
    below = router.child_scope(scope) if isinstance(router, HostRouter) else scope
    asked = {scope.get("type"), scope.get("method"), scope.get("channel"), host_of(scope)}
    # The same application may stand under several keys: the one that was asked for goes first.
    for child in sorted(router.children(), key=lambda child: child.key not in asked):
        if child.key == "default":
            continue
        end = _end_of(child.app, found, below, depth)
        if end is not None:
            step = Step(type(router).__qualname__, str(child.key))
            yield End((step, *end.steps), end.app, end.scope)
    if found.resume is None:
        yield End((Step(type(router).__qualname__, ""),), found.app, found.scope)


def _end_of(app: Any, found: Match, scope: Any, depth: int) -> End | None:
    """Return the way through one child of a router, if it ends where the router's match does.

    A match behind which a router may be hidden is no end: then the way goes on to that one.
    """
    end = trace(app, scope, depth + 1)
    is_end = end is not None and (end.app is found.app or found.resume is not None)
    return end if is_end else None
