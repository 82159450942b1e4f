r"""Regular expressions as Python itself parses them, and the parts of one as text again.

Rule: Python does not promise to keep its parser where it is. Without it `parse_items` returns None,
and what is built on it goes without.
"""

import contextlib
import functools
import importlib
import warnings
from collections.abc import Iterator
from typing import Any

constants: Any = None
_parser: Any = None
with contextlib.suppress(ImportError):  # They may move.
    _parser = importlib.import_module("re._parser")
    constants = importlib.import_module("re._constants")

_INNER = {
    "MAX_REPEAT": 2,
    "MIN_REPEAT": 2,
    "POSSESSIVE_REPEAT": 2,
    "SUBPATTERN": 3,
    "ASSERT": 1,
    "ASSERT_NOT": 1,
}
"""Where the argument of an item has the items inside."""
_LETTERS = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}


class UnreadableError(ValueError):
    """No program can be made of a regular expression; the message says why."""


def parse_items(regex: str, flags: int) -> Any:
    """Return the items of a regex, whose ``state`` has its groups and flags, or None."""
    return None if _parser is None else _parser.parse(regex, flags)


@functools.lru_cache(maxsize=1024)
def read_items(regex: str, flags: int) -> tuple[Any, int]:
    """Return the items of a regex, and its flags with those that it sets for itself.

    Raises:
        UnreadableError: this Python does not show them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # They were given when the route was written.
        items = parse_items(regex, flags)
    if items is None:
        raise UnreadableError("this Python does not show how it reads regular expressions")
    return items, items.state.flags


def list_inner(kind: str, argument: Any) -> list[Any]:
    """Return the sequences of items that an item of a parsed regex is made of."""
    if kind in ("GROUPREF_EXISTS", "BRANCH"):
        found = argument[1] if kind == "BRANCH" else argument[1:]
        return [items for items in found if items is not None]
    at = _INNER.get(kind)
    if kind == "ATOMIC_GROUP":
        return [argument]
    return [] if at is None else [argument[at]]


def walk_items(items: Any) -> Iterator[tuple[str, Any]]:
    """Yield the kind and the argument of every item of a parsed regex, the outer first."""
    for name, argument in items:
        kind = str(name)
        yield kind, argument
        for inner in list_inner(kind, argument):
            yield from walk_items(inner)


def spell_category(value: Any) -> str:
    r"""Return a category as one writes it.

    >>> spell_category("CATEGORY_DIGIT"), spell_category("CATEGORY_NOT_WORD")
    ('\\d', '\\W')
    """
    name = str(value).removeprefix("CATEGORY_")
    letter = _LETTERS[name.removeprefix("NOT_")]
    return "\\" + (letter.upper() if name.startswith("NOT_") else letter)


def spell_member(name: str, value: Any) -> str:
    r"""Return a member of a class of characters as one writes it between the brackets.

    >>> spell_member("LITERAL", ord("]")), spell_member("CATEGORY", "CATEGORY_SPACE")
    ('\\U0000005d', '\\s')
    >>> spell_member("NEGATE", None)
    '^'
    """
    if name == "NEGATE":
        return "^"
    if name == "LITERAL":
        return f"\\U{value:08x}"
    if name == "RANGE":
        return f"\\U{value[0]:08x}-\\U{value[1]:08x}"
    return spell_category(value)
