"""From rows of patterns to a matcher.

`LinearMatcher` defines what a table of routes means: the rows are tried in order, and the first
that matches wins. What `compile_rows` makes gives the same answer on every path, and is fast.
"""

from asgi_routes.engine.compiled import CompiledRows, Kept, LaterHits, Search, compile_rows
from asgi_routes.engine.linear import LinearMatcher
from asgi_routes.engine.pieces import is_within_segment
from asgi_routes.engine.regexes import Compile, find_compiler
from asgi_routes.engine.rows import Hit, Matcher, Mode, Row, Step
from asgi_routes.engine.slow_regexes import Engine, SlowRegex, find_engine, find_slow_regex
from asgi_routes.engine.splitting import make_fits, make_split

__all__ = (
    "Compile",
    "CompiledRows",
    "Engine",
    "Hit",
    "Kept",
    "LaterHits",
    "LinearMatcher",
    "Matcher",
    "Mode",
    "Row",
    "Search",
    "SlowRegex",
    "Step",
    "compile_rows",
    "find_compiler",
    "find_engine",
    "find_slow_regex",
    "is_within_segment",
    "make_fits",
    "make_split",
)
