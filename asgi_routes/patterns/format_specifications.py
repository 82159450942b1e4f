"""Specifications of `parse` as regular expressions: ``>10``, ``.2f``, ``%Y-%m-%d``.

Rule: what a regex takes, `parse` takes too, and cuts in the same places. It takes less only where
`parse` takes what nobody writes: other digits than ASCII's, two signs, ``nan`` and ``inf``, and
what a float cannot hold.
"""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass

from asgi_routes.patterns.format_dates import DATE_REGEXES, is_strftime, write_strftime_regex

_SPECIFICATION = re.compile(
    r"""
    (?: (?P<bare> [<>=^] ) | (?P<fill> . ) (?P<align> [<>=^] ) )?
    [-+\ ]? 0? (?P<width> [0-9]* ) (?P<grouping> [,_] )?
    (?: \. (?P<precision> [0-9]* ) )?
    (?P<kind> .* )
    """,
    re.VERBOSE | re.DOTALL,
)
_TEXTS = {
    "w": r"\w",
    "W": r"[^\w/]",
    "D": r"[^\d/]",
    "s": r"\s",
    "S": r"[^\s/]",
    "l": "[A-Za-z]",
}
# A float has 308 digits before its point, and some of those that have 309. With an exponent of two
# hundred and more, one digit stands before the point, as it is written anywhere.
_EXPONENT = r"[eE](?:-[0-9]+|\+?[01]?[0-9]{1,2})"
_GREAT_EXPONENT = r"[eE]\+?(?:2[0-9]{2}|30[0-7])"
_GREATEST_EXPONENT = r"[eE]\+?308"
_NUMBERS = {
    "n": "[0-9]{1,3}(?:[,.][0-9]{3})*",
    "b": "(?:0[bB])?[01]+",
    "o": "(?:0[oO])?[0-7]+",
    "x": "(?:0[xX])?[0-9a-fA-F]+",
    "%": r"[0-9]{1,308}(?:\.[0-9]+)?%",
    "f": r"[0-9]{0,308}\.[0-9]+",
    "F": r"[0-9]*\.[0-9]+",
    "e": (
        rf"(?:[0-9]?\.[0-9]+{_GREAT_EXPONENT}|[01]\.[0-6][0-9]*{_GREATEST_EXPONENT}"
        rf"|[0-9]{{0,108}}\.[0-9]+{_EXPONENT})"
    ),
    "g": (
        rf"(?:[0-9](?:\.[0-9]+)?{_GREAT_EXPONENT}|[01](?:\.[0-6][0-9]*)?{_GREATEST_EXPONENT}"
        rf"|[0-9]{{1,108}}(?:\.[0-9]+)?(?:{_EXPONENT})?)"
    ),
}
_NUMBERS |= {kind.upper(): _NUMBERS[kind] for kind in "xeg"}
_INTEGERS = frozenset("nboxXd")
_EXAMPLES = {"n": "1", "b": "1", "o": "1", "x": "1", "X": "1", "%": "1%", "d": "1"}
_EXAMPLES |= dict.fromkeys("fF", "1.5") | dict.fromkeys("eE", "1.5e1") | dict.fromkeys("gG", "1.5")
_PLAIN = {"d": string.digits, "b": "01", "o": string.octdigits}
_PLAIN |= dict.fromkeys("xX", string.hexdigits)
_MOST = 1000
_FEWEST_DIGITS = 640
"""Of so many digits Python makes a number, however it is set."""

Takes = Callable[[str], bool]
"""Tells whether the installed `parse` takes a text for the specification."""


@dataclass(frozen=True, slots=True)
class Specification:
    """A specification, as `parse` reads it.

    Attributes:
        kind: the type, or empty.
        align: ``<``, ``>``, ``^``, ``=`` or empty: where it may be padded.
        fill: the character that it may be padded with.
        least: the fewest characters of a text without a type; the width.
        most: the most of them, or None; the precision.
        grouping: the separator of an integer's digits, or empty.
        width: the width as written, or None.
        precision: the precision as written, or None.
    """

    kind: str
    align: str
    fill: str
    grouping: str
    width: int | None
    precision: int | None

    @property
    def least(self) -> int:
        return self.width or 1

    @property
    def is_text(self) -> bool:
        """Whether what is left without padding is the value."""
        return self.kind == "" or self.kind in _TEXTS

    @property
    def is_number(self) -> bool:
        return self.kind in _EXAMPLES

    @property
    def is_date(self) -> bool:
        return not self.is_text and not self.is_number

    @property
    def is_integer(self) -> bool:
        return self.kind in _INTEGERS

    @property
    def is_counted(self) -> bool:
        """Whether it may have more digits than Python makes a number of."""
        return self.kind == "n" or (self.kind == "d" and self.width is None)

    @property
    def is_padded_before(self) -> bool:
        return self.align in (">", "^")

    @property
    def is_padded_behind(self) -> bool:
        return self.align in ("<", "^")


def read_specification(text: str) -> Specification:
    """Return what a specification says.

    >>> read_specification("_^10w").fill, read_specification("5d").align
    ('_', '>')

    Raises:
        ValueError: no regex stands for it; the message says why.
    """
    found = _SPECIFICATION.fullmatch(text)
    assert found is not None
    align, fill = found["bare"] or found["align"] or "", found["fill"] or ""
    width, precision = _read_number(found["width"]), _read_number(found["precision"])
    kind = found["kind"]
    if width is not None and not align:
        align = ">"
    if kind and not (kind in _TEXTS or kind in _EXAMPLES or kind in DATE_REGEXES):
        if not is_strftime(kind):
            raise ValueError(f"unknown type {kind!r}")
        write_strftime_regex(kind)
    fill = fill or ("0" if align == "=" else " ")
    specification = Specification(kind, align, fill, found["grouping"] or "", width, precision)
    _check(specification)
    return specification


def _read_number(digits: str | None) -> int | None:
    if not digits:
        return None
    number = int(digits[:5])
    if number > _MOST:
        raise ValueError(f"{digits} is more than {_MOST} characters")
    return number


def _check(specification: Specification) -> None:
    align, fill = specification.align, specification.fill
    width, precision = specification.width, specification.precision
    if align and fill == "/":
        raise ValueError("a slash cannot fill a field")
    if align and fill == "|":
        raise ValueError("'|' cannot fill a field")
    if specification.kind == "d" and width is not None and width > _FEWEST_DIGITS:
        raise ValueError(f"{width} is more than {_FEWEST_DIGITS} digits")
    if width == 0:
        raise ValueError("no text has at most 0 characters")
    if specification.is_date and align and fill.isalnum():
        raise ValueError(f"{fill!r} cannot fill a date, of which it may be a part")
    if specification.kind == "" and precision is not None and precision < (width or 1):
        raise ValueError(
            f"no text has at least {width or 1} and at most {precision} characters; "
            f"write the smaller number first, or omit one"
        )
    if align == "=" and specification.is_number:
        is_safe = fill.isalnum() and fill.isascii()
        if not is_safe or not (specification.is_integer or fill.isdigit()):
            raise ValueError(f"{fill!r} cannot appear between the sign and the digits")


def write_regex(
    specification: Specification, takes: Takes, *, is_short: bool = False, has_groups: bool = False
) -> str:
    """Return the regex of a specification.

    Args:
        specification: what was read.
        takes: asks `parse` about what its versions do not agree on.
        is_short: whether a text without a type is as short as it can be, which it is where
            something may follow it in its segment.
        has_groups: whether decimal digits stand in a group, and in classes of their own.
    """
    kind = specification.kind
    if kind == "":
        return _write_free_text(specification, is_short=is_short)
    if specification.is_text:
        regex = _TEXTS[kind] + "+"
        is_inside = re.fullmatch(_TEXTS[kind], specification.fill) is not None
        return regex if is_inside else pad_regex(specification, regex)
    if specification.is_number:
        return _write_number(specification, takes, has_groups=has_groups)
    return pad_regex(specification, DATE_REGEXES.get(kind) or write_strftime_regex(kind))


def _write_free_text(specification: Specification, *, is_short: bool) -> str:
    least, most = specification.least, specification.precision
    sign = "?" if is_short else ""
    if most is None:
        count = "+" if least == 1 else f"{{{least},}}"
        # All that follows is in the class, padding too.
        return pad_regex(specification, f"[^/]{count}{sign}") if is_short else f"[^/]{count}"
    return pad_regex(specification, f"[^/]{{{least},{most}}}{sign}")


def _write_number(specification: Specification, takes: Takes, *, has_groups: bool) -> str:
    kind, fill = specification.kind, re.escape(specification.fill)
    example = _EXAMPLES[kind]
    digits = _NUMBERS.get(kind, "")
    if kind in ("f", "F") and specification.precision == 0 and takes("1"):
        digits, example = "[0-9]{1,308}" if kind == "f" else "[0-9]+", "1"
    has_sign = takes(f"-{example}")
    signs = "[-+ ]?" if has_sign else ""
    is_filled = specification.align == "=" and has_sign
    # Another digit than 0 makes a float larger, and is one of its digits anyway.
    is_zero = fill == "0" or specification.is_integer
    between = f"{fill}*" if is_filled and is_zero else ""
    if kind == "d":
        number = _write_integer(specification, between, has_groups=has_groups)
        return pad_regex(specification, number)
    if has_groups and kind == "n":
        digits = f"({digits})"
    if specification.is_padded_before and specification.fill == " " and has_sign:
        signs = "[-+]?"  # The space is one of those that it is padded with.
    return pad_regex(specification, signs + between + digits)


def _write_integer(specification: Specification, between: str, *, has_groups: bool) -> str:
    width, grouping = specification.width, specification.grouping
    is_spaced = specification.is_padded_before and specification.fill == " "
    signs = "[-+]?" if is_spaced else "[-+ ]?"

    def digits(chars: str) -> str:
        if grouping:
            more = "*" if width is None else f"{{0,{width - 1}}}"
            return f"[{chars}][{chars}{grouping}]{more}"
        return f"[{chars}]" + ("+" if width is None else f"{{1,{width}}}")

    decimals = digits("0-9")
    if has_groups:
        decimals = f"([0-9]+(?:{grouping}[0-9]*)*)" if grouping else f"({decimals})"
    others = f"0[xX]{digits('0-9a-fA-F')}|0[bB]{digits('01')}|0[oO]{digits('0-7')}"
    if between:
        # What fills it there is a part of the number, and counts if it is a digit.
        decimals = (
            f"({between}{digits('0-9')})" if has_groups and not grouping else between + decimals
        )
        return f"(?:{signs}{decimals}|{signs}(?:{others}))"
    return f"{signs}(?:{decimals}|{others})"


def pad_regex(specification: Specification, regex: str) -> str:
    """Return a regex with what may fill a field around it."""
    fill = re.escape(specification.fill)
    before = f"{fill}*" if specification.is_padded_before else ""
    behind = f"{fill}*" if specification.is_padded_behind else ""
    return before + regex + behind


def list_plain_chars(specification: Specification) -> str:
    """Return the characters of which any text is a number, however long.

    >>> list_plain_chars(read_specification("d")), list_plain_chars(read_specification("4d"))
    ('0123456789', '')
    """
    if specification.kind not in _PLAIN or specification.width or specification.align == "=":
        return ""
    return _PLAIN[specification.kind]


def strip_padding(specification: Specification, text: str) -> str:
    """Return a text without a type, without its padding.

    What is padded in front leaves as many characters as it has to; behind it, the text is as short
    as it can be.

    >>> strip_padding(read_specification("_^3"), "__ab__")
    'ab_'
    """
    fill, least = specification.fill, specification.least
    if specification.is_padded_before:
        text = text[min(len(text) - len(text.lstrip(fill)), len(text) - least) :]
    if specification.is_padded_behind:
        text = text[: max(least, len(text.rstrip(fill)))]
    return text
