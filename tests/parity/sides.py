"""The two sides: a table built of the real packages, and of ours; and one call of either."""

from typing import Any

import django
import django.urls
from django.conf import settings
from django.urls import Resolver404, register_converter
from django.urls.resolvers import RegexPattern, URLResolver

import asgi_routes
from asgi_routes.migration.agreements import Notes
from asgi_routes.migration.sides import Asked, Called, OurSide, TheirSide, call, leaf

if not settings.configured:
    settings.configure()
    django.setup()


class Even:
    """Refuses what its regex lets through."""

    regex = "[0-9]+"
    refuses = True

    def to_python(self, value: str) -> int:
        if self.refuses and int(value) % 2:
            raise ValueError(value)
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class Text:
    """Hands its text on."""

    regex = ""

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


CONVERTERS = {
    "even": Even,
    "group": type("Group", (Text,), {"regex": "(a+)(b)?"}),
    "maybe": type("Maybe", (Text,), {"regex": "[ab]*"}),
    "pair": type("Pair", (Text,), {"regex": "[ab1]{2}"}),
}
for name, converter in CONVERTERS.items():
    register_converter(converter, name)
OURS = asgi_routes.Converters(CONVERTERS)


def our_side(root_path: Any = "in_path") -> OurSide:
    """Return our side, with the converters above."""
    return OurSide(OURS, root_path)


class Resolving(TheirSide):
    """Django without Channels: an include is Django's own."""

    def _include(self, function: Any, route: Any, routes: list[Any]) -> Any:
        yield function(route.text, django_include((routes, None)), route.kwargs)


django_include: Any = django.urls.include


def resolve(patterns: list[Any], path: str) -> Called | None:
    """Return what Django's own resolver finds; None for a miss."""
    try:
        found = URLResolver(RegexPattern(r"^/"), patterns).resolve(path)
    except Resolver404:
        return None
    tell = found.func(
        {"url_route": {"args": found.args, "kwargs": found.kwargs}} | _PLACE, None, None
    )
    try:
        tell.send(None)
    except StopIteration as stop:
        called: Called = stop.value
        return called._replace(rest=None)
    raise AssertionError("nothing here waits")


_PLACE = {"path": "", "root_path": "", "untouched": ("", ""), "path_remaining": ""}

__all__ = (
    "Asked",
    "Called",
    "Notes",
    "Resolving",
    "TheirSide",
    "call",
    "leaf",
    "our_side",
    "resolve",
)
