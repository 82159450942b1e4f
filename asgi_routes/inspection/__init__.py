"""A whole application as data, and why a request is served by one of its routes or by none."""

from asgi_routes.apps import name_of
from asgi_routes.inspection.debugging import debug_page
from asgi_routes.inspection.explaining import Explanation, Near, Step, explain
from asgi_routes.inspection.nodes import Node, ParameterInfo
from asgi_routes.inspection.reading import inspect

__all__ = (
    "Explanation",
    "Near",
    "Node",
    "ParameterInfo",
    "Step",
    "debug_page",
    "explain",
    "inspect",
    "name_of",
)
