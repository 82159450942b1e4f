"""Dispatch: who is asked about a scope, who is called, and what answers a miss."""

from asgi_routes.dispatch.answers import NotFound, is_application, make_answer, not_found
from asgi_routes.dispatch.levels import NOTHING, Chosen, Hop, Key, Level, Place, Taken
from asgi_routes.dispatch.matches import NONE_ALLOWED, Child, Found, Match, NoMatch, RouteMiss
from asgi_routes.dispatch.router import BASE, Router
from asgi_routes.dispatch.search import Branch, Search, find_match

__all__ = (
    "BASE",
    "NONE_ALLOWED",
    "NOTHING",
    "Branch",
    "Child",
    "Chosen",
    "Found",
    "Hop",
    "Key",
    "Level",
    "Match",
    "NoMatch",
    "NotFound",
    "Place",
    "RouteMiss",
    "Router",
    "Search",
    "Taken",
    "find_match",
    "is_application",
    "make_answer",
    "not_found",
)
