"""A specification of `parse` as a converter.

Rule: `parse` is given one field at a time, and only text that its regex has taken. Its own search
crosses slashes and can take minutes, so it is never used.
"""

import contextlib
import datetime as dt
import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from asgi_routes.errors import show
from asgi_routes.patterns.format_conversions import find_conversion
from asgi_routes.patterns.format_dates import is_strftime, list_date_texts, write_example
from asgi_routes.patterns.format_specifications import (
    Specification,
    list_plain_chars,
    pad_regex,
    read_specification,
    write_regex,
)
from asgi_routes.patterns.format_spellings import list_spellings


@functools.cache
def make_format_converter(spec: str) -> "FormatConverter":
    """Return the converter for a specification of `parse`; making one takes a millisecond.

    Raises:
        ValueError: there is no regex for it, or `parse` refuses it; the message says why.
    """
    return FormatConverter(spec)


class FormatConverter:
    """A format specification of `parse` as a converter.

    Attributes:
        spec: as written.
        regex: the texts that it takes.
        to_python: from a text that the regex takes to what `parse` makes of it; raises `ValueError`
            where that is in no calendar, or is a whole number of too many digits.
        short_regex: the same, as short as they can be, for a place where something may follow.
        is_date: whether it is a date or time, of which not every text is in the calendar.
        is_counted: whether it is a whole number that may have too many digits.
        plain_chars: characters of which any text is taken, so that it need not be looked at for
            long; empty where there are none.
    """

    def __init__(self, spec: str) -> None:
        self.spec = spec
        self._specification = read_specification(spec)
        self._parser = _compile(self._specification, spec)
        self.regex = write_regex(self._specification, self._takes)
        self.short_regex = write_regex(self._specification, self._takes, is_short=True)
        # Each request asks it: there is no call of ours between.
        self.to_python: Callable[[str], Any] = find_conversion(self._specification, self._parse)
        self.is_date = self._specification.is_date
        self.is_counted = self._specification.is_counted
        self.plain_chars = list_plain_chars(self._specification)

    def __reduce__(self) -> tuple[Any, ...]:
        return make_format_converter, (self.spec,)

    def write_counted_regex(self) -> str:
        """Return the regex of a whole number, with its decimal digits in groups."""
        return write_regex(self._specification, self._takes, has_groups=True)

    def write_valued_regex(self) -> str | None:
        """Return the regex of the texts that have a value; None where that is too subtle.

        It is true today: without a year, there is a 29th of February or not.
        """
        # Nobody but `check` asks.
        from asgi_routes.patterns.format_calendar import write_calendar_regex  # noqa: PLC0415

        if not self._specification.is_date:
            return self.regex
        regex = write_calendar_regex(self._specification.kind, self._has_value)
        return None if regex is None else pad_regex(self._specification, regex)

    def _has_value(self, text: str) -> bool:
        try:
            self._parse(text)
        except ValueError:
            return False
        return True

    def _parse(self, text: str) -> Any:
        try:
            result = self._parser.parse(text)
        except (ArithmeticError, LookupError, TypeError) as error:  # A day of ten digits.
            raise ValueError(str(error)) from None
        if result is None:
            raise ValueError(f"{text!r} is not of the format {self.spec!r}")
        made = result["value"]
        if isinstance(made, dt.datetime | dt.time):
            made.utcoffset()  # It raises where a zone is more than a day away.
        return made

    def to_url(self, value: Any) -> str:
        """Return the value in its format; `ValueError` where it does not read back as the same."""
        for text in self.list_texts(value):
            return text
        raise ValueError(f"{show(value)} cannot be written in the format {self.spec!r}")

    def list_texts(self, value: Any) -> Iterator[str]:
        """Yield the texts that read back as the value, the plainest first."""
        seen: set[str] = set()
        for text in list_spellings(self._specification, self._list_usual(value), value):
            if text not in seen and self._reads_back(text, value):
                yield text
            seen.add(text)

    def _reads_back(self, text: str, value: Any) -> bool:
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            return self._fits(text) and bool(self.to_python(text) == value)
        return False

    def _takes(self, text: str) -> bool:
        return self._parser.parse(text) is not None

    def _fits(self, text: str) -> bool:
        if self._specification.kind == "":  # All that is not the value is padding.
            return True
        return re.fullmatch(self.regex, text) is not None

    def _list_usual(self, value: Any) -> Iterator[str]:
        """Yield the texts that one would write."""
        kind = self._specification.kind
        if self._specification.is_text:
            if isinstance(value, str):
                yield value
            return
        with contextlib.suppress(ValueError, TypeError, ArithmeticError):
            if not is_strftime(kind):
                yield format(value, self.spec)
        with contextlib.suppress(ValueError, TypeError, AttributeError, ArithmeticError):
            if self._specification.is_date:
                yield from list_date_texts(value, kind)


def _compile(specification: Specification, spec: str) -> Any:
    """Return the parser; it has read a text, since `parse` compiles its regex for the first one."""
    import parse  # noqa: PLC0415 - only a typed field needs it

    kind = specification.kind
    try:
        # Case matters in a path; `parse` ignores it unless told.
        parser = parse.compile(f"{{value:{spec}}}", case_sensitive=True)
        read = parser.parse(write_example(kind) if is_strftime(kind) else "")
    except (ValueError, NotImplementedError, re.error) as error:
        raise ValueError(f"parse does not take it: {error}") from None
    if is_strftime(kind) and read is None:  # To parse 1.20, a comma before it is a part of it.
        raise ValueError(f"parse reads more in it than {kind!r}")
    return parser
