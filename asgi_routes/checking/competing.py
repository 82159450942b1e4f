"""Findings about routes that want the same paths.

In: a table of rows. Out: findings: which rows can never be reached, which overlap, of which it cannot be told.
The rule kept here: a row takes a path from a later one only if nothing could make it decline, its
methods included; all else takes nothing.
"""

from collections.abc import Iterator, Sequence

from asgi_routes.checking.findings import Finding, Subject, subject
from asgi_routes.checking.tables import Competing, may_decline, methods_of
from asgi_routes.engine import Row
from asgi_routes.language import Reachable, Relations, Undecided, Unreachable
from asgi_routes.table import Destination


def competing(table: Competing) -> Iterator[Finding]:
    """Yield what can be told of the rows of a table."""
    # First as if every row served every method: whatever is reached so is reached with fewer.
    relations = Relations(table.rows, table.compile_regex(), declines=may_decline)
    for relation in relations:
        match relation:
            case Unreachable(index=index):
                yield from _unreachable(table, _by_method(table.rows, relations, relation), index)
            case Reachable():
                yield from _overlaps(table, relation)
            case _:
                yield _undecided(table, relation.index, relation.why)


def _by_method(
    rows: Sequence[Row[Destination]], relations: Relations, relation: Unreachable
) -> Unreachable | Undecided | None:
    """Return a relation of unreachability that holds for every method of the row, or None."""
    if all(methods_of(rows[one]) is None for one in relation.covering):
        return relation
    earlier = [
        (index, methods_of(row))
        for index, row in enumerate(rows[: relation.index])
        if not may_decline(row)
    ]
    taken: set[int] = set()
    for method in methods_of(rows[relation.index]) or [None]:
        serving = [index for index, methods in earlier if methods is None or method in methods]
        found = relations.covering(relation.index, serving)
        if not isinstance(found, tuple):
            return found
        taken.update(found)
    return Unreachable(relation.index, tuple(sorted(taken)), relation.path)


def _unreachable(
    table: Competing, relation: Unreachable | Undecided | None, index: int
) -> Iterator[Finding]:
    if isinstance(relation, Undecided):
        yield _undecided(table, index, relation)
    if not isinstance(relation, Unreachable):
        return
    message = "it can never be reached: routes before it match every path that it matches"
    if relation.path is None:
        message = "it can never be reached: it matches no path at all"
    subjects = tuple(_subject(table, one) for one in (index, *relation.covering))
    yield Finding("R101", message, subjects, None if relation.path is None else "/" + relation.path)


def _overlaps(table: Competing, relation: Reachable) -> Iterator[Finding]:
    own = methods_of(table.rows[relation.index])
    for overlap in relation.overlaps:
        others = methods_of(table.rows[overlap.index])
        # A special case before the general one is what one writes on purpose.
        if overlap.is_within or (own is not None and others is not None and not own & others):
            continue
        yield Finding(
            "R102",
            "it matches some of the paths of a route before it, which gets them",
            (_subject(table, relation.index), _subject(table, overlap.index)),
            "/" + overlap.path,
        )


def _undecided(table: Competing, index: int, why: Undecided) -> Finding:
    said = f"whether it can be reached cannot be decided: {why.reason}"
    return Finding("R103", said, (_subject(table, index),))


def _subject(table: Competing, index: int) -> Subject:
    row = table.rows[index]
    return subject(table.template(row), row.target.route)
