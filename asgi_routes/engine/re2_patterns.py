"""Patterns of google-re2, an extra: only who asks for it imports this.

Rule: the texts are matched, with the groups and up to the end, as Python's ``re`` has it.
"""

from typing import Any

import re2

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.regular.re2_syntax import UntranslatableError, translate_regex


def compile_re2(regex: str, flags: int) -> "_Re2Pattern":
    """Return what searches as Python's ``re`` does, in linear time.

    Raises:
        ImproperlyConfigured: it would not be the same; with the place and what to write instead.
    """
    try:
        return _Re2Pattern(regex, flags)
    except UntranslatableError as error:
        raise ImproperlyConfigured(
            f"re2 does not accept this regular expression: {error}",
            source=regex,
            span=error.span,
            hint=error.hint,
        ) from None


class _Re2Pattern:
    """A pattern of re2 that means what Python's does.

    The text is given to it as bytes, so that one that is no UTF-8 has its lone surrogates.
    """

    def __init__(self, regex: str, flags: int) -> None:
        self._regex = regex
        self._flags = flags
        self._pattern, self._added = self._make(is_full=False)
        self._full_pattern, _ = self._make(is_full=True) if self._added else (self._pattern, ())

    def _make(self, *, is_full: bool) -> tuple[Any, tuple[int, ...]]:
        translated, added = translate_regex(self._regex, self._flags, is_full=is_full)
        options = re2.Options()
        options.log_errors = False
        try:
            return re2.compile(translated, options), added
        except re2.error as error:
            said = error.args[0]
            said = said.decode() if isinstance(said, bytes) else said
            raise UntranslatableError(said, None, "make it smaller, or use regex='re'") from None

    def search(self, text: str) -> "_Re2Match | None":
        encoded = text.encode("utf-8", "surrogatepass")
        found = self._pattern.search(encoded)
        return None if found is None else _Re2Match(encoded, found, self._added)

    def fullmatch(self, text: str) -> "_Re2Match | None":
        encoded = text.encode("utf-8", "surrogatepass")
        found = self._full_pattern.fullmatch(encoded)
        return None if found is None else _Re2Match(encoded, found, ())


class _Re2Match:
    """What a pattern has found in a text, of which it knows the bytes."""

    def __init__(self, encoded: bytes, found: Any, added: tuple[int, ...]) -> None:
        spans = [found.span(number) for number in range(found.re.groups + 1)]
        # Before a newline at the end "$" matches, and no group reaches further.
        ends = [spans[number][0] for number in added if spans[number][0] >= 0]
        last = min(ends, default=len(encoded))
        self._encoded = encoded
        self._end = min(spans[0][1], last)
        self._spans = [
            (min(start, last), min(end, last))
            for number, (start, end) in enumerate(spans)
            if number and number not in added
        ]

    def groups(self) -> tuple[str | None, ...]:
        return tuple(None if start < 0 else self._decode(start, end) for start, end in self._spans)

    def end(self) -> int:
        return len(self._decode(0, self._end))

    def _decode(self, start: int, end: int) -> str:
        return self._encoded[start:end].decode("utf-8", "surrogatepass")
