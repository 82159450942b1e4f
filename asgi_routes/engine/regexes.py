"""The engines that regular expressions can run on.

Rule: a regular expression that an engine does not accept is refused when the route is written,
never at the first request.
"""

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from asgi_routes.errors import ImproperlyConfigured, did_you_mean

Compile: TypeAlias = Callable[[str, int], Any]
"""From a regular expression and its flags to something that has ``search`` and ``fullmatch``."""


def find_compiler(name: str) -> Compile:
    """Return the function that compiles regular expressions for an engine.

    Args:
        name: ``re``, which is Python's, or ``re2``, which takes linear time whatever comes, and means the
            same or refuses.

    Raises:
        ImproperlyConfigured: there is no engine of that name, or it is not installed.
    """
    if name == "re":
        return re.compile
    if name != "re2":
        raise ImproperlyConfigured(
            f"unknown regex engine {name!r}",
            hint=did_you_mean(name, ["re", "re2"]) or "known engines: re, re2",
        )
    try:
        # An extra, imported where it is asked for.
        from asgi_routes.engine.re2_patterns import compile_re2  # noqa: PLC0415
    except ImportError:
        raise ImproperlyConfigured(
            "regex='re2' needs google-re2", hint="pip install 'asgi-routes[re2]'"
        ) from None
    return compile_re2
