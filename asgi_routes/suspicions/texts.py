"""Texts of routes: what stands for itself in them although it looks like something else."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from asgi_routes.patterns import Literal, Node, Opaque, Pattern
from asgi_routes.patterns.converters import BUILT_IN
from asgi_routes.suspicions.suspicion import Suspicion

_FUNCTIONS = {"path": "path()", "regex": "re_path()", "format": "format_path()"}
_LOOKS_LIKE_REGEX = re.compile(r"^\^|\$$|\(\?P<")
_WORTH_A_LOOK = re.compile(r"[{<>?#%:]")
_IN_BRACES = re.compile(r"\{(?P<name>\w*)(?::(?P<type>[^/{}]*))?\}")
_IN_BRACKETS = re.compile(r"<(?:(?P<type>\w+):)?(?P<name>\w+)>")
_ORIGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


def suspect_text(pattern: Pattern) -> Iterator[Suspicion]:
    """Yield what can hardly have been meant in the text of a route.

    >>> from asgi_routes.patterns import parse_regex
    >>> [found.id for found in suspect_text(parse_regex("^/users/$"))]
    ['R203']
    >>> [*suspect_text(parse_regex("^/?users/$"))]
    []
    """
    if _begins_with_slash(pattern):
        yield Suspicion(
            "R203",
            f"{pattern.source!r} starts with a slash, but paths are matched without their leading slash: "
            "it only matches '//…', unless it follows the prefix of an include()",
        )
    if pattern.syntax != "regex" and _LOOKS_LIKE_REGEX.search(pattern.source):
        yield Suspicion(
            "R204",
            f"'^', '$' and '(?P<…>' are literal text in {pattern.source!r}; use re_path() for a regex",
        )
    text = _read_plain_text(pattern)
    if _WORTH_A_LOOK.search(text):
        yield from _suspect_parameters(pattern, text)
        yield from _suspect_parts_of_a_url(text)


def _begins_with_slash(pattern: Pattern) -> bool:
    match pattern.nodes:
        case [Literal(text=text), *_] if text.startswith("/"):
            return pattern.syntax != "regex" or pattern.source.startswith(("^", r"\A"))
    return False


def _read_plain_text(pattern: Pattern) -> str:
    """Return what stands for itself in a text, with a null character for all else."""
    return "".join(map(_read_node, pattern.nodes))


def _read_node(node: Node) -> str:
    if isinstance(node, Literal):
        return node.text
    if not isinstance(node, Opaque):
        return "\0"
    # A brace of a regex that is no part of a quantifier stands for itself.
    first = "}" if node.regex.startswith("}") else ""
    return first + "\0" + ("{" if node.regex.endswith("{") else "")


def _suspect_parameters(pattern: Pattern, text: str) -> Iterator[Suspicion]:
    function = _FUNCTIONS[pattern.syntax]
    if pattern.syntax != "format":
        for found in _IN_BRACES.finditer(text):
            hint = _suggest(found, pattern.syntax)
            yield Suspicion("R209", f"{found[0]!r} is literal text in {function}: {hint}")
    if pattern.syntax != "path":
        for found in _IN_BRACKETS.finditer(text):
            hint = _suggest(found, pattern.syntax)
            yield Suspicion("R209", f"{found[0]!r} is literal text in {function}: {hint}")
    elif "<" in text or ">" in text:
        yield Suspicion(
            "R210",
            f"a '<' or '>' of {pattern.source!r} is literal text, because it does not enclose a parameter",
        )


def _suggest(found: re.Match[str], syntax: str) -> str:
    """Return what to write instead of a parameter in the syntax of another function."""
    name = found["name"] if found["name"].isidentifier() else "name"
    converter = found["type"] if found["type"] in BUILT_IN else ""
    if syntax == "regex":
        regex = BUILT_IN[converter or "str"].regex
        return f"write '(?P<{name}>{regex})', or use path()"
    if syntax == "format":
        return f"write '{{{name}{':' if converter else ''}{converter}}}', or use path()"
    return f"write '<{converter}{':' if converter else ''}{name}>', or use format_path()"


def _suspect_parts_of_a_url(text: str) -> Iterator[Suspicion]:
    if _ORIGIN.match(text):
        yield Suspicion("R211", f"{text!r} starts with a scheme, which is not part of a path")
    if "?" in text:
        yield Suspicion(
            "R211",
            f"'?' is literal text in {_show(text)}: the query string is not part of the path",
        )
    if "#" in text:
        yield Suspicion(
            "R211", f"'#' is literal text in {_show(text)}: clients never send the fragment"
        )
    for escaped in dict.fromkeys(_ESCAPED.findall(text)):
        meant = unquote(escaped, errors="backslashreplace")
        yield Suspicion(
            "R211",
            f"{escaped!r} is literal text in {_show(text)}: paths are matched after decoding; write {meant!r}",
        )


def _show(text: str) -> str:
    return repr(text.replace("\0", "…"))
