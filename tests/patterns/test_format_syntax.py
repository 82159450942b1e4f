"""Specifications of `parse` as converters: what a text becomes, and what a value is written as."""

import datetime as dt
import re
from typing import Any

import pytest

from asgi_routes import URLRouter, format_path
from asgi_routes.patterns.format_syntax import make_format_converter
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
        # What would not read back as the same is not written.
        (".2f", 1.234, None),
        ("d", "x", None),
        ("d", None, None),
        ("d", object(), None),
        ("ti", DAY, "1972-01-20T00:00:00"),
        ("ti", DAY.date(), None),
        ("tg", DAY, None),
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


def test_a_text_that_is_no_value() -> None:
    """What refuses a text names it."""
    with pytest.raises(ValueError, match=r"^'x' is not of the format 'd'$"):
        make_format_converter("d").to_python("x")
