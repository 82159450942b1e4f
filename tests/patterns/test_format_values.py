"""What becomes of the texts of a specification, beside what `parse` itself makes of them.

``VALUE_ROUNDS`` says how many types of dates, and texts of each other specification, to try.
"""

import datetime as dt
import os
import random
import re
import warnings

import parse
import pytest

from asgi_routes.patterns.format_calendar import write_calendar_regex
from asgi_routes.patterns.format_converters import FormatConverter, make_format_converter
from tests.patterns.texts_of import change, draw_text, list_taken

ROUNDS = int(os.environ.get("VALUE_ROUNDS", "200"))
NUMBERS = [*"dnboxXfFeEgG%", "4d", ">d", "0>d", "0=d", "x=d", ",d", "_d", "+d", "9<d", "_^5d"]
NUMBERS += [">4x", "^b", ".0f", "8.2f", "0=f", "<g", "_>e", "^%", "*<F", "0>n", "=n", ".3%", "0=b"]
NUMBERS += ["0=x", "=o", "0=F", "0=%", "0=g", " d", "-4d", "+.2f", "06d", "08.3f", "1=x", "1=d"]
TEXTS = [*"lwWDsS", "", "4", ".3", "2.4", "<", "^5", "_>3", "x^w", "^l", "_<S"]
TYPES = ["ti", "tg", "ta", "te", "th", "tc", "tt", "ts", ">ti", "_^tg"]
USUAL = ["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d%m%Y", "%d%m", "%H:%M", "%H%M%S", "%d %b %Y"]
USUAL += ["%d%B%y", "%Y-%j", "%y%j", "%m-%d", "%b %d", "%Y-%m-%dT%H:%M:%S", "%H:%M:%S.%f"]
USUAL += ["%Y-%m-%dT%H:%M%z", "%I:%M %p", "%M:%H %d/%m/%Y", "%Y", "%d%Y", "%Y%m", "_>%Y-%m-%d"]


def draw_type(draw: random.Random) -> str:
    """Return a type of dates, now and then one that nobody writes."""
    chance = draw.random()
    if chance < 0.3:
        return draw.choice(TYPES)
    if chance < 0.6:
        return draw.choice(USUAL)
    letters = draw.sample("aAwdbBmyYHIpMSfzjUW", draw.randint(1, 6))
    between = ["", "", "-", ".", " ", "/", ":", "T"]
    return "".join(f"%{letter}{draw.choice(between)}" for letter in letters)


def has_value(converter: FormatConverter, text: str) -> bool:
    """Tell whether a text has a value."""
    try:
        converter.to_python(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("spec", list_taken([*NUMBERS, *TEXTS, *TYPES, *USUAL]))
def test_values_are_those_of_parse(spec: str) -> None:
    """Of the same type, and as `repr` shows them; what `parse` refuses is refused."""
    draw = random.Random(spec)  # noqa: S311 - no secret
    converter = make_format_converter(spec)
    parser = parse.compile(f"{{value:{spec}}}" if spec else "{value}", case_sensitive=True)
    for _ in range(max(20, ROUNDS // 5)):
        text = draw_text(draw, converter.regex)
        try:
            made = repr(converter.to_python(text))
        except ValueError:
            made = None
        try:
            result = parser.parse(text)["value"]
            expected = repr(result)
            if isinstance(result, dt.datetime | dt.time):
                result.utcoffset()  # parse makes zones that are days away, with which nothing can be done.
        except (ValueError, OverflowError):
            expected = None
        assert made == expected, text
        # Nothing but the calendar refuses a text that a regex has taken.
        assert made is not None or converter.is_date, text


@pytest.mark.parametrize("seed", range(2))
def test_the_calendar(seed: int) -> None:
    """Its regex has the texts that have a value, and no others."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    texts = valued = subtle = 0
    for _ in range(ROUNDS):
        kind = draw_type(draw)
        try:
            converter = make_format_converter(kind)
        except ValueError:
            continue
        regex = converter.write_valued_regex()
        if regex is None:
            subtle += 1
            continue
        for number in range(20):
            text = draw_text(draw, (regex, converter.regex)[number % 2])
            text = change(draw, text) if number % 3 == 0 else text
            is_taken = re.fullmatch(converter.regex, text) is not None
            is_valued = is_taken and has_value(converter, text)
            assert (re.fullmatch(regex, text) is not None) is is_valued, (kind, text)
            texts, valued = texts + 1, valued + is_valued
    assert valued > texts / 3
    assert subtle < ROUNDS / 4


def test_what_is_subtle() -> None:
    """`strptime` cuts digits that touch as it likes, and weeks and days may be of another year."""
    kinds = ["%Y%m%d%H%M", "%Y %U %w", "%Y-%j-%d", "%S%f", "%y-%Y", "%m %b", "%H1", "%z%f"]
    assert [make_format_converter(kind).write_valued_regex() for kind in kinds] == [None] * 8


def test_a_day_without_a_year() -> None:
    """The 29th of February is there where `parse` has it."""
    for sample, kind in (("02-29", "%m-%d"), ("Feb 29", "%b %d")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            for is_there in (True, False):
                regex = write_calendar_regex(kind, lambda _, is_there=is_there: is_there)  # type: ignore[misc]
                assert regex is not None
                assert bool(re.fullmatch(regex, sample)) is is_there
