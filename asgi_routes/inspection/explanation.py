"""Why a request is served by a route, or by none.

What is said is read from the router's own answer. A reason that is given is true; that nothing else
is wrong with the request is only said where it has been tried.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from asgi_routes.apps import name_of
from asgi_routes.dispatch import (
    Match,
    NoMatch,
)
from asgi_routes.dispatch.looking import Look, look
from asgi_routes.errors import show
from asgi_routes.inspection.near import Candidate, closeness, find_candidates
from asgi_routes.middleware import list_callables
from asgi_routes.scopes import take_scope
from asgi_routes.types import Scope

_CLOSEST = 3


@dataclass(frozen=True, slots=True)
class Hop:
    """A router on the way, or a wrapper around one.

    Attributes:
        by: the class of the router, or ``module:name`` of the wrapper.
        key: what the router went by, as written; empty for a wrapper.
        place: ``file:line`` of the declaration, or None.
    """

    by: str
    key: str
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """A route that came close.

    Attributes:
        template: the full path over all levels, as declared.
        reason: what the request lacks.
        name: of the route, or None.
        place: ``file:line`` of the declaration.
        application: ``module:name`` of what it leads to.
    """

    template: str
    reason: str
    name: str | None
    place: str
    application: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happens to a request.

    Attributes:
        reason: for a miss, why; for a match, empty.
        application: ``module:name`` of what serves it; None for a miss.
        template, path_format, name, place: of the route; None for a miss, or where none was needed.
        args: the positional parameters.
        kwargs: the named parameters.
        root_path: where a mounted application is; None elsewhere.
        way: the routers on the way, and what somebody has wrapped around them by hand, the
            outermost first.
        through: ``module:name`` of the wrappers among these. They were not called, and may do
            otherwise.
        middleware: ``module:name`` of the ``middleware=`` on the way, the outermost first.
        status: for a miss, the status of the answer; None for a match, and for what has no status.
        allowed: for a miss, the methods that would have been served.
        location: for a miss, where the client is redirected to, or None.
        default: for a miss, ``module:name`` of the application that is the default and answers it.
        near: for a miss, the routes that came closest.
    """

    reason: str = ""
    application: str | None = None
    template: str | None = None
    path_format: str | None = None
    name: str | None = None
    place: str | None = None
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    root_path: str | None = None
    way: tuple[Hop, ...] = ()
    through: tuple[str, ...] = ()
    middleware: tuple[str, ...] = ()
    status: int | None = None
    allowed: tuple[str, ...] = ()
    location: str | None = None
    default: str | None = None
    near: tuple[Near, ...] = ()

    def __bool__(self) -> bool:
        """Whether the request is served."""
        return self.application is not None

    def __repr__(self) -> str:
        shown = (f"{one.name}={show(getattr(self, one.name))}" for one in fields(self))
        return f"Explanation({', '.join(shown)})"


def explain(app: Any, scope: Scope | str, *, closest: int = _CLOSEST) -> Explanation:
    """Return what happens to a scope, and why.

    Args:
        app: a router, or middleware around one.
        scope: of the request; or a path or URL, for a GET of it, or with ``ws`` for a websocket.
        closest: how many routes to name for a miss.

    Raises:
        TypeError: the application is no router and leads to none, or the scope is neither of these.

    >>> from asgi_routes import URLRouter, path
    >>> async def user(scope, receive, send): ...
    >>> router = URLRouter([path("users/<int:id>/", user, name="user")])
    >>> explain(router, "/users/7/").kwargs
    (('id', 7),)
    >>> explain(router, "/users/abc/").near[0].reason
    "'abc' is not an int"
    """
    scope = take_scope(scope, "explain")
    seen = look(app, scope)
    found = seen.found
    if found and not found.is_default:
        return _of_match(seen, found, scope)
    near = sorted(
        (
            (closest_, number, candidate)
            for number, candidate in enumerate(find_candidates(app, scope))
            if (closest_ := closeness(candidate, scope)) is not None
        ),
        key=lambda item: (-item[0].score, item[1]),
    )
    closest_ones = tuple(_near(candidate, close.reason) for close, _, candidate in near[:closest])
    return _of_miss(seen, scope, closest_ones)


def _of_match(seen: Look, found: Match, scope: Any) -> Explanation:
    way, child = _way(seen), found.scope
    called = child.get("url_route") or {"args": (), "kwargs": {}}
    route = found.route if child is not scope else None
    root_path = child.get("root_path")
    return Explanation(
        application=name_of(seen.application),
        template=getattr(route, "path", None),
        path_format=getattr(route, "path_format", None),
        name=getattr(route, "name", None),
        place=next((step.place for step in reversed(way) if step.place), None),
        args=tuple(called["args"]),
        kwargs=tuple(called["kwargs"].items()),
        root_path=root_path if root_path != scope.get("root_path") else None,
        way=way,
        through=tuple(map(name_of, seen.through)),
        middleware=_middleware(seen),
    )


def _of_miss(seen: Look, scope: Any, near: tuple[Near, ...]) -> Explanation:
    found = seen.found
    missed, default = (found, None) if isinstance(found, NoMatch) else (found.miss, found.endpoint)
    kind = scope.get("type") if default is None else None
    status = {"http": missed.status, "websocket": 404}.get(str(kind))
    return Explanation(
        reason=missed.reason,
        way=_way(seen),
        through=tuple(map(name_of, seen.through)),
        middleware=_middleware(seen),
        status=status,
        allowed=tuple(sorted(missed.allowed)),
        location=missed.location,
        default=None if default is None else name_of(default),
        near=near,
    )


def _way(seen: Look) -> tuple[Hop, ...]:
    return tuple(_steps(seen))


def _steps(seen: Look) -> Iterator[Hop]:
    for wrappers, hop in seen.hops:
        for wrapper in wrappers:
            yield Hop(name_of(wrapper), "")
        by = type(hop.router).__qualname__
        for declared in hop.declarations:
            yield Hop(by, declared.pattern.source, str(declared.declared))
        if not hop.declarations:
            yield Hop(by, hop.key)


def _middleware(seen: Look) -> tuple[str, ...]:
    layers = [layer for _, hop in seen.hops for layer in hop.layers]
    return tuple(map(name_of, list_callables(layers)))


def _near(candidate: Candidate, reason: str) -> Near:
    target = candidate.row.target
    return Near(
        candidate.template,
        reason,
        target.matched.name,
        str(target.route.declared),
        candidate.application,
    )
