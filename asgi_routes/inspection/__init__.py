"""A whole application as data, and why a request is served by one of its routes or by none."""

from asgi_routes.apps import name_of
from asgi_routes.inspection.debugging import debug_page
from asgi_routes.inspection.explanation import Explanation, Hop, Near, explain
from asgi_routes.inspection.tree import Node, ParameterInfo, inspect

__all__ = (
    "Explanation",
    "Hop",
    "Near",
    "Node",
    "ParameterInfo",
    "debug_page",
    "explain",
    "inspect",
    "name_of",
)
