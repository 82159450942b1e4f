"""A specification of `parse` as a converter.

Rule: `parse` is given one field at a time, and only text that its regex has taken. Its own search
crosses slashes and can take minutes, so it is never used.
"""

import contextlib
import datetime as dt
import functools
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from asgi_routes.errors import show
from asgi_routes.patterns.format_dates import is_strftime, list_date_texts, write_example
from asgi_routes.patterns.format_specifications import (
    Specification,
    read_specification,
    strip_padding,
    write_regex,
)


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
        short_regex: the same, as short as they can be, for a place where something may follow.
        is_total: whether no text that the regex takes is refused, as one is that is in no calendar,
            or a number that is too large.
        is_integer: whether it is ``d`` alone, of which only too many digits are refused.
    """

    def __init__(self, spec: str) -> None:
        self.spec = spec
        self._specification = read_specification(spec)
        self._parser = _compile(self._specification, spec)
        self.regex = write_regex(self._specification, self._takes, is_short=False)
        self.short_regex = write_regex(self._specification, self._takes, is_short=True)
        self.is_total = self._specification.is_total
        self.is_integer = spec == "d"
        # Of digits, none is padding.
        is_filled = self._specification.align and self._specification.fill.isalnum()
        self._is_decimal = self._specification.kind == "d" and not is_filled

    def to_python(self, value: str) -> Any:
        """Return what `parse` makes of the text; `ValueError` where it makes nothing of it."""
        kind = self._specification.kind
        if kind == "":
            return strip_padding(self._specification, value)
        if self._is_decimal and value.isascii() and value.isdecimal():
            return int(value)
        if self._specification.is_text and not self._specification.align:
            return value
        try:
            result = self._parser.parse(value)
        except (ArithmeticError, LookupError, TypeError) as error:  # A day of ten digits.
            raise ValueError(str(error)) from None
        if result is None:
            raise ValueError(f"{value!r} is not of the format {self.spec!r}")
        made = result["value"]
        if isinstance(made, float | Decimal) and not math.isfinite(made):
            raise ValueError(f"{value!r} is too large for the format {self.spec!r}")
        if isinstance(made, dt.datetime | dt.time):
            made.utcoffset()  # It raises where a zone is more than a day away.
        return made

    def to_url(self, value: Any) -> str:
        """Return the value in its format; `ValueError` where it does not read back as the same."""
        for text in self._list_texts(value):
            with contextlib.suppress(ValueError, TypeError, OverflowError):
                if self._fits(text) and self.to_python(text) == value:
                    return text
        raise ValueError(f"{show(value)} cannot be written in the format {self.spec!r}")

    def _takes(self, text: str) -> bool:
        return self._parser.parse(text) is not None

    def _fits(self, text: str) -> bool:
        if self._specification.kind == "":  # All that is not the value is padding.
            return True
        return re.fullmatch(self.regex, text) is not None

    def _list_texts(self, value: Any) -> Iterator[str]:
        """Yield the texts that could be the value's, the likeliest first."""
        kind = self._specification.kind
        if self._specification.is_text:
            if isinstance(value, str):
                yield value
            return
        with contextlib.suppress(ValueError, TypeError, ArithmeticError):
            if not is_strftime(kind):
                yield format(value, self.spec)
        with contextlib.suppress(ValueError, TypeError, AttributeError, ArithmeticError):
            if self._specification.is_number:
                yield from _list_number_texts(value, kind)
            else:
                yield from list_date_texts(value, kind)


def _compile(specification: Specification, spec: str) -> Any:
    """Return the parser; it has read a text, since `parse` compiles its regex for the first one."""
    import parse  # noqa: PLC0415 - only a typed field needs it

    kind = specification.kind
    try:
        # Case matters in a path; `parse` ignores it unless told.
        parser = parse.compile(f"{{value:{spec}}}", case_sensitive=True)
        parser.parse(write_example(kind) if is_strftime(kind) else "")
    except (ValueError, NotImplementedError, re.error) as error:
        raise ValueError(f"parse does not take it: {error}") from None
    return parser


def _list_number_texts(value: Any, kind: str) -> Iterator[str]:
    match kind:
        case "d":
            # Of a few characters, a hexadecimal number is the largest that can be written.
            yield from (f"{value:d}", f"{value:#x}", f"{value:#o}", f"{value:#b}")
        case "n":
            yield from (f"{value:d}", f"{value:,d}")
        case "b" | "o" | "x" | "X":
            yield f"{value:{kind}}"
        case "%":
            whole = float(Decimal(repr(value)) * 100)
            for number in (
                whole,
                math.nextafter(whole, math.inf),
                math.nextafter(whole, -math.inf),
            ):
                yield f"{Decimal(repr(number)):f}%"
        case "f" | "F":
            text = f"{value if isinstance(value, Decimal) else Decimal(repr(value)):f}"
            yield text if "." in text else f"{text}.0"
            yield f"{value:.0f}"
        case _:
            yield from (repr(value), f"{value:.16e}", f"{Decimal(repr(value)):f}")
