r"""Patterns backwards: the texts that a pattern matches, with slots for its parameters.

Each text is a form; a pattern with optional parts has several.

Rule: a form is a proposal. The caller fills it in and checks the result against the pattern. A
regular expression that cannot be read backwards raises, and no other pattern is affected.
"""

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from asgi_routes.patterns.converters import Converter
from asgi_routes.patterns.nodes import Literal, Node, Parameter, Pattern
from asgi_routes.regular.parsing import parse_items, spell_member

_MOST_FORMS = 64
_OF_CATEGORY = {
    "CATEGORY_DIGIT": "0",
    "CATEGORY_WORD": "x",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": "x",
    "CATEGORY_NOT_WORD": "!",
    "CATEGORY_NOT_SPACE": "x",
}


class Slot(NamedTuple):
    """A place for the value of a parameter.

    Attributes:
        key: its name, or its number among the groups of a regex, from 1 on.
        regex: what its text has to match; for a regex, the whole of that decides.
        converter: what makes the text; None where ``str()`` does.
        kind: the converter's name as written, for messages.
    """

    key: str | int
    regex: str | None
    converter: Converter | None
    kind: str


Form: TypeAlias = tuple[str | Slot, ...]


class IrreversibleError(ValueError):
    """A regular expression cannot be read backwards; the message says why."""


@functools.lru_cache(maxsize=4096)
def list_forms(pattern: Pattern) -> tuple[Form, ...]:
    r"""Return the forms of a pattern, the longest first.

    >>> from asgi_routes.patterns import parse_regex
    >>> for form in list_forms(parse_regex(r"^page(?:/(?P<n>\d+))?$")):
    ...     print("".join(part if isinstance(part, str) else f"<{part.key}>" for part in form))
    page/<n>
    page

    Raises:
        IrreversibleError: it is a regular expression with alternatives, or too many forms.
    """
    if pattern.syntax != "regex":
        return (tuple(_write_part(node) for node in pattern.nodes),)
    items = parse_items(pattern.regex, pattern.flags)
    if items is None:
        raise IrreversibleError("this Python cannot read regular expressions backwards")
    names = {number: name for name, number in items.state.groupdict.items()}
    return tuple(_limit(_list_forms(list(items), names)))


def _write_part(node: Node) -> str | Slot:
    if isinstance(node, Literal):
        return node.text
    # Only a regex has opaque pieces, and parameters without a name.
    assert isinstance(node, Parameter)
    assert node.name is not None
    return Slot(node.name, node.regex, node.converter, node.converter_name or "str")


def _limit(forms: Iterator[Form]) -> list[Form]:
    found = list(itertools.islice(forms, _MOST_FORMS + 1))
    if len(found) > _MOST_FORMS:
        raise IrreversibleError("it has too many optional parts")
    return found


def _list_forms(items: Sequence[Any], names: dict[int, str]) -> Iterator[Form]:
    """Yield every way to write the items of a parsed regex."""
    choices = [[*_list_choices(str(kind), argument, names)] for kind, argument in items]
    for chosen in itertools.product(*choices):
        yield tuple(part for form in chosen for part in form)


def _list_choices(kind: str, argument: Any, names: dict[int, str]) -> Iterator[Form]:
    match kind:
        case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
            yield (_choose_char(kind, argument),)
        case "AT" | "ASSERT" | "ASSERT_NOT":
            yield ()
        case "GROUPREF":
            yield (_make_slot(argument, names),)
        case "SUBPATTERN" if argument[0] is not None:
            yield (_make_slot(argument[0], names),)
        case "SUBPATTERN" | "ATOMIC_GROUP":
            yield from _list_forms(list(argument[-1] if kind == "SUBPATTERN" else argument), names)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            yield from _list_repeated(argument, names)
        case _:
            raise IrreversibleError("it has alternatives")


def _choose_char(kind: str, argument: Any) -> str:
    """Return one of the characters that an item takes."""
    match kind:
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL":
            return "x" if argument != ord("x") else "y"
        case "ANY":
            return "."
        case _:
            return _choose_member(argument)


def _list_repeated(argument: Any, names: dict[int, str]) -> Iterator[Form]:
    least, most, inner = argument
    for form in _list_forms(list(inner), names):
        has_slots = any(isinstance(part, Slot) for part in form)
        if least == 0 and has_slots and most > 0:
            yield form
        elif least:
            yield form * least
    if least == 0:
        yield ()


def _make_slot(number: int, names: dict[int, str]) -> Slot:
    return Slot(names.get(number, number), None, None, "")


def _choose_member(members: Sequence[Any]) -> str:
    kind, argument = members[0]
    match str(kind):
        case "LITERAL":
            return chr(argument)
        case "RANGE":
            return chr(argument[0])
        case "CATEGORY":
            return _OF_CATEGORY[str(argument)]
        case _:  # NEGATE: anything that is not a member.
            return _choose_outside(members)


def _choose_outside(members: Sequence[Any]) -> str:
    regex = re.compile(
        "[" + "".join(spell_member(str(kind), value) for kind, value in members) + "]"
    )
    for char in "x0-_/!":
        if regex.match(char):
            return char
    raise IrreversibleError("it has a class of characters that leaves none to write")
