"""Text to `Pattern`: one file a syntax, one vocabulary of nodes."""

from asgi_routes.patterns.format_converters import FormatConverter
from asgi_routes.patterns.format_syntax import parse_format
from asgi_routes.patterns.nodes import Literal, Node, Opaque, Parameter, Pattern, Span, Syntax
from asgi_routes.patterns.path_syntax import parse_path
from asgi_routes.patterns.regex_syntax import parse_regex
from asgi_routes.patterns.reversal import Form, IrreversibleError, Slot, list_forms
from asgi_routes.patterns.syntaxes import check_text, find_mistake_in_text, is_lazy

__all__ = (
    "Form",
    "FormatConverter",
    "IrreversibleError",
    "Literal",
    "Node",
    "Opaque",
    "Parameter",
    "Pattern",
    "Slot",
    "Span",
    "Syntax",
    "check_text",
    "find_mistake_in_text",
    "is_lazy",
    "list_forms",
    "parse_format",
    "parse_path",
    "parse_regex",
)
