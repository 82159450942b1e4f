"""What the syntaxes share: making a `Pattern` of the nodes that they have read.

Rules: neighbouring nodes of one kind become one node, and parameters that are valid one by one have
to be valid together.
"""

import re
from collections.abc import Iterable

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.patterns.converters import Converter, find_mistake_in_regex
from asgi_routes.patterns.nodes import Literal, Node, Opaque, Parameter, Pattern, Span, Syntax

_REFERENCE = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")


def merge_neighbours(nodes: Iterable[Node]) -> list[Node]:
    """Return the nodes with neighbouring literals, and neighbouring opaque pieces, as one each."""
    result: list[Node] = []
    for node in nodes:
        match (result[-1] if result else None), node:
            case Literal(text=before, span=span), Literal(text=after, span=other):
                result[-1] = Literal(before + after, (span[0], other[1]))
            case Opaque(regex=before, span=span), Opaque(regex=after, span=other):
                result[-1] = Opaque(before + after, (span[0], other[1]))
            case _:
                result.append(node)
    return result


def compose(syntax: Syntax, source: str, nodes: Iterable[Node]) -> Pattern:
    """Return the pattern of literals and named parameters.

    Raises:
        ImproperlyConfigured: the converters' regexes do not work together. Groups are numbered
            over the whole route, so a back-reference may point anywhere.
    """
    nodes = tuple(merge_neighbours(nodes))
    regex = "".join(_write_part(node) for node in nodes)
    try:
        if _REFERENCE.search(regex):  # Nothing else can go wrong, and compiling is slow.
            re.compile(regex)
    except re.error as error:
        raise ImproperlyConfigured(
            f"the regexes of the converters cannot be combined in {syntax} pattern: {error.msg}",
            source=source,
            span=_find_culprit(nodes),
        ) from None
    return Pattern(syntax, source, nodes, regex)


def _write_part(node: Node) -> str:
    if isinstance(node, Literal):
        return re.escape(node.text)
    assert isinstance(node, Parameter)  # Only a regex has opaque pieces.
    return f"(?P<{node.name}>{node.regex})"


def _find_culprit(nodes: tuple[Node, ...]) -> Span | None:
    """Return the place of the first parameter that is invalid even by itself."""
    for node in nodes:
        try:
            re.compile(_write_part(node))
        except re.error:
            return node.span
    return None


def is_lazy(text: object) -> bool:
    """Tell whether a text is one of Django's that is another one for each language.

    >>> is_lazy("users/")
    False
    """
    return any(
        kind.__name__ == "Promise" and kind.__module__ == "django.utils.functional"
        for kind in type(text).__mro__
    )


def check_text(text: object, what: str, hint: str | None = None) -> str:
    """Return the text of a route.

    Raises:
        ImproperlyConfigured: it is none, or it depends on the language of each request.
    """
    if mistake := find_mistake_in_text(text, what, hint):
        raise mistake
    assert isinstance(text, str)
    return text


def find_mistake_in_text(
    text: object, what: str, hint: str | None = None
) -> ImproperlyConfigured | None:
    """Return why something is no text, or not the same text for every request; else None.

    >>> find_mistake_in_text("users/", "a path pattern")
    >>> find_mistake_in_text(5, "a path pattern").message
    'a path pattern must be a str, not 5'
    """
    if isinstance(text, str):
        return None
    if is_lazy(text):
        return ImproperlyConfigured(
            f"{what} must be the same for every request, but the lazy string {text!s:.100} is not",
            hint="pass str(…) of it, or declare a route for each language",
        )
    return ImproperlyConfigured(f"{what} must be a str, not {text!r}", hint=hint)


class Fields:
    """The parameters of one route text as they are read; no name may stand twice."""

    def __init__(self, syntax: Syntax, source: str) -> None:
        self.syntax = syntax
        self.source = source
        self._names: set[str] = set()

    def make_mistake(self, text: str, span: Span, hint: str | None = None) -> ImproperlyConfigured:
        """Return the error about a place in the text."""
        return ImproperlyConfigured(text, source=self.source, span=span, hint=hint)

    def check_name(self, name: str, span: Span, hint: str | None = None) -> None:
        """Refuse a name that is no identifier, or that stands in the text already."""
        if not name.isidentifier():
            raise self.make_mistake(
                f"parameter name {name!r} is not an identifier in {self.syntax} pattern", span, hint
            )
        if name in self._names:
            raise self.make_mistake(
                f"parameter {name!r} appears twice in {self.syntax} pattern",
                span,
                "each parameter of a route needs a unique name",
            )
        self._names.add(name)

    def make_parameter(
        self, name: str, converter: Converter, written: str, span: Span
    ) -> Parameter:
        """Return the parameter whose converter was found under the written name."""
        # Read now, not when it was registered: the regex may be a property.
        regex = converter.regex
        if mistake := find_mistake_in_regex(regex):
            raise self.make_mistake(f"converter {written!r} {mistake}", span)
        return Parameter(name, regex, converter, written, span)
