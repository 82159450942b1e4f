"""Choosing an application by ``scope["method"]``.

In: applications by method, and a scope. Out: what serves the scope's method, or a miss that says which
methods would have been served. The rule kept here: a wrong method never ends the search for another
route; HEAD and OPTIONS follow from what is there (RFC 9110, 9.3.2 and 9.3.7).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from asgi_routes.apps import is_router
from asgi_routes.dispatch import answer_of
from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.matches import Match, NoMatch
from asgi_routes.types import App, Scope


class ByMethod:
    """Applications by method.

    Attributes:
        plain: those that are no routers, HEAD included where it follows from GET.
        allowed: what ``Allow`` says.

    >>> async def show(scope, receive, send): ...
    >>> choice = ByMethod({"GET": show})
    >>> choice.match({"type": "http", "method": "HEAD"}).app is show
    True
    >>> sorted(choice.match({"type": "http", "method": "PUT"}).allowed)
    ['GET', 'HEAD', 'OPTIONS']
    """

    def __init__(self, apps: Mapping[str, App], *, head: bool = True, options: bool = True) -> None:
        served = dict(apps)
        if head and "GET" in served:
            served.setdefault("HEAD", served["GET"])
        self._answers: dict[Any, Callable[[Any], Match | NoMatch]]
        self._answers = {method: answer_of(app) for method, app in served.items()}
        self.plain = {method: app for method, app in served.items() if not is_router(app)}
        self.allowed = frozenset({*served, "OPTIONS"} if options else served)

    def match(self, scope: Scope) -> Match | NoMatch:
        """Return what serves the scope's method; a scope without one is a miss."""
        method = scope.get("method")
        try:
            answer = self._answers.get(method)
        except TypeError:  # It cannot be the key of anything.
            answer = None
        if answer is not None:
            return answer(scope)
        if method is None:
            return NoMatch(f"No method in the scope (its type is {scope.get('type')!r}).")
        return NoMatch(f"No application configured for method {method!r}.", self.allowed)


def mistakes_in_methods(methods: object) -> Iterator[ImproperlyConfigured]:
    """Yield the mistakes in a list of methods.

    >>> [mistake.hint for mistake in mistakes_in_methods(["GET", "post"])]
    ["write 'POST'"]
    """
    if isinstance(methods, str) or not isinstance(methods, Iterable):
        hint = f"write [{methods!r}]" if isinstance(methods, str) else None
        yield ImproperlyConfigured(f"methods are a list of texts, not {methods!r}", hint=hint)
        return
    names = list(methods)
    if not names:
        yield ImproperlyConfigured("a route without any method would never match")
    for method in names:
        if not isinstance(method, str):
            yield ImproperlyConfigured(f"a method is text, not {method!r}")
        elif method != method.upper():
            yield ImproperlyConfigured(
                f"method {method!r} would never match: methods are case-sensitive",
                hint=f"write {method.upper()!r}",
            )
