"""One pattern and one path: does it match, with which parameters, and what is left.

In: a pattern and how far it has to reach. Out: a function from the path to texts, and one from the
texts to values: nothing is converted before the whole path has matched. The rules kept here: the
answer is that of Django's one regular expression, greedy and leftmost; and where the parameters
are runs of a class of characters, it takes time linear in the length of the path.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from asgi_routes.engine.regexes import Compile
from asgi_routes.engine.rows import Mode
from asgi_routes.engine.runs import Splitter, is_ambiguous, parsed_pieces
from asgi_routes.patterns import Literal, Pattern

Texts: TypeAlias = Sequence[str | None]
"""The text of each parameter, in order."""

Split: TypeAlias = Callable[[str], tuple[Texts, str] | None]
"""From a path to the text of each parameter and what is left of the path; None for no match."""

Convert: TypeAlias = Callable[[Texts], tuple[tuple[Any, ...], dict[str, Any]]]
"""From the texts to positional and named parameters; `ValueError` for no match."""

_END = {Mode.ENDPOINT: r"\Z", Mode.PREFIX: "", Mode.LEVEL: "", Mode.MOUNT: r"(?=/|\Z)"}


def split_of(pattern: Pattern, mode: Mode, compile_regex: Compile = re.compile) -> Split:
    """Return the function that splits a path by one pattern.

    ``compile_regex`` is for the patterns of `re_path`.

    >>> from asgi_routes.patterns.converters import registered_converters
    >>> from asgi_routes.patterns import parse_path
    >>> split = split_of(parse_path("n/<int:n>/", registered_converters()), Mode.PREFIX)
    >>> split("n/1/rest"), split("n/x/")
    ((['1'], 'rest'), None)
    """
    if mode is Mode.LEVEL:
        return _level_split(pattern, compile_regex)
    if pattern.syntax == "regex":
        return _search_split(pattern, mode, compile_regex)
    if pattern.is_literal:
        return _literal_split(pattern, mode)
    pieces = parsed_pieces(pattern.nodes)
    if pieces is not None and is_ambiguous(pieces):
        return Splitter(pieces, mode)
    return _regex_split(pattern, mode)


def _level_split(pattern: Pattern, compile_regex: Compile) -> Split:
    """Return the split that leaves what a nested router reads.

    A regex says itself what may follow it; any other text ends where a segment does.
    """
    split_prefix = split_of(pattern, Mode.PREFIX, compile_regex)
    is_regex = pattern.syntax == "regex"

    def split(path: str) -> tuple[Texts, str] | None:
        found = split_prefix(path)
        if found is None:
            return None
        texts, rest = found
        at = len(path) - len(rest)
        if not rest or not at or path[at - 1] == "/":
            return found
        if rest[0] != "/":
            return found if is_regex else None
        if len(rest) == 1 and not is_regex:
            return None
        return texts, rest[1:]

    return split


def converter_of(pattern: Pattern) -> Convert:
    """Return the function that makes parameters of the texts that were split off."""
    if pattern.syntax == "regex":
        return _groups(re.compile(pattern.regex, pattern.flags))
    parameters = [
        (parameter.name, parameter.converter.to_python)
        for parameter in pattern.parameters
        if parameter.name is not None and parameter.converter is not None
    ]

    def convert(texts: Texts) -> tuple[tuple[Any, ...], dict[str, Any]]:
        named = zip(parameters, texts, strict=True)
        return (), {name: to_python(text or "") for (name, to_python), text in named}

    return convert


def _groups(compiled: re.Pattern[str]) -> Convert:
    names = [*compiled.groupindex]
    if not names:
        return lambda texts: (tuple(texts), {})
    numbers = [*compiled.groupindex.values()]

    def convert(texts: Texts) -> tuple[tuple[Any, ...], dict[str, Any]]:
        found = {name: texts[number - 1] for name, number in zip(names, numbers, strict=True)}
        return (), {name: text for name, text in found.items() if text is not None}

    return convert


def _literal_split(pattern: Pattern, mode: Mode) -> Split:
    text = "".join(node.text for node in pattern.nodes if isinstance(node, Literal))
    size = len(text)

    def split(path: str) -> tuple[Texts, str] | None:
        if not path.startswith(text):
            return None
        rest = path[size:]
        if (
            rest
            and mode is not Mode.PREFIX
            and (mode is Mode.ENDPOINT or (text and rest[0] != "/"))
        ):
            return None
        return (), rest

    return split


def _regex_split(pattern: Pattern, mode: Mode) -> Split:
    compiled = re.compile(r"\A" + pattern.regex + _END[mode])
    names = [parameter.name or "" for parameter in pattern.parameters]

    def split(path: str) -> tuple[Texts, str] | None:
        found = compiled.match(path)
        return found and ([found[name] for name in names], path[found.end() :])

    return split


def _search_split(pattern: Pattern, mode: Mode, compile_regex: Compile) -> Split:
    compiled = compile_regex(pattern.regex, pattern.flags)
    # Django looks at the text, not at the meaning: an escaped "\$" at the end counts as well.
    is_full = mode is Mode.ENDPOINT and pattern.source.endswith("$")
    search = compiled.fullmatch if is_full else compiled.search

    def split(path: str) -> tuple[Texts, str] | None:
        found = search(path)
        return found and (found.groups(), path[found.end() :])

    return split
