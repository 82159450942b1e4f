"""Specifications of `parse` as converters: what a text becomes, and what a value is written as."""

import copy
import datetime as dt
import itertools
import pickle
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from asgi_routes import ImproperlyConfigured, NoReverseMatch, URLRouter, format_path
from asgi_routes.patterns.format_converters import make_format_converter
from tests.inspection import sample
from tests.spec.driving import http, named

APP = named("app")
DAY = dt.datetime(1972, 1, 20, 0, 0)  # noqa: DTZ001 - `parse` makes such ones


@pytest.mark.parametrize(
    ("pattern", "text", "value"),
    [
        ("{v:d}", "/12", 12),
        ("{v:d}", "/x", None),
        ("{v:d}", "/1/2", None),
        ("{v:x}", "/fF", 255),
        ("{v:tg}/x", "/20/1/1972/x", DAY),
        ("{v:tg}/x", "/20/Jan/1972/x", DAY),
        # Case matters in a path, and in a name in it.
        ("{v:tg}/x", "/20/JAN/1972/x", None),
        ("{v:tg}/x", "/1972/x", None),
        ("{v:ti}", "/1972-01-20", DAY),
        # What comes behind a field counts, as it does in `parse`.
        ("{v:d}-x-y", "/12-x-y", 12),
        ("{v:%Y/%m/%d}/x", "/1972/01/20/x", DAY.date()),
        ("{v:4}x", "/lookx", "look"),
        ("{v:_^}", "/__a__", "a"),
        # A digit may be padding.
        ("{v:0^4d}", "/020240", 2024),
        ("{v:9>d}", "/999", 9),
        # No calendar has it.
        ("{v:%Y-%m-%d}", "/1972-02-30", None),
        ("{v:ts}", "/Jan 3000000000 ", None),
        ("{v:ti}", "/1972-01-20T10:00+99:00", None),
        # Nor is it a number that one can count to.
        ("{v:f}", "/nan", None),
        ("{v:g}", "/-inf", None),
        ("{v:e}", "/1.0e999", None),
        ("{v:1=f}", "/" + "1" * 400 + ".0", None),
        ("{v:0=f}", "/" + "0" * 400 + ".5", 0.5),
        ("{v:d}", "/" + "9" * 5000, None),
        ("{v:d}", "/\u0663", None),
    ],
)
def test_values(pattern: str, text: str, value: object) -> None:
    """A date may have slashes in it, all else stays within a segment."""
    found = URLRouter([format_path(pattern, APP)]).match(http(text))
    assert (found.scope["path_params"] if found else None) == (  # type: ignore[union-attr]
        None if value is None else {"v": value}
    )


class Incomparable:
    """A value that is equal to none but those of its kind, and says so loudly."""

    __hash__ = None  # type: ignore[assignment]

    def isoformat(self) -> str:
        return "1972-01-20"

    def __eq__(self, other: object) -> bool:
        raise TypeError

    def __repr__(self) -> str:
        return "Incomparable()"


@pytest.mark.parametrize(
    ("spec", "value", "text"),
    [
        ("d", 5, "5"),
        ("x", 255, "ff"),
        (".2f", 1.5, "1.50"),
        # What would not read back as the same is not written so.
        (".2f", 1.234, "1.234"),
        ("d", "x", None),
        ("d", None, None),
        ("d", object(), None),
        ("ti", DAY, "1972-01-20T00:00:00"),
        ("ti", DAY.date(), None),
        ("tg", DAY, "20/1/1972"),
        ("ti", Incomparable(), None),
    ],
)
def test_texts(spec: str, value: Any, text: str | None) -> None:
    """A value is written so that it reads back, or there is an error that names both."""
    converter = make_format_converter(spec)
    if text is not None:
        assert converter.to_url(value) == text
        return
    said = f"{value!r} cannot be written in the format {spec!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        converter.to_url(value)


@pytest.mark.parametrize("spec", ["d", "x", "f", "%Y-%m-%d", "ti", "tg", "w", "_^3"])
def test_copies(spec: str) -> None:
    """A route that is copied or pickled has the same converter."""
    route = format_path(f"{{v:{spec}}}", sample.app)
    for copied in (copy.deepcopy(route), pickle.loads(pickle.dumps(route))):  # noqa: S301 - ours
        (mine,), (its,) = route.pattern.parameters, copied.pattern.parameters
        assert mine.converter is its.converter


def test_a_text_that_is_no_value() -> None:
    """What refuses a text names it."""
    for spec in ("d", "tg"):
        with pytest.raises(ValueError, match=f"^'x' is not of the format '{spec}'$"):
            make_format_converter(spec).to_python("x")


TEXTS = {
    "w": "abc",
    "l": "abc",
    "W": "--",
    "D": "a-b",
    "S": "ab",
    "s": "  ",
    "": "a b",
    "2.2x": "FF",
    "n": "1,000",
    "d": "0x1F",
    "2d": "0xFF",
    "+d": "+5",
    "05d": "00007",
    "b": "101",
    "o": "0o17",
    "%": "0.07%",
    "f": "1.5",
    ".0f": "2",
    "4.0f": "2",
    "F": "1.25",
    "e": "1.5e300",
    "g": "1e22",
    "0=d": "-005",
    "_^9": "__ab_____",
    "<20": "ab".ljust(20),
    "2.4": "  abc",
    "ti": "2020-01-02T03:04:05.000123Z",
    "tg": "20/1/1972 10:05 PM",
    "ta": "1/20/1972",
    "te": "Mon, 21 Nov 2011 10:21:36 +1000",
    "th": "21/Nov/2011:10:21:36 -0330",
    "tc": "Mon Nov 21 10:21:36 2011",
    "tt": "10:21:36 PM +1000",
    "ts": "Nov 9 03:37:44",
    "%Y-%m-%d": "0999-01-02",
    "%H:%M:%S.%f": "10:21:36.5",
    "%d %b %y": "02 Jan 99",
}


@pytest.mark.parametrize("spec", TEXTS)
def test_what_was_matched_can_be_written(spec: str) -> None:
    """The URL leads back to the same value; it may be written in another way."""
    router = URLRouter([format_path(f"x/{{v:{spec}}}/" if spec else "x/{v}/", APP, name="n")])
    if spec.endswith(".0f") and not router.match(http("/x/2/")):
        return  # An older `parse` wants a point.
    found = router.match(http(f"/x/{TEXTS[spec]}/"))
    assert found
    url = router.reverse("n", kwargs=found.scope["path_params"])
    back = router.match(http(unquote(url)))
    assert back
    assert back.scope["path_params"] == found.scope["path_params"]


@pytest.mark.parametrize(
    ("pattern", "text", "url"),
    [
        ("{a:d}{b:x}", "/120xff", "/12ff"),
        ("{a:x}{b:x}", "/0xFF0xFF", "/ff0xff"),
        ("{a:o}{b:g}0", "/171e50", "/171.0e50"),
        ("{a:4W}{b:4n}v", "/ --12v", "/--12v"),
        ("{a:x}{b:f}", "/1f.5", "/1f.5"),
        ("{a:d}{b:%y%j}", "/126144", "/126144"),
        ("{a:D}{b:x}", "/ab--a", "/ab--a"),
        ("{a:b} {b:.5}{c:tg}", "/101  1205-05-2037", "/101  1205/05/2037"),
        ("{a}{b:.2f}-", "/a   3.0-", "/a   3.0-"),
        ("{a:d}-{b:f}", "/1--2.5", "/1--2.500000"),
    ],
)
def test_fields_that_touch(pattern: str, text: str, url: str) -> None:
    """Each spelling of one says where it ends; one is found that leads back."""
    router = URLRouter([format_path(pattern, APP, name="n")])
    found = router.match(http(text))
    assert found
    written = unquote(router.reverse("n", kwargs=found.scope["path_params"]))
    assert written == url
    back = router.match(http(written))
    assert back
    assert back.scope["path_params"] == found.scope["path_params"]


def test_values_that_no_url_has() -> None:
    """Where no spelling leads back, the reason names the usual one."""
    router = URLRouter([format_path("{a:l}{b:l}", APP, name="n")])
    with pytest.raises(NoReverseMatch, match="'abc' leads to other arguments"):
        router.reverse("n", kwargs={"a": "a", "b": "bc"})


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (">10.4", "no text has at least 10 and at most 4 characters"),
        (".0", "no text has at least 1 and at most 0 characters"),
        ("00d", "no text has at most 0 characters"),
        ("1001d", "1001 is more than 1000 characters"),
        ("641d", "641 is more than 640 digits"),
        ("z", "unknown type 'z'"),
        ("%Z", "unknown type '%Z'"),
        ("%Y%Z", "'%Z' cannot be read"),
        ("%Y-%Y", "'%Y' appears twice"),
        ("%Y(%m)", "'(' cannot be part of a date"),
        ("/>d", "a slash cannot fill a field"),
        ("0>%y%j", "'0' cannot fill a date"),
        ("|>d", "'|' cannot fill a field"),
        ("x=f", "'x' cannot appear between the sign and the digits"),
        (".=d", "'.' cannot appear between the sign and the digits"),
    ],
)
def test_what_has_no_regex_is_refused(spec: str, why: str) -> None:
    """Where it is written, and with its place."""
    with pytest.raises(ImproperlyConfigured) as caught:
        format_path(f"x/{{v:{spec}}}/", APP)
    first, source, place, *_, hint = str(caught.value).splitlines()
    said = f"unknown format specification {spec!r} in format pattern: {why}"
    assert first.startswith(said)
    assert source == f"    x/{{v:{spec}}}/"
    assert place == "         " + "~" * len(spec)
    assert hint.startswith("hint: ")


def read_table() -> list[list[str]]:
    """Return the rows of the table of specifications that is documented."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "syntaxes.rst"
    lines = page.read_text(encoding="utf-8").splitlines()
    head = next(
        number for number, line in enumerate(lines) if line.startswith("specification takes")
    )
    starts = [found.start() for found in re.finditer("=+", lines[head + 1])]
    end = lines.index(lines[head + 1], head + 2)
    return [
        [line[at:to].strip() for at, to in itertools.zip_longest(starts, starts[1:])]
        for line in lines[head + 2 : end]
    ]


@pytest.mark.parametrize("row", read_table(), ids=lambda row: row[0])
def test_the_page(row: list[str]) -> None:
    """Each specification takes and refuses what its row says."""
    specification, takes, refuses, kind = row
    spec = specification.strip("`")
    field = "{v}" if spec == "none" else f"{{v:{spec}}}"
    router = URLRouter([format_path(f"x/{field}/", APP)])
    for text in re.findall("``(.+?)``", takes):
        found = router.match(http(f"/x/{text}/"))
        assert found, text
        assert type(found.scope["path_params"]["v"]).__name__ == kind.strip("`")
    for text in re.findall("``(.+?)``", refuses):
        assert not router.match(http(f"/x/{text}/")), text
