"""The other ways to write a value in a format, for fields that touch others.

Of two fields without anything between, each spelling of one says where it ends: `{a:d}{b:x}` has
12 and 255 in ``120xff``, and other numbers in ``12ff``.

Rule: these are proposals, the plainest first; who fills them in looks whether they lead back.
"""

import contextlib
import itertools
import math
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from asgi_routes.patterns.format_dates import is_strftime, list_date_texts
from asgi_routes.patterns.format_specifications import Specification

_MOST_FILLED = 2
_MOST_DATES = 16
_SECONDS = re.compile("(?<=:[0-9]{2}):00(?![.0-9])")
_ZERO = re.compile("(?<![.0-9])0(?=[0-9])")
_DIGIT = re.compile("(?<![.0-9])(?=[0-9](?![0-9]))")


def list_spellings(specification: Specification, texts: Iterable[str], value: Any) -> Iterator[str]:
    """Yield texts that may have the value; the given ones, which are the usual, are the first.

    >>> from asgi_routes.patterns.format_specifications import read_specification
    >>> print(*list_spellings(read_specification("x"), ["ff"], 255))
    ff ff FF 0xff 0xFF 0XFF  ff  FF  0xff  0xFF  0XFF +ff +FF +0xff +0xFF +0XFF 0ff 00ff
    """
    plain: list[str] = []
    for text in itertools.chain(texts, _list_others(specification, value)):
        plain.append(text)
        yield text
    for text in plain:
        for count in range(1, _MOST_FILLED + 1):
            if specification.is_padded_before:
                yield specification.fill * count + text
            if specification.is_padded_behind:
                yield text + specification.fill * count


def _list_others(specification: Specification, value: Any) -> Iterator[str]:
    with contextlib.suppress(ArithmeticError, AttributeError, ValueError, TypeError):
        if specification.is_number:
            yield from _spell_number(specification.kind, value)
        elif specification.is_date:
            yield from _spell_date(specification.kind, value)


def _spell_number(kind: str, value: Any) -> Iterator[str]:
    # A zero may have a sign, too; of an int with many digits, there is no text to look at.
    is_negative = value < 0 if isinstance(value, int) else str(value).startswith("-")
    bodies = [*dict.fromkeys(_list_magnitudes(kind, abs(value)))]
    for sign in ("-",) if is_negative else ("", " ", "+"):
        yield from (sign + body for body in bodies)
    # Zeros in front make it longer, where it would be cut too late or too early.
    sign = "-" if is_negative else ""
    yield from (sign + "0" * count + bodies[0] for count in range(1, _MOST_FILLED + 1))


def _list_magnitudes(kind: str, value: Any) -> Iterator[str]:
    match kind:
        case "d":
            yield from (f"{value:d}", f"{value:#x}", f"{value:#o}", f"{value:#b}")
        case "n":
            yield from (f"{value:,d}", f"{value:,d}".replace(",", "."))
        case "b" | "o":
            yield from (f"{value:{kind}}", f"{value:#{kind}}", f"{value:#{kind}}".upper())
        case "x" | "X":
            digits = f"{value:x}"
            yield from (digits, digits.upper(), f"0x{digits}", f"0x{digits.upper()}")
            yield f"0X{digits.upper()}"
        case "%":
            for number in _list_hundredfold(value):
                yield from (f"{text}%" for text in _list_decimals(number))
        case _:
            number = value if isinstance(value, Decimal) else Decimal(repr(value))
            decimals = [*_list_decimals(number)]
            powers = [*_list_powers(number)]
            yield from (*powers, *decimals) if kind in "eE" else (*decimals, *powers)


def _list_hundredfold(value: float) -> Iterator[Decimal]:
    """Yield the numbers of which the hundredth part may be the value."""
    exact = Decimal(repr(value)) * 100
    yield exact
    for towards in (math.inf, -math.inf):
        yield Decimal(repr(math.nextafter(float(exact), towards)))


def _list_decimals(number: Decimal) -> Iterator[str]:
    """Yield a number with and without what it can do without."""
    whole, _, part = f"{number:f}".partition(".")
    part = part.rstrip("0")
    yield f"{whole}.{part or '0'}"
    if whole == "0":
        yield f".{part or '0'}"
    if not part:
        yield whole
    yield f"{whole}.{part}0"


def _list_powers(number: Decimal) -> Iterator[str]:
    """Yield a number with an exponent, and the point in several places."""
    _, digits, power = number.normalize().as_tuple()
    assert isinstance(power, int)
    text = "".join(map(str, digits))
    for whole, part in ((text[:1], text[1:]), ("", text), (text, "")):
        exponent = power + len(part)
        for mantissa in (f"{whole}.{part or '0'}", *([whole] if not part else ())):
            yield from (f"{mantissa}{letter}{exponent}" for letter in "eE")


def _spell_date(kind: str, value: Any) -> Iterator[str]:
    if not is_strftime(kind):
        for text in list_date_texts(value, kind):
            for shorter in (_SECONDS.sub("", text), text):
                for spelled in (shorter, _ZERO.sub("", shorter), _DIGIT.sub("0", shorter)):
                    yield from (spelled, spelled.replace("/", "-"))
            yield from (text.replace("T", " "), text.replace("+0000", "Z"))
        return
    parts = re.split("(%.)", kind)
    choices = [
        _spell_part(part, value) if number % 2 else [part] for number, part in enumerate(parts)
    ]
    for chosen in itertools.islice(itertools.product(*choices), _MOST_DATES):
        yield "".join(chosen)


def _spell_part(directive: str, value: Any) -> list[str]:
    """Return what stands for a directive, without its zeros and with them."""
    text = value.strftime(directive)
    if directive == "%f":
        return [text.rstrip("0") or "0", text]
    if directive[1] in "mdHIjUW":
        return [*dict.fromkeys((text.lstrip("0") or "0", text))]
    return [f"{value.year:04}" if directive == "%Y" else text]
