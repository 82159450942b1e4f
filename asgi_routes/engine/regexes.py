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

_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}


def find_compiler(name: str) -> Compile:
    """Return the function that compiles regular expressions for an engine.

    Args:
        name: ``re``, which is Python's, or ``re2``, which takes linear time whatever comes.

    Raises:
        ImproperlyConfigured: there is no engine of that name, or it is not installed.
    """
    if name == "re":
        return re.compile
    if name != "re2":
        raise ImproperlyConfigured(
            f"no engine named {name!r} for regular expressions",
            hint=did_you_mean(name, ["re", "re2"]) or "known engines: re, re2",
        )
    try:
        import re2  # noqa: F401, PLC0415 - an extra, imported where it is asked for
    except ImportError:
        raise ImproperlyConfigured(
            "regex='re2' needs google-re2", hint="pip install 'asgi-routes[re2]'"
        ) from None
    return _compile_re2


def _compile_re2(regex: str, flags: int) -> "_Re2Pattern":
    import re2  # noqa: PLC0415 - see find_compiler()

    if flags & (re.VERBOSE | re.ASCII):
        raise ImproperlyConfigured("re2 knows no verbose and no ASCII flag", source=regex)
    letters = "".join(letter for flag, letter in _FLAGS.items() if flags & flag)
    options = re2.Options()
    options.log_errors = False
    try:
        return _Re2Pattern(re2.compile(f"(?{letters}){regex}" if letters else regex, options))
    except re2.error as error:
        said = error.args[0]
        said = said.decode() if isinstance(said, bytes) else said
        raise ImproperlyConfigured(
            f"re2 does not accept this regular expression: {said}",
            source=regex,
            hint="it has no back-references and no look-around; regex='re' has",
        ) from None


class _Re2Pattern:
    """A pattern of re2; text that UTF-8 cannot hold does not match it."""

    def __init__(self, pattern: Any) -> None:
        self._pattern = pattern

    def search(self, text: str) -> Any:
        return self._match(self._pattern.search, text)

    def fullmatch(self, text: str) -> Any:
        return self._match(self._pattern.fullmatch, text)

    @staticmethod
    def _match(match: Callable[[str], Any], text: str) -> Any:
        try:
            return match(text)
        except UnicodeEncodeError:
            return None
