"""The whole application: every route, by protocol."""

import os
from typing import Any

from asgi_routes import ProtocolTypeRouter, URLRouter, mount, path
from board.admin import admin
from board.api import api
from board.chat import chat
from board.database import open_pool
from board.pages import missing, show_home, static_files

ROOT_PATH: Any = os.environ.get("BOARD_ROOT_PATH", "auto")

http = URLRouter(
    [
        path("", show_home, name="home", methods=["GET"]),
        path("api/", api),
        path("admin/", admin),
        mount("static", static_files, name="static", lifespan="off"),
    ],
    default=missing,
    slashes="redirect",
    root_path=ROOT_PATH,
)
websocket = URLRouter([path("rooms/", chat)], root_path=ROOT_PATH)
app = ProtocolTypeRouter({"http": http, "websocket": websocket}, lifespan=open_pool)
