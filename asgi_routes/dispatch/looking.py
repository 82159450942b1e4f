"""What will serve a scope in the end, as far as can be told without calling anybody.

Behind a wrapper, only routers of ours are asked, and the answer names the wrapper, because it may
do otherwise.
"""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any, NamedTuple

from asgi_routes.apps import Kind, is_called_as_router, is_router, kind_of, matches_as_ours, unwrap
from asgi_routes.dispatch.levels import Hop
from asgi_routes.dispatch.matches import Match, NoMatch
from asgi_routes.dispatch.router import BASE
from asgi_routes.dispatch.search import find_match
from asgi_routes.lifespan.participants import find_core
from asgi_routes.types import Scope


class Look(NamedTuple):
    """What was seen.

    Attributes:
        found: the answer of the last router that was asked.
        hops: the routers on the way, each with the wrappers around it, the outermost first.
        application: what serves, without its wrappers; None for a miss.
        wrappers: those around the application.
    """

    found: Match | NoMatch
    hops: tuple[tuple[tuple[Any, ...], Hop], ...]
    application: Any
    wrappers: tuple[Any, ...]

    @property
    def through(self) -> tuple[Any, ...]:
        """The wrappers that were looked through, the outermost first."""
        around = tuple(wrapper for wrappers, _ in self.hops for wrapper in wrappers)
        return around + self.wrappers


def look(app: Any, scope: Scope) -> Look:
    """Return what will serve a scope, if no wrapper on the way does otherwise.

    Raises:
        TypeError: the application is no router and leads to none.
    """
    *wrappers, router = unwrap(app)
    if not is_router(router):
        raise TypeError(f"{app!r} is not a router, and no attribute of it leads to one")
    hops: list[tuple[tuple[Any, ...], Hop]] = []
    while True:
        if not is_called_as_router(router):
            wrappers.append(router)
        found = _ask(router, scope)
        hops += _with_wrappers(tuple(wrappers), found.hops or (Hop(router, "", (), ()),))
        inside = _behind(found)
        if inside is None:
            endpoint = found.endpoint if isinstance(found, Match) else None
            return Look(found, tuple(hops), *_split_wrappers(endpoint))
        scope = found.scope  # type: ignore[union-attr]
        *wrappers, router = inside


def _split_wrappers(endpoint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return an application without its wrappers, and these."""
    core = find_core(endpoint)
    return core, tuple(takewhile(lambda one: one is not core, unwrap(endpoint)))


def _ask(router: Any, scope: Scope) -> Match | NoMatch:
    if matches_as_ours(router):
        return router.match(scope)  # type: ignore[no-any-return]
    return find_match(router, scope, BASE)


def _behind(found: Match | NoMatch) -> list[Any] | None:
    """Return what stands around a router of ours in the endpoint of a match, and that router."""
    if not found or kind_of(found.endpoint) is not Kind.BOUNDARY:
        return None
    chain = [*unwrap(found.endpoint)]
    return chain if matches_as_ours(chain[-1]) else None


def _with_wrappers(
    wrappers: tuple[Any, ...], hops: tuple[Hop, ...]
) -> Iterator[tuple[tuple[Any, ...], Hop]]:
    for hop in hops:
        yield wrappers, hop
        wrappers = ()
