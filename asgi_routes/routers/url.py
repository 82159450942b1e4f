"""Routing by the path."""

from collections.abc import Iterator
from importlib import import_module
from threading import RLock
from typing import Literal, NamedTuple, TypeAlias
from weakref import WeakSet, ref

from asgi_routes.declarations import Route, Routes, checked_routes, mistake_in_choice
from asgi_routes.dispatch import Router
from asgi_routes.engine import Compile, Hit, Matcher, compiler
from asgi_routes.lifespan import LifespanContext, policy_of_endpoint
from asgi_routes.matches import Child, Match, NoMatch
from asgi_routes.names import Names
from asgi_routes.not_found import not_found
from asgi_routes.raw_paths import (
    ENCODED_SLASH,
    has_encoded_slash,
    with_encoded_slashes,
    with_plain_slashes,
)
from asgi_routes.redirects import location_with_other_slash, other_slash
from asgi_routes.routers.following import decoded, followed
from asgi_routes.routers.keyed import checked_default, checked_lifespan, default_child
from asgi_routes.routers.reversing import Reversing
from asgi_routes.scopes import remaining_path
from asgi_routes.table import Destination, Table, resolved
from asgi_routes.types import App, Scope

Slashes: TypeAlias = Literal["strict", "redirect", "both"]
EncodedSlashes: TypeAlias = Literal["decode", "preserve", "reject"]

_NONE: frozenset[str] = frozenset()
_MOST_COPIES = 1000
"""Rows that a table may have because a router stands in it more than once; then it is asked."""
_REPLACING = RLock()
"""Held while tables change: two threads must not leave an old table around a new one.

A thread may take it twice: to look into an application may run a property that makes a router.
"""


class Policy(NamedTuple):
    """What nested routers have to have in common with a router to be compiled into its table."""

    compile_regex: Compile
    slashes: Slashes
    encoded_slashes: EncodedSlashes


class URLRouter(Reversing, Router):
    """Serves each path with the application of the first route that matches it.

    Any scope with a ``path`` will do, whatever its type. The application gets a new scope with
    ``url_route`` (``{"args": tuple, "kwargs": dict}``), ``path_remaining``, ``path_params`` and
    ``route``.

    Args:
        routes: made by `path`, `re_path`, `format_path` and `mount`; copied.
        default: the application for every other path; None raises `NoRouteFound`.
        strict_root_path: a path that is outside the scope's ``root_path`` is a miss, instead of
            being taken as one from which a proxy has stripped it.
        regex: the engine for `re_path`: ``re``, Python's own, or ``re2``, whose time is linear, but
            which has no back-references and no look-around (extra ``re2``).
        slashes: what a path is that would match with a slash more or less at its end: ``strict``, a
            miss; ``redirect``, an http client is sent there (308); ``both``, a match.
        encoded_slashes: what ``%2F`` in a path is: ``decode``, a slash as any other; ``preserve``, a
            character of its segment, which the parameter has as ``/``; ``reject``, a miss.
        lifespan: called with the router; returns an async context manager around the lifespan of all
            that the router leads to. What it yields is state, or None.
        debug: an http miss is answered with a page that says what came closest and shows every route.
            Not where others can see it. It is a default, in the place of the one that is given.

    Raises:
        ImproperlyConfigured: something in the list is not a route, an option is unknown, or the
            engine does not accept a regular expression.

    >>> from asgi_routes import path
    >>> async def user(scope, receive, send): ...
    >>> router = URLRouter([path("users/<int:id>/", user)])
    >>> router.match({"type": "http", "path": "/users/7/"}).scope["url_route"]
    {'args': (), 'kwargs': {'id': 7}}
    >>> router.match({"type": "http", "path": "/users/x/"})
    NoMatch("No route found for path 'users/x/'.")
    """

    follows_routers = True
    _path_routing = True  # By this, the routers of Channels know one when they see one.

    def __init__(
        self,
        routes: Routes,
        *,
        default: App | None = not_found,
        strict_root_path: bool = False,
        regex: str = "re",
        slashes: Slashes = "strict",
        encoded_slashes: EncodedSlashes = "decode",
        lifespan: LifespanContext | None = None,
        debug: bool = False,
    ) -> None:
        for option, value, choices in (
            ("slashes", slashes, Slashes),
            ("encoded_slashes", encoded_slashes, EncodedSlashes),
        ):
            if mistake := mistake_in_choice(option, value, choices):
                raise mistake
        Reversing.__init__(self)
        self.default = checked_default(default, "URLRouter")
        self.lifespan = checked_lifespan(lifespan, "URLRouter")
        self._policy = Policy(compiler(regex), slashes, encoded_slashes)
        if debug:
            # It looks at the router from outside, from a floor above; nobody else pays for it.
            self.default = import_module("asgi_routes.debug_page").DebugPage(self)
        self._is_simple = slashes == "strict" and encoded_slashes == "decode"
        self._strict_root_path = strict_root_path
        self._around: WeakSet[URLRouter] = WeakSet()
        self._within: set[URLRouter] = set()
        self._table: Table
        self.replace(routes)

    @property
    def matcher(self) -> Matcher[Destination]:
        """From a path without its leading slash to what matches it, or None."""
        return self._table.matcher

    @property
    def compile_regex(self) -> Compile:
        """The engine for regular expressions."""
        return self._policy.compile_regex

    def source(self) -> str:
        """Return the Python source of the matcher, which says on each branch for what it is."""
        return self._table.source

    @property
    def declarations(self) -> tuple[Route, ...]:
        """The routes, as they were declared."""
        return self._table.routes

    def hits(self, path: str) -> Iterator[Hit[Destination]]:
        """Yield everything that matches a path without its leading slash, the first first."""
        table = self._table
        hit = table.matcher(path)
        if hit is not None:
            yield from table.hits_from(path, hit)

    def route_names(self) -> Names:
        """Return the names of the routes."""
        return self._table.names

    def replace(self, routes: Routes) -> None:
        """Put other routes in the place of those that the router has.

        They are checked and compiled, and so are the tables of all routers around, before anything
        changes. A request is served by the old ones or by the new ones, never by some of both; who is
        being served finishes on the old ones. `reverse` knows the names of the new ones at once.

        A mounted application that is there before and after keeps its state. The lifespan belongs to
        those that were there when it began: they are stopped at its end, and others are not started.

        Any thread may call it. It takes as long as making the router did, so in an event loop let a
        thread do it: ``await anyio.to_thread.run_sync(router.replace, routes)``.

        Raises:
            ImproperlyConfigured: something in the list is not a route; the old ones stay.
        """
        checked = checked_routes(routes, "URLRouter")
        with _REPLACING:
            changed = {self, *self._around}
            made = [(router, *router._compiled(self, checked)) for router in changed]
            for router, table, within in made:
                for inner in router._within - within:
                    inner._around.discard(router)
                for inner in within:
                    inner._around.add(router)
                router._within, router._table = within, table

    def _compiled(
        self, replaced: "URLRouter", routes: tuple[Route, ...]
    ) -> tuple[Table, set["URLRouter"]]:
        """Return the table for when a router has other routes, and the routers looked into."""
        copies = 0
        within: set[URLRouter] = set()

        def routes_of(app: object) -> tuple[Route, ...] | None:
            # What matches in another way has to be asked.
            if not isinstance(app, URLRouter) or type(app).match is not URLRouter.match:
                return None
            if app._policy != self._policy:
                return None
            nested = routes if app is replaced else app._table.routes
            # A router in many places of routers in many places would be copied without end.
            if app is self or app in within:
                nonlocal copies
                copies += len(nested)
            within.add(app)
            return None if copies > _MOST_COPIES else nested

        table = Table(
            routes if self is replaced else self._table.routes,
            routes_of,
            self._policy.compile_regex,
            has_encoded_slashes=self._policy.encoded_slashes == "preserve",
        )
        origin = ref(self)
        for row in table.rows:
            row.target.matched.origin = origin
        return table, within

    def match(self, scope: Scope) -> Match | NoMatch:
        """Return what serves the scope's path, behind nested routers too."""
        table = self._table
        path = scope.get("path")
        # What most scopes are is decided here; `_match_any` says the same at length.
        if not (
            self._is_simple
            and type(path) is str
            and path[:1] == "/"
            and "path_remaining" not in scope
            and not scope.get("root_path")
        ):
            return self._match_any(scope, table)
        path = path[1:]
        hit = table.literal(path) or table.search(path)
        if hit is None:
            return NoMatch(f"No route found for path {path!r}.")
        row, args, kwargs, rest = hit
        target = row.target
        app: App | None = target.app
        if target.by_method is not None:
            method = scope.get("method")
            app = target.by_method.get(method) if type(method) is str else None
        if app is None or not target.is_plain or "url_route" in scope or "path_params" in scope:
            return followed(scope, path, table.hits_from(path, hit))
        child = scope.copy() if type(scope) is dict else dict(scope)
        child["path_remaining"] = rest
        child["route"] = target.matched
        if kwargs:
            child["url_route"] = {"args": args, "kwargs": kwargs}
            child["path_params"] = kwargs.copy()  # type: ignore[attr-defined]
        else:
            child["url_route"] = {"args": args, "kwargs": {}}
            child["path_params"] = {}
        return Match(app, child)

    def _match_any(self, scope: Scope, table: Table) -> Match | NoMatch:
        path = remaining_path(scope, strict_root_path=self._strict_root_path)
        if path is None:
            return NoMatch(_why_no_path(scope))
        _, slashes, encoded_slashes = self._policy
        if encoded_slashes == "reject" and has_encoded_slash(scope):
            return NoMatch(f"No route found for path {path!r}: there is an encoded slash in it.")
        if encoded_slashes == "preserve":
            path = with_encoded_slashes(scope, path)
        found = _match_path(scope, path, table)
        if found or slashes == "strict" or found.allowed or found.location:
            return found
        other = other_slash(path)
        if other is None or (slashes == "redirect" and scope.get("type") != "http"):
            return found
        at_other = _match_path(scope, other, table)
        if not at_other or slashes == "both":
            return at_other or found
        location = location_with_other_slash(scope, is_shorter=len(other) < len(path))
        return NoMatch(found.reason, location=location)

    def children(self) -> Iterator[Child]:
        for row in resolved(self._table.routes, lambda _: None):
            mounting = row.target.mounting
            policy = mounting.lifespan if mounting else policy_of_endpoint(row.target.app)
            yield Child(row.target.key, row.target.app, row.target.route, policy)
        yield from default_child(self.default)


def _match_path(scope: Scope, path: str, table: Table) -> Match | NoMatch:
    hit = table.matcher(path)
    if hit is None:
        return NoMatch(f"No route found for path {with_plain_slashes(path)!r}.")
    hits = table.hits_from(path, hit)
    return followed(scope, path, map(decoded, hits) if ENCODED_SLASH in path else hits)


def _why_no_path(scope: Scope) -> str:
    path = scope.get("path_remaining", scope.get("path"))
    if isinstance(path, str):
        return f"No route found for path {path!r}: it is outside root_path {scope['root_path']!r}."
    return f"No 'path' in the scope (its type is {scope.get('type')!r}) that could be matched."
