"""Assertions about which route serves a request.

Rule: the router is asked and nothing is called, so the applications do not have to work.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from asgi_routes.dispatch import (
    Match,
    NoMatch,
)
from asgi_routes.dispatch.looking import look
from asgi_routes.errors import show
from asgi_routes.lifespan.participants import identify
from asgi_routes.testing.http import HeaderPairs, make_scope


def assert_routes(  # noqa: PLR0913 - the expectations are options, by keyword
    app: Any,
    method: str,
    path: str,
    *,
    name: str | None = None,
    kwargs: Mapping[str, Any] | None = None,
    args: Iterable[Any] | None = None,
    to: Any = None,
    headers: HeaderPairs = (),
    root_path: str = "",
) -> Match:
    """Assert that a router serves a request, and how.

    A router wrapped by hand is asked as well. The wrapper is not called; it may do otherwise.

    Args:
        app: the router, or a wrapper around one.
        method: the method, or ``WEBSOCKET``.
        path: as in a request: percent-encoded, with or without a query string.
        name: the expected name of the route.
        kwargs: the expected named parameters, all of them, converted.
        args: the expected positional parameters.
        to: the application that is expected to be called.
        headers: of the request, a mapping or pairs.
        root_path: of the scope.

    Returns:
        The match, for further comparisons.

    Raises:
        AssertionError: nothing serves the request, or not what is expected.
        TypeError: the application is not a router and no attribute of it leads to one.
        ValueError: the path does not begin with a slash.

    >>> from asgi_routes import URLRouter, path
    >>> async def show(scope, receive, send): ...
    >>> router = URLRouter([path("users/<int:id>/", show, name="user", methods=["GET"])])
    >>> assert_routes(router, "GET", "/users/7/?full=1", name="user", kwargs={"id": 7}, to=show).app
    <function show at ...>
    >>> assert_routes(router, "PUT", "/users/7/")
    Traceback (most recent call last):
      ...
    AssertionError: PUT /users/7/ is not served: Path 'users/7/' has no route for method 'PUT'.
      allowed methods: GET, HEAD, OPTIONS
    """
    __tracebackhide__ = True
    request = f"{method.upper()} {path}"
    found = _ask(app, make_scope(method, path, headers=headers, root_path=root_path))
    if not found:
        raise AssertionError(_describe_miss(request, found))
    served = _Served.of(found)
    wrong = [*_find_differences(served, name, args, kwargs, to)]
    if wrong:
        lines = [f"{request} is not served as expected", *wrong, f"  found: {served}"]
        raise AssertionError("\n".join(lines))
    return found


def assert_no_route(
    app: Any, method: str, path: str, *, headers: HeaderPairs = (), root_path: str = ""
) -> NoMatch:
    """Assert that a router does not serve a request. Its ``default`` does not count as serving.

    Args:
        app: the router, or a wrapper around one.
        method: the method, or ``WEBSOCKET``.
        path: as in a request.
        headers: of the request, a mapping or pairs.
        root_path: of the scope.

    Returns:
        The miss: its ``reason``, the ``allowed`` methods, the ``location`` of a redirect.

    Raises:
        AssertionError: something serves the request.
        TypeError: the application is not a router and no attribute of it leads to one.
        ValueError: the path does not begin with a slash.

    >>> from asgi_routes import URLRouter
    >>> assert_no_route(URLRouter([]), "GET", "/users/")
    NoMatch("No route found for path 'users/'.")
    """
    __tracebackhide__ = True
    found = _ask(app, make_scope(method, path, headers=headers, root_path=root_path))
    if found:
        message = f"{method.upper()} {path} is served\n  found: {_Served.of(found)}"
        raise AssertionError(message)
    return found


def _ask(app: Any, scope: Any) -> Match | NoMatch:
    found = look(app, scope).found
    return found.miss if isinstance(found, Match) and found.is_default else found


def _describe_miss(request: str, miss: NoMatch) -> str:
    lines = [f"{request} is not served: {miss.reason}"]
    if miss.allowed:
        lines.append(f"  allowed methods: {', '.join(sorted(miss.allowed))}")
    if miss.location is not None:
        lines.append(f"  redirected to: {miss.location}")
    return "\n".join(lines)


class _Served(NamedTuple):
    """The part of a match that an assertion compares."""

    route: str | None
    name: str | None
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    app: Any

    @classmethod
    def of(cls, found: Match) -> "_Served":
        route = found.scope.get("route")
        url_route = found.scope.get("url_route") or {}
        return cls(
            getattr(route, "path", None),
            getattr(route, "name", None),
            tuple(url_route.get("args", ())),
            dict(url_route.get("kwargs", {})),
            found.endpoint,
        )

    def __str__(self) -> str:
        route = "no route with a path" if self.route is None else f"route {self.route!r}"
        parameters = f"args {show(self.args)}, kwargs {show(self.kwargs)}"
        return f"{route}, name {self.name!r}, {parameters}, to {_format_app(self.app)}"


def _find_differences(
    served: _Served,
    name: str | None,
    args: Iterable[Any] | None,
    kwargs: Mapping[str, Any] | None,
    to: Any,
) -> Iterator[str]:
    expected = {
        "name": name,
        "args": None if args is None else tuple(args),
        "kwargs": None if kwargs is None else dict(kwargs),
    }
    for key, value in expected.items():
        found = getattr(served, key)
        if value is not None and found != value:
            yield f"  {key}: expected {show(value)}, found {show(found)}"
    if to is not None and identify(to) != identify(served.app):
        yield f"  to: expected {_format_app(to)}, found {_format_app(served.app)}"


def _format_app(app: Any) -> str:
    name = getattr(app, "__qualname__", None)
    return repr(app) if name is None else f"{app.__module__}.{name}"
