"""How each row of a table relates to those before it.

Rule: what is not understood takes nothing from anything: an earlier row of an unknown language does
not make a later one unreachable.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from asgi_routes.engine import Compile, Row
from asgi_routes.inspection.check.comparison import Comparison, Found
from asgi_routes.inspection.check.languages import Language, Undecided, read_language
from asgi_routes.inspection.check.outlines import Outline, list_outlines, meet


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Every path of a row is taken by earlier ones.

    Attributes:
        index: the index of the row.
        covering: those of the earlier rows that take all its paths together.
        path: one of its paths, as an example; None where it matches nothing at all.
    """

    index: int
    covering: tuple[int, ...]
    path: str | None


@dataclass(frozen=True, slots=True)
class Overlap:
    """An earlier row takes some of the paths of a later one.

    Attributes:
        index: the index of the earlier row.
        path: a path that both match.
        is_within: whether all paths of the earlier row are paths of the later one: it is the
            special case, written before the general one. False where that cannot be decided.
    """

    index: int
    path: str
    is_within: bool


@dataclass(frozen=True, slots=True)
class Reachable:
    """Some paths come to a row, as far as the earlier rows are understood.

    Attributes:
        index: the index of the row.
        path: one of them.
        overlaps: the earlier rows that take others.
        unknown: the earlier rows for which it cannot be decided whether they take any, and why.
    """

    index: int
    path: str
    overlaps: tuple[Overlap, ...]
    unknown: tuple[tuple[int, Undecided], ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing can be decided about a row.

    Attributes:
        index: the index of the row.
        why: the reason.
    """

    index: int
    why: Undecided


_UNSURE = Undecided("two answers to one question")

Relation: TypeAlias = Unreachable | Reachable | Unknown


class Relations:
    """How each row of a table relates to those before it.

    Args:
        rows: the rows, in order; all indexes are places in this sequence.
        compile_regex: the engine for regular expressions, see `read_language`.
        declines: which rows may let a later one have what they match. They take nothing from
            anybody, but can be unreachable themselves.

    >>> from asgi_routes.engine import Mode, Step
    >>> from asgi_routes.patterns.converters import get_registered_converters
    >>> from asgi_routes.patterns import parse_path
    >>> def row(index, text):
    ...     pattern = parse_path(text, get_registered_converters())
    ...     return Row(index, (Step(pattern, Mode.ENDPOINT, {}),), None)
    >>> texts = ["users/<int:id>/", "users/<slug:name>/", "users/7/"]
    >>> reachable, overlapping, hidden = Relations([row(*item) for item in enumerate(texts)])
    >>> reachable
    Reachable(index=0, path='users/1/', overlaps=(), unknown=())
    >>> overlapping.path, overlapping.overlaps
    ('users/x/', (Overlap(index=0, path='users/1/', is_within=True),))
    >>> hidden
    Unreachable(index=2, covering=(0,), path='users/7/')
    """

    def __init__(
        self,
        rows: Sequence[Row[Any]],
        compile_regex: Compile = re.compile,
        declines: Callable[[Row[Any]], bool] = lambda row: False,  # noqa: ARG005
    ) -> None:
        self._rows = rows
        self._languages = [read_language(row, compile_regex) for row in rows]
        known = {i: one for i, one in enumerate(self._languages) if isinstance(one, Language)}
        self._known = [*known]
        self._places = {index: place for place, index in enumerate(known)}
        self._comparison = Comparison([*known.values()])
        self._outlines = [*map(list_outlines, rows)]
        self._declines = declines
        self._examples: dict[int, str] = {}

    def __iter__(self) -> Iterator[Relation]:
        """Yield the relation of each row, in order."""
        earlier = _Earlier()
        for index, row in enumerate(self._rows):
            language = self._languages[index]
            if isinstance(language, Undecided):
                yield Unknown(index, language)
                if not self._declines(row):
                    earlier.unknown.append((index, language))
                continue
            outlines, head = self._outlines[index], self._comparison.find_head(self._places[index])
            relation = self._decide(index, earlier, earlier.find_meeting(head, outlines))
            yield relation
            # What is never reached takes nothing that was not taken before.
            if not isinstance(relation, Unreachable) and not self._declines(row):
                earlier.add(index, head, outlines)
                if isinstance(relation, Reachable):
                    earlier.within.update(one.index for one in relation.overlaps if one.is_within)

    def find_covering(self, index: int, among: Iterable[int]) -> tuple[int, ...] | Undecided | None:
        """Return a few of some rows that match together whatever another row matches.

        None of them can be left out; those that are not understood are passed over. The answer is
        None if they do not match all of it, and `Undecided` if the row itself is not understood.
        """
        language = self._languages[index]
        if isinstance(language, Undecided):
            return language
        places = [
            self._places[one]
            for one in among
            if one in self._places and meet(self._outlines[one], self._outlines[index])
        ]
        found = self._comparison.find_covering([self._places[index]], places)
        return tuple(self._known[place] for place in found) if isinstance(found, tuple) else found

    def _decide(self, index: int, earlier: "_Earlier", meeting: list[int]) -> Relation:
        example = self._find_path([index])
        if isinstance(example, Undecided):
            return Unknown(index, example)
        if example is None:
            return Unreachable(index, (), None)
        self._examples[index] = example
        taking = [one for one in meeting if self._takes(one, example)]
        for one in taking:
            if self._find_path([index], [one]) is None:
                return Unreachable(index, (one,), example)
        shared: dict[int, str | Undecided] = {}
        for one in meeting:
            path = example if one in taking else self._find_path([index, one])
            if path is not None:
                shared[one] = path
        # Those within another one would add nothing to all of them together.
        widest = [one for one in shared if one not in earlier.within]
        left = self._find_path([index], widest) if taking else example
        if isinstance(left, Undecided):
            return Unknown(index, left)
        if left is None:
            return self._name_covering(index, widest)
        overlaps = tuple(
            self._make_overlap(one, index, path)
            for one, path in shared.items()
            if not isinstance(path, Undecided)
        )
        undecided = [(one, path) for one, path in shared.items() if isinstance(path, Undecided)]
        return Reachable(index, left, overlaps, (*earlier.unknown, *undecided))

    def _name_covering(self, index: int, earlier: list[int]) -> Relation:
        found = self.find_covering(index, earlier)
        if not isinstance(found, tuple):
            return Unknown(index, found or _UNSURE)
        return Unreachable(index, found, self._examples[index])

    def _make_overlap(self, one: int, index: int, path: str) -> Overlap:
        is_within = (
            self._takes(index, self._examples[one]) and self._find_path([one], [index]) is None
        )
        return Overlap(one, path, is_within)

    def _takes(self, index: int, path: str) -> bool:
        return self._comparison.takes(self._places[index], path)

    def _find_path(self, wanted: Sequence[int], unwanted: Sequence[int] = ()) -> Found:
        places = self._places
        return self._comparison.find_path(
            [places[index] for index in wanted], [places[index] for index in unwanted]
        )


class _Earlier:
    """The rows before one, by what all their paths begin with.

    A row is left out of the answer only if its text shows that it has no path in common.

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

    def find_meeting(self, head: str, outlines: Sequence[Outline]) -> list[int]:
        """Return the rows that may have a path in common with such a one."""
        found = [*self._below.get(head, ())]
        for size in range(len(head) + 1):
            found += self._exactly.get(head[:size], ())
        return sorted(index for index in found if meet(self._outlines[index], outlines))
