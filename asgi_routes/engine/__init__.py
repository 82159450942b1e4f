"""Patterns to a matcher.

`LinearMatcher` is the definition of what a table of routes means: the rows are tried in order, and
the first that matches wins.
"""

from asgi_routes.engine.linear import LinearMatcher
from asgi_routes.engine.rows import Hit, Matcher, Mode, Row, Step

__all__ = ("Hit", "LinearMatcher", "Matcher", "Mode", "Row", "Step")
