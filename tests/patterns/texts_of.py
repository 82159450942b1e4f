"""Random texts of a regex, much quicker than hypothesis makes them, and what `parse` takes."""

import contextlib
import random
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import parse

from asgi_routes.regular.parsing import read_items, spell_member

_BLANKS = " \t"


@lru_cache
def _read(regex: str) -> Any:
    return read_items(regex, 0)[0]


def draw_text(draw: random.Random, regex: str) -> str:
    """Return a text that a regex takes, of repeats of few rounds."""
    return _draw(draw, _read(regex))


def list_taken(specs: Iterable[str]) -> list[str]:
    """Return the specifications that the installed `parse` takes: older ones take fewer."""
    taken = []
    for spec in specs:
        with contextlib.suppress(ValueError):
            parse.compile(f"{{v:{spec}}}" if spec else "{v}").parse("")
            taken.append(spec)
    return taken


def change(draw: random.Random, text: str, chars: str = "0123456789 -:/a") -> str:
    """Return a text with another character somewhere, or one more, or one less."""
    at = draw.randrange(len(text) + 1)
    return text[:at] + draw.choice([*chars, ""]) + text[at + draw.randrange(2) :]


def _draw(draw: random.Random, items: Any) -> str:
    return "".join(_draw_item(draw, str(kind), argument) for kind, argument in items)


def _draw_item(draw: random.Random, kind: str, argument: Any) -> str:
    match kind:
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL":
            return draw.choice("-.x1 a\u00e9_~")
        case "IN":
            return _draw_member(draw, argument)
        case "BRANCH":
            return _draw(draw, draw.choice(argument[1]))
        case "SUBPATTERN":
            return _draw(draw, argument[3])
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, inner = argument
            rounds = draw.randint(least, min(most, least + 2))
            return "".join(_draw(draw, inner) for _ in range(rounds))
    raise AssertionError(kind)


def _draw_member(draw: random.Random, members: Any) -> str:
    if str(members[0][0]) == "NEGATE":
        regex = "[" + "".join(spell_member(str(kind), value) for kind, value in members) + "]"
        return draw.choice(re.findall(regex, "-.x1 a\u00e9_~") or ["\0"])
    kind, argument = draw.choice(members)
    match str(kind):
        case "LITERAL":
            return chr(argument)
        case "RANGE":
            return chr(draw.randint(*argument))
        case "CATEGORY" if str(argument) == "CATEGORY_SPACE":
            return draw.choice(_BLANKS)
        case "CATEGORY" if str(argument) == "CATEGORY_WORD":
            return draw.choice("a1_\u00e9")
    raise AssertionError(argument)
