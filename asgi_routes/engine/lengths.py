"""Shapes by the number of segments that a path has.

In: shapes. Out: one tree for each number of segments, or for a span of them. The rule kept here: the
spans follow one another without a gap, from one segment to "so many or more".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from asgi_routes.engine.shapes import Shape
from asgi_routes.engine.tree import Leaf, Planter, Tree, reached


@dataclass(frozen=True, slots=True)
class Span:
    """The tree for paths of ``least`` to ``most`` segments.

    Attributes:
        least: the fewest segments.
        most: the most of them; None for the last span, which has no end.
        columns: how many segments the tree looks at.
        tree: None where no row has so many segments.
    """

    least: int
    most: int | None
    columns: int
    tree: Tree | None


def spans_of(shapes: Sequence[Shape], planter: Planter) -> list[Span]:
    """Return the trees for all numbers of segments; none for no shapes."""
    if not shapes:
        return []
    longest = max(shape.most or max(shape.least, len(shape.cells)) for shape in shapes)
    by_count: dict[int, list[Shape]] = {count: [] for count in range(1, longest + 2)}
    for shape in shapes:
        for count in range(max(shape.least, 1), (shape.most or longest + 1) + 1):
            by_count[count].append(shape)
    spans = []
    for _, group in groupby(by_count, lambda count: [shape.row.index for shape in by_count[count]]):
        counts = [*group]
        fitting = by_count[counts[0]]
        spans.append(
            Span(
                counts[0],
                counts[-1] if counts[-1] <= longest else None,
                max((len(shape.cells) for shape in fitting), default=0),
                planter.tree(fitting) if fitting else None,
            )
        )
    return spans


def reached_by(spans: Sequence[Span], path: str) -> Iterator[Leaf]:
    """Yield the leaves of the trees that a path leads to, as far as texts can tell."""
    if not spans:
        return
    # What is behind the longest row need not be told apart.
    segments = path.split("/", max(spans[-1].least, spans[-1].columns))
    for span in spans:
        if len(segments) <= (span.most or len(segments)):
            if span.tree is not None:
                yield from reached(span.tree, segments)
            return
