"""Routes that compete for the same paths: which are never reached, and which overlap.

Rule: a route is called unreachable only if that was proven for every method, and also for paths
with a slash more or less where these lead to it.
"""

from collections.abc import Iterator
from itertools import islice

from asgi_routes.apps import Kind, router_behind
from asgi_routes.dispatch import (
    NONE_ALLOWED,
)
from asgi_routes.engine import Mode, Row
from asgi_routes.inspection import name_of
from asgi_routes.inspection.check.checked_tables import CheckedTable
from asgi_routes.inspection.check.findings import Finding, Subject, make_subject
from asgi_routes.inspection.check.languages import Undecided
from asgi_routes.inspection.check.relations import Reachable, Relations, Unreachable
from asgi_routes.inspection.check.taking import (
    Taking,
    decide_taking,
    extend_row,
    find_methods,
    is_read_alike,
    list_methods_reaching,
    may_vary,
    takes_method,
    takes_variants,
    varies_with,
)
from asgi_routes.routers.rows import Destination

_BY_DEFAULT = Undecided(
    "a router before it has a default, which serves every path that its routes do not have, but "
    "none that they have for other methods"
)


def check_reachability(table: CheckedTable) -> Iterator[Finding]:
    """Yield what can be told of the rows of a table."""
    if not table.is_searched_as_ours:
        return
    rivals = _Rivals(table)
    # First as if every row served every method: whatever is reached so is reached with fewer.
    for relation in islice(rivals.relations, len(table.rows)):
        if find_methods(table.rows[relation.index]) == NONE_ALLOWED:
            message = "it can never be reached: the routers around it allow none of its methods"
            yield Finding("R101", message, (_make_subject(table, relation.index),))
            continue
        match relation:
            case Unreachable():
                yield from _report_unreachable(table, rivals.prove(relation), relation.index)
            case Reachable():
                yield from _report_overlaps(table, relation)
            case _:
                yield _report_undecided(table, relation.index, relation.why)


class _Rivals:
    """The rows of a table, each with what it takes from later ones for certain.

    Attributes:
        relations: of the rows; and behind them those that stand for a part of one.
    """

    def __init__(self, table: CheckedTable) -> None:
        self._table = table
        self._taking = [*map(decide_taking, table.rows)]
        extended = [*table.rows]
        self._parts: dict[int, int] = {}
        for row in table.rows:
            if row.steps[-1].mode is Mode.LEVEL and takes_variants(row):
                self._parts[row.index] = len(extended)
                extended.append(extend_row(row, len(extended)))
        self._wholes = {part: whole for whole, part in self._parts.items()}
        self.relations = Relations(extended, table.compile_regex(), declines=self._declines)

    def _declines(self, row: Row[Destination]) -> bool:
        is_part = row.index >= len(self._taking)
        return is_part or self._taking[row.index] is Taking.NEVER

    def prove(self, relation: Unreachable) -> Unreachable | Undecided | None:
        """Return why a row is not reached, whatever the request; None where it may be."""
        row = self._table.rows[relation.index]
        if relation.path is None:
            return relation
        taken: set[int] = set()
        for method in list_methods_reaching(row):
            certain = self._list_before(row, method, Taking.ALWAYS)
            found = self.relations.find_covering(row.index, certain)
            if found is None:
                perhaps = self._list_before(row, method, Taking.PERHAPS)
                is_open = perhaps and self.relations.find_covering(row.index, [*certain, *perhaps])
                return _BY_DEFAULT if is_open else None
            if isinstance(found, Undecided):
                return found
            taken.update(self._wholes.get(one, one) for one in found)
        return Unreachable(relation.index, tuple(sorted(taken)), relation.path)

    def _list_before(self, row: Row[Destination], method: str | None, taking: Taking) -> list[int]:
        """Return what the rows before one take of it: themselves, or a part of them."""
        found = (
            self._choose_part(earlier, row)
            for earlier in self._table.rows[: row.index]
            if self._taking[earlier.index] is taking
            and takes_method(self._table, earlier, method)
            and is_read_alike(self._table, earlier, row)
        )
        return [index for index in found if index is not None]

    def _choose_part(self, earlier: Row[Destination], row: Row[Destination]) -> int | None:
        if not may_vary(self._table, row) or varies_with(self._table, earlier, row):
            return earlier.index
        if earlier.target.mounting is not None:
            return earlier.index if takes_variants(earlier) else None
        return self._parts.get(earlier.index)


def _report_unreachable(
    table: CheckedTable, relation: Unreachable | Undecided | None, index: int
) -> Iterator[Finding]:
    if isinstance(relation, Undecided):
        yield _report_undecided(table, index, relation)
    if not isinstance(relation, Unreachable):
        return
    message = "it can never be reached: earlier routes match every path that it matches"
    if relation.path is None:
        message = "it can never be reached: it matches no path"
    ends = [_explain_end(table, table.rows[one]) for one in relation.covering]
    message = "; ".join([message, *(end for end in ends if end is not None)])
    subjects = tuple(_make_subject(table, one) for one in (index, *relation.covering))
    yield Finding("R101", message, subjects, None if relation.path is None else "/" + relation.path)


def _explain_end(table: CheckedTable, row: Row[Destination]) -> str | None:
    """Return why the search ends at a row, where that is for more than an endpoint."""
    target = row.target
    router = router_behind(target.app)
    if router is None or (target.kind is Kind.ROUTER and target.mounting is None):
        return None
    at = f"at {table.make_template(row)} the search ends, because"
    if target.kind is Kind.BOUNDARY:
        said = f"{name_of(target.app)} wraps a router and must be called"
    else:
        said = f"{name_of(target.app)} is mounted there"
    how = "middleware=" if target.mounting is None else "path(…, middleware=…) instead of mount()"
    return f"{at} {said}; with {how}, it would continue"


def _report_overlaps(table: CheckedTable, relation: Reachable) -> Iterator[Finding]:
    own = find_methods(table.rows[relation.index])
    for overlap in relation.overlaps:
        others = find_methods(table.rows[overlap.index])
        # A special case before the general one is what one writes on purpose.
        if overlap.is_within or (own is not None and others is not None and not own & others):
            continue
        yield Finding(
            "R102",
            "it matches some paths of an earlier route, which takes precedence",
            (_make_subject(table, relation.index), _make_subject(table, overlap.index)),
            "/" + overlap.path,
        )


def _report_undecided(table: CheckedTable, index: int, why: Undecided) -> Finding:
    said = f"cannot decide whether it can be reached: {why.reason}"
    return Finding("R103", said, (_make_subject(table, index),))


def _make_subject(table: CheckedTable, index: int) -> Subject:
    row = table.rows[index]
    return make_subject(table.make_template(row), row.target.route)
