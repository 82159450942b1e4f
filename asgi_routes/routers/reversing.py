"""URLs from names, asked of a router or of a scope.

A URL that is given leads back, through the very patterns, to the same texts; where none can be
given, each route of that name says why. In a scope, the outermost router by path is asked first,
and then the routers around it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from weakref import ref

from asgi_routes.apps import make_visit, router_behind, visit_children
from asgi_routes.errors import NoReverseMatch, show
from asgi_routes.locks import make_lock
from asgi_routes.routers.names import SEPARATOR, Index, NamedPath, unknown_name
from asgi_routes.routers.quoting import URL, Query, write_url
from asgi_routes.routers.writing import (
    NOTHING_PASSED,
    Arguments,
    Keywords,
    MisfitError,
    Passed,
    writer_of,
)
from asgi_routes.scopes import ChildRoute, port_of, root_path_of
from asgi_routes.types import Scope

_LOCK = make_lock()
"""Held while a router learns what is around it: two threads must not each forget the other's."""


class _Tables:
    """How often a table of any router has been replaced; then names are read again."""

    replaced = 0


def forget_names() -> None:
    """Let all names be read again: a table was replaced, and may stand in any other."""
    _Tables.replaced += 1


class Reversing:
    """A router whose routes can be asked for by their names."""

    def __init__(self) -> None:
        # A copy may stand in another router before it is complete.
        self._enclosing: tuple[ref[Reversing], ...] = getattr(self, "_enclosing", ())
        self._index: tuple[int, Index] | None = None

    @property
    def enclosing(self) -> "list[Reversing]":
        """The routers that lead to it, those that were made first before the others."""
        return [router for one in self._enclosing if (router := one()) is not None]

    def reverse(
        self,
        name: str,
        /,
        args: Arguments = None,
        kwargs: Keywords = None,
        *,
        query: Query = None,
        fragment: str | None = None,
        root_path: str = "",
        **params: Any,
    ) -> str:
        """Return the URL of a route.

        Of several routes of one name the last declared one that takes the arguments is meant. A
        mounted application is named by its mount; ``path=…`` is what follows.

        Args:
            name: with its namespaces: ``shop:item``.
            args: the parameters by position, or
            kwargs: by name, those of all prefixes included.
            query: a mapping or pairs, which are quoted; a list repeats the parameter.
            fragment: quoted, too.
            root_path: where the router is.
            params: ``kwargs``, one by one, except those that have the name of an argument above.

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
        >>> router.reverse("user", id=8)
        '/users/8/'
        >>> router.reverse("user", ["seven"])
        Traceback (most recent call last):
          ...
        asgi_routes.errors.NoReverseMatch: no URL for 'user' with arguments ('seven',)
            /users/<int:id>/ (...): 'seven' is no int for 'id'
        """
        if params:
            kwargs = _join(kwargs, params)
        url, misfits = find_url([self], name, args, kwargs)
        if url is None:
            raise _explain(name, args, kwargs, misfits, index_of(self))
        return write_url(url, root_path, query=query, fragment=fragment)

    def stand_in(self, router: "Reversing") -> None:
        """Learn of a router that leads to this one."""
        # Another tuple: threads that answer requests may go through the one that is there.
        with _LOCK:
            self._enclosing = (*map(ref, self.enclosing), ref(router))

    def find_names(self) -> Index:
        """Return all names that can be asked of the router."""
        known, replaced = self._index, _Tables.replaced
        if known is not None and known[0] == replaced:
            return known[1]
        index = _read_names(self)
        if index.is_final:
            self._index = replaced, index
        return index

    def enclose(self, apps: Any) -> None:
        """Let the routers that applications lead to know that this one is around them."""
        todo = [make_visit(app) for app in apps]
        while todo:
            visit = todo.pop()
            if isinstance(visit.router, Reversing):
                visit.router.stand_in(self)
            else:
                todo += visit_children(visit)


def reverse(
    scope: Scope,
    name: str,
    /,
    args: Arguments = None,
    kwargs: Keywords = None,
    *,
    query: Query = None,
    fragment: str | None = None,
    **params: Any,
) -> str:
    """Return the URL of a named route, from within an application that a router serves.

    The name is looked up in the outermost `URLRouter`, and then in the routers around it, so that
    an HTTP application can build the URL of a websocket route. The URL begins with the
    ``root_path`` of the scope or, where the application is mounted, with that of the outermost
    router. Within a namespace, an application's own name means the current instance, as
    Django's ``current_app`` does.

    Args:
        scope: the child scope that the application was called with.
        name: with its namespaces: ``shop:item``.
        args: the parameters by position, or
        kwargs: by name.
        query: a mapping or pairs, which are quoted; a list repeats the parameter.
        fragment: quoted, too.
        params: ``kwargs``, one by one, except those that have the name of an argument above.

    Raises:
        NoReverseMatch: no route has the name, the arguments fit none of its routes, or the scope
            has not passed through a router.
        ValueError: there are both positional and named arguments.

    >>> from asgi_routes import URLRouter, path
    >>> async def user(scope, receive, send): ...
    >>> router = URLRouter([path("users/<int:id>/", user, name="user")])
    >>> scope = {"type": "http", "path": "/api/users/7/", "root_path": "/api"}
    >>> reverse(router.match(scope).scope, "user", [8])
    '/api/users/8/'
    """
    if params:
        kwargs = _join(kwargs, params)
    route = scope.get("route")
    origin = route.origin() if isinstance(route, ChildRoute) and route.origin else None
    if origin is None:
        raise NoReverseMatch(
            f"no URL for {name!r}: no router has passed on this scope",
            name,
            hint="pass reverse() the scope that the application was called with",
        )
    assert isinstance(route, ChildRoute)
    current = (route.name or "").split(SEPARATOR)[:-1]
    passed = Passed(route.passed, scope.get("path_params") or {})
    misfits: list[str] = []
    for app, prefix in reversed(route.mounts):
        if (router := router_behind(app)) is not None:
            url, reasons = find_url([router], name, args, kwargs, current, passed)
            if url is not None:
                return write_url(url, prefix, query=query, fragment=fragment)
            misfits += reasons
    url, reasons = find_url(_outwards(origin), name, args, kwargs, current, passed)
    if url is None:
        misfits += reasons
        raise _explain(name, args, kwargs, misfits, index_of([*_outwards(origin)][-1]))
    root_path = root_path_of(scope) if route.root_path is None else route.root_path
    return write_url(url, root_path, query=query, fragment=fragment, port=port_of(scope))


def _join(kwargs: Keywords, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return named arguments that were given in two ways.

    Raises:
        ValueError: one of them was given in both.
    """
    if twice := params.keys() & (kwargs or {}).keys():
        raise ValueError(f"{', '.join(sorted(twice))} is passed twice, once in kwargs")
    return {**(kwargs or {}), **params}


def find_url(
    routers: Iterable[Any],
    name: str,
    args: Arguments,
    kwargs: Keywords,
    current: Sequence[str] = (),
    passed: Passed = NOTHING_PASSED,
) -> tuple[URL | None, list[str]]:
    """Return the URL of the first route of a name that takes the arguments, or why none does.

    Raises:
        NoReverseMatch: the name is no text.
        ValueError: there are positional and named arguments.
    """
    if not isinstance(name, str):
        raise NoReverseMatch(f"no URL for {name!r}: a name must be a str", repr(name))
    if args and kwargs:
        raise ValueError("pass positional or named arguments, not both")
    misfits: list[str] = []
    for router in routers:
        for way in index_of(router).find(name, current):
            writer = writer_of(way)
            try:
                return writer.write(args or (), kwargs or {}, passed), []
            except MisfitError as misfit:
                misfits.append(f"{writer.template} ({writer.declared}): {misfit}")
    return None, misfits


def _explain(
    name: str, args: Arguments, kwargs: Keywords, misfits: Sequence[str], index: Index
) -> NoReverseMatch:
    """Return the error for a name and arguments that no route takes."""
    if not misfits:
        return unknown_name(name, index.names())
    given = "no arguments"
    if args or kwargs:
        given = f"arguments {show(tuple(args))}" if args else show(dict(kwargs or {}))
    return NoReverseMatch(f"no URL for {name!r} with {given}", name, [*dict.fromkeys(misfits)])


def _outwards(router: Reversing) -> Iterator[Reversing]:
    seen = [router]
    for one in seen:
        yield one
        seen += [outer for outer in one.enclosing if outer not in seen]


def index_of(router: Any) -> Index:
    """Return all names that can be asked of a router."""
    return router.find_names() if isinstance(router, Reversing) else _read_names(router)


def _read_names(router: Any) -> Index:
    index = Index()
    index.add_behind(router, NamedPath(), "decode")
    return index
