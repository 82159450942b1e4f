"""The syntax of `parse` and `str.format`: ``users/{id:d}/``.

Rule: a field has a regex, as a parameter of a path has one, and the pattern is split by it. One
without a type is as short as it can be, inside its segment; where the segment ends behind it, that
is all that is left of it.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from asgi_routes.errors import ImproperlyConfigured, raise_together
from asgi_routes.patterns.converters import SEGMENT, Converters
from asgi_routes.patterns.format_converters import FormatConverter, make_format_converter
from asgi_routes.patterns.nodes import Literal, Node, Parameter, Pattern
from asgi_routes.patterns.syntaxes import Fields, compose

_PIECE = re.compile(r"\{\{|\}\}|\{(?P<field>[^{}]*)\}|(?P<brace>[{}])|[^{}]+")
_FIELD = re.compile(r"(?P<name>[^:!]*)(?P<conversion>![^:]*)?(?::(?P<spec>.*))?", re.DOTALL)
_SHORTEST = "[^/]+?"


def parse_format(source: str, converters: Converters) -> Pattern:
    """route = { literal | "{{" | "}}" | "{" name [ ":" specification ] "}" }

    A specification is the name of a registered converter, or one of `parse`.

    Raises:
        ImproperlyConfigured: a lone brace, a field without a name, an attribute, index or
            conversion in a field, a name that stands twice, an unknown specification.
    """  # noqa: D403, D415 - the first line is the grammar
    nodes: list[Node] = []
    mistakes: list[ImproperlyConfigured] = []
    fields = Fields("format", source)
    for found in _PIECE.finditer(source):
        if found["field"] is None and found["brace"] is None:
            text = found[0][0] if found[0] in ("{{", "}}") else found[0]
            nodes.append(Literal(text, found.span()))
            continue
        try:
            nodes.append(_read_parameter(found, converters, fields))
        except ImproperlyConfigured as mistake:
            mistakes.append(mistake)
    raise_together(mistakes, f"format pattern {source!r}")
    return compose("format", source, _shorten(nodes))


def _shorten(nodes: list[Node]) -> Iterator[Node]:
    """Yield the nodes, with fields as short as they can be where their segment goes on."""
    for node, behind in itertools.zip_longest(nodes, nodes[1:]):
        is_last = behind is None or (isinstance(behind, Literal) and behind.text.startswith("/"))
        if is_last or not isinstance(node, Parameter):
            yield node
        elif not node.converter_name:
            yield replace(node, regex=_SHORTEST)
        elif isinstance(node.converter, FormatConverter):
            yield replace(node, regex=node.converter.short_regex)
        else:
            yield node


def _read_parameter(found: re.Match[str], converters: Converters, fields: Fields) -> Parameter:
    if found["brace"]:
        hint = "escape a literal brace by doubling it"
        raise fields.make_mistake(f"lone {found[0]!r} in format pattern", found.span(), hint)
    field = _FIELD.fullmatch(found["field"])
    assert field is not None
    name, spec, start = field["name"], field["spec"] or "", found.start("field")
    if name == "" or name.isdigit():
        hint = "write {name}, as in users/{id:d}/"
        raise fields.make_mistake("a field of a format pattern needs a name", found.span(), hint)
    if field["conversion"] is not None:
        span = (start + field.start("conversion"), start + field.end("conversion"))
        raise fields.make_mistake(
            f"conversion {field['conversion']!r} is not supported in a format pattern", span
        )
    fields.check_name(name, (start, start + len(name)))
    converter = SEGMENT if not spec else converters.find(spec)
    if converter is None:
        try:
            converter = make_format_converter(spec)
        except ValueError as error:
            raise fields.make_mistake(
                f"unknown format specification {spec!r} in format pattern: {error}",
                (start + field.start("spec"), start + field.end("spec")),
                _hint_for(spec, converters),
            ) from None
    return fields.make_parameter(name, converter, spec, found.span())


def _hint_for(spec: str, converters: Converters) -> str:
    if spec[-1:].isalpha() and spec.isidentifier() and len(spec) > 1:
        return converters.hint_for(spec)
    return "write {name}, a type of parse as in {name:d}, or the name of a converter"
