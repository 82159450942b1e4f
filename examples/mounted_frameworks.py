"""Six frameworks under one router, in one process, with one lifespan.

    hypercorn examples.mounted_frameworks:app
    curl http://127.0.0.1:8000/starlette/hello/ada

and so on for fastapi, django, quart, litestar and falcon. Each says hello, the path
that it sees, and what its startup has opened.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import django.conf
import django.core.asgi
import django.http
import django.urls
import falcon.asgi
import fastapi
import litestar
import quart
import starlette.applications
import starlette.responses
import starlette.routing

from asgi_routes import URLRouter, mount

# Starlette and FastAPI: what the lifespan yields is in the state of each request.


@asynccontextmanager
async def yielding(_: Any) -> AsyncIterator[dict[str, str]]:
    yield {"pool": "a pool"}


async def hello_starlette(request: Any) -> Any:
    text = f"hello {request.path_params['name']} at {request.url.path} with {request.state.pool}\n"
    return starlette.responses.PlainTextResponse(text)


of_starlette = starlette.applications.Starlette(
    routes=[starlette.routing.Route("/hello/{name}", hello_starlette)], lifespan=yielding
)

of_fastapi = fastapi.FastAPI(
    lifespan=yielding, default_response_class=starlette.responses.PlainTextResponse
)


@of_fastapi.get("/hello/{name}")
async def hello_fastapi(name: str, request: fastapi.Request) -> str:
    return f"hello {name} at {request.url.path} with {request.state.pool}\n"


# Django knows no lifespan; it is served all the same.


async def hello_django(request: Any, name: str) -> Any:
    return django.http.HttpResponse(f"hello {name} at {request.path}\n")


django.conf.settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=type(
        "urls", (), {"urlpatterns": [django.urls.path("hello/<name>", hello_django)]}
    ),
)
of_django = django.core.asgi.get_asgi_application()

# Quart.

of_quart = quart.Quart(__name__)


@of_quart.before_serving
async def start_quart() -> None:
    of_quart.extensions["pool"] = "a pool"


@of_quart.get("/hello/<name>")
async def hello_quart(name: str) -> str:
    return f"hello {name} at {quart.request.root_path}{quart.request.path} with {of_quart.extensions['pool']}\n"


# Litestar.


@litestar.get("/hello/{name:str}", media_type=litestar.MediaType.TEXT)
async def hello_litestar(request: litestar.Request[Any, Any, Any]) -> str:
    name, pool = request.path_params["name"], request.app.state["pool"]
    return f"hello {name} at {request.url.path} with {pool}\n"


@asynccontextmanager
async def pool_of_litestar(app: litestar.Litestar) -> AsyncIterator[None]:
    app.state["pool"] = "a pool"
    yield


of_litestar = litestar.Litestar([hello_litestar], lifespan=[pool_of_litestar])

# Falcon routes by the path alone: it is mounted with strip=True.


class HelloFalcon:
    """Says hello."""

    async def on_get(self, request: Any, response: Any, name: str) -> None:
        response.text = f"hello {name} at {request.uri_template} below {request.root_path}\n"


of_falcon = falcon.asgi.App()
of_falcon.add_route("/hello/{name}", HelloFalcon())

app = URLRouter(
    [
        mount("starlette", of_starlette),
        mount("fastapi", of_fastapi),
        mount("django", of_django, lifespan="off"),
        mount("quart", of_quart),
        mount("litestar", of_litestar),
        mount("falcon", of_falcon, strip=True),
    ]
)
