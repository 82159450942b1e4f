"""The rows before one.

In: rows, one after the other. Out: those that may have a path in common with the next one. The rule kept
here: a row is left out only where its text shows that it has none.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from asgi_routes.language.outlines import Outline, meet

if TYPE_CHECKING:
    from asgi_routes.language.languages import Undecided


class Earlier:
    """Rows by what all their paths begin with.

    Attributes:
        unknown: those of which nothing is known, and why.
        within: those whose paths are all paths of another one of them.
    """

    def __init__(self) -> None:
        self.unknown: list[tuple[int, Undecided]] = []
        self.within: set[int] = set()
        self._exactly: dict[str, list[int]] = {}
        self._below: dict[str, list[int]] = {}
        self._outlines: dict[int, Sequence[Outline]] = {}

    def add(self, index: int, head: str, outlines: Sequence[Outline]) -> None:
        """Add a row: its index, a text that all its paths begin with, and its outlines."""
        self._exactly.setdefault(head, []).append(index)
        for size in range(len(head)):
            self._below.setdefault(head[:size], []).append(index)
        self._outlines[index] = outlines

    def meeting(self, head: str, outlines: Sequence[Outline]) -> list[int]:
        """Return the rows that may have a path in common with such a one."""
        found = [*self._below.get(head, ())]
        for size in range(len(head) + 1):
            found += self._exactly.get(head[:size], ())
        return sorted(index for index in found if meet(self._outlines[index], outlines))
