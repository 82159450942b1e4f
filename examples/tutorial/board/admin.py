"""The admin area: behind a guard, which nothing below its prefix gets around."""

import hmac
import os
import secrets
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from asgi_routes import URLRouter, path
from asgi_routes.types import App
from board.endpoints import endpoint


class TokenGuard:
    """Lets only requests with the right bearer token through.

    Args:
        app: what is guarded.
        token: what clients have to send.
    """

    def __init__(self, app: App, *, token: str) -> None:
        self.app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":  # What is behind the guard may have something to start.
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("authorization", "").encode("latin-1")
        if hmac.compare_digest(given, self._expected):
            await self.app(scope, receive, send)
        else:
            headers = {"www-authenticate": "Bearer"}
            await PlainTextResponse("who are you?\n", 401, headers)(scope, receive, send)


@endpoint
async def delete_notice(request: Request) -> Response:
    found = await request.state.pool.execute(
        "DELETE FROM notices WHERE id = ? RETURNING id", request.path_params["id"]
    )
    return Response(status_code=204 if found else 404)


TOKEN = os.environ.get("BOARD_TOKEN") or secrets.token_urlsafe()

admin = TokenGuard(
    URLRouter([path("notices/<int:id>/", delete_notice, methods=["DELETE"])]), token=TOKEN
)
