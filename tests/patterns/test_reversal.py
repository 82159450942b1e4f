"""Patterns backwards: the texts that they propose."""

import re
from typing import Any

import pytest

from asgi_routes import Converters
from asgi_routes.patterns import parse_format, parse_path, parse_regex
from asgi_routes.patterns.reversal import IrreversibleError, Slot, list_forms

FORMS: list[tuple[str, list[str]]] = [
    (r"^a/b$", ["a/b"]),
    (r"^(\d+)/(\w+)$", ["<1>/<2>"]),
    (r"^(?P<a>x)(\d)$", ["<a><2>"]),
    (r"^((?P<in>a)b)$", ["<1>"]),
    (r"^a(?:b)c$", ["abc"]),
    (r"^a(?:(?P<x>b))c$", ["a<x>c"]),
    (r"^a(?i:b)c$", ["abc"]),
    (r"^a(?i:(?P<x>b))c$", ["a<x>c"]),
    (r"^a(?>b)c$", ["abc"]),
    (r"^a(?>(?P<x>b))c$", ["a<x>c"]),
    (r"^(?P<x>a)-(?P=x)$", ["<x>-<x>"]),
    # What may be left out is written only if it has a parameter.
    (r"^a?b*c{0}$", [""]),
    (r"^a+b{3}c{2,}$", ["abbbcc"]),
    (r"^a+?b{3}+c{2,}?$", ["abbbcc"]),
    (r"^(?:a(?P<x>b))?c$", ["a<x>c", "c"]),
    (r"^(?:a(?P<x>b))??c$", ["a<x>c", "c"]),
    (r"^(?:a(?P<x>b))?+c$", ["a<x>c", "c"]),
    (r"^(?:a(?P<x>b)){0}c$", ["c"]),
    (r"^(?:a(?P<x>b)){2}$", ["a<x>a<x>"]),
    (r"^(?:(?P<x>a)/)?(?:(?P<y>b)/)?$", ["<x>/<y>/", "<x>/", "<y>/", ""]),
    # What stands for several characters is written as one of them.
    (r"^[abc]$", ["a"]),
    (r"^[b-d]$", ["b"]),
    (r"^[^a]$", ["x"]),
    (r"^[^abc]$", ["x"]),
    (r"^[^x]$", ["y"]),
    (r"^[^x-z]$", ["0"]),
    (r"^[^\w]$", ["-"]),
    (r"^[^\W_]$", ["x"]),
    (r"^[^\D]$", ["0"]),
    (r"^[^\s]$", ["x"]),
    (r"^[^\S]$", ["no"]),
    (r"^[^\w/-]$", ["!"]),
    (r"^.\d\w\s$", [".0x "]),
    (r"^\D\W\S$", ["x!x"]),
    (r"^[\d][\w.][\s]$", ["0x "]),
    # Places between characters, and what only looks around, are nothing to write.
    (r"\Aa\b(?=x)(?!y)(?<=a)(?<!b)\Bb\Z", ["ab"]),
]


@pytest.mark.parametrize(("regex", "forms"), FORMS, ids=str)
def test_forms(regex: str, forms: list[str]) -> None:
    """Each way to write what a regex matches, the longest first."""
    if forms == ["no"]:
        with pytest.raises(IrreversibleError, match="leaves none to write"):
            list_forms(parse_regex(regex))
        return
    assert [shown(form) for form in list_forms(parse_regex(regex))] == forms


def test_forms_of_a_regex_with_flags() -> None:
    """They say what is text at all."""
    [form] = list_forms(parse_regex(re.compile("a (?P<x>b) # c", re.VERBOSE)))
    assert shown(form) == "a<x>"


@pytest.mark.parametrize(
    ("regex", "said"),
    [
        (r"^a|b$", "it has alternatives"),
        (r"^(?:ab|cd)$", "it has alternatives"),
        (r"^(a)?(?(1)b|c)$", "it has alternatives"),
        (r"^[^\x00-\x7f]$", "it has a class of characters that leaves none to write"),
        ("^" + r"(?:(\d))?" * 7 + "$", "it has too many optional parts"),
        ("^" + r"(?:(\d))?" * 50 + "$", "it has too many optional parts"),
    ],
)
def test_what_cannot_be_read_backwards(regex: str, said: str) -> None:
    """One regex says why; it is the only one to suffer."""
    with pytest.raises(IrreversibleError) as caught:
        list_forms(parse_regex(regex))
    assert str(caught.value) == said


def test_as_many_forms_as_there_may_be() -> None:
    """Six optional parameters are not too many."""
    assert len(list_forms(parse_regex("^" + r"(?:(\d))?" * 6 + "$"))) == 64


def test_slots() -> None:
    """What a slot knows: the text and the converter of its parameter, and what that was called."""
    [[text, slot, other]] = list_forms(parse_path("a/<int:id><b>", Converters()))
    assert text == "a/"
    assert isinstance(slot, Slot)
    assert isinstance(other, Slot)
    assert (slot.key, slot.regex, slot.kind) == ("id", "[0-9]+", "int")
    assert (other.key, other.regex, other.kind) == ("b", "[^/]+", "str")
    assert slot.converter is not None
    [[slot]] = list_forms(parse_format("{n:d}", Converters()))
    assert isinstance(slot, Slot)
    assert (slot.key, slot.kind) == ("n", "d")
    [[slot]] = list_forms(parse_regex(r"(\d)"))
    assert slot == Slot(1, None, None, "")


def shown(form: Any) -> str:
    return "".join(part if isinstance(part, str) else f"<{part.key}>" for part in form)
