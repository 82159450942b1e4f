"""Declarations: what a table of routes is written in."""

from asgi_routes.routes.declarations import (
    AtPrefix,
    Include,
    Mounting,
    Route,
    Routes,
    count,
    expand_methods,
    find_mistake_in_choice,
    find_mistakes_in_methods,
    make_mistake_in_strip,
    suspect_route,
)
from asgi_routes.routes.functions import format_path, include, mount, path, re_path, url
from asgi_routes.routes.lists import check_routes

__all__ = (
    "AtPrefix",
    "Include",
    "Mounting",
    "Route",
    "Routes",
    "check_routes",
    "count",
    "expand_methods",
    "find_mistake_in_choice",
    "find_mistakes_in_methods",
    "format_path",
    "include",
    "make_mistake_in_strip",
    "mount",
    "path",
    "re_path",
    "suspect_route",
    "url",
)
