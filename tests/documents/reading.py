"""The documents, and the blocks of code in them.

A page of ``docs/`` uses roles and directives of Sphinx. Here they mean nothing: whether they are right
is Sphinx's to say (``make docs``).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar

import docutils.core
import docutils.nodes
from docutils.parsers.rst import Directive, directives, roles
from docutils.parsers.rst.directives.body import CodeBlock

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "RESULTS.rst"
PLAIN = [*sorted(ROOT.glob("*.rst")), RESULTS]
"""Documents that are read without Sphinx, on a forge or a package index."""
PAGES = sorted((ROOT / "docs").rglob("*.rst"))
DOCUMENTS = [*PLAIN, *PAGES]

_ROLES = (
    *("doc", "ref", "term", "any", "envvar", "option", "program", "file", "issue", "kbd"),
    *("abbr", "class", "func", "meth", "attr", "mod", "data", "exc", "obj", "samp", "download"),
    *(f"py:{name}" for name in ("class", "func", "meth", "attr", "mod", "data", "exc", "obj")),
)
_READ_ON = (
    *("versionadded", "versionchanged", "deprecated", "seealso", "glossary", "only", "centered"),
    *("function", "class", "data", "option", "program", "envvar", "tab-set", "tab-item"),
    *("list-table", "grid", "grid-item-card"),
)
_PASSED_OVER = (
    *("toctree", "autofunction", "autoclass", "autodata", "autoexception", "automodule"),
    *("automethod", "autoattribute", "currentmodule", "module", "py:currentmodule", "py:module"),
    *("literalinclude", "click", "index", "highlight", "tabularcolumns", "default-role"),
)


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        language: as it is written; ``python`` for a doctest in the text.
        code: what it holds.
        caption: the name of a file, or None.
        classes: what was written as ``:class:``.
    """

    language: str
    code: str
    caption: str | None
    classes: frozenset[str]


class _Passed(Directive):
    """A directive of Sphinx that holds no text of the document."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[Any] = None

    def run(self) -> list[docutils.nodes.Node]:
        return []


class _ReadOn(_Passed):
    """A directive of Sphinx that has text of the document in it."""

    def run(self) -> list[docutils.nodes.Node]:
        holder = docutils.nodes.container()
        self.state.nested_parse(self.content, self.content_offset, holder)
        return [holder]


class _Code(CodeBlock):
    """``code-block`` with the options that Sphinx adds."""

    option_spec: ClassVar[Any] = {
        **(CodeBlock.option_spec or {}),
        "caption": directives.unchanged,
        "linenos": directives.flag,
        "lineno-start": directives.nonnegative_int,
        "emphasize-lines": directives.unchanged,
        "dedent": directives.unchanged,
        "force": directives.flag,
    }

    def run(self) -> list[docutils.nodes.Node]:
        found: list[docutils.nodes.Node] = super().run()
        for node in found:
            if isinstance(node, docutils.nodes.literal_block):
                node["language"] = (self.arguments or ["text"])[0]
                node["caption"] = self.options.get("caption")
        return found


class _AnyOption(dict[str, Callable[[str], str]]):
    def __missing__(self, name: str) -> Callable[[str], str]:
        return lambda text: text or ""

    def __contains__(self, name: object) -> bool:
        return True


def _read_role(name: str, raw: str, text: str, *_others: Any, **_more: Any) -> Any:
    return [docutils.nodes.literal(raw, re.sub(r"\s*<.*>$", "", text))], []


@cache
def _teach() -> None:
    """Make docutils read on at what only Sphinx knows."""
    for kind in (_Passed, _ReadOn):
        kind.option_spec = _AnyOption()
    for name in _ROLES:
        roles.register_local_role(name, _read_role)
    for name in _READ_ON:
        directives.register_directive(name, _ReadOn)
    for name in _PASSED_OVER:
        directives.register_directive(name, _Passed)
    directives.register_directive("code-block", _Code)


@cache
def parsed(document: Path) -> Any:
    """Return the tree of a document; anything that docutils complains of fails."""
    _teach()
    level = 2 if document in PAGES else 1  # Pages refer to the anchors of other pages.
    settings = {"report_level": level, "halt_level": level, "syntax_highlight": "none"}
    return docutils.core.publish_doctree(
        document.read_text(), source_path=str(document), settings_overrides=settings
    )


def blocks(document: Path) -> Iterator[Block]:
    """Yield the blocks of code of a document, in order."""
    is_code = (docutils.nodes.literal_block, docutils.nodes.doctest_block)
    for node in parsed(document).findall(partial(_is_any, kinds=is_code)):
        is_doctest = isinstance(node, docutils.nodes.doctest_block)
        language = "python" if is_doctest else node.get("language", "text")
        classes = frozenset(node["classes"])
        yield Block(language, node.astext(), node.get("caption"), classes)


def name_of_document(document: Path) -> str:
    """Return how a document is called in the list of tests."""
    return str(document.relative_to(ROOT))


def _is_any(node: docutils.nodes.Node, kinds: tuple[type, ...]) -> bool:
    return isinstance(node, kinds)
