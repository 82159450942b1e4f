"""Guards as ``middleware=`` of a prefix, past which a later route serves what the prefix misses."""

from collections.abc import Iterator
from typing import Any

from asgi_routes.apps import name_of
from asgi_routes.engine import LinearMatcher, Mode, Row, Step
from asgi_routes.inspection.check.checked_tables import CheckedTable
from asgi_routes.inspection.check.comparison import Comparison
from asgi_routes.inspection.check.findings import Finding, make_subject
from asgi_routes.inspection.check.languages import Language, read_language
from asgi_routes.inspection.check.layers import is_guard, list_wrappers
from asgi_routes.inspection.check.outlines import list_outlines, meet
from asgi_routes.inspection.check.taking import Taking, decide_taking
from asgi_routes.middleware import Layer, list_callables
from asgi_routes.patterns import parse_regex
from asgi_routes.routers.table import Destination
from asgi_routes.routes import Include, Route


def check_guards(table: CheckedTable) -> Iterator[Finding]:
    """Yield the prefixes that are guarded, and whose misses a catch-all behind them serves."""
    if not table.is_searched_as_ours:
        return
    seen: set[tuple[Route, ...]] = set()
    for row in table.rows:
        for length in range(1, len(row.target.declarations)):
            declared = row.target.declarations[:length]
            guards = [*filter(is_guard, list_callables(_list_layers(declared[-1])))]
            if guards and declared not in seen:
                seen.add(declared)
                yield from _check_prefix(table, row, declared, guards)


def _list_layers(route: Route) -> Iterator[Layer]:
    """Yield the middleware of a declaration, and of what it leads to."""
    target: Any = route.target
    for layer in (route.layer, target.layer if isinstance(target, Include) else None):
        if layer is not None:
            yield layer
    if not isinstance(target, Include) and getattr(target, "layer", None) is not None:
        yield target.layer


def _check_prefix(
    table: CheckedTable, row: Row[Destination], declared: tuple[Route, ...], guards: list[Any]
) -> Iterator[Finding]:
    size = len(declared)
    *_, (_, route, template) = [*table.list_steps(row)][:size]
    inside = [one.index for one in table.rows if one.target.declarations[:size] == declared]
    prefix = Row(0, row.steps[:size], row.target)
    for later in _list_catch_alls(table, inside[-1], guards):
        witness = _find_path(table, prefix, later)
        if witness is not None:
            behind = "the default" if later is None else "a later route"
            message = (
                f"what it misses is served by {behind}, without {name_of(guards[0])}: to end the search "
                "there, wrap its router by hand"
            )
            subjects = [make_subject(template, route)]
            if later is not None:
                subjects.append(make_subject(table.make_template(later), later.target.route))
            yield Finding("R104", message, tuple(subjects), "/" + witness)
            return


def _list_catch_alls(
    table: CheckedTable, index: int, guards: list[Any]
) -> Iterator[Row[Destination] | None]:
    """Yield the rows behind one that no such guard stands before; at last, None for the default."""
    names = tuple(map(name_of, guards))
    for row in table.rows[index + 1 :]:
        around = [*list_callables(row.target.layers), *list_wrappers(row.target.app)]
        is_guarded = any(name_of(one).startswith(names) for one in around)
        if decide_taking(row) is Taking.ALWAYS and not is_guarded:
            yield row
    default = table.router.default_of_misses
    if default is not None:
        around = list_wrappers(default)
        if not any(name_of(one).startswith(names) for one in around):
            yield None


def _find_path(
    table: CheckedTable, prefix: Row[Destination], later: Row[Destination] | None
) -> str | None:
    """Return a path below a prefix that only a later row serves, if it serves all that is left."""
    outlines = list_outlines(prefix)
    rows = [row for row in table.rows if later is None or row.index < later.index]
    others = [row for row in rows if meet(outlines, list_outlines(row))]
    compile_regex = table.compile_regex()
    languages: list[Language] = [_ONE_LINE]
    for row in [prefix, *([] if later is None else [later]), *others]:
        language = read_language(row, compile_regex)
        if isinstance(language, Language):
            languages.append(language)
        elif row is prefix or row is later:
            return None
    wanted = [0, 1] if later is None else [0, 1, 2]
    comparison = Comparison(languages)
    if later is not None and comparison.find_path([0, 1], [2]) is not None:
        return None
    found = comparison.find_path(wanted, range(len(wanted), len(languages)))
    if not isinstance(found, str):
        return None
    linear = LinearMatcher(others, compile_regex)
    is_alone = all(linear.follow(row)(found) is None for row in others)
    return found if is_alone else None


def _read_one_line() -> Language:
    pattern = parse_regex(r"^[^\n]*\Z")
    language = read_language(Row(0, (Step(pattern, Mode.PREFIX, {}),), None))
    assert isinstance(language, Language)
    return language


_ONE_LINE = _read_one_line()
"""``.`` and ``<path:…>`` take no line break: still they are meant for all paths."""
