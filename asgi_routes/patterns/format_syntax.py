"""The syntax of `parse` and `str.format`: ``users/{id:d}/``.

Rule: `parse` is given one field at a time, and only text that the pattern has cut out already. Its
own search crosses slashes and can take minutes, so it is never used.
"""

import contextlib
import functools
import re
from typing import Any

from asgi_routes.errors import ImproperlyConfigured, raise_together
from asgi_routes.patterns.converters import SEGMENT, Converters
from asgi_routes.patterns.nodes import Literal, Node, Parameter, Pattern
from asgi_routes.patterns.syntaxes import Fields, compose

_PIECE = re.compile(r"\{\{|\}\}|\{(?P<field>[^{}]*)\}|(?P<brace>[{}])|[^{}]+")
_FIELD = re.compile(r"(?P<name>[^:!]*)(?P<conversion>![^:]*)?(?::(?P<spec>.*))?", re.DOTALL)
_TYPES_WITH_SLASHES = ("tg", "ta", "th")
"""Dates as ``20/1/1972``: the only specifications of `parse` whose text holds a slash."""


@functools.cache
def make_format_converter(spec: str) -> "FormatConverter":
    """Return the converter for a specification of `parse`; making one takes a millisecond."""
    return FormatConverter(spec)


class FormatConverter:
    """A format specification of `parse` as a converter: its text, cut out, goes through `parse`."""

    def __init__(self, spec: str) -> None:
        import parse  # noqa: PLC0415 - only a typed field needs it

        # Case matters in a path; `parse` ignores it unless told.
        self._parser: Any = parse.compile(f"{{value:{spec}}}", case_sensitive=True)
        self.spec = spec
        self.regex = ".+" if spec.endswith(_TYPES_WITH_SLASHES) else "[^/]+"

    def to_python(self, value: str) -> Any:
        """Return what `parse` makes of the text; `ValueError` where it makes nothing of it."""
        result = self._parser.parse(value)
        if result is None:
            raise ValueError(f"{value!r} is not of the format {self.spec!r}")
        return result["value"]

    def to_url(self, value: Any) -> str:
        """Return the value in its format; `ValueError` where it does not read back as the same."""
        texts = []
        with contextlib.suppress(ValueError, TypeError):
            texts.append(format(value, self.spec))
        if hasattr(value, "isoformat"):  # What `parse` reads as a date, format() does not write.
            texts.append(value.isoformat())
        for text in texts:
            with contextlib.suppress(ValueError, TypeError):
                if self.to_python(text) == value:
                    return text
        raise ValueError(f"{value!r} cannot be written in the format {self.spec!r}")


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
    return compose("format", source, nodes)


def _read_parameter(found: re.Match[str], converters: Converters, fields: Fields) -> Parameter:
    if found["brace"]:
        hint = "a brace as text is written twice"
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
            f"conversion {field['conversion']!r} has no meaning in a format pattern", span
        )
    fields.check_name(name, (start, start + len(name)))
    converter = SEGMENT if not spec else converters.find(spec)
    if converter is None:
        try:
            converter = make_format_converter(spec)
        except (ValueError, NotImplementedError, re.error) as error:
            raise fields.make_mistake(
                f"unknown format specification {spec!r} in format pattern: {error}",
                (start + field.start("spec"), start + field.end("spec")),
                converters.hint_for(spec),
            ) from None
    return fields.make_parameter(name, converter, spec, found.span())
