"""Routing by the path."""

from collections.abc import Callable, Iterator
from functools import partial, wraps
from typing import Any, Literal, ParamSpec, TypeAlias
from weakref import WeakSet, ref

from asgi_routes.apps import is_router, is_searched
from asgi_routes.dispatch import (
    BASE,
    NONE_ALLOWED,
    Branch,
    Child,
    Found,
    Key,
    Level,
    NoMatch,
    Place,
    Search,
    is_application,
    not_found,
)
from asgi_routes.engine import Compile, Hit, Matcher, find_compiler
from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.lifespan import LifespanContext, policy_of_endpoint
from asgi_routes.locks import RenewedLock, make_lock
from asgi_routes.middleware import Middleware
from asgi_routes.routers.channels import adopt_routes
from asgi_routes.routers.direct import find_behind, find_below_route, find_default
from asgi_routes.routers.names import Names
from asgi_routes.routers.reversing import Reversing, forget_names
from asgi_routes.routers.rows import Destination, Nested, make_rows
from asgi_routes.routers.searched import SearchedRouter, yield_default_child
from asgi_routes.routers.table import Table, restore_slashes_in, warn_of_slow_regexes
from asgi_routes.routes import (
    Route,
    Routes,
    check_routes,
    count,
    find_mistake_in_choice,
)
from asgi_routes.scopes import (
    ENCODED_SLASH,
    UNSET,
    PlainReading,
    Reading,
    RootPath,
    child_scope,
    has_encoded_slash,
    mark_encoded_slashes,
    method_of,
    read,
    read_plainly,
)
from asgi_routes.types import App, Scope

Slashes: TypeAlias = Literal["strict", "redirect", "both"]
EncodedSlashes: TypeAlias = Literal["decode", "preserve", "reject"]
_KEYS_OF_A_CHILD = 4
_MOST_COPIES = 1000
"""Rows that a table may have because a router stands in it more than once; then it is asked."""
_REPLACING = RenewedLock()
"""Held while tables are made: two threads must not leave an old table around a new one.

A thread may take it twice: to look into an application may run a property that makes a router.
"""
_CHANGING = make_lock()
"""Held while the new tables take the place of the old ones."""
_RENAMED = {
    "strict_root_path": "use root_path='in_path' instead of strict_root_path=True",
    "debug": "use default=debug_page, from asgi_routes.inspection, instead of debug=True",
}
_Parameters = ParamSpec("_Parameters")


def _refuse_old_names(init: Callable[_Parameters, None]) -> Callable[_Parameters, None]:
    """Make a constructor name the new word for an option that had another one."""

    @wraps(init)
    def init_with_new_names(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> None:
        for option in kwargs.keys() & _RENAMED.keys():
            raise ImproperlyConfigured(f"URLRouter has no option {option!r}", hint=_RENAMED[option])
        init(*args, **kwargs)

    return init_with_new_names


class URLRouter(Reversing, SearchedRouter):
    """Routes by path: the first route that matches serves the request.

    Any scope with a ``path`` works, whatever its type. The application gets a child scope with
    ``url_route`` (``{"args": tuple, "kwargs": dict}``), ``path_remaining``, ``path_params`` and
    ``route``.

    Args:
        routes: what `path`, `re_path`, `format_path` and `mount` return; the list is copied.
        default: how to answer a miss: `not_found`, a `NotFound` of your own, or None, which raises
            `NoRouteFound`; or an application that serves every path without a route. By default
            the enclosing router decides; `not_found` for the outermost.
        root_path: how the path relates to the scope's ``root_path``, for the router that the server
            calls: ``auto``, it is removed where the path begins with it; ``in_path``, the same,
            and a path outside of it is a miss; ``stripped``, a proxy or the server has removed it
            already.
        regex: the engine for `re_path`: ``re``, Python's own, or ``re2``, which takes linear time,
            means the same, and refuses what it cannot do, such as back-references and look-around
            (extra ``re2``).
        slashes: what happens to a path that would match with or without a trailing slash:
            ``strict``, a miss; ``redirect``, an HTTP client is redirected (308); ``both``, a match.
            None inherits from the enclosing router; ``strict`` for the outermost.
        encoded_slashes: what ``%2F`` in a path is: ``decode``, a slash like any other; ``preserve``,
            a character within its segment, which the parameter has as ``/``; ``reject``, a miss.
            None inherits from the enclosing router; ``decode`` for the outermost.
        lifespan: called with the router; returns an async context manager that is entered around
            the lifespan of everything the router leads to. It yields state, or None.
        middleware: see `path`.

    Raises:
        ImproperlyConfigured: an item of the list is not a route, an option is unknown, or the
            engine does not accept a regular expression.

    >>> from asgi_routes import path
    >>> async def user(scope, receive, send): ...
    >>> router = URLRouter([path("users/<int:id>/", user)])
    >>> router.match({"type": "http", "path": "/users/7/"}).scope["url_route"]
    {'args': (), 'kwargs': {'id': 7}}
    >>> router.match({"type": "http", "path": "/users/x/"})
    NoMatch("No route found for path 'users/x/'.")
    """

    _path_routing = True  # By this, the routers of Channels know one when they see one.

    @_refuse_old_names
    def __init__(
        self,
        routes: Routes,
        *,
        default: App | None = UNSET,
        root_path: RootPath = "auto",
        regex: str = "re",
        slashes: Slashes | None = None,
        encoded_slashes: EncodedSlashes | None = None,
        lifespan: LifespanContext | None = None,
        middleware: Middleware = (),
    ) -> None:
        _check_options(root_path, slashes, encoded_slashes)
        Reversing.__init__(self)
        SearchedRouter.__init__(self, default, middleware, slashes, encoded_slashes)
        self.set_lifespan(lifespan)
        self.own_policy = self.settings.within(BASE)
        self._regex = regex
        self._compile_regex = find_compiler(regex)
        self.root_path: RootPath = root_path
        self._decodes_slashes = self.own_policy.encoded_slashes == "decode"
        self._wants_variants = self.settings.want_variants
        has_default = is_application(self.default)
        self._default = Key("default", self.default, is_default=True) if has_default else None
        self._answers_plainly = self.own_policy.default is not_found and self.layer is None
        self.origin = ref(self)
        self._around: WeakSet[URLRouter] = WeakSet()
        self._within: set[URLRouter] = set()
        self._table: Table
        self._keeps_rows = False
        self.replace(routes)
        self.warn_of_suspicions()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {count(self._table.routes, 'route')}>"

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes as declared; `replace` exchanges them."""
        return self.declarations

    @routes.setter
    def routes(self, _routes: object) -> None:
        raise ImproperlyConfigured(
            f"the routes of {type(self).__qualname__} cannot be set",
            hint="pass them to super().__init__(routes) or to router.replace(routes)",
        )

    @property
    def matcher(self) -> Matcher[Destination]:
        """From a path without its leading slash to what matches it, or None."""
        return self._table.matcher

    @property
    def compile_regex(self) -> Compile:
        """The engine for regular expressions."""
        return self._compile_regex

    def source(self) -> str:
        """Return the Python source of the matcher, with a comment on each branch."""
        return self._table.source

    @property
    def declarations(self) -> tuple[Route, ...]:
        """What `routes` is, also where a subclass lists its own under that name."""
        return self._table.routes

    def hits(self, path: str) -> Iterator[Hit[Destination]]:
        """Yield everything that matches a path without its leading slash, the first first."""
        return self._table.hits(path)

    def find_next(self, path: str, hit: Hit[Destination]) -> Hit[Destination] | None:
        """Return what matches a path next, behind what has matched it."""
        return self._table.find_next(path, hit)

    def route_names(self) -> Names:
        """Return the names of the routes."""
        return self._table.names

    def replace(self, routes: Routes) -> None:
        """Replace the routes of the router, while it serves.

        The new routes are checked and compiled, and so are the tables of the enclosing routers,
        before anything changes. A request is served by the old routes or by the new ones, never by
        a mixture; requests under way finish on the old ones. `reverse` knows the new names at once.

        It costs what has changed: a declaration that is there before and after, as the same object,
        is neither inspected nor compiled again.

        An application that is mounted before and after keeps its state. The lifespan belongs to
        the applications that were there when it began: they are stopped at its end, and new ones
        are not started.

        It may be called from any thread. Where every declaration is a new one it takes as long as
        creating the router did, so in an event loop call it in a thread:
        ``await anyio.to_thread.run_sync(router.replace, routes)``.

        Raises:
            ImproperlyConfigured: an item of the list is not a route; the old routes stay.
        """
        checked = adopt_routes(check_routes(routes, "URLRouter"), URLRouter)
        with _REPLACING.lock:
            changed = {self, *self._around}
            is_first = not hasattr(self, "_table")
            made = [(router, *router._make_table(self, checked)) for router in changed]
            for router, table, _ in made:
                if not is_first and router._table.is_compiled:
                    table.compile()  # Requests are being served: the next one must not wait for it.
            with _CHANGING:
                for router, table, within in made:
                    for inner in router._within - within:
                        inner._around.discard(router)
                    for inner in within:
                        inner._around.add(router)
                    router._within, router._table = within, table
                if not is_first:
                    forget_names()
            self._keeps_rows = True
            warn_of_slow_regexes(self._table.new_rows, self._compile_regex)

    def look_again(self) -> None:
        self._keeps_rows = False
        self.replace(self.declarations)

    def compile_table(self) -> None:
        """Compile the table, where it will be asked: it does not stand in that of another router."""
        if not self._around:
            self._table.compile()

    def _arguments(self) -> dict[str, Any]:
        return super()._arguments() | {
            "routes": self.declarations,
            "root_path": self.root_path,
            "regex": self._regex,
            "slashes": self.settings.slashes,
            "encoded_slashes": self.settings.encoded_slashes,
            "lifespan": self.lifespan,
        }

    def _make_table(
        self, replaced: "URLRouter", routes: tuple[Route, ...]
    ) -> tuple[Table, set["URLRouter"]]:
        """Return the table for when a router has other routes, and the routers looked into."""
        copies = 0
        within: set[URLRouter] = set()

        def nested_in(app: object) -> Nested | None:
            # Of a protocol, isinstance() takes as long as the rest.
            if not (is_router(app) and isinstance(app, URLRouter) and self._can_look_into(app)):
                return None
            nested = routes if app is replaced else app._table.routes
            # A router in many places of routers in many places would be copied without end.
            if app is self or app in within:
                nonlocal copies
                copies += len(nested)
            within.add(app)
            if copies > _MOST_COPIES:
                return None
            return Nested(nested, app.settings, app.layer)

        table = Table(
            routes if self is replaced else self._table.routes,
            nested_in,
            self._compile_regex,
            self.layer,
            self._table if replaced._keeps_rows else None,
        )
        for row in table.new_rows:
            row.target.settle(self.origin, self.own_policy)
        return table, within

    def _can_look_into(self, app: "URLRouter") -> bool:
        """Tell whether the routes of a router can stand in the table of this one."""
        # What matches in another way, or serves what no route has, has to be asked.
        if not is_searched(app) or is_application(app.default):
            return False
        its = app.settings.encoded_slashes
        is_same_text = its is None or its == self.settings.encoded_slashes
        return is_same_text and app._compile_regex is self._compile_regex

    # The search.

    @property
    def default_of_misses(self) -> App | None:
        """The application for every path that no route has, or None."""
        return None if self._default is None else self._default.app

    @property
    def may_want_variants(self) -> bool:
        """Whether a router in the table may want a slash more or less."""
        return self._table.may_want_variants

    def find_at_once(self, scope: Scope) -> Found | NoMatch | None:
        """Return what serves the scope's path, behind nested routers too; None for the search."""
        path: Any = scope.get("path")
        if (
            type(path) is str
            and path[:1] == "/"
            and "route" not in scope
            and "path_remaining" not in scope
            and (self._decodes_slashes or not has_encoded_slash(scope))
        ):
            reading: PlainReading | None = None
            text = path[1:]
            if scope.get("root_path"):
                reading = read_plainly(scope, self.root_path)
                if reading is None:
                    return None
                text = reading[0][reading[1] :]
            table = self._table
            hit = table.literal(text)
            if hit is None:
                hit = table.searches[len(parts := text.split("/", table.splits))](text, parts)
            if hit is not None:
                row, args, kwargs, rest = hit
                target = row.target
                served = target.served
                if served is None and target.served_by_method is not None:
                    served = target.find_served(scope)
                if served is not None:
                    first, app, matched, passed, published = served
                    child = scope.copy() if type(scope) is dict else dict(scope)
                    child["path_remaining"] = rest
                    child["route"] = matched
                    child["url_route"] = {"args": args, "kwargs": kwargs or {}}
                    child["path_params"] = kwargs.copy() if kwargs else {}  # type: ignore[attr-defined]
                    if len(child) != len(scope) + _KEYS_OF_A_CHILD:  # It had some of them.
                        child = child_scope(scope, matched, ((args, kwargs),), rest)
                    return first, child, app, (self, target, passed), published
                return find_behind(self, scope, reading or (path, 1, "", 1), hit)
            return self._find_miss(scope, text, reading or (path, 1, "", 1))
        return find_below_route(self, scope)

    def _find_miss(self, scope: Scope, text: str, plain: PlainReading) -> Found | NoMatch | None:
        """Return what becomes of a path that no row has; None where one may have it even so."""
        table = self._table
        may_want_variants = self._wants_variants or table.may_want_variants
        if may_want_variants and self._has_variant(text):
            return None
        reading = Reading(*plain)
        reason = f"No route found for path {reading.text!r}."
        if self._default is not None:
            return find_default(self, self._default, scope, reason)
        return NoMatch(
            reason,
            place=partial(self._find_place, scope, reading),
            method=method_of(scope),
            is_plain=self._answers_plainly and not table.has_own_answers,
        )

    def _has_variant(self, text: str) -> bool:
        other = text[:-1] if text.endswith("/") else text + "/"
        return self._table.matcher(other) is not None

    def _find_place(self, scope: Scope, reading: Reading) -> Place:
        """Return the place that answers a miss."""
        level = Level(self, scope, self.own_policy, reading)
        return Search(scope, NONE_ALLOWED, 0).find_place(level)

    def branches(self, level: Level, search: Search) -> Iterator[Branch]:
        """Yield where the search goes on from here, in order."""
        is_first = level.reading is None
        if is_first:
            level.reading = read(level.scope, self.root_path)
        reading = level.reading
        if reading is None:
            path = level.scope.get("path")
            search.refuse(_why_no_path(level.scope), is_no_path=_is_no_path(path))
            found = search.at_end(level, search.declined) if level.outer is not None else None
            if found is not None:
                yield found
            return
        declined = search.declined
        text = self.matched_text(level, search)
        if text is not None:
            is_encoded = text is not reading.whole
            for hit in self._table.hits(text[reading.at :]):
                row, args, kwargs, rest = restore_slashes_in(hit) if is_encoded else hit
                branch = search.lead(level, row.target, args, kwargs, rest)
                if branch is not None:
                    yield branch
        is_own_end = level.outer is not None and not level.is_final and not search.slashes
        if is_own_end and (is_first or self.default_of_misses is not None):
            found = search.at_end(level, declined)
            if found is not None:
                yield found

    def matched_text(self, level: Level, search: Search) -> str | None:
        """Return the path as it is matched here; None where an encoded slash in it is a miss."""
        assert level.reading is not None
        whole, _, added, _ = level.reading
        encoded_slashes = level.policy.encoded_slashes
        if encoded_slashes == "decode" or not has_encoded_slash(level.scope):
            return whole
        if encoded_slashes == "reject":
            said = f"No route found for path {level.reading.text!r}: it contains an encoded slash."
            search.refuse(said)
            return None
        path = whole[len(added) :]
        original = {0: path, 1: path[:-1], -1: path + "/"}[search.slashes]
        marked = mark_encoded_slashes(level.scope, original)
        shown = {0: marked, 1: marked + "/", -1: marked[:-1]}[search.slashes]
        text = whole[: len(added)] + shown
        start = level.reading.start
        if ENCODED_SLASH in (marked[:1], text[start - 1 : start]):
            search.refuse(
                f"No route found for path {level.reading.text!r}: it starts with an encoded slash."
            )
            return None
        return text

    def places(self, level: Level, search: Search) -> Iterator[Place]:
        """Yield the prefixes in the table that a path begins with: they may answer a miss."""
        if level.reading is None:
            return
        text = self.matched_text(level, search)
        if text is None:
            return
        is_encoded = text is not level.reading.whole
        for hit in self._table.places(text[level.reading.at :]):
            row, args, kwargs, rest = restore_slashes_in(hit) if is_encoded else hit
            yield Place(level, row.target, (args, kwargs), rest, len(text) - len(rest))

    def children(self) -> Iterator[Child]:
        for row in make_rows(self._table.routes, lambda _: None):
            mounting = row.target.mounting
            policy = mounting.lifespan if mounting else policy_of_endpoint(row.target.app)
            yield Child(row.target.key, row.target.app, row.target.route, policy)
        yield from yield_default_child(self.default)


def _is_no_path(path: object) -> bool:
    return isinstance(path, str) and path[:1] != "/"


def _why_no_path(scope: Scope) -> str:
    path = scope.get("path_remaining", scope.get("path"))
    if not isinstance(path, str):
        return f"No 'path' in the scope (its type is {scope.get('type')!r}) that could be matched."
    if _is_no_path(path):
        return f"No route found for path {path!r}: it does not start with a slash."
    return f"No route found for path {path!r}: it is outside root_path {scope['root_path']!r}."


def _check_options(root_path: Any, slashes: Any, encoded_slashes: Any) -> None:
    for option, value, choices in (
        ("root_path", root_path, RootPath),
        ("slashes", slashes, Slashes),
        ("encoded_slashes", encoded_slashes, EncodedSlashes),
    ):
        is_unset = value is None and option != "root_path"
        if not is_unset and (mistake := find_mistake_in_choice(option, value, choices)):
            raise mistake
