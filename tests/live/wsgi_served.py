"""The WSGI applications of ``examples/wsgi.py``, through two adapters, below a router and without one."""

from typing import Any

from a2wsgi import WSGIMiddleware
from asgiref.wsgi import WsgiToAsgi

from asgi_routes import URLRouter, mount, path
from examples.wsgi import of_django, of_flask

ADAPTERS: dict[str, Any] = {"a2wsgi": WSGIMiddleware, "asgiref": WsgiToAsgi}
APPS: dict[str, Any] = {"flask": of_flask, "django": of_django}
TOP = [
    mount(f"{by}-{name}", adapter(app))
    for by, adapter in ADAPTERS.items()
    for name, app in APPS.items()
]

app = URLRouter([*TOP, path("n/", URLRouter(TOP)), mount("<int:n>", URLRouter(TOP))])
a2wsgi_flask = WSGIMiddleware(of_flask)  # type: ignore[arg-type]
a2wsgi_django = WSGIMiddleware(of_django)  # type: ignore[arg-type]
asgiref_flask = WsgiToAsgi(of_flask)  # type: ignore[no-untyped-call]
asgiref_django = WsgiToAsgi(of_django)  # type: ignore[no-untyped-call]
