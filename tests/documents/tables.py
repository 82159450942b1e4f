"""Tables of the documents, as tests read them."""

from typing import NamedTuple

import docutils.nodes

from tests.documents.reading import ROOT, parsed


class Table(NamedTuple):
    """A table of a document; what is literal stands in double backquotes.

    Attributes:
        head: its headings.
        rows: the cells of each row, each in one line.
    """

    head: list[str]
    rows: list[list[str]]


def read_table(document: str, *heads: str) -> Table:
    """Return the one table of a document whose first headings are these."""
    found = [
        table
        for node in parsed(ROOT / document).findall(docutils.nodes.tgroup)
        if (table := _read(node)).head[: len(heads)] == [*heads]
    ]
    assert len(found) == 1, f"{document}: {len(found)} tables begin with {heads}"
    return found[0]


def _read(node: docutils.nodes.tgroup) -> Table:
    rows = [[_text(entry) for entry in row] for row in node.findall(docutils.nodes.row)]
    return Table(rows[0], rows[1:])


def _text(entry: docutils.nodes.Node) -> str:
    parts = [
        f"``{node.parent.astext()}``"
        if isinstance(node.parent, docutils.nodes.literal)
        else node.astext()
        for node in entry.findall(docutils.nodes.Text)
    ]
    return " ".join("".join(parts).split())
