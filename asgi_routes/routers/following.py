"""From hits to a match: the first that serves the scope.

In: what a matcher has found in a path, in order. Out: a match, or a miss that knows all that those who
declined have said. The rule kept here: who declines, a method, a router that misses, a mount that does
not want its bare prefix, never ends the search.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from asgi_routes.engine import Hit
from asgi_routes.matches import Match, NoMatch
from asgi_routes.mounting import mounted_scope
from asgi_routes.raw_paths import with_plain_slashes
from asgi_routes.redirects import location_with_other_slash
from asgi_routes.scopes import child_scope, root_path_of
from asgi_routes.table import Destination
from asgi_routes.types import Scope

_NONE: frozenset[str] = frozenset()


def decoded(hit: Hit[Destination]) -> Hit[Destination]:
    """Return a hit with slashes where the path had `ENCODED_SLASH`."""
    row, args, kwargs, rest = hit
    plain = {name: with_plain_slashes(value) for name, value in kwargs.items()}
    return row, tuple(map(with_plain_slashes, args)), plain, with_plain_slashes(rest)


def followed(
    scope: Scope, path: str, hits: Iterator[Hit[Destination]], allowed: frozenset[str] = _NONE
) -> Match | NoMatch:
    """Return the match for the first hit that does not lead to a router that misses."""
    location = None
    for row, args, kwargs, rest in hits:
        target = row.target
        route = target.matched.below(scope.get("route"))
        child: Any = child_scope(scope, args, kwargs, rest, route)
        if (mounting := target.mounting) is not None:
            if mounting.at_prefix != "serve" and not rest and target.route.pattern.source:
                if mounting.at_prefix == "redirect" and scope.get("type") == "http":
                    location = location or location_with_other_slash(scope, is_shorter=False)
                continue
            child["route"] = route = route.mounted(root_path_of(scope))
            child = mounted_scope(child, mounting)
        found = Match(target.app, child) if target.answer is None else target.answer(child)
        if found:
            if route.open or found.resume is not None:
                behind = partial(followed, scope, path, hits)
                found.resume = partial(_resumed, found.resume, behind, allowed)
            return found
        allowed |= found.allowed
        location = location or found.location
    return NoMatch(f"No route found for path {with_plain_slashes(path)!r}.", allowed, location)


def _resumed(
    inner: Callable[[], Match | NoMatch] | None,
    behind: Callable[[frozenset[str]], Match | NoMatch],
    allowed: frozenset[str],
) -> Match | NoMatch:
    """Go on after a match that turned out to be none: first inside, then behind it."""
    found = inner() if inner is not None else NoMatch("")
    if not found:
        return behind(allowed | found.allowed)
    if found.resume is not None:
        found.resume = partial(_resumed, found.resume, behind, allowed)
    return found
