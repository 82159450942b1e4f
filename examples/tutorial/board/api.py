"""The JSON API: list notices, post one, read one."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from asgi_routes import NotFound, URLRouter, path, reverse
from board.endpoints import endpoint


@endpoint
async def list_notices(request: Request) -> Response:
    rows = await request.state.pool.execute("SELECT id, text FROM notices ORDER BY id")
    return JSONResponse([describe(request, row) for row in rows])


@endpoint
async def post_notice(request: Request) -> Response:
    try:
        text = (await request.json())["text"]
    except (ValueError, LookupError, TypeError):
        text = None
    if not isinstance(text, str) or not text.strip():
        return JSONResponse({"error": 'send {"text": "…"}'}, 400)
    [row] = await request.state.pool.execute(
        "INSERT INTO notices (text) VALUES (?) RETURNING id, text", text
    )
    notice = describe(request, row)
    return JSONResponse(notice, 201, headers={"location": notice["url"]})


@endpoint
async def show_notice(request: Request) -> Response:
    found = await request.state.pool.execute(
        "SELECT id, text FROM notices WHERE id = ?", request.path_params["id"]
    )
    if not found:
        return JSONResponse({"error": "there is no such notice"}, 404)
    return JSONResponse(describe(request, found[0]))


def describe(request: Request, row: Any) -> dict[str, Any]:
    """Return a notice as the API shows it, with its own URL."""
    url = reverse(request.scope, "notice", id=row["id"])
    return {"url": url, "text": row["text"]}


@endpoint
async def explain_miss(request: Request) -> Response:
    """Answer a miss below ``/api/`` with JSON."""
    miss = request.scope["route_miss"]
    return JSONResponse({"error": miss.reason}, miss.status)


api = URLRouter(
    [
        path("notices/", list_notices, name="notices", methods=["GET"]),
        path("notices/", post_notice, methods=["POST"]),
        path("notices/<int:id>/", show_notice, name="notice", methods=["GET"]),
    ],
    default=NotFound(page=explain_miss, method_not_allowed=explain_miss),
)
