"""Random formats and texts, beside `parse.parse` itself.

``FORMAT_ROUNDS`` says how many formats; each has three texts.
"""

import collections
import datetime as dt
import os
import random
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import parse
import pytest

from asgi_routes import ImproperlyConfigured, NoReverseMatch, URLRouter, format_path
from tests.parity.sides import leaf

ROUNDS = int(os.environ.get("FORMAT_ROUNDS", "140"))
LEAF = leaf(0)
TYPES = ["", "", "", *"lwWdDdn%fFegboxsS", "X", "E", "G"]
DATES = ["ti", "tg", "ta", "te", "th", "tc", "tt", "ts"]
STRFTIMES = [
    "%Y-%m-%d",
    "%Y.%m",
    "%H:%M",
    "%d%b%Y",
    "%y%j",
    "%I:%M %p",
    "%H:%M:%S.%f",
    "%Y-%m-%d %H:%M%z",
    "%m-%d",
    "%d %B",
]
TEXTS = [*"-.:_x", "", "", "--", "v", "1", " ", "0"]


def draw_spec(draw: random.Random) -> str:
    """Return a specification, of any type, aligned, filled, wide or precise as it comes."""
    kind = draw.choice([*TYPES, draw.choice(DATES), draw.choice(STRFTIMES)])
    spec = ""
    if draw.random() < 0.3:
        spec += draw.choice(["", "", "_", "0", "x", "-", ".", "*"]) + draw.choice("<>^^=")
    spec += draw.choice(["", "", "", "", "+", "-", " ", "0"])
    spec += draw.choice(["", "", "", "1", "2", "4"])
    spec += draw.choice([*[""] * 12, ",", "_"])
    spec += draw.choice(["", "", "", "", ".1", ".2", ".0", ".5"])
    return spec + kind


def draw_format(draw: random.Random) -> tuple[str, list[str]]:
    """Return a format of one to three fields, and their specifications."""
    specs = [draw_spec(draw) for _ in range(draw.choice([1, 2, 2, 3]))]
    text = draw.choice(TEXTS)
    for number, spec in enumerate(specs):
        text += write_field(number, spec) + draw.choice(TEXTS)
    return text, specs


def write_field(number: int, spec: str) -> str:
    """Return a field of a format."""
    return f"{{f{number}:{spec}}}" if spec else f"{{f{number}}}"


WITHOUT_TYPE = re.compile(r"^(?:.?[<>=^])?[-+ ]?[0-9]*[,_]?(?:\.[0-9]*)?")
EXAMPLES = {
    "": ["a", "ab", "abc", "a-b", "x y", "12", "_", "  a "],
    "l": ["ab", "X"],
    "w": ["a_1", "7", "\u00e9"],
    "W": ["-", "--", ". "],
    "s": [" ", "  "],
    "S": ["a-b", "1.5"],
    "D": ["ab-", "_x"],
    "d": ["0", "7", "12", "2024", "99999", "-12", "0x1F", "0b11", "0o17", "+7", " 7", "007"],
    "n": ["1,000", "12", "-1.000.000"],
    "%": ["50%", "1.5%", "-7%", "0.07%"],
    "b": ["101", "0b1"],
    "o": ["17", "0o7"],
    "x": ["1f", "0xFF", "-a"],
    "f": ["1.5", "-.25", "3.0", "3"],
    "e": ["1.5e3", "-.5E-2"],
    "g": ["1", "1.5", "1e5", "-2.5E+3"],
}
DATE_EXAMPLES = {
    "ti": ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S.25Z", "%Y-%m-%d %H:%M:%S+1000"],
    "tg": ["%d-%m-%Y", "%d-%b-%Y %H:%M:%S -03:30", "%d-%B-%Y 1:05 PM"],
    "ta": ["%m-%d-%Y", "%b-%d-%Y %I:%M AM"],
    "te": ["%a, %d %b %Y %H:%M:%S +1000", "%d %b %Y %H:%M -0330"],
    "th": ["%d-%b-%Y:%H:%M:%S +1000"],
    "tc": ["%a %b %d %H:%M:%S %Y"],
    "tt": ["%H:%M", "%H:%M:%S +10:00", "10:05 PM"],
    "ts": ["%b %d %H:%M:%S", "%b  %d "],
}


def draw_text(draw: random.Random, spec: str) -> str:
    """Return a text that a specification may take, or nearly so."""
    kind = WITHOUT_TYPE.sub("", spec)
    kind = kind.lower() if kind in {*"XEGF"} else kind
    if kind in EXAMPLES:
        text = draw.choice(EXAMPLES[kind])
    else:
        day = dt.date(2000 + draw.randrange(40), draw.randint(1, 12), draw.randint(1, 28))
        time = dt.time(draw.randrange(24), draw.randrange(60), draw.randrange(60))
        moment = dt.datetime.combine(day, time, dt.UTC)
        text = moment.strftime(draw.choice(DATE_EXAMPLES.get(kind, [kind])))
    filling = spec[0] if spec[1:2] in {*"<>=^"} else " "
    if draw.random() < 0.3:
        text = draw.choice([filling, filling * 3, ""]) + text + draw.choice([filling, "", ""])
    return text


ENDLESS = {"nan", "inf", "-inf", "Decimal('NaN')", "Decimal('Infinity')", "Decimal('-Infinity')"}


def explain(template: str, text: str, theirs: Any, ours: dict[str, Any] | None) -> str | None:
    """Return the one documented reason for which two results may differ, or None."""
    is_endless = isinstance(theirs, dict) and any(repr(one) in ENDLESS for one in theirs.values())
    old_zone = "%z" in template and parse.__version__.startswith(("1.20", "1.21"))
    integer = re.search(r"\{f\d:(?P<fill>.=)?[^}]*?(?P<separator>[,_])?(?:\.\d)?d\}", template)
    reasons = {
        "parse raises": isinstance(theirs, str) and ours is None,
        "parse counts the groups of %z wrong": old_zone,
        "nan, inf, and what is too large": is_endless,
        "two signs": integer and re.search(r"[-+ ][-+ ]", text),
        "a sign behind the filling": integer and integer["fill"] and re.search(r"[-+ ]", text),
        "a separator in front": integer and integer["separator"] and re.search(r"[,_]", text),
    }
    return next((reason for reason, is_so in reasons.items() if is_so), None)


@dataclass
class Compared:
    """What random formats and texts came to."""

    counted: collections.Counter[str] = field(default_factory=collections.Counter)
    unexplained: list[tuple[str, str, Any, Any]] = field(default_factory=list)

    def compare(self, router: URLRouter, template: str, text: str) -> None:
        """Compare the results for a text, and write what was matched."""
        theirs: Any
        try:
            result = parse.parse(template, text, case_sensitive=True)
            theirs = None if result is None else result.named
        except Exception as error:  # noqa: BLE001 - of any kind
            theirs = repr(error)
        found = router.match({"type": "http", "path": "/" + text, "method": "GET"})
        ours = dict(found.scope["path_params"]) if found else None
        self.counted["texts"] += 1
        self.counted["matches"] += ours is not None
        # As shown, because a moment has its zone with it.
        if repr(theirs) != repr(ours):
            why = explain(template, text, theirs, ours)
            self.counted[f"explained: {why}"] += 1
            if why is None:
                self.unexplained.append((template, text, theirs, ours))
        elif ours is not None:
            self.write(router, template, text, ours)

    def write(self, router: URLRouter, template: str, text: str, values: dict[str, Any]) -> None:
        """Write the URL, which leads back; where fields touch, one in a thousand may have none."""
        try:
            url = router.reverse("n", kwargs=values)
        except NoReverseMatch as error:
            if "clients remove a segment" in str(error):
                self.counted["no URL: a dot"] += 1
            elif len(values) > 1 and "leads to other arguments" in str(error):
                self.counted["no URL: fields that touch"] += 1
            else:
                self.unexplained.append((template, text, values, str(error)))
            return
        found = router.match({"type": "http", "path": unquote(url), "method": "GET"})
        if not found or found.scope["path_params"] != values:
            self.unexplained.append((template, text, values, url))


def run(rounds: int, seed: int) -> Compared:
    """Compare so many formats, three texts each."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    compared = Compared()
    for _ in range(rounds):
        template, specs = draw_format(draw)
        try:
            router = URLRouter([format_path(template, LEAF, name="n")])
        except ImproperlyConfigured as error:
            compared.counted["refused"] += 1
            compared.counted[f"refused: {name_reason(error)}"] += 1
            continue
        compared.counted["formats"] += 1
        for _ in range(3):
            text = fill(draw, template, specs)
            if "/" not in text and text:
                compared.compare(router, template, text)
    return compared


def name_reason(error: ImproperlyConfigured) -> str:
    """Return why a format was refused, without what was written; of several reasons the first."""
    first = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
    return re.sub(
        r"[0-9]+", "n", re.sub("'.*?'", "…", str(first).splitlines()[0].rpartition(": ")[2])
    )


def fill(draw: random.Random, template: str, specs: list[str]) -> str:
    """Return a format with texts in its fields, and now and then another character."""
    text = template
    for number, spec in enumerate(specs):
        text = text.replace(write_field(number, spec), draw_text(draw, spec), 1)
    if draw.random() < 0.2:
        at = draw.randrange(len(text) + 1)
        text = text[:at] + draw.choice([*"-x 1_.", ""]) + text[at + draw.randrange(2) :]
    return text


@pytest.mark.parametrize("seed", range(4))
def test_formats_are_those_of_parse(seed: int) -> None:
    """The same values for the same texts, and the way back."""
    compared = run(ROUNDS, seed)
    figures = (f"{count:>7,} {name}" for name, count in sorted(compared.counted.items()))
    print(f"parse {parse.__version__}", *figures, sep="\n")
    assert not compared.unexplained, compared.unexplained[:5]
    assert compared.counted["matches"] >= compared.counted["texts"] / 2
    assert compared.counted["formats"] >= ROUNDS / 3
    assert compared.counted["no URL: fields that touch"] <= 1 + compared.counted["matches"] / 1000
