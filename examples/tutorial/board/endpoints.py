"""Endpoints as functions from a request to a response, with Starlette's objects."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from asgi_routes.types import App


def endpoint(function: Callable[[Request], Awaitable[Response]]) -> App:
    """Turn a function from a request to a response into an ASGI application."""

    @wraps(function)
    async def app(scope: Any, receive: Any, send: Any) -> None:
        response = await function(Request(scope, receive))
        await response(scope, receive, send)

    return app
