"""URLs from names, asked of a router or of a scope.

In: a router, or a scope that has passed one. Out: a URL. The rule kept here: in a scope, the outermost
router by path is asked first, and then the routers around it.
"""

from collections.abc import Iterable, Iterator
from threading import Lock
from typing import Any
from weakref import WeakSet

from asgi_routes.apps import children_of, visit_of
from asgi_routes.errors import NoReverseMatch
from asgi_routes.names import SEPARATOR, Names
from asgi_routes.reversing import Arguments, Keywords, Query, as_text, url_for
from asgi_routes.scopes import ChildRoute
from asgi_routes.scopes.reading import root_path_of
from asgi_routes.types import Scope

_ENCLOSING = Lock()
"""Held while a router learns what is around it: two threads must not each forget the other's."""


class Reversing:
    """A router whose routes can be asked for by their names."""

    def __init__(self) -> None:
        self.enclosing: Iterable[Reversing] = WeakSet()

    def reverse(
        self,
        name: str,
        args: Arguments = None,
        kwargs: Keywords = None,
        *,
        query: Query = None,
        fragment: str | None = None,
        root_path: str = "",
    ) -> str:
        """Return the URL of a route.

        Of several routes of one name the last declared one that takes the arguments is meant. A
        mounted application is named by its mount; ``path=…`` is what follows.

        Args:
            name: with its namespaces, ``shop:item``.
            args: the parameters by position, or
            kwargs: by name, those of all prefixes included.
            query: a mapping, or pairs, to be quoted; a list is a parameter more than once.
            fragment: to be quoted, too.
            root_path: where the router is.

        Returns:
            A path, or ``//host/path`` where a `HostRouter` is on the way.

        Raises:
            NoReverseMatch: nothing bears the name, or the arguments fit none of its routes.
            ValueError: there are positional and named arguments.

        >>> from asgi_routes import URLRouter, path
        >>> async def user(scope, receive, send): ...
        >>> router = URLRouter([path("users/<int:id>/", user, name="user")])
        >>> router.reverse("user", kwargs={"id": 7}, query={"page": 2})
        '/users/7/?page=2'
        >>> router.reverse("user", ["seven"])
        Traceback (most recent call last):
          ...
        asgi_routes.errors.NoReverseMatch: no URL for 'user' with arguments ('seven',)
            /users/<int:id>/ (...): 'seven' is no int for 'id'
        """
        url = url_for(_names_in(self), name, args, kwargs)
        return as_text(url, root_path, query=query, fragment=fragment)

    def enclose(self, apps: Any) -> None:
        """Let the routers that applications lead to know that this one is around them."""
        todo = [visit_of(app) for app in apps]
        while todo:
            visit = todo.pop()
            if isinstance(visit.router, Reversing):
                # Another set: threads that answer requests go through the one that is there.
                with _ENCLOSING:
                    visit.router.enclosing = WeakSet((*visit.router.enclosing, self))
            else:
                todo += children_of(visit)


def reverse(
    scope: Scope,
    name: str,
    args: Arguments = None,
    kwargs: Keywords = None,
    *,
    query: Query = None,
    fragment: str | None = None,
) -> str:
    """Return the URL of a route, as seen from an application that a router serves.

    The name is looked up in the outermost router by path, and then in the routers around it, so that an
    http application can ask for a websocket. Below the ``root_path`` of the scope, or that of the
    outermost router where the application is mounted. In a namespace, an application's own name means
    the instance that one is in, as Django's ``current_app``.

    Args:
        scope: the child scope that the application was called with.
        name: with its namespaces, ``shop:item``.
        args: the parameters by position, or
        kwargs: by name.
        query: a mapping, or pairs, to be quoted; a list is a parameter more than once.
        fragment: to be quoted, too.

    Raises:
        NoReverseMatch: nothing bears the name, the arguments fit none of its routes, or the scope has
            not passed a router.
        ValueError: there are positional and named arguments.

    >>> from asgi_routes import URLRouter, path
    >>> async def user(scope, receive, send): ...
    >>> router = URLRouter([path("users/<int:id>/", user, name="user")])
    >>> scope = {"type": "http", "path": "/api/users/7/", "root_path": "/api"}
    >>> reverse(router.match(scope).scope, "user", [8])
    '/api/users/8/'
    """
    route = scope.get("route")
    origin = route.origin() if isinstance(route, ChildRoute) and route.origin else None
    if origin is None:
        raise NoReverseMatch(
            f"no URL for {name!r}: this scope has not passed a router",
            name,
            hint="give reverse() the scope that the application was called with",
        )
    assert isinstance(route, ChildRoute)
    current = (route.name or "").split(SEPARATOR)[:-1]
    root_path = root_path_of(scope) if route.root_path is None else route.root_path
    error: NoReverseMatch | None = None
    for router in _outwards(origin):
        try:
            url = url_for(_names_in(router), name, args, kwargs, current)
        except NoReverseMatch as missing:
            error = missing  # The outermost router knows all the names there are.
            if missing.reasons:
                break
        else:
            return as_text(url, root_path, query=query, fragment=fragment)
    assert error is not None
    raise error


def _outwards(router: Reversing) -> Iterator[Reversing]:
    seen = [router]
    for one in seen:
        yield one
        seen += [outer for outer in one.enclosing if outer not in seen]


def _names_in(router: Reversing) -> Names:
    names = getattr(router, "route_names", None)
    return names() if names is not None else Names(nested=[((), router)])  # type: ignore[list-item]
