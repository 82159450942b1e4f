"""The syntax of Django's ``path()``: ``users/<int:id>/``.

Rule: what stands between ``<`` and ``>`` is a parameter; everything else, whatever it looks like,
stands for itself.
"""

import re

from asgi_routes.errors import ImproperlyConfigured, raise_together
from asgi_routes.patterns.converters import SEGMENT, Converters
from asgi_routes.patterns.nodes import Literal, Node, Parameter, Pattern
from asgi_routes.patterns.syntaxes import Fields, compose

_PARAMETER = re.compile(r"<(?:(?P<converter>[^>:]+):)?(?P<name>[^>]+)>")
_WHITESPACE = re.compile(r"[ \t\n\r\v\f]")


def parse_path(source: str, converters: Converters) -> Pattern:
    """route = { literal | "<" [ converter ":" ] name ">" }

    Raises:
        ImproperlyConfigured: white space inside the brackets, a name that is no identifier or
            stands twice, an unknown converter, or one whose regex does not work at its place.
    """  # noqa: D403, D415 - the first line is the grammar
    nodes: list[Node] = []
    mistakes: list[ImproperlyConfigured] = []
    fields = Fields("path", source)
    position = 0
    for found in _PARAMETER.finditer(source):
        if found.start() > position:
            nodes.append(Literal(source[position : found.start()], (position, found.start())))
        position = found.end()
        try:
            nodes.append(_read_parameter(found, converters, fields))
        except ImproperlyConfigured as mistake:
            mistakes.append(mistake)
    if position < len(source):
        nodes.append(Literal(source[position:], (position, len(source))))
    raise_together(mistakes, f"path pattern {source!r}")
    return compose("path", source, nodes)


def _read_parameter(found: re.Match[str], converters: Converters, fields: Fields) -> Parameter:
    name, written = found["name"], found["converter"] or ""
    if space := _WHITESPACE.search(found[0]):
        at = found.start() + space.start()
        raise fields.make_mistake("whitespace between '<' and '>' in path pattern", (at, at + 1))
    fields.check_name(name, found.span("name"), _explain_name(name, written))
    converter = converters.find(written) if written else SEGMENT
    if converter is None:
        raise fields.make_mistake(
            f"unknown converter {written!r} in path pattern",
            found.span("converter"),
            f"did you mean '<{name}:{written}>'?"
            if converters.find(name) is not None
            else converters.hint_for(written),
        )
    return fields.make_parameter(name, converter, written, found.span())


def _explain_name(name: str, converter: str) -> str | None:
    """Return what was meant by a name that is none."""
    end = re.search(r"[/<]", name)
    if end is not None:
        begun = f"<{converter}:{name[: end.start()]}" if converter else f"<{name[: end.start()]}"
        return f"missing '>' after {begun!r}"
    if not converter and name.startswith(":"):
        return f"the converter goes before the colon, as in <int{name}>"
    if not converter and name.endswith(":"):
        return f"the name goes after the colon, as in <{name}id>"
    return None
