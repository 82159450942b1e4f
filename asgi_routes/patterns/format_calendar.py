"""Which texts of a date or time have a value: the calendar and the clock, as regexes.

A month, a day and a year that go together are written for each length of a month by itself, and
once more for the 29th of February, in leap years.

Rule: a regex has exactly the texts that have a value among those that the type's own regex takes,
or there is none.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator

from asgi_routes.patterns.format_dates import is_strftime

HasValue = Callable[[str], bool]
"""Tells whether a text of the type has a value today: without a year, February has 29 days or not."""

_DAYS = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_YEARS = "(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_BUT_THE_LAST_YEAR = "(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-8][0-9]{3}|9(?:[0-8][0-9]{2}|9(?:[0-8][0-9]|9[0-8])))"
_FOURTH = "(?:0[48]|[2468][048]|[13579][26])"
_LEAP_YEARS = f"(?:[0-9]{{2}}{_FOURTH}|{_FOURTH}00)"
_LEAP_YEARS_OF_TWO = f"(?:00|{_FOURTH})"
_HOUR = "(?:[01]?[0-9]|2[0-3])"
_HALF_HOUR = "(?:0?[0-9]|1[0-2])"
_SIXTY = "[0-5]?[0-9]"
_NOTHING = r"[^\s\S]"
_LEAP_YEAR = 366
_TIME = rf"{_HOUR}:{_SIXTY}(?::{_SIXTY}(?:\.[0-9]+)?)?"
_HALF_TIME = rf"{_HALF_HOUR}:{_SIXTY}(?::{_SIXTY}(?:\.[0-9]+)?)?"
_LENGTHS = (
    # The days; the months by number, of one digit and of two; by name; the years.
    ("31", "[13578]", "(?:0[13578]|1[02])", "Jan|Mar|May|Jul|Aug|Oct|Dec"),
    ("30", "[469]", "(?:0[469]|11)", "Apr|Jun|Sep|Nov"),
    ("28", "2", "02", "Feb"),
    ("29", "2", "02", "Feb"),
)
_NAMES = {
    "Jan": "January",
    "Feb": "February",
    "Mar": "March",
    "Apr": "April",
    "May": "May",
    "Jun": "June",
    "Jul": "July",
    "Aug": "August",
    "Sep": "September",
    "Oct": "October",
    "Nov": "November",
    "Dec": "December",
}
_DAYS_OF = {
    "31": ("[1-9]", "(?:0[1-9]|[12][0-9]|3[01])"),
    "30": ("[1-9]", "(?:0[1-9]|[12][0-9]|30)"),
    "28": ("[1-9]", "(?:0[1-9]|1[0-9]|2[0-8])"),
    "29": (_NOTHING, "29"),
}


class _Month:
    """The months of one length, and the years in which a day of theirs is looked for."""

    def __init__(self, length: str, one: str, two: str, names: str) -> None:
        self.is_leap = length == "29"
        self.day = dict(enumerate(_DAYS_OF[length], 1))
        self.number = {1: one, 2: two}
        self.names = f"(?:{names})"
        self.full_names = "(?:" + "|".join(_NAMES[name] for name in names.split("|")) + ")"
        self.year = _LEAP_YEARS if self.is_leap else _YEARS
        self.year_of_two = _LEAP_YEARS_OF_TWO if self.is_leap else "[0-9]{2}"

    @property
    def any_day(self) -> str:
        return f"(?:{self.day[1]}|{self.day[2]})"

    @property
    def any_month(self) -> str:
        names = f"{self.names}|{self.full_names}"
        return f"(?:{self.number[1]}|{self.number[2]}|{names})"


_MONTHS = [_Month(*length) for length in _LENGTHS]


def write_calendar_regex(kind: str, has_value: HasValue) -> str | None:
    """Return the regex of the texts of a type that have a value; None where that is too subtle.

    >>> regex = write_calendar_regex("%m-%Y", lambda text: True)
    >>> [bool(re.fullmatch(regex, text)) for text in ("2-2020", "13-2020", "02-0000")]
    [True, False, False]
    """
    if is_strftime(kind):
        return _write_strftime(kind, has_value)
    return _write_type(kind, has_value)


def _join(choices: Iterable[str]) -> str:
    return f"(?:{'|'.join(choices)})"


# The types of their own.


def _write_type(kind: str, has_value: HasValue) -> str:
    whole_zone = "[-+](?:[01][0-9]|2[0-3]):?[0-5][0-9]"
    if has_value(_SAMPLE_OF_ZONE.get(kind, "")):
        whole_zone = "[-+](?:(?:[01][0-9]|2[0-2]):?[0-9][0-9]|23:?[0-5][0-9])"
    zone = whole_zone.replace("[01]", "[01]?")
    maybe_zone = rf"(?:\s+{zone})?"
    behind = {
        "ti": rf"(?:(?:\s+|T){_TIME})?(?:Z|\s*{whole_zone})?",
        "tg": _write_halves(r"\s+") + maybe_zone,
        "ta": _write_halves(r"\s+") + maybe_zone,
        "tt": _write_halves("") + maybe_zone,
        "te": rf"\s+{_TIME}\s+{zone}",
        "th": rf":{_TIME}\s+{zone}",
        "tc": "",
        "ts": rf"\s+(?:{_HOUR}:{_SIXTY}:{_SIXTY})?",
    }
    before = {"te": rf"(?:{_DAYS},\s+)?", "tc": rf"{_DAYS}\s+"}
    months = _MONTHS if kind != "ts" or has_value("Feb 29 ") else _MONTHS[:3]
    date = _join(dict.fromkeys(_write_date(kind, month) for month in months))
    return before.get(kind, "") + date + behind[kind]


def _write_halves(blank: str) -> str:
    """Return a time with a half of the day; the second has no hour behind the twelfth."""
    first = rf"(?:{blank}{_TIME})?(?:\s+AM)?"
    return _join([first, rf"(?:{blank}{_HALF_TIME})?\s+PM"])


def _write_date(kind: str, month: "_Month") -> str:
    day, name, year = month.any_day, month.names, month.year
    return {
        "ti": f"{year}-{month.number[2]}-{month.day[2]}",
        "tg": f"{day}[-/]{month.any_month}[-/]{year}",
        "ta": f"{month.any_month}[-/]{day}[-/]{year}",
        # One blank each: parse splits it there.
        "te": rf"{day}\s{name}\s{year}",
        "th": f"{day}[-/]{name}[-/]{year}",
        "tc": rf"{name}\s+{day}\s+{_TIME}\s+{year}",
        "ts": rf"{name}\s+0*{day}",
        "tt": "",
    }[kind]


_SAMPLE_OF_ZONE = {
    "ti": "2000-01-01T00:00:00+00:60",
    "tg": "1/1/2000 00:00:00 +00:60",
    "ta": "1/1/2000 00:00:00 +00:60",
    "te": "1 Jan 2000 00:00:00 +00:60",
    "th": "1/Jan/2000:00:00:00 +00:60",
    "tt": "00:00:00 +00:60",
}
"""parse 1.20 counts on from 59 minutes, and later ones do not."""

# Texts for strftime.

_SIZES = {"Y": (4, 4), "y": (2, 2), "w": (1, 1), "M": (2, 2), "S": (2, 2), "j": (1, 3), "f": (1, 6)}
_SIZES |= dict.fromkeys("mdHIUW", (1, 2))
"""The fewest and the most digits of a directive."""
_BY_SIZE = {
    "w": {1: "[0-6]"},
    "H": {1: "[0-9]", 2: "(?:[01][0-9]|2[0-3])"},
    "I": {1: "[1-9]", 2: "(?:0[1-9]|1[0-2])"},
    "M": {1: "[0-9]", 2: "[0-5][0-9]"},
    "S": {1: "[0-9]", 2: "[0-5][0-9]"},
    "U": {1: "[0-9]", 2: "(?:[0-4][0-9]|5[0-3])"},
    "W": {1: "[0-9]", 2: "(?:[0-4][0-9]|5[0-3])"},
    "f": {size: f"[0-9]{{{size}}}" for size in range(1, 7)},
}
_DAYS_OF_A_YEAR = {
    1: "[1-9]",
    2: "(?:0[1-9]|[1-9][0-9])",
    3: "(?:00[1-9]|0[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-5])",
}
_OTHERS = {
    "a": _DAYS,
    "A": "(?:Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday)",
    "p": "(?:AM|PM)",
    "z": ("[-+](?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:[0-5][0-9])?|:[0-5][0-9](?::[0-5][0-9])?)"),
}
_RUNS = re.compile(rf"(?P<run>(?:%[{''.join(_SIZES)}])+)|%(?P<other>.)|(?P<text>[^%]+)", re.DOTALL)
_SUBTLE = re.compile(
    r"%[dSj](?:%[Yy])*%[dHIUWjfMS]|%[Sj]%m|%[dSj](?:%[Yy])+%m"
    r"|%m(?:%[Yy])*%[mHIUWjfMS]|%m(?:%[Yy])+%d"
    r"|[0-9]%[^abABpz]|%[^abABpz][0-9]|%z(?:%[^abABp]|[0-9:])"
    r"|%w%[^abABpz]|%[^abABpz]%w"
)
"""What `strptime` may cut in a way that has no value, where another one has."""


def _write_strftime(kind: str, has_value: HasValue) -> str | None:
    directives = {*re.findall("%(.)", kind)}
    of_weeks = directives & {*"UW"} and directives & {*"aAw"}
    of_year = "j" in directives and directives & {*"mdbB"}
    if of_weeks or of_year or {*"Yy"} <= directives or len(directives & {*"mbB"}) > 1:
        return None
    if _SUBTLE.search(kind):
        return None
    months = _list_months(kind, directives, has_value)
    days = [(_LEAP_YEAR, _BUT_THE_LAST_YEAR), (365, _YEARS)] if "j" in directives else [(0, "")]
    choices = ("".join(_write_parts(kind, month, *one)) for month in months for one in days)
    return _join(dict.fromkeys(choices))


def _list_months(kind: str, directives: set[str], has_value: HasValue) -> list[_Month]:
    if "d" not in directives:
        return _MONTHS[:3]
    if not directives & {*"mbB"}:
        return _MONTHS[:1]  # It is January's.
    if directives & {*"Yy"}:
        return _MONTHS
    return (
        _MONTHS if has_value(re.sub("%(.)", lambda part: _SAMPLES[part[1]], kind)) else _MONTHS[:3]
    )


_SAMPLES = {"d": "29", "m": "02", "b": "Feb", "B": "February", "a": "Mon", "A": "Monday"}
_SAMPLES |= {"p": "AM", "z": "+0000", "w": "1", "f": "100000", **dict.fromkeys("HIMSUW", "10")}
"""The 29th of February, in a type without a year; of as many digits as there can be."""


def _write_parts(kind: str, month: _Month, days: int, years: str) -> Iterator[str]:
    for found in _RUNS.finditer(kind):
        if found["text"] is not None:
            yield re.escape(found["text"])
        elif found["run"] is not None:
            yield _join(_write_run(found["run"][1::2], month, days, years))
        elif found["other"] in "bB":
            yield month.names if found["other"] == "b" else month.full_names
        else:
            yield _OTHERS[found["other"]]


def _write_run(directives: str, month: _Month, days: int, years: str) -> Iterator[str]:
    """Yield the regexes of directives without anything between, by how many digits each has.

    `strptime` takes what it can get, whatever parse has cut; only all of it has to fit.
    """
    by_size = {**_BY_SIZE, "d": month.day, "m": month.number}
    by_size |= {"Y": {4: years or month.year}, "y": {2: month.year_of_two}}
    by_size["j"] = {3: "366"} if days == _LEAP_YEAR else _DAYS_OF_A_YEAR
    by_size["dm"] = _write_day_and_month(month)
    parts = re.findall("dm|.", directives)
    bounds = [*zip(*(_SIZES[one] for one in directives), strict=True)]
    for sizes in itertools.product(*(by_size[one] for one in parts)):
        if sum(bounds[0]) <= sum(sizes) <= sum(bounds[1]):
            yield "".join(by_size[one][size] for one, size in zip(parts, sizes, strict=True))


def _write_day_and_month(month: _Month) -> dict[int, str]:
    """Return a day before a month; of three digits, the first two are the day if they can be."""
    one, two = month.day[1], month.day[2]
    three = [two + month.number[1]]
    if not month.is_leap:
        three.append("[4-9]" + month.number[2])
    if re.fullmatch(month.number[2], "10"):
        three.append("[1-3]10")
    return {2: one + month.number[1], 3: _join(three), 4: two + month.number[2]}
