"""Routing by ``scope["method"]``."""

from collections.abc import Iterator, Mapping

from asgi_routes.dispatch import Router
from asgi_routes.errors import raise_together
from asgi_routes.lifespan import policy_of_endpoint
from asgi_routes.matches import Child
from asgi_routes.methods import ByMethod, mistakes_in_methods
from asgi_routes.not_found import not_found
from asgi_routes.routers.keyed import checked_default, checked_mapping, default_child
from asgi_routes.types import App


class MethodRouter(ByMethod, Router):
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
        if self._apps:
            raise_together([*mistakes_in_methods(self._apps)], "MethodRouter")
        ByMethod.__init__(self, self._apps, head=head, options=options)
        self.default = checked_default(default, "MethodRouter")

    def children(self) -> Iterator[Child]:
        for method, app in self._apps.items():
            yield Child(method, app, lifespan=policy_of_endpoint(app))
        yield from default_child(self.default)
