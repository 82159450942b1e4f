"""What well-known applications need of a route, which cannot be seen from their shape.

Each is told by the module and the name of its class; none is imported.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from asgi_routes.apps import unwrap
from asgi_routes.routes import Include, Route

_Need: TypeAlias = Callable[[Any, Any, str | None], str | None]
"""Takes the application, all that is around it, and the prefix that it will see where it is mounted."""


def find_unmet_need(route: Route, template: str) -> str | None:
    """Return what the application of a route is not given, or None.

    Args:
        route: the declaration.
        template: of the route, with all that is around it.
    """
    if isinstance(route.target, Include):
        return None
    around = [*unwrap(route.target)]
    prefix = (
        template.strip("/") if route.mounting is not None and not route.mounting.strip else None
    )
    for app in around:
        if need := _NEEDS.get((type(app).__module__, type(app).__qualname__)):
            return need(app, around, prefix)
    return None


def _catch_exceptions(_app: Any, around: Any, _prefix: str | None) -> str | None:
    if any(type(one).__module__ == "starlette.middleware.exceptions" for one in around):
        return None
    return (
        "StaticFiles raises where there is no file, and expects a Starlette around: wrap it in "
        "starlette.middleware.exceptions.ExceptionMiddleware"
    )


def _take_another(_app: Any, _around: Any, _prefix: str | None) -> str:
    return "WsgiToAsgi answers some requests with 500 on Uvicorn: take a2wsgi.WSGIMiddleware"


def _strip_prefix(_app: Any, _around: Any, prefix: str | None) -> str | None:
    if not prefix:
        return None
    return "Datasette below a prefix needs strip=True, and the whole public prefix as its base_url"


def _strip_or_name(app: Any, _around: Any, prefix: str | None) -> str | None:
    path = str(getattr(app, "engineio_path", "")).strip("/")
    if not prefix or path == prefix:
        return None
    return f"socket.io is served below {path!r}: mount it there, or with strip=True"


_NEEDS: dict[tuple[str, str], _Need] = {
    ("starlette.staticfiles", "StaticFiles"): _catch_exceptions,
    ("asgiref.wsgi", "WsgiToAsgi"): _take_another,
    ("datasette.utils.asgi", "AsgiRunOnFirstRequest"): _strip_prefix,
    ("socketio.asgi", "ASGIApp"): _strip_or_name,
}
