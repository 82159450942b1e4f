"""What `parse` makes of plain texts, without asking it: a float, a whole number, a date.

`parse` searches a text once more that a regex has taken already, which is most of what a request
with a typed field would cost.

Rule: the value is equal to that of `parse`, of the same type; where it might not be, there is no
conversion here.
"""

import datetime as dt
import functools
import operator
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from asgi_routes.patterns.converters import keep_text
from asgi_routes.patterns.format_specifications import Specification, strip_padding

Convert: TypeAlias = Callable[[str], Any]
"""From a text that the regex has taken to its value; `ValueError` where there is none."""

_BASES = {"b": 2, "o": 8, "x": 16, "X": 16}
_DIGITS = {"Y": "([0-9]{4})", "M": "([0-9]{2})", "S": "([0-9]{2})"}
_DIGITS |= dict.fromkeys("mdH", "([0-9]{1,2})")
_ORDERS: dict[str, Callable[..., Any]] = {"Ymd": dt.date, "HM": dt.time, "HMS": dt.time}
_ORDERS |= dict.fromkeys(("YmdHM", "YmdHMS"), dt.datetime)
_ISO = re.compile(r"[0-9-]{10}[T ](?:[01][0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2})?").fullmatch


def find_conversion(specification: Specification, parse: Convert) -> Convert:
    """Return what converts the texts of a specification; ``parse`` itself, where only that can.

    >>> from asgi_routes.patterns.format_specifications import read_specification
    >>> def convert(spec, text):
    ...     return find_conversion(read_specification(spec), parse=lambda text: ...)(text)
    >>> convert("d", "12"), convert("x", "12"), convert(".0f", "12"), convert("_>d", "__12")
    (12, 18, 12.0, Ellipsis)
    >>> convert("%d.%m.%Y", "2.1.2020"), convert("tg", "2/1/2020")
    (datetime.date(2020, 1, 2), Ellipsis)
    """
    kind, align, fill = specification.kind, specification.align, specification.fill
    found: Convert | None = None
    if kind == "" and align:
        found = functools.partial(strip_padding, specification)
    elif specification.is_text:
        found = None if align else keep_text
    elif specification.is_number:
        # Blanks around a number, and zeros before it, are nothing to Python.
        is_filled = align == "=" and fill == "0" and kind not in _BASES
        is_plain = not align or fill == " " or is_filled
        found = _find_number(kind, parse) if is_plain and not specification.grouping else None
    elif not align:
        found = _make_iso(parse) if kind == "ti" else _find_date(kind)
    return found or parse


def _make_integer(parse: Convert) -> Convert:
    """Return what makes a decimal number itself, and leaves the others to `parse`."""

    def convert(text: str) -> Any:
        try:
            return int(text)
        except ValueError:
            return parse(text)

    return convert


def _find_number(kind: str, parse: Convert) -> Convert:
    match kind:
        case "d":
            return _make_integer(parse)
        case "b" | "o" | "x" | "X":
            base = _BASES[kind]
            return lambda text: int(text, base)
        case "n":
            return lambda text: int(text.replace(",", "").replace(".", ""))
        case "F":
            return Decimal
        case "%":
            return lambda text: float(text.rstrip()[:-1]) / 100.0
        case _:
            return float


def _find_date(kind: str) -> Convert | None:
    """Return what makes a date or time of numbers, in whichever order they stand."""
    parts = re.split("%(.)", kind)
    texts, directives = parts[::2], parts[1::2]
    order = next((one for one in _ORDERS if sorted(one) == sorted(directives)), None)
    # Where digits touch, `strptime` may cut elsewhere.
    if order is None or "" in texts[1:-1] or re.search("[0-9]", "".join(texts)):
        return None
    regex = re.escape(texts[0])
    for directive, text in zip(directives, texts[1:], strict=True):
        regex += _DIGITS[directive] + re.escape(text)
    split, make = re.compile(regex).fullmatch, _ORDERS[order]
    day, from_iso = len("2020-01-02"), dt.date.fromisoformat
    pick = operator.itemgetter(*map(directives.index, order))

    def convert(text: str) -> Any:
        found = split(text)
        assert found is not None
        return make(*map(int, pick(found.groups())))

    def convert_iso(text: str) -> Any:
        return from_iso(text) if len(text) == day else convert(text)

    return convert_iso if kind == "%Y-%m-%d" else convert


def _make_iso(parse: Convert) -> Convert:
    """Return what makes a moment without a zone itself, and leaves all others to `parse`."""
    day, make = len("2020-01-02"), dt.datetime.fromisoformat

    def convert(text: str) -> Any:
        return make(text) if len(text) == day or _ISO(text) else parse(text)

    return convert
