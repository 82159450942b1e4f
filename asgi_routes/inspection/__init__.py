"""A whole application as data, and why a request is served by one of its routes or by none."""

from asgi_routes.inspection.explaining import Explanation, Near, explain
from asgi_routes.inspection.nodes import Node, ParameterInfo
from asgi_routes.inspection.reading import inspect, name_of
from asgi_routes.inspection.tracing import Step

__all__ = (
    "Explanation",
    "Near",
    "Node",
    "ParameterInfo",
    "Step",
    "explain",
    "inspect",
    "name_of",
)
