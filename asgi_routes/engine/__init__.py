"""Patterns to a matcher.

`LinearMatcher` is the definition of what a table of routes means: the rows are tried in order, and
the first that matches wins. What `compiled` makes gives the same answers, and is fast.
"""

from asgi_routes.engine.compiled import Candidates, Compiled, compiled
from asgi_routes.engine.linear import LinearMatcher
from asgi_routes.engine.regexes import Compile, compiler
from asgi_routes.engine.rows import Hit, Matcher, Mode, Row, Step
from asgi_routes.engine.splitting import is_within_segment, split_of

__all__ = (
    "Candidates",
    "Compile",
    "Compiled",
    "Hit",
    "LinearMatcher",
    "Matcher",
    "Mode",
    "Row",
    "Step",
    "compiled",
    "compiler",
    "is_within_segment",
    "split_of",
)
