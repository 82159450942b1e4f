"""What browsers see: the front page, the page for everything that is not there, and files."""

from html import escape
from pathlib import Path
from string import Template

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from asgi_routes import NotFound, reverse
from board.endpoints import endpoint

FOLDER = Path(__file__).parent
HOME = Template((FOLDER / "home.html").read_text())

static_files = ExceptionMiddleware(StaticFiles(directory=FOLDER / "static"))


@endpoint
async def show_home(request: Request) -> Response:
    scope = request.scope
    page = HOME.substitute(
        style=reverse(scope, "static", path="board.css"),
        script=reverse(scope, "static", path="board.js"),
        notices=reverse(scope, "notices"),
        room=reverse(scope, "room", room="lobby"),
    )
    return HTMLResponse(page)


@endpoint
async def show_missing(request: Request) -> Response:
    home = escape(reverse(request.scope, "home"))
    return HTMLResponse(f'<h1>Nothing here</h1><p><a href="{home}">Back to the board</a></p>')


missing = NotFound(page=show_missing)
