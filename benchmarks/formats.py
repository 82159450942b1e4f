"""Typed fields of ``format_path()``, beside ``path()`` with a converter that does the same.

The converters are those that one would write: a regex, and a function of Python's own. A format takes
more: signs, prefixes, one digit or two. What each takes for 16 KiB of what it likes least comes after.
"""

import datetime as dt
import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

from asgi_routes import ImproperlyConfigured, URLRouter, format_path, path
from asgi_routes.patterns.converters import Converters

ROUNDS = 101
_EACH = 100
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_EXPONENT = r"[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"

Convert = Callable[[str], Any]


def _strptime(text: str) -> Any:
    return dt.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - as `parse` makes it


def _time(text: str) -> Any:
    return dt.datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - as above


def _slashes(text: str) -> Any:
    return dt.datetime.strptime(text, "%d/%m/%Y")  # noqa: DTZ007 - as above


FIELDS: list[tuple[str, str, str, str, Convert]] = [
    # The specification, a text, the function as it is shown, the regex, and the function.
    ("", "abc", "str", "[^/]+", str),
    ("w", "abc", "str", r"\w+", str),
    ("d", "12", "int", "[0-9]+", int),
    ("4d", "2020", "int", "[0-9]{1,4}", int),
    ("x", "ff", "int(…, 16)", "[0-9a-f]+", lambda text: int(text, 16)),
    ("f", "1.5", "float", r"-?[0-9]+\.[0-9]+", float),
    ("g", "1e5", "float", _EXPONENT, float),
    ("%", "50%", "float(…) / 100", r"[0-9]+(?:\.[0-9]+)?%", lambda text: float(text[:-1]) / 100),
    ("%Y-%m-%d", "2020-01-02", "date.fromisoformat", _DATE, dt.date.fromisoformat),
    ("%Y-%m-%d", "2020-01-02", "strptime", _DATE, _strptime),
    ("%H:%M", "10:21", "strptime", "[0-9]{1,2}:[0-9]{2}", _time),
    ("ti", "2020-01-02", "datetime.fromisoformat", _DATE, dt.datetime.fromisoformat),
    ("tg", "2/1/2020", "strptime", "[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", _slashes),
]
SHAPES = [("x/", "/"), ("x/", "-tag/")]

ALIGNED = ["", "<", ">", "^", "_<", "_>", "_^", "0<", "0>", "0^", "0="]
KINDS = ["", *"lwWdDn%fFegboxsS", "ti", "tg", "ta", "te", "th", "tc", "tt", "ts"]
KINDS += ["%Y-%m-%d", "%Y/%m/%d", "%H:%M:%S.%f"]
UNITS = ["0", "-", " ", "1", "a", "_", ".", "1.", "-0", "0 ", "1-", "0x", "1,000,", "Jan", "1:2"]
SIZE = 2**14


async def app(_scope: Any, _receive: Any, _send: Any) -> None:
    """Do nothing."""


def measured(tick: Callable[[], None]) -> list[dict[str, Any]]:
    """Return nanoseconds of both, alone in a segment and before a text, and their ratios."""
    results = []
    for spec, text, shown, regex, convert in FIELDS:
        members = {"regex": regex, "to_python": staticmethod(convert), "to_url": staticmethod(str)}
        registry = Converters({"own": type("Own", (), members)})
        row: dict[str, Any] = {"format": f"{{v:{spec}}}" if spec else "{v}", "path": shown}
        for before, behind in SHAPES:
            formats = URLRouter([format_path(before + row["format"] + behind, app)]).matcher
            paths = URLRouter([path(f"{before}<own:v>{behind}", app, converters=registry)]).matcher
            ours, theirs = _medians(formats, paths, before + text + behind)
            row |= {f"ns, {behind}": ours, f"ratio, {behind}": ours / theirs}
        results.append(row)
        tick()
    return results


def _medians(one: Callable[[str], Any], other: Callable[[str], Any], asked: str) -> list[float]:
    assert one(asked) is not None
    assert other(asked) is not None
    times = [(_ns_each(one, asked), _ns_each(other, asked)) for _ in range(ROUNDS)]
    return [statistics.median(each) for each in zip(*times, strict=True)]


def _ns_each(find: Callable[[str], Any], asked: str) -> float:
    start = time.thread_time_ns()
    for _ in range(_EACH):
        find(asked)
    return (time.thread_time_ns() - start) / _EACH


def hostile(tick: Callable[[], None]) -> dict[str, Any]:
    """Return the milliseconds of the worst path of 16 KiB for every specification and alignment."""
    found: dict[str, float] = {}
    refused = 0
    for kind, aligned in itertools.product(KINDS, ALIGNED):
        spec = aligned + kind
        try:
            found[spec or "none"] = max(_worst(spec))
        except ImproperlyConfigured:
            refused += 1
        tick()
    worst = sorted(found.items(), key=lambda item: -item[1])
    return {
        "specifications": len(found),
        "refused": refused,
        "median, ms": statistics.median(found.values()),
        "worst, ms": dict(worst[:5]),
    }


def _worst(spec: str) -> list[float]:
    field = f"{{v:{spec}}}" if spec else "{v}"
    matchers = [
        URLRouter([format_path(text, app)]).matcher
        for text in (field, f"{{u}}-{field}x{{w}}", f"{field}{{u}}")
    ]
    asked = [unit * (SIZE // len(unit)) + end for unit in UNITS for end in ("!", "x1", "/")]
    return [_ms(matcher, text) for matcher in matchers for text in asked]


def _ms(find: Callable[[str], Any], text: str) -> float:
    start = time.thread_time_ns()
    find(text)
    return (time.thread_time_ns() - start) / 1e6
