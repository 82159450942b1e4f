"""Routing by ``scope["method"]``."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from asgi_routes.dispatch import Child, Match, NoMatch, Router, answer_of
from asgi_routes.errors import ImproperlyConfigured, raise_together
from asgi_routes.not_found import not_found
from asgi_routes.routers.keyed import checked_default, checked_mapping
from asgi_routes.types import App, Scope


class MethodRouter(Router):
    """Serves each http method with an application of its own.

    A method that is not in the mapping does not end the search: another route for the same path may
    have it. Where none has, `not_found` answers 405, and ``Allow`` names the methods of all the
    routes that fit the path (RFC 9110, 15.5.6).

    Args:
        mapping: from method to application; it is copied. Methods are case-sensitive.
        default: the application for every other method, which ends the search; None raises.
        head: a HEAD is served by the application for GET (RFC 9110, 9.3.2).
        options: an OPTIONS that no application serves is answered by `not_found` with ``Allow``.

    Raises:
        ImproperlyConfigured: a key is not text in capitals, or a value is not an application.

    >>> async def show(scope, receive, send): ...
    >>> router = MethodRouter({"GET": show})
    >>> router.match({"type": "http", "method": "HEAD"}).app is show
    True
    >>> router.match({"type": "http", "method": "PUT"}).allowed == {"GET", "HEAD", "OPTIONS"}
    True
    """

    follows_routers = True

    def __init__(
        self,
        mapping: Mapping[str, App],
        *,
        default: App | None = not_found,
        head: bool = True,
        options: bool = True,
    ) -> None:
        self._apps = checked_mapping(mapping, "MethodRouter", "method")
        raise_together(
            [
                ImproperlyConfigured(
                    f"method {method!r} would never match: methods are case-sensitive",
                    hint=f"write {method.upper()!r}",
                )
                for method in self._apps
                if method != method.upper()
            ],
            "MethodRouter",
        )
        self._answers: dict[Any, Callable[[Any], Match | NoMatch]]
        self._answers = {method: answer_of(app) for method, app in self._apps.items()}
        if head and "GET" in self._answers:
            self._answers.setdefault("HEAD", self._answers["GET"])
        self._allowed = frozenset({*self._answers, "OPTIONS"} if options else self._answers)
        self.default = checked_default(default, "MethodRouter")

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
        return NoMatch(f"No application configured for method {method!r}.", self._allowed)

    def children(self) -> Iterator[Child]:
        for method, app in self._apps.items():
            yield Child(method, app)
        if self.default is not None:
            yield Child("default", self.default)
