"""One pattern and one path: does it match, with which parameters, and what is left.

In: a pattern and how far it has to reach. Out: a function of the path. The rules kept here: the
answer is that of Django's one regular expression, greedy and leftmost; and where the parameters
are runs of a class of characters, it takes time linear in the length of the path.
"""

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from asgi_routes.engine.rows import Mode
from asgi_routes.engine.runs import Splitter, is_ambiguous, parsed_pieces
from asgi_routes.patterns import Literal, Pattern

Found: TypeAlias = tuple[str, tuple[Any, ...], dict[str, Any]]
"""What is left of the path, the positional and the named parameters."""

ExactMatch: TypeAlias = Callable[[str], Found | None]

Split: TypeAlias = Callable[[str], tuple[list[str], str] | None]
"""From a path to the text of each parameter and what is left."""

_END = {Mode.ENDPOINT: r"\Z", Mode.PREFIX: "", Mode.MOUNT: r"(?=/|\Z)"}


def exact_match(pattern: Pattern, mode: Mode) -> ExactMatch:
    """Return the function that matches a path against one pattern.

    >>> from asgi_routes.converters import registered_converters
    >>> from asgi_routes.patterns import parse_path
    >>> match = exact_match(parse_path("n/<int:n>/", registered_converters()), Mode.PREFIX)
    >>> match("n/1/rest"), match("n/x/")
    (('rest', (), {'n': 1}), None)
    """
    if pattern.syntax == "regex":
        return _regex_match(pattern, mode)
    if pattern.is_literal:
        return _literal_match(pattern, mode)
    pieces = parsed_pieces(pattern.nodes)
    if pieces is not None and is_ambiguous(pieces):
        return _converted(pattern, Splitter(pieces, mode))
    return _converted(pattern, _regex_split(pattern, mode))


def _literal_match(pattern: Pattern, mode: Mode) -> ExactMatch:
    text = "".join(node.text for node in pattern.nodes if isinstance(node, Literal))
    size = len(text)

    def match(path: str) -> Found | None:
        if not path.startswith(text):
            return None
        rest = path[size:]
        if (
            rest
            and mode is not Mode.PREFIX
            and (mode is Mode.ENDPOINT or (text and rest[0] != "/"))
        ):
            return None
        return rest, (), {}

    return match


def _regex_split(pattern: Pattern, mode: Mode) -> Split:
    compiled = re.compile(r"\A" + pattern.regex + _END[mode])
    names = [parameter.name or "" for parameter in pattern.parameters]

    def split(path: str) -> tuple[list[str], str] | None:
        found = compiled.match(path)
        return found and ([found[name] for name in names], path[found.end() :])

    return split


def _converted(pattern: Pattern, split: Split) -> ExactMatch:
    parameters = [
        (parameter.name, parameter.converter.to_python)
        for parameter in pattern.parameters
        if parameter.name is not None and parameter.converter is not None
    ]

    def match(path: str) -> Found | None:
        found = split(path)
        if found is None:
            return None
        texts, rest = found
        try:
            kwargs = {
                name: to_python(text)
                for (name, to_python), text in zip(parameters, texts, strict=True)
            }
        except ValueError:
            return None
        return rest, (), kwargs

    return match


def _regex_match(pattern: Pattern, mode: Mode) -> ExactMatch:
    compiled = re.compile(pattern.regex, pattern.flags)
    # Django looks at the text, not at the meaning: an escaped "\$" at the end counts as well.
    is_full = mode is Mode.ENDPOINT and pattern.source.endswith("$")
    search = compiled.fullmatch if is_full else compiled.search

    def match(path: str) -> Found | None:
        found = search(path)
        if found is None:
            return None
        rest = path[found.end() :]
        if compiled.groupindex:
            named = found.groupdict()
            return rest, (), {name: text for name, text in named.items() if text is not None}
        return rest, found.groups(), {}

    return match
