"""What a router answers: a match, or why there is none.

In: what a router has found out about a scope. Out: values. The rule kept here: a miss is a value too, so
nothing is raised on the way, and it knows all that an answer to the client needs.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, final

from asgi_routes.types import App, LifespanPolicy

_NONE_ALLOWED: frozenset[str] = frozenset()


@final
class Match:
    """The application that serves a scope, and the scope to call it with.

    Attributes:
        app: the application; never a router, nested ones have been followed.
        scope: the child scope for it, or the very scope received where nothing had to be added.
        resume: None, or, where a router may be hidden behind the application, a function that
            returns the next answer in case that router misses.
    """

    __slots__ = ("app", "resume", "scope")

    def __init__(
        self, app: App, scope: Any, resume: Callable[[], "Match | NoMatch"] | None = None
    ) -> None:
        self.app = app
        self.scope = scope
        self.resume = resume

    def __repr__(self) -> str:
        return f"Match({self.app!r}, {self.scope!r})"


@final
class NoMatch:
    """No route of a router serves a scope. It is false, and says why.

    Attributes:
        reason: a sentence for people.
        allowed: the methods that would have been served, where only the method was wrong.
        location: where the same resource is, with a slash more or less, where the router was asked
            to say so; else None.

    >>> miss = NoMatch("No route found for path 'x'.")
    >>> bool(miss), miss.reason
    (False, "No route found for path 'x'.")
    """

    __slots__ = ("allowed", "location", "reason")

    def __init__(
        self, reason: str, allowed: frozenset[str] = _NONE_ALLOWED, location: str | None = None
    ) -> None:
        self.reason = reason
        self.allowed = allowed
        self.location = location

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return f"NoMatch({self.reason!r})"


class Child(NamedTuple):
    """Something that a router can lead to.

    Attributes:
        key: what the scope has to have for it, as people write it: ``http``, ``users/<int:id>/``.
        app: the application or router.
        route: the declaration, where there is one.
        lifespan: how it takes part in the lifespan of the router.
    """

    key: str
    app: App
    route: Any = None
    lifespan: LifespanPolicy = "auto"
