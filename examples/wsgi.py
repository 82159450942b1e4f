"""Flask and Django as WSGI applications below a router, through a2wsgi.

    hypercorn examples.wsgi:app
    curl http://127.0.0.1:8000/flask/hello/ada/
    curl http://127.0.0.1:8000/django/hello/ada/

Each says hello, its prefix, and the URL of its page. asgiref has an adapter too,
``WsgiToAsgi``, which answers some requests with 500 on Uvicorn, with a router around it
and without.
"""

from typing import Any

import django.conf
import django.core.wsgi
import django.http
import django.urls
import flask
from a2wsgi import WSGIMiddleware

from asgi_routes import URLRouter, mount

of_flask = flask.Flask(__name__)


@of_flask.get("/hello/<name>/")
def hello(name: str) -> str:
    page = flask.url_for("hello", name=name)
    return f"hello {name} below {flask.request.root_path} at {page}\n"


def hello_django(request: Any, name: str) -> django.http.HttpResponse:
    below, page = request.META["SCRIPT_NAME"], django.urls.reverse("hello", args=[name])
    return django.http.HttpResponse(f"hello {name} below {below} at {page}\n")


pages = [django.urls.path("hello/<name>/", hello_django, name="hello")]
django.conf.settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=type("urls", (), {"urlpatterns": pages}),
)
of_django = django.core.wsgi.get_wsgi_application()

app = URLRouter(
    [
        mount("flask", WSGIMiddleware(of_flask)),  # type: ignore[arg-type]
        mount("django", WSGIMiddleware(of_django)),  # type: ignore[arg-type]
    ]
)
