"""Regular expressions that a client can keep busy, each with a text that shows it.

Rule: what looks dangerous is tried. Only if the time really grows out of hand is it a finding, and
the text that did it is its witness.
"""

import math
import re
import time
from collections.abc import Callable, Iterator
from typing import TypeAlias

from asgi_routes.inspection.check.checked_tables import CheckedTable, list_declarations
from asgi_routes.inspection.check.findings import Finding, make_subject
from asgi_routes.patterns import IrreversibleError, Pattern, list_forms
from asgi_routes.regular.danger import find_danger

_Search: TypeAlias = Callable[[str], object]

_UNITS = ("a", "0", "-", "/", ".", " ", "_", "x", "a/", "0/", "a-", "ab", "A", "é")
_ENDS = ("!", "\n!", "\x00")
_LONG_ENOUGH = 0.01
"""Seconds that a match may take before its text is made no longer."""
_MOST = 4096
_SMALL = 32
_GROWTH = 2.5
"""The power of the length with which the time has to grow."""


def check_regexes(table: CheckedTable) -> Iterator[Finding]:
    """Yield the regexes that some text keeps busy."""
    for template, route in list_declarations(table.router):
        if route.pattern.syntax == "regex" and table.compile_regex() is not re.compile:
            continue  # No text keeps the other engine busy.
        for regex in _list_regexes(route.pattern):
            danger = find_danger(regex, route.pattern.flags)
            text = danger and find_slow_text(regex, route.pattern)
            if danger and text:
                full = table.prefix.removesuffix("/") + template
                yield Finding("R301", f"{regex!r} has {danger}", (make_subject(full, route),), text)


def _list_regexes(pattern: Pattern) -> list[str]:
    if pattern.syntax == "regex":
        return [pattern.regex]
    return [parameter.regex for parameter in pattern.parameters]


def find_slow_text(regex: str, pattern: Pattern) -> str | None:
    r"""Return a text that keeps a regex busy for ten milliseconds and soon for ever, or None.

    >>> from asgi_routes.patterns import parse_regex
    >>> pattern = parse_regex(r"^(\w+)*$")
    >>> find_slow_text(pattern.regex, pattern).startswith("aaaaaaaa")
    True
    >>> pattern = parse_regex(r"^(\w+/)*$")
    >>> print(find_slow_text(pattern.regex, pattern))
    None
    """
    search = re.compile(regex, pattern.flags).search
    for prefix in dict.fromkeys(["", *_list_beginnings(pattern)]):
        for unit in _UNITS:
            for end in _ENDS:
                text = _grow(search, prefix, unit, end)
                if text is not None:
                    return text
    return None


def _list_beginnings(pattern: Pattern) -> Iterator[str]:
    """Yield the texts that a path has to begin with, as far as they are plain."""
    if pattern.syntax != "regex":
        return
    try:
        forms = list_forms(pattern)
    except IrreversibleError:
        return
    for form in forms:
        if form and isinstance(form[0], str):
            yield "".join(part for part in form[: _count_plain(form)] if isinstance(part, str))


def _count_plain(form: tuple[object, ...]) -> int:
    return next((n for n, part in enumerate(form) if not isinstance(part, str)), len(form))


def _grow(search: _Search, prefix: str, unit: str, end: str) -> str | None:
    """Return a text for which matching is slow, if the time has grown faster than the text."""
    size, before = 8, (0, 0.0)
    while size <= _MOST:
        text = prefix + unit * size + end
        taken = min(_measure(search, text), _measure(search, text))
        if taken > _LONG_ENOUGH:
            small, earlier = before
            if not small:
                return text
            growth = math.log(taken / max(earlier, 1e-7)) / math.log(size / small)
            return text if growth > _GROWTH else None
        before = size, taken
        size = size + 4 if size < _SMALL else size * 2
    return None


def _measure(search: _Search, text: str) -> float:
    start = time.perf_counter()
    search(text)
    return time.perf_counter() - start
