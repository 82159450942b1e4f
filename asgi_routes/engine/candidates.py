"""The rows behind a row, for one that was found and then declined.

In: rows. Out: a function from a path and a row's index to the hits behind it. The rule kept here: the
answer is that of the linear matcher, but only rows whose texts are right are looked at; nothing is
built before a row declines for the first time.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

from asgi_routes.engine.lengths import Span, reached_by, spans_of
from asgi_routes.engine.linear import LinearMatcher
from asgi_routes.engine.rows import Hit
from asgi_routes.engine.shapes import shape_of
from asgi_routes.engine.tree import Planter

Target = TypeVar("Target")


class Candidates(Generic[Target]):
    """Goes on behind a row."""

    def __init__(self, linear: LinearMatcher[Target]) -> None:
        self._linear = linear
        self._spans: list[Span] | None = None

    def behind(self, path: str, index: int) -> Iterator[Hit[Target]]:
        """Yield every hit of a row behind the one of this index, in order."""
        leaves = reached_by(self._trees(), path)
        indexes = sorted({leaf.shape.row.index for leaf in leaves})
        for number in indexes:
            if number > index:
                hit = self._linear.follow(self._linear.rows[number])(path)
                if hit is not None:
                    yield hit

    def _trees(self) -> list[Span]:
        if self._spans is None:
            # Two threads may both build them; they build the same.
            shapes = [shape_of(row) for row in self._linear.rows]
            self._spans = spans_of(shapes, Planter(len(shapes)))
        return self._spans
