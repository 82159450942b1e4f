"""A package as one installs it: its routes come from ``django.urls``, its router from Channels.

``with_packages.py`` has all of it in a table of ours; nobody can edit a package.
"""

from typing import Any

from channels.generic.http import AsyncHttpConsumer
from channels.middleware import BaseMiddleware
from channels.routing import URLRouter
from django.conf import settings
from django.urls import path, re_path, register_converter

if not settings.configured:
    settings.configure()  # A consumer asks Django for channel layers, though there are none.


class Month:
    """A month, ``2026-11``."""

    regex = "[0-9]{4}-[0-9]{2}"

    def to_python(self, value: str) -> tuple[int, int]:
        year, month = map(int, value.split("-"))
        return year, month

    def to_url(self, value: tuple[int, int]) -> str:
        return "{:04}-{:02}".format(*value)


class Notice(AsyncHttpConsumer):
    """Answers with what it was called for."""

    async def handle(self, body: bytes) -> None:  # noqa: ARG002 - Channels gives it
        scope: Any = self.scope
        given = scope["url_route"]["kwargs"]
        shown = ", ".join(f"{key}={value!r}" for key, value in given.items())
        headers = [(b"content-type", b"text/plain")]
        await self.send_response(200, f"notice of {shown or 'all'}\n".encode(), headers=headers)


class Counted(BaseMiddleware):
    """A middleware of Channels around a router of Channels."""


register_converter(Month, "month")
notice: Any = Notice.as_asgi()
urlpatterns: list[Any] = [
    path("<int:id>/", notice, name="notice"),
    path("in/<month:month>/", notice, {"kind": "monthly"}, name="in"),
]
router: Any = URLRouter([re_path(r"^by/(?P<who>\w+)/$", notice)])
counted: Any = Counted(URLRouter([path("all/", notice)]))
