"""Dates and times of `parse`: what their texts look like, and how a value is written as one.

Rule: a regex holds no more than what `parse` of any version looks for, in ASCII digits. Which days
a month has is left to the calendar, which refuses afterwards.
"""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

_DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_ALL_MONTHS = (
    "Jan|January|Feb|February|Mar|March|Apr|April|May|Jun|June|Jul|July|Aug|August"
    "|Sep|September|Oct|October|Nov|November|Dec|December"
)
_TIME = r"[0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2}(?:\.[0-9]+)?)?"
_HALF = r"(?:\s+[AP]M)?"
_OFFSET = r"[-+][0-9][0-9]?:?[0-9][0-9]"
_ZONE = rf"\s+{_OFFSET}"
_MAYBE_TIME = rf"(?:\s+{_TIME})?{_HALF}(?:{_ZONE})?"

DATE_REGEXES = {
    "ti": (
        rf"[0-9]{{4}}-[0-9][0-9]-[0-9][0-9](?:(?:\s+|T){_TIME})?"
        r"(?:Z|\s*[-+][0-9][0-9]:?[0-9][0-9])?"
    ),
    "tg": rf"[0-9]{{1,2}}[-/](?:[0-9]{{1,2}}|{_ALL_MONTHS})[-/][0-9]{{4}}{_MAYBE_TIME}",
    "ta": rf"(?:[0-9]{{1,2}}|{_ALL_MONTHS})[-/][0-9]{{1,2}}[-/][0-9]{{4}}{_MAYBE_TIME}",
    "te": rf"(?:(?:{_DAYS}),\s+)?[0-9]{{1,2}}\s+(?:{_MONTHS})\s+[0-9]{{4}}\s+{_TIME}{_ZONE}",
    "th": rf"[0-9]{{1,2}}[-/](?:{_MONTHS})[-/][0-9]{{4}}:{_TIME}{_ZONE}",
    "tc": rf"(?:{_DAYS})\s+(?:{_MONTHS})\s+[0-9]{{1,2}}\s+{_TIME}\s+[0-9]{{4}}",
    "tt": rf"(?:{_TIME})?{_HALF}(?:{_ZONE})?",
    "ts": rf"(?:{_MONTHS})\s+[0-9]+\s+(?:[0-9]{{1,2}}:[0-9]{{1,2}}:[0-9]{{1,2}})?",
}
"""The dates and times that have a type of their own."""

_DIRECTIVES = {
    "a": "(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat)",
    "A": "(?:Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday)",
    "w": "[0-6]",
    "d": "[0-9]{1,2}",
    "b": f"(?:{_MONTHS})",
    "B": (
        "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
    ),
    "m": "[0-9]{1,2}",
    "y": "[0-9]{2}",
    "Y": "[0-9]{4}",
    "H": "[0-9]{1,2}",
    "I": "[0-9]{1,2}",
    "p": "(?:AM|PM)",
    "M": "[0-9]{2}",
    "S": "[0-9]{2}",
    "f": "[0-9]{1,6}",
    "z": "[-+][0-9]{2}(?::?[0-9]{2})?(?::?[0-9]{2})?",
    "j": "[0-9]{1,3}",
    "U": "[0-9]{1,2}",
    "W": "[0-9]{1,2}",
}
_PART = re.compile(r"%(?P<directive>.?)|(?P<text>[^%])", re.DOTALL)
_NO_TEXTS = frozenset(r"?\[]()*+^$|{}")
_EXAMPLE = dt.datetime(2004, 2, 28, 10, 21, 36, 5, tzinfo=dt.timezone(dt.timedelta(hours=10)))


def is_strftime(kind: str) -> bool:
    """Tell whether a type is a text for `strftime`, as ``%Y-%m-%d`` is."""
    return any(f"%{letter}" in kind for letter in _DIRECTIVES)


def write_strftime_regex(kind: str) -> str:
    """Return the regex of a text for `strftime`.

    >>> print(write_strftime_regex("%Y/%m"))
    [0-9]{4}/[0-9]{1,2}

    Raises:
        ValueError: it has a part that `parse` cannot read; the message says which.
    """
    parts: list[str] = []
    seen: set[str] = set()
    for found in _PART.finditer(kind):
        text, directive = found["text"], found["directive"]
        if text is not None:
            if text in _NO_TEXTS:
                raise ValueError(f"{text!r} cannot be part of a date")
            parts.append(re.escape(text))
            continue
        if directive not in _DIRECTIVES:
            raise ValueError(f"'%{directive}' cannot be read")
        if directive in seen:
            raise ValueError(f"'%{directive}' appears twice")
        seen.add(directive)
        parts.append(_DIRECTIVES[directive])
    return "".join(parts)


def write_example(kind: str) -> str:
    """Return a text of a type for `strftime`, to try it with."""
    return _EXAMPLE.strftime(kind)


def list_date_texts(value: Any, kind: str) -> Iterator[str]:
    """Yield the texts that could be read as a date or time, the likeliest first."""
    if is_strftime(kind):
        year = getattr(value, "year", None)
        if isinstance(year, int):  # Not every platform writes four digits.
            kind = kind.replace("%Y", f"{year:04}")
        yield value.strftime(kind)
        yield value.strftime(kind.replace("%z", "+0000"))
        return
    if kind == "ti":
        yield value.isoformat()
    for time in _list_times(value):
        yield from _list_with_time(value, kind, time)


def _list_times(value: Any) -> Iterator[str]:
    time = f"{value.hour:02}:{value.minute:02}:{value.second:02}"
    if not value.microsecond:
        yield time
        return
    yield f"{time}.{value.microsecond:06}"
    # parse 1.20 cuts the product of a fraction off, one microsecond below it.
    yield f"{time}.{value.microsecond:06}5"


def _list_with_time(value: Any, kind: str, time: str) -> Iterator[str]:
    zone = _write_zone(value)
    if kind == "tt":
        yield time + zone
        return
    month, name = value.month, _MONTHS.split("|")[value.month - 1]
    day, year = value.day, f"{value.year:04}"
    weekday = _DAYS.split("|")[value.weekday()]
    match kind:
        case "ti":
            yield f"{year}-{month:02}-{day:02}T{time}{zone.lstrip()}"
        case "tg":
            yield from _shorten(f"{day}/{month}/{year}", time, zone)
        case "ta":
            yield from _shorten(f"{month}/{day}/{year}", time, zone)
        case "te":
            yield f"{weekday}, {day} {name} {year} {time}{zone}"
        case "th":
            yield f"{day}/{name}/{year}:{time}{zone}"
        case "tc":
            yield f"{weekday} {name} {day} {time} {year}"
        case "ts":
            yield f"{name} {day} {time}"


def _shorten(date: str, time: str, zone: str) -> Iterator[str]:
    """Yield a date without its time where that is midnight, and with it."""
    if time == "00:00:00" and not zone:
        yield date
    yield f"{date} {time}{zone}"


def _write_zone(value: Any) -> str:
    offset = value.utcoffset()
    if offset is None:
        return ""
    minutes, seconds = divmod(int(offset.total_seconds()), 60)
    if seconds:
        raise ValueError("an offset of seconds cannot be written")
    sign = "-" if minutes < 0 else "+"
    hours, minutes = divmod(abs(minutes), 60)
    return f" {sign}{hours:02}{minutes:02}"
