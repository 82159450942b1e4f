r"""Regular expressions that are plainly fast, which most of those in routes are.

Rule: what is not plain is not slow; it is only looked at for longer.
"""

import functools
import re
from collections.abc import Iterator
from typing import Any

from asgi_routes.regular.parsing import spell_member
from asgi_routes.regular.programs import is_anchored

_FEW = 8
"""A repeat that ends so early counts as none."""
_ONE = ("LITERAL", "NOT_LITERAL", "ANY", "IN")


def is_plain(items: Any, flags: int, *, is_searched: bool) -> bool:
    r"""Tell whether no text can keep a regex busy, as far as can be seen at once.

    Between two repeats of characters there is one that the first does not take, so that the text
    says where each begins.

    >>> from asgi_routes.regular.parsing import read_items
    >>> [is_plain(*read_items(regex, 0), is_searched=True) for regex in (r"^\d+/\w+$", r"^\w+\d+$")]
    [True, False]
    """
    if flags & ~re.UNICODE or (is_searched and not is_anchored(items, flags)):
        return False
    repeat: Any = None
    for kind, argument in _flatten(items):
        if kind in ("MAX_REPEAT", "MIN_REPEAT"):
            _, most, body = argument
            if len(body) != 1 or str(body[0][0]) not in _ONE:
                return False
            if most > _FEW:
                if repeat is not None:
                    return False
                repeat = body[0]
        elif kind == "LITERAL":
            if repeat is not None and not _takes(*_spell(*repeat), chr(argument)):
                repeat = None
        elif kind != "AT" and kind not in _ONE:
            return False
    return True


def _flatten(items: Any) -> Iterator[tuple[str, Any]]:
    for name, argument in items:
        kind = str(name)
        if kind == "SUBPATTERN" and not argument[1] and not argument[2]:
            yield from _flatten(argument[3])
        else:
            yield kind, argument


def _spell(name: Any, argument: Any) -> tuple[str, str]:
    """Return a kind of item, and what stands between its brackets."""
    kind = str(name)
    if kind == "IN":
        return kind, "".join(spell_member(str(one), value) for one, value in argument)
    return kind, spell_member("LITERAL", argument) if kind != "ANY" else ""


@functools.lru_cache(maxsize=1024)
def _takes(kind: str, members: str, char: str) -> bool:
    if kind == "ANY":
        return char != "\n"
    negated = "^" if kind == "NOT_LITERAL" else ""
    return re.match(f"[{negated}{members}]", char) is not None
