"""What a text is read as: its nodes, and which part of the text each of them is."""

import re
from typing import Any

import pytest

from asgi_routes import Converters
from asgi_routes.patterns import Literal, Node, Opaque, parse_format, parse_path, parse_regex

CONVERTERS = Converters()
REGEXES: list[tuple[str, list[tuple[str, int, int]]]] = [
    ("", []),
    ("^", []),
    (r"^a\.b/$", [("a.b/", 1, 6)]),
    (r"a\)b", [("a)b", 0, 4)]),
    (
        r"^a(?P<x>\d+)/(\w)$",
        [("a", 1, 2), ("<x:\\d+>", 2, 12), ("/", 12, 13), ("<None:\\w>", 13, 17)],
    ),
    (r"(a(b))", [("<None:a(b)>", 0, 6)]),
    (r"(?P<x>a(?:b)[()])c", [("<x:a(?:b)[()]>", 0, 17), ("c", 17, 18)]),
    (r"(a(b(c)d)e)f", [("<None:a(b(c)d)e>", 0, 11), ("f", 11, 12)]),
    (r"a]b", [("a", 0, 1), ("re ]", 1, 2), ("b", 2, 3)]),
    (r"(a])b", [("<None:a]>", 0, 4), ("b", 4, 5)]),
    (r"\Aa\Z", [("a", 2, 3)]),
    (r"([)])a", [("<None:[)]>", 0, 5), ("a", 5, 6)]),
    (r"(\))a", [("<None:\\)>", 0, 4), ("a", 4, 5)]),
    # What is none of these is left to `re`, in one piece.
    (r"a|b", [("re a|b", 0, 3)]),
    (r"[ab]+c*d", [("re [ab]+c*", 0, 7), ("d", 7, 8)]),
    (r"a{2}b", [("re a{2}", 0, 4), ("b", 4, 5)]),
    (r"\d\w", [("re \\d\\w", 0, 4)]),
    (r"(?:a)(?P<x>b)?c", [("re (?:a)(?P<x>b)?", 0, 14), ("c", 14, 15)]),
    (r"(?i)a", [("re (?i)a", 0, 5)]),
    (r"a(?#()b", [("a", 0, 1), ("re (?#()b", 1, 7)]),
]
PATHS: list[tuple[str, str, list[tuple[str, int, int]]]] = [
    ("", "", []),
    ("%a.b", r"%a\.b", [("%a.b", 0, 4)]),
    ("a/<int:id>/b", "a/(?P<id>[0-9]+)/b", [("a/", 0, 2), ("<id:[0-9]+>", 2, 10), ("/b", 10, 12)]),
    (
        "<x>-<slug:y>",
        r"(?P<x>[^/]+)\-(?P<y>[-a-zA-Z0-9_]+)",
        [("<x:[^/]+>", 0, 3), ("-", 3, 4), ("<y:[-a-zA-Z0-9_]+>", 4, 12)],
    ),
]
FORMATS: list[tuple[str, str, list[tuple[str, int, int]]]] = [
    ("{{", r"\{", [("{", 0, 2)]),
    ("{{a}}{b}", r"\{a\}(?P<b>[^/]+)", [("{a}", 0, 5), ("<b:[^/]+>", 5, 8)]),
    ("}}x{y:w}", r"\}x(?P<y>\w+)", [("}x", 0, 3), (r"<y:\w+>", 3, 8)]),
    (
        "a/{id:l}/b",
        "a/(?P<id>[A-Za-z]+)/b",
        [("a/", 0, 2), ("<id:[A-Za-z]+>", 2, 8), ("/b", 8, 10)],
    ),
    (
        "{a}-{b}",
        r"(?P<a>[^/]+?)\-(?P<b>[^/]+)",
        [("<a:[^/]+?>", 0, 3), ("-", 3, 4), ("<b:[^/]+>", 4, 7)],
    ),
]


@pytest.mark.parametrize(("text", "nodes"), REGEXES, ids=str)
def test_regexes(text: str, nodes: list[Any]) -> None:
    """Neighbours of one kind are one node; groups with a name or a number are parameters."""
    pattern = parse_regex(text)
    assert (pattern.syntax, pattern.source, pattern.regex) == ("regex", text, text)
    assert [*map(shown, pattern.nodes)] == nodes


@pytest.mark.parametrize(("text", "nodes"), [("", []), ("a/", [("re a/", 0, 2)])])
def test_regexes_with_flags(text: str, nodes: list[Any]) -> None:
    """A flag may change the meaning of any of it."""
    pattern = parse_regex(re.compile(text, re.IGNORECASE))
    assert [*map(shown, pattern.nodes)] == nodes


@pytest.mark.parametrize(("text", "regex", "nodes"), PATHS, ids=str)
def test_paths(text: str, regex: str, nodes: list[Any]) -> None:
    """Text between parameters is literal, whatever it means elsewhere."""
    pattern = parse_path(text, CONVERTERS)
    assert (pattern.syntax, pattern.source, pattern.regex) == ("path", text, regex)
    assert [*map(shown, pattern.nodes)] == nodes


@pytest.mark.parametrize(("text", "regex", "nodes"), FORMATS, ids=str)
def test_formats(text: str, regex: str, nodes: list[Any]) -> None:
    """A brace that is written twice is a brace."""
    pattern = parse_format(text, CONVERTERS)
    assert (pattern.syntax, pattern.source, pattern.regex) == ("format", text, regex)
    assert [*map(shown, pattern.nodes)] == nodes


def test_converters() -> None:
    """What is written without a type takes text; a group of a regex has no converter."""
    [plain] = parse_path("<x>", CONVERTERS).parameters
    [field] = parse_format("{x}", CONVERTERS).parameters
    assert field.converter is plain.converter
    assert (plain.converter_name, field.converter_name) == ("", "")
    [group] = parse_regex(r"(\d)").parameters
    assert (group.converter, group.converter_name) == (None, "")


def shown(node: Node) -> tuple[str, int, int]:
    match node:
        case Literal(text=text, span=span):
            return text, *span
        case Opaque(regex=regex, span=span):
            return f"re {regex}", *span
        case parameter:
            return f"<{parameter.name}:{parameter.regex}>", *parameter.span
