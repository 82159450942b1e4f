r"""Samples: a few characters that stand for all others, as far as a regular expression can tell.

Telling all characters apart takes a tenth of a second, which is too much where an application
starts. All of ASCII is in a sample, what the regex itself names, and some of each category.

Rule: Python's own ``re`` says which characters of the sample an item takes.
"""

import functools
import re
from typing import Any

from asgi_routes.regular.characters import CharSet, make_set, unite
from asgi_routes.regular.parsing import spell_member, walk_items

_ASCII = "".join(map(chr, range(128)))
_OTHERS = "éжß中ªⅷ²٣५\xa0\u2028\u3000…→\U0001f600\U0010ffff"
_CASED = "\u017f\u212a\u0130\u0131\xb5\u03bc"
"""What is the same as another character where upper and lower case are."""
_CATEGORIES = (r"\d", r"\s", r"[^\W\d]", r"[^\w\s]")
_MOST_IN_RANGE = 0x4000


class Sample:
    """The characters that stand for all others.

    Args:
        items: the parsed regex.
        is_cased: whether upper and lower case are the same somewhere in it.
    """

    def __init__(self, items: Any, *, is_cased: bool) -> None:
        named = "".join(_list_named(items))
        if named:
            named += named.swapcase() + named.lower() + named.upper()
        self.text = "".join(dict.fromkeys(_ASCII + _OTHERS + (_CASED if is_cased else "") + named))
        self.chars: CharSet = _read(".", re.DOTALL, self.text)

    def read_set(self, kind: str, argument: Any, flags: int) -> CharSet:
        r"""Return the characters of the sample that an item takes, as `characters.read_set` does.

        >>> Sample([], is_cased=True).read_set("LITERAL", ord("k"), re.IGNORECASE)
        ((75, 75), (107, 107), (8490, 8490))
        """
        if kind == "ANY":
            return _read(".", flags & re.DOTALL, self.text)
        if kind == "LITERAL":
            if not flags & re.IGNORECASE:
                return make_set(chr(argument))
            members = spell_member("LITERAL", argument)
        elif kind == "NOT_LITERAL":
            members = "^" + spell_member("LITERAL", argument)
        else:
            members = "".join(spell_member(str(name), value) for name, value in argument)
        return _read(f"[{members}]", flags & (re.IGNORECASE | re.ASCII), self.text)


@functools.lru_cache(maxsize=1024)
def _read(regex: str, flags: int, text: str) -> CharSet:
    return unite(map(make_set, re.findall(regex, text, flags)))


def _list_named(items: Any) -> list[str]:
    """Return the characters beyond ASCII that a regex names, and some of those between two."""
    found: list[str] = []
    for kind, argument in walk_items(items):
        if kind == "IN":
            for name, value in argument:
                found += _list_member(str(name), value)
        elif kind in ("LITERAL", "NOT_LITERAL"):
            found += _list_member("LITERAL", argument)
    return found


def _list_member(name: str, value: Any) -> list[str]:
    if name == "LITERAL":
        return [chr(value)] if value >= len(_ASCII) else []
    if name != "RANGE" or value[1] < len(_ASCII):
        return []
    first, last = value
    text = "".join(map(chr, range(first, min(last, first + _MOST_IN_RANGE) + 1)))
    some = (re.search(category, text) for category in _CATEGORIES)
    return [chr(first), chr(last), *(one[0] for one in some if one)]
