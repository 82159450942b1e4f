r"""Parsed regular expressions as texts again.

Rule: what is written is parsed to the same items, save for groups that capture nothing.
"""

from typing import Any, TypeAlias

from asgi_routes.regular.parsing import UnreadableError, spell_category

Items: TypeAlias = tuple[tuple[str, Any], ...]
"""The items of a parsed regex, as plain tuples."""

ENDLESS = -1
"""The most of a repeat that has no end."""
_SPECIAL = frozenset("\\.^$*+?{}[]|()")
_SPECIAL_IN_CLASS = frozenset("\\]^-[&~|")
_ATS = {
    "AT_BEGINNING": "^",
    "AT_BEGINNING_STRING": "\\A",
    "AT_END": "$",
    "AT_END_STRING": "\\Z",
    "AT_BOUNDARY": "\\b",
    "AT_NON_BOUNDARY": "\\B",
}
_FLAGS = {2: "i", 4: "L", 8: "m", 16: "s", 32: "u", 64: "x", 256: "a"}


def simplify_items(items: Any) -> Items:
    """Return items as they were parsed as plain tuples.

    Raises:
        UnreadableError: something in it is not regular.
    """
    return tuple(_simplify(str(kind), argument) for kind, argument in items)


def _simplify(kind: str, argument: Any) -> tuple[str, Any]:
    match kind:
        case "LITERAL" | "NOT_LITERAL" | "ANY":
            return kind, argument
        case "AT":
            return kind, str(argument)
        case "IN":
            return kind, tuple((str(name), value) for name, value in argument)
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, inner = argument
            end = ENDLESS if repr(most) == "MAXREPEAT" else int(most)
            return kind, (least, end, simplify_items(inner))
        case "SUBPATTERN":
            *head, inner = argument
            return kind, (*head, simplify_items(inner))
        case "BRANCH":
            return kind, (None, tuple(simplify_items(one) for one in argument[1]))
        case _:
            raise UnreadableError(kind)


def spell_items(items: Items, names: dict[int, str]) -> str:
    r"""Return the text of items.

    Args:
        items: made by `simplify_items`.
        names: of the groups, by their numbers.

    >>> from asgi_routes.regular.parsing import read_items
    >>> items, _ = read_items(r"^(?P<a>\d+|x){2,}[^a-f]*?\.$", 0)
    >>> spell_items(simplify_items(items), {1: "a"})
    '^(?P<a>\\d+|x){2,}[^a-f]*?\\.$'
    """
    return "".join(_spell(kind, argument, names) for kind, argument in items)


def _spell(kind: str, argument: Any, names: dict[int, str]) -> str:
    match kind:
        case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
            return _spell_characters(kind, argument)
        case "AT":
            return _ATS[argument]
        case "BRANCH":
            return f"(?:{_spell_choices(argument, names)})"
        case "SUBPATTERN":
            return _spell_group(argument, names)
        case _:
            return _spell_repeat(kind, argument, names)


def _spell_characters(kind: str, argument: Any) -> str:
    match kind:
        case "LITERAL":
            return _spell_char(argument, _SPECIAL)
        case "NOT_LITERAL":
            return f"[^{_spell_char(argument, _SPECIAL_IN_CLASS)}]"
        case "ANY":
            return "."
        case _:
            return _spell_class(argument)


def _spell_char(code: int, special: frozenset[str]) -> str:
    char = chr(code)
    if char in special:
        return "\\" + char
    return char if char.isprintable() else f"\\U{code:08x}"


def _spell_class(members: tuple[tuple[str, Any], ...]) -> str:
    if len(members) == 1 and members[0][0] == "CATEGORY":
        return spell_category(members[0][1])
    return f"[{''.join(_spell_member(name, value) for name, value in members)}]"


def _spell_member(name: str, value: Any) -> str:
    match name:
        case "NEGATE":
            return "^"
        case "LITERAL":
            return _spell_char(value, _SPECIAL_IN_CLASS)
        case "RANGE":
            return "-".join(_spell_char(code, _SPECIAL_IN_CLASS) for code in value)
        case _:
            return spell_category(value)


def _spell_choices(argument: Any, names: dict[int, str]) -> str:
    return "|".join(spell_items(one, names) for one in argument[1])


def _spell_group(argument: Any, names: dict[int, str]) -> str:
    number, added, removed, inner = argument
    is_choice = len(inner) == 1 and inner[0][0] == "BRANCH"
    text = _spell_choices(inner[0][1], names) if is_choice else spell_items(inner, names)
    if number is not None:
        return f"(?P<{names[number]}>{text})" if number in names else f"({text})"
    flags = "".join(letter for bit, letter in _FLAGS.items() if added & bit)
    off = "".join(letter for bit, letter in _FLAGS.items() if removed & bit)
    return f"(?{flags}{'-' if off else ''}{off}:{text})"


def _spell_repeat(kind: str, argument: Any, names: dict[int, str]) -> str:
    least, most, inner = argument
    text = spell_items(inner, names)
    is_one = len(inner) == 1 and not inner[0][0].endswith("_REPEAT")
    body = text if is_one and inner[0][0] != "AT" else f"(?:{text})"
    short = {(0, ENDLESS): "*", (1, ENDLESS): "+", (0, 1): "?"}.get((least, most))
    if short is None:
        short = f"{{{least}}}" if least == most else f"{{{least},{'' if most < 0 else most}}}"
    return body + short + ("?" if kind == "MIN_REPEAT" else "")
