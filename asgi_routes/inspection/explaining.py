"""Why a request is served by a route, or by none.

In: an application and a scope. Out: the match with its way, or the miss with the routes that came closest
and what each lacks. The rule kept here: a reason that is given is true; that nothing else is wrong
with the request is only said where it has been tried.
"""

from dataclasses import dataclass
from typing import Any

from asgi_routes.apps import innermost, is_router
from asgi_routes.dispatch import own_default
from asgi_routes.inspection.candidates import Candidate, candidates
from asgi_routes.inspection.near import closeness
from asgi_routes.inspection.reading import name_of
from asgi_routes.inspection.tracing import End, Step, trace
from asgi_routes.matches import Match, NoMatch
from asgi_routes.not_found import NotFound

_CLOSEST = 3
_HIDDEN = "No route found: the router behind the middleware that matches has none."


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
    """What becomes of a request.

    Attributes:
        reason: for a miss, why; for a match, empty.
        application: ``module:name`` of what serves it; None for a miss.
        template, path_format, name, place: of the route; None for a miss, or where none was needed.
        args: the positional parameters.
        kwargs: the named parameters.
        root_path: where a mounted application is; None elsewhere.
        way: the routers and middleware on the way, the outermost first.
        allowed: for a miss, the methods that would have been served.
        location: for a miss, where the client is redirected to, or None.
        default: for a miss, ``module:name`` of the default that answers it; None for `not_found`.
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
    way: tuple[Step, ...] = ()
    allowed: tuple[str, ...] = ()
    location: str | None = None
    default: str | None = None
    near: tuple[Near, ...] = ()

    def __bool__(self) -> bool:
        """Whether the request is served."""
        return self.application is not None


def explain(app: Any, scope: Any, *, closest: int = _CLOSEST) -> Explanation:
    """Return what becomes of a scope, and why.

    Args:
        app: a router, or middleware around one.
        scope: of the request.
        closest: how many routes to name for a miss.

    Raises:
        TypeError: the application is no router and leads to none.

    >>> from asgi_routes import URLRouter, path
    >>> async def user(scope, receive, send): ...
    >>> router = URLRouter([path("users/<int:id>/", user, name="user")])
    >>> explain(router, {"type": "http", "method": "GET", "path": "/users/7/"}).kwargs
    (('id', 7),)
    >>> explain(router, {"type": "http", "method": "GET", "path": "/users/abc/"}).near[0].reason
    "'abc' is not an int"
    """
    inner = innermost(app)
    if not is_router(inner):
        raise TypeError(f"{name_of(app)} is not a router, and no attribute of it leads to one")
    found: Match | NoMatch = inner.match(scope)
    end = trace(app, scope) if found else None
    if end is not None:
        return _of_match(end, scope)
    missed = NoMatch(_HIDDEN) if found else found
    default = own_default(inner)
    near = sorted(
        (
            (closest_, number, candidate)
            for number, candidate in enumerate(candidates(app, scope))
            if (closest_ := closeness(candidate, scope)) is not None
        ),
        key=lambda item: (-item[0].score, item[1]),
    )
    return Explanation(
        reason=missed.reason,
        allowed=tuple(sorted(missed.allowed)),
        location=missed.location,
        default=None if default is None or isinstance(default, NotFound) else name_of(default),
        near=tuple(_near(candidate, close.reason) for close, _, candidate in near[:closest]),
    )


def _of_match(end: End, scope: Any) -> Explanation:
    way, child = end.steps, end.scope
    called = child.get("url_route") or {"args": (), "kwargs": {}}
    route = child.get("route") if child is not scope else None
    root_path = child.get("root_path")
    return Explanation(
        application=name_of(end.app),
        template=getattr(route, "path", None),
        path_format=getattr(route, "path_format", None),
        name=getattr(route, "name", None),
        place=next((step.place for step in reversed(way) if step.place), None),
        args=tuple(called["args"]),
        kwargs=tuple(called["kwargs"].items()),
        root_path=root_path if root_path != scope.get("root_path") else None,
        way=way,
    )


def _near(candidate: Candidate, reason: str) -> Near:
    target = candidate.row.target
    return Near(
        candidate.template,
        reason,
        target.matched.name,
        str(target.route.declared),
        candidate.application,
    )
