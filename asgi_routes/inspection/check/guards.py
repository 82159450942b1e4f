"""Guards as ``middleware=`` of a prefix, past which a later route serves what the prefix misses."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from asgi_routes.apps import Kind, is_router, name_of
from asgi_routes.engine import LinearMatcher, Mode, Row, Step
from asgi_routes.inspection.check.checked_tables import CheckedTable
from asgi_routes.inspection.check.comparison import Comparison
from asgi_routes.inspection.check.findings import Finding, Subject, make_subject
from asgi_routes.inspection.check.languages import Language, read_language
from asgi_routes.inspection.check.layers import is_guard, list_wrappers
from asgi_routes.inspection.check.outlines import list_outlines, meet
from asgi_routes.inspection.check.taking import Taking, decide_taking
from asgi_routes.middleware import Layer, list_callables
from asgi_routes.patterns import Literal, parse_regex
from asgi_routes.patterns.syntaxes import compose
from asgi_routes.routers.rows import Destination
from asgi_routes.routes import Include, Route


def check_guards(table: CheckedTable) -> Iterator[Finding]:
    """Yield the prefixes that are guarded, and whose misses a catch-all behind them serves."""
    if not table.is_searched_as_ours:
        return
    seen: set[tuple[Route, ...]] = set()
    for row in table.rows:
        for length in range(1, len(row.target.declarations)):
            declared = row.target.declarations[:length]
            if declared in seen:
                continue
            seen.add(declared)
            guards = [*filter(is_guard, list_callables(_list_layers(declared[-1])))]
            if guards:
                yield from _check_prefix(table, row, declared, guards)
        yield from _check_slash(table, row)


def _list_layers(route: Route) -> Iterator[Layer]:
    """Yield the middleware of a declaration, and of the include() or router that it leads to."""
    target: Any = route.target
    of_target = target.layer if isinstance(target, Include) or is_router(target) else None
    yield from filter(None, (route.layer, of_target))


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
                f"what it does not match is served by {behind}, without {name_of(guards[0])}: to end the search "
                "there, wrap its router by hand"
            )
            subjects = [make_subject(template, route)]
            if later is not None:
                subjects.append(_make_subject(table, later))
            yield Finding("R104", message, tuple(subjects), "/" + witness)
            return


def _check_slash(table: CheckedTable, row: Row[Destination]) -> Iterator[Finding]:
    """Yield that a guard by hand, at a prefix without a slash, does not have the one with a slash."""
    *outer, last = row.steps
    guards = [*filter(is_guard, list_wrappers(row.target.app))]
    is_bare = last.mode is Mode.LEVEL and last.pattern.syntax != "regex"
    if row.target.kind is not Kind.BOUNDARY or not is_bare or not guards:
        return
    if not last.pattern.source or last.pattern.source.endswith("/"):
        return
    pattern = last.pattern
    slashed = compose(pattern.syntax, pattern.source + "/", (*pattern.nodes, Literal("/", (0, 0))))
    path = Row(0, (*outer, replace(last, pattern=slashed, mode=Mode.ENDPOINT)), row.target)
    for later in _list_catch_alls(table, row.index, guards):
        is_one_path = later is not None and all(step.pattern.is_literal for step in later.steps)
        if is_one_path and later is not None and later.steps[-1].mode is Mode.ENDPOINT:
            continue
        witness = _find_path(table, path, later)
        if witness is not None:
            message = (
                f"with a slash behind it, the path is served without {name_of(guards[0])}: end the text "
                "of the route in a slash"
            )
            yield Finding("R104", message, (_make_subject(table, row),), "/" + witness)
            return


def _make_subject(table: CheckedTable, row: Row[Destination]) -> Subject:
    return make_subject(table.make_template(row), row.target.route)


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
    first = [_ONE_LINE, prefix, *([] if later is None else [later])]
    languages = [read_language(row, compile_regex) for row in first]
    wanted = range(len(languages))
    if not all(isinstance(language, Language) for language in languages):
        return None
    languages += [read_language(row, compile_regex) for row in others]
    comparison = Comparison([one for one in languages if isinstance(one, Language)])
    if later is not None and comparison.find_path(wanted[:-1], wanted[-1:]) is not None:
        return None
    found = comparison.find_path(wanted, range(len(wanted), comparison.size))
    if not isinstance(found, str):
        return None
    linear = LinearMatcher(others, compile_regex)
    is_alone = all(linear.follow(row)(found) is None for row in others)
    return found if is_alone else None


_ONE_LINE: Row[Any] = Row(0, (Step(parse_regex(r"^[^\n]*\Z"), Mode.PREFIX, {}),), None)
"""``.`` and ``<path:…>`` take no line break: still they are meant for all paths."""
