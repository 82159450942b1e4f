"""Random regexes on google-re2, beside Python's own ``re``: the same, or refused for a reason.

``RE2_ROUNDS`` says how many regexes; each has eight texts.
"""

import collections
import os
import random
import re
import warnings
from typing import Any

import pytest
import re2

from asgi_routes import ImproperlyConfigured
from asgi_routes.engine import find_compiler
from asgi_routes.regular.re2_syntax import translate_regex

ROUNDS = int(os.environ.get("RE2_ROUNDS", "100"))
COMPILE = find_compiler("re2")
REFUSALS = {
    "a back-reference": r"\\[1-9]|\(\?P=",
    "a conditional group": r"\(\?\(",
    "look-around": r"\(\?<?[=!]",
    "an atomic group": r"\(\?>",
    "a possessive repeat": r"(?:[*+?]|\{[0-9,]+\})\+",
    "a repeat of something that may be empty": r"[*+?]\??|\{[0-9,]+\}\??",
    "a repeat of more than 1000": r"\{[0-9,]{4,}\}\??",
    "a $ that does not stand at the end": r"\$",
    r"a \b between any letters": r"\\b",
    r"a \B": r"\\B",
}
"""Why a regex may be refused, and what stands at the place that is marked."""

ATOMS = [
    *("a", "b", "ab", "k", "s", "/", "-", ".", " ", r"\.", "\u00e9", "\u017f", "\u0130", "\u212a"),
    *(r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", "[ab]", "[^a]", "[k-s]", "[^/]", "[]a]", "[^\\n]"),
    *(r"[\w-]", r"[^\W\d]", r"[\D\d]", r"[^\D\d]", r"[\s\S]", r"[\b]", r"[a\-b]", r"[\x00-\x80]"),
    *(r"\x61", r"\u0661", r"\U00010400", r"\N{KELVIN SIGN}", r"\141", r"\07", r"\n", r"\x85"),
    *(r"\ud800", "[\U00010400-\U00010420]", "[A-z]", "(?#x)", "{", "a{,}b", "x{}"),
    *("^", "$", "$", r"\A", r"\Z", r"\b", r"\B", "", "|", "a|b"),
]
GROUPS = ["(", "(", "(?:", "(?i:", "(?s:", "(?m:", "(?a:", "(?-i:", "(?x: ", "(?P<n>"]
RARE = ["(?=", "(?!", "(?<=a", "(?>"]
REPEATS = [*"*+?", "{2}", "{1,2}", "{0,2}", "{2,}", "{,2}", "{0}", "{1001}", "{1,1001}"]
BEHIND = [r"\1", "(?P=n)", "(?(1)a|b)"]
CHARS = "aabb" + "ks/-. AK_0\n" + "\u00e9\u0661\u017f\u0130\u0131\u212a\x85\xa0\U00010400\U00010428"
FLAGS = [
    0,
    0,
    0,
    re.IGNORECASE,
    re.IGNORECASE | re.ASCII,
    re.ASCII,
    re.MULTILINE,
    re.DOTALL,
    re.MULTILINE | re.IGNORECASE,
    re.VERBOSE,
]


def draw_regex(draw: random.Random, depth: int = 0) -> str:
    """Return a regex; some are none."""
    chance = draw.random()
    if depth > 4 or chance < 0.35:
        return draw.choice(ATOMS)
    inner = draw_regex(draw, depth + 1)
    if chance < 0.6:
        return inner + draw_regex(draw, depth + 1)
    if chance < 0.72:
        return f"(?:{inner}|{draw_regex(draw, depth + 1)})"
    if chance < 0.82:
        return draw.choice(GROUPS) + inner + ")"
    repeated = draw.choice(["(", "(?:"]) + inner + ")" + draw.choice(REPEATS)
    rare = [draw.choice(RARE) + inner + ")", f"({inner})" + draw.choice(BEHIND), repeated + "+"]
    return draw.choice([*[repeated, repeated + "?"] * 6, *rare])


def draw_text(draw: random.Random) -> str:
    """Return a text; many are of few characters, and some end in a newline."""
    chars = CHARS[:6] if draw.random() < 0.6 else CHARS + "\ud800"
    text = "".join(draw.choice(chars) for _ in range(draw.choice([0, 1, 2, 3, 4, 5, 9])))
    return text + draw.choice(["", "", "\n"])


def see(found: Any) -> Any:
    """Return what a table takes of a match."""
    return found and (found.groups(), found.end())


def look_at(refused: ImproperlyConfigured, regex: str) -> list[str]:
    """Return why a regex was refused, and whether that was not shown in it."""
    reason = refused.message.partition(": ")[2]
    assert reason in REFUSALS, regex
    if refused.span is None:
        return [reason, "refused, of no place"]
    assert re.match(REFUSALS[reason], regex[refused.span[0] :]), (regex, refused.span)
    return [reason]


@pytest.mark.parametrize("seed", range(3))
def test_the_same_or_refused(seed: int) -> None:
    """The same groups and ends of the same texts, searched or as a whole."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    counted: collections.Counter[str] = collections.Counter()
    while counted["regexes"] < ROUNDS:
        regex, flags = draw.choice(["", "", "^"]) + draw_regex(draw), draw.choice(FLAGS)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # re: "possible nested set"
                mine = re.compile(regex, flags)
        except re.error:
            continue
        counted["regexes"] += 1
        try:
            its = COMPILE(regex, flags)
        except ImproperlyConfigured as error:
            counted.update(look_at(error, regex))
            continue
        for text in (draw_text(draw) for _ in range(8)):
            for search in ("search", "fullmatch"):
                expected = see(getattr(mine, search)(text))
                assert see(getattr(its, search)(text)) == expected, (regex, flags, text, search)
                counted["texts"] += 1
                counted["matches"] += expected is not None
    print(counted)
    assert counted["texts"] > 8 * ROUNDS
    assert counted["matches"] > counted["texts"] / 10
    assert counted["refused, of no place"] < ROUNDS / 10


EVERY = "".join(map(chr, range(0x110000)))
CLASSES = [r"\w", r"\D", r"\s", r"[^\W\d/]", ".", "k", "[^\u017f]"]


@pytest.mark.parametrize("flags", [0, re.IGNORECASE, re.ASCII, re.DOTALL])
def test_every_character(flags: int) -> None:
    """A class has the same characters, of all that there are."""
    encoded = EVERY.encode("utf-8", "surrogatepass")
    for chars in CLASSES:
        regex = f"(?:{chars})+"
        translated, _ = translate_regex(regex, flags, is_full=False)
        found = [one.group() for one in re2.compile(translated).finditer(encoded)]
        expected = re.compile(regex, flags).findall(EVERY)
        assert [one.decode("utf-8", "surrogatepass") for one in found] == expected, chars
