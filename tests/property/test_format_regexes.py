"""The regex of each specification: what it takes has a value, and the value a text."""

import os
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asgi_routes import ImproperlyConfigured, URLRouter, format_path
from asgi_routes.patterns.format_converters import make_format_converter
from tests.spec.driving import http, named

APP = named("app")
EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "0"))
TEXTS = ["w", "l", "W", "D", "s", "S", "5", "<", "^4", "_>", "x^2.6", ".3", "_<w", " ^s", "^W"]
NUMBERS = ["d", "5d", "0>d", "x=d", "+d", "n", "b", "o", "x", ".2x", "*<o", "F", "_^6b"]
ENDLESS = ["f", ".2f", "0=f", "e", "g", "%", ">g"]
DATES = [
    "ti",
    "tg",
    "ta",
    "te",
    "th",
    "tc",
    "tt",
    "ts",
    "%Y-%m-%d",
    "%H:%M",
    "%Y/%m/%d",
    "%d.%b.%Y",
]


UNITS = ["0", "-", " ", "1", "a", "_", ".", "1.", "-0", "0 ", "1-", "0x", "1,000,", "Jan", "1:2"]
HOSTILE = [
    f"{align}{spec}" for spec in [*TEXTS, *NUMBERS, *ENDLESS, *DATES] for align in ("", "0^")
]


@settings(
    max_examples=EXAMPLES or 6,
    deadline=None,
    derandomize=not EXAMPLES,
    suppress_health_check=[*HealthCheck],
)
@pytest.mark.parametrize("spec", [*TEXTS, *NUMBERS, *ENDLESS, *DATES])
@given(data=st.data())
def test_what_a_regex_takes_has_a_value_and_a_text(spec: str, data: st.DataObject) -> None:
    """Only the calendar may refuse, and what no float holds.

    ``LAW_EXAMPLES`` says how many texts to try of each.
    """
    converter = make_format_converter(spec)
    text = data.draw(st.from_regex(converter.regex, fullmatch=True))
    assert re.fullmatch(converter.short_regex, text)
    try:
        value = converter.to_python(text)
    except ValueError as error:
        assert spec in DATES or (spec in ENDLESS and "too large" in str(error)), text  # noqa: PT017
        return
    assert converter.to_python(converter.to_url(value)) == value


@pytest.mark.parametrize("spec", HOSTILE)
def test_hostile_paths_are_answered(spec: str) -> None:
    """Paths of 16 KiB, on which a backtracking regex would be busy for minutes."""
    try:
        routes = [format_path(text, APP) for text in (f"{{v:{spec}}}", f"{{u}}-{{v:{spec}}}x{{w}}")]
    except ImproperlyConfigured:
        return  # It is aligned already.
    for router in (URLRouter([route]) for route in routes):
        for unit in UNITS:
            few, many = unit * 12, unit * (2**14 // len(unit))
            for end in ("!", "x1"):
                found = router.match(http(f"/{many}{end}"))
                assert bool(found) in (bool(router.match(http(f"/{few}{end}"))), False)
