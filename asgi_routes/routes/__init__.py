"""Declarations: what a table of routes is written in."""

from asgi_routes.routes.declarations import (
    AtPrefix,
    Include,
    Mounting,
    Route,
    Routes,
    checked_routes,
    mistake_in_choice,
    mistakes_in_methods,
    served_methods,
)
from asgi_routes.routes.functions import format_path, include, mount, path, re_path

__all__ = (
    "AtPrefix",
    "Include",
    "Mounting",
    "Route",
    "Routes",
    "checked_routes",
    "format_path",
    "include",
    "mistake_in_choice",
    "mistakes_in_methods",
    "mount",
    "path",
    "re_path",
    "served_methods",
)
