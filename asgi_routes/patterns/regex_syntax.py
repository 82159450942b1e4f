r"""The syntax of Django's ``re_path()``: a regular expression, ``^users/(?P<id>\d+)/$``.

Rule: Python's ``re`` decides what matches. The nodes are a reading of the text for what shows,
narrows or reverses it; what cannot be read off safely is `Opaque`.
"""

import re

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.patterns.nodes import Literal, Node, Opaque, Parameter, Pattern
from asgi_routes.patterns.syntaxes import check_text, is_lazy, merge_neighbours

_QUANTIFIER = r"(?:[*+?]|\{\d*,?\d*\})[?+]?"
_ITEM = re.compile(
    rf"""
    (?P<anchor> \\[AZ] | [$^] )
  | (?P<escaped> \\[^0-9A-Za-z] ) (?!{_QUANTIFIER})
  | (?P<plain> [^\\\[\]().*+?{{}}^$|] ) (?!{_QUANTIFIER})
  | (?P<one> (?: \\. | \[ \^? \]? (?: \\. | [^\\\]] )* \] | [^\\\[\]()|] ) (?:{_QUANTIFIER})? )
    """,
    re.VERBOSE | re.DOTALL,
)
_GLOBAL_FLAGS = re.compile(r"\(\?[aiLmsux]+\)")
_SHOWN_FLAGS = re.ASCII | re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE
_GROUP_START = re.compile(r"\((?:\?P<(?P<name>[^>]+)>|(?P<special>\?))?")
_GROUP_END = re.compile(rf"\)(?P<quantifier>{_QUANTIFIER})?")


def parse_regex(source: object) -> Pattern:
    r"""Parse a regular expression.

    A compiled one keeps its flags. A leading ``^`` and a trailing ``$`` are the syntax of the
    anchors, not text, so they are no nodes.

    >>> parse_regex(r"^users/(?P<id>\d+)/$").path_format
    'users/{id}/'

    Raises:
        ImproperlyConfigured: not a regular expression over text.
    """
    flags = 0
    if isinstance(source, re.Pattern):
        flags, source = source.flags & _SHOWN_FLAGS, source.pattern
    if not isinstance(source, str) and not is_lazy(source):
        raise ImproperlyConfigured(
            f"a regex pattern must be a str or a compiled re.Pattern of str, not {source!r}"
        )
    source = check_text(source, "a regex pattern")
    try:
        re.compile(source, flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise _make_error(source, error) from None
    nodes = _take_whole(source) if flags or _GLOBAL_FLAGS.match(source) else _read_nodes(source)
    return Pattern("regex", source, tuple(nodes), source, flags)


def _take_whole(source: str) -> list[Node]:
    return [Opaque(source, (0, len(source)))] if source else []


def _make_error(source: str, error: Exception) -> ImproperlyConfigured:
    at = getattr(error, "pos", None)
    hint = None
    if re.search(r"<[a-z]+:\w+>|^<\w+>", source):
        hint = "this looks like path() syntax"
    return ImproperlyConfigured(
        f"invalid regex pattern: {getattr(error, 'msg', error)}",
        source=source,
        span=None if at is None else (min(at, len(source)), min(at, len(source)) + 1),
        hint=hint,
    )


def _read_nodes(source: str) -> list[Node]:
    nodes: list[Node] = []
    position = 0
    while position < len(source):
        read = _read_group if source[position] == "(" else _read_item
        node, position = read(source, position)
        if isinstance(node, Opaque) and node.regex == "|":
            return _take_whole(source)
        if node is not None:
            nodes.append(node)
    return merge_neighbours(nodes)


def _read_item(source: str, position: int) -> tuple[Node | None, int]:
    found = _ITEM.match(source, position)
    if found is None:  # "|", or something that only re itself can read.
        return Opaque(source[position], (position, position + 1)), position + 1
    span = found.span()
    if found["anchor"] in ("^", r"\A") and span[0] == 0:
        return None, found.end()
    if found["anchor"] in ("$", r"\Z") and span[1] == len(source):
        return None, found.end()
    if found["one"] or found["anchor"]:
        return Opaque(found[0], span), found.end()
    return Literal(found["plain"] or found["escaped"][1:], span), found.end()


def _read_group(source: str, position: int) -> tuple[Node | None, int]:
    start = _GROUP_START.match(source, position)
    assert start is not None
    inner_end = _find_group_end(source, start.end())
    end = _GROUP_END.match(source, inner_end)
    if end is None:
        return Opaque(source[position:], (position, len(source))), len(source)
    span = (position, end.end())
    if start["special"] or end["quantifier"]:
        return Opaque(source[position : end.end()], span), end.end()
    inner = source[start.end() : inner_end]
    return Parameter(start["name"], inner, None, "", span), end.end()


def _find_group_end(source: str, position: int) -> int:
    depth = 0
    while position < len(source):
        if source[position] == "(":
            depth += 1
        elif source[position] == ")":
            if depth == 0:
                return position
            depth -= 1
        else:
            found = _ITEM.match(source, position)
            position = found.end() if found else position + 1
            continue
        position += 1
    return position
