"""Paths that a pattern matches, and paths that are near to these."""

import re
from collections.abc import Iterator
from typing import Any, cast

from asgi_routes.patterns import Literal, Parameter, Pattern
from asgi_routes.regular.characters import read_set
from asgi_routes.regular.parsing import UnreadableError, read_items

_PREFERRED = ("a", "7", "a-b", "ab", "12", "00000000-0000-0000-0000-000000000007", "a/b", "A", "-")


def list_examples(pattern: Pattern) -> Iterator[str]:
    """Yield a few texts that a pattern matches, if any can be told."""
    if pattern.syntax == "regex":
        yield from dict.fromkeys(_match_regex(pattern.regex))
        return
    for number in range(2):
        yield "".join(
            node.text if isinstance(node, Literal) else _example_of(node, number)
            for node in pattern.nodes
        )


def _example_of(node: Any, number: int) -> str:
    assert isinstance(node, Parameter)
    fitting = [text for text in _PREFERRED if _converts(node, text)]
    fitting += [text for text in _match_regex(node.regex) if _converts(node, text)]
    return fitting[number % len(fitting)] if fitting else "x"


def _converts(node: Parameter, text: str) -> bool:
    try:
        is_match = re.fullmatch(node.regex, text) is not None
        if is_match and node.converter is not None:
            node.converter.to_python(text)
    except ValueError:
        return False
    return is_match


def _match_regex(regex: str) -> Iterator[str]:
    """Yield texts that a regex matches."""
    try:
        items, _ = read_items(regex, 0)
    except UnreadableError:
        return
    for most in (1, 2):
        text = "".join(_write(item, most) for item in items)
        if re.search(regex, text):
            yield text


def _write(item: Any, most: int) -> str:
    """Return a text for one item of a regex, with so many turns of a loop if it bears them."""
    kind, argument = str(item[0]), item[1]
    if kind == "LITERAL":
        return chr(argument)
    if kind in ("IN", "ANY", "NOT_LITERAL", "CATEGORY"):
        ranges = read_set(kind, argument, 0)
        fit = (c for c in "a7A-_./ " if any(low <= ord(c) <= high for low, high in ranges))
        return next(fit, chr(ranges[0][0]) if ranges else "")
    turns, body = 1, cast("Any", ())
    if kind.endswith("_REPEAT"):
        low, high, body = argument
        turns = max(low, min(most, high))
    elif kind == "SUBPATTERN":
        body = argument[-1]
    elif kind == "BRANCH":
        body = argument[1][0]
    elif kind == "ATOMIC_GROUP":
        body = argument
    return "".join(_write(one, most) for one in body) * turns  # An anchor is no text.


def list_near(path: str) -> Iterator[str]:
    """Yield a path, and those that differ from it in one thing that routers read differently."""
    yield path
    yield path.removesuffix("/") if path.endswith("/") else path + "/"
    yield path + "x"
    yield path + "\n"
    yield path + "/"
    yield path.upper()
    yield "/" + path
    yield path.replace("/", "//", 1)
    yield path[1:]
    for index, segment in enumerate(segments := path.split("/")):
        before, behind = segments[:index], segments[index + 1 :]
        yield "/".join([*before, *behind])
        yield "/".join([*before, segment, "", *behind])
        yield "/".join([*before, segment + "x", *behind])
        yield "/".join([*before, "é٣", *behind])
        yield "/".join([*before, "9" * 5000, *behind])
