"""How close a request came to a route, and what it lacks.

One thing is changed at a time, and the route itself is asked whether that was it.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

from asgi_routes.apps import innermost, is_router, name_of
from asgi_routes.engine import LinearMatcher, Mode, Row, is_within_segment, make_fits, make_split
from asgi_routes.patterns import FormatConverter, Literal, Node, Parameter
from asgi_routes.patterns.syntaxes import compose
from asgi_routes.routers import HostRouter, MethodRouter, ProtocolTypeRouter, URLRouter
from asgi_routes.routers.rows import Destination, Nested, make_rows
from asgi_routes.scopes import (
    Settings,
    host_of,
    labels_of,
    method_of,
    read,
    text_of,
    toggle_slash,
)
from asgi_routes.suspicions import suspect_closure, suspect_hidden_router


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route, and what a request would have had to be to be served by it.

    Attributes:
        row: the route as it is matched; its target says where it was written.
        text: the part of the request's path that it is matched against.
        template: the full path over all levels, as declared.
        protocol: the scope type, or None for any.
        host: as written, where the request asks for another one; else None.
        methods: the HTTP methods; empty for all.
        application: ``module:name`` of what it leads to.
    """

    row: Row[Destination]
    text: str
    template: str
    protocol: str | None
    host: str | None
    methods: tuple[str, ...]
    application: str

    def matches(self, text: str) -> bool:
        """Tell whether the route itself matches a text."""
        return LinearMatcher([self.row]).follow(self.row)(text) is not None


@dataclass(frozen=True, slots=True)
class _Context:
    text: str
    template: str = ""
    protocol: str | None = None
    host: str | None = None
    methods: tuple[str, ...] = ()


_ALIKE = 0.6
Cell: TypeAlias = list[Node]
"""What a route asks of one segment."""


class Closeness(NamedTuple):
    """What a request lacks, and how close that is, from 0 to 1."""

    score: float
    reason: str


def closeness(candidate: Candidate, scope: Any) -> Closeness | None:
    """Return what a request lacks to be served by a route, or None where it is far from it."""
    text = candidate.text
    if candidate.matches(text):
        return _around_the_path(candidate, scope)
    if candidate.protocol not in (None, scope.get("type")) or candidate.host is not None:
        return None
    slashed = toggle_slash(text)
    if slashed is not None and candidate.matches(slashed):
        how = "with" if slashed.endswith("/") else "without"
        return Closeness(0.98, f"{how} the trailing slash")
    stripped = text.lstrip("/")
    if stripped != text and candidate.matches(stripped):
        return Closeness(0.96, "without the leading slashes")
    hidden = _find_hidden_router(candidate)
    if hidden is not None:
        return hidden
    cells = _cells(candidate)
    return _by_fields(candidate, text) if cells is None else _by_segments(cells, candidate, text)


def _find_hidden_router(candidate: Candidate) -> Closeness | None:
    """Return that a route leads to a router which it cannot see, if it had matched otherwise."""
    row, app = candidate.row, candidate.row.target.app
    for _, message in (*suspect_closure(app), *suspect_hidden_router(app)):
        *outer, last = row.steps
        below = replace(row, steps=(*outer, replace(last, mode=Mode.LEVEL)))
        if replace(candidate, row=below).matches(candidate.text):
            return Closeness(0.95, message)
    return None


def _around_the_path(candidate: Candidate, scope: Any) -> Closeness | None:
    """Return what is wrong where the path itself is right."""
    if candidate.protocol not in (None, scope.get("type")):
        return Closeness(0.95, f"exists for {candidate.protocol}")
    if candidate.host is not None:
        return Closeness(0.94, f"another host: {candidate.host}")
    methods = candidate.methods
    if methods and method_of(scope) not in methods:
        return Closeness(0.97, f"only {', '.join(methods)}")
    return None


def _cells(candidate: Candidate) -> list[Cell] | None:
    """Return what the route asks of each segment; None where that cannot be told."""
    cells: list[Cell] = [[]]
    for step in candidate.row.steps:
        if step.pattern.syntax == "regex":
            return None
        for node in step.pattern.nodes:
            if isinstance(node, Literal):
                first, *others = node.text.split("/")
                _add(cells, first)
                for text in others:
                    cells.append([])
                    _add(cells, text)
            elif isinstance(node, Parameter) and is_within_segment(node.regex):
                cells[-1].append(node)
            else:
                return None
    return cells


def _by_fields(candidate: Candidate, text: str) -> Closeness | None:
    """Return which field of a format is wrong, where one spans segments, as dates may."""
    nodes = [node for step in candidate.row.steps for node in step.pattern.nodes]
    is_open = any(step.pattern.syntax == "regex" for step in candidate.row.steps)
    spanning = [
        node.converter
        for node in nodes
        if isinstance(node, Parameter) and not is_within_segment(node.regex)
    ]
    if is_open or not all(isinstance(one, FormatConverter) for one in spanning):
        return None
    wrong = _find_refusing(nodes, text) or _find_wrong_field(nodes, text)
    return None if wrong is None else Closeness(0.9, wrong)


def _add(cells: list[Cell], text: str) -> None:
    if text:
        cells[-1].append(Literal(text, (0, 0)))


def _by_segments(cells: list[Cell], candidate: Candidate, text: str) -> Closeness | None:
    segments = text.split("/")
    wrong = [
        (cell, segment)
        for cell, segment in zip(cells, segments, strict=False)
        if not _fits(cell, segment)
    ]
    if len(segments) == len(cells):
        if wrong == [([], segments[-1])]:
            return _by_length(cells, segments, candidate, are_right=False)
        if len(wrong) == 1:
            return _in_segment(*wrong[0])
        return Closeness(0.9, _refused(cells, segments)) if not wrong else None
    return _by_length(cells, segments, candidate, are_right=not wrong)


def _by_length(
    cells: list[Cell], segments: Sequence[str], candidate: Candidate, *, are_right: bool
) -> Closeness | None:
    # What ends in a slash has an empty last segment, at which a longer path has something.
    ends_open = cells[-1] == [] and len(cells) > 1
    common = len(cells) - 1 if ends_open else len(cells)
    if len(segments) > common and all(map(_fits, cells[:common], segments)):
        if candidate.row.steps[-1].mode is not Mode.ENDPOINT:
            return None
        more = "/".join(segments[common:])
        far = len(segments) - common
        return Closeness(0.75 - 0.1 * far, f"longer by {'/' + more!r}") if common else None
    if len(segments) < len(cells) and are_right and segments != [""]:
        missing = "/".join(map(_shown, cells[len(segments) :]))
        far = len(cells) - len(segments)
        return Closeness(0.74 - 0.1 * far, f"shorter by {'/' + missing!r}")
    return None


def _fits(cell: Cell, segment: str) -> bool:
    regex = "".join(
        re.escape(node.text) if isinstance(node, Literal) else f"(?:{_regex(node)})"
        for node in cell
    )
    return bool(make_fits(regex)(segment))


def _regex(node: Node) -> str:
    return node.regex if isinstance(node, Parameter) else ""


def _in_segment(cell: Cell, segment: str) -> Closeness | None:
    """Return what is wrong with the one segment that does not fit."""
    match cell:
        case [Parameter() as field] if segment:
            return Closeness(0.92, _say(field, segment))
        case [Literal(text=text)]:
            alike = difflib.SequenceMatcher(None, segment, text).ratio()
            if segment.lower() == text.lower():
                return Closeness(0.93, f"{segment!r} is not {text!r}: case matters")
            if alike >= _ALIKE:
                return Closeness(0.85 * alike, f"{segment!r} is not {text!r}")
            return None
        case []:
            return None
        case _:
            wrong = _find_wrong_field(cell, segment)
            return Closeness(0.8, wrong or f"{segment!r} is not of the form {_shown(cell)!r}")


def _find_wrong_field(nodes: Sequence[Node], text: str) -> str | None:
    """Return which one of several fields is wrong: with any text in its place, the others fit."""
    for number, field in enumerate(nodes):
        if not isinstance(field, Parameter):
            continue
        anything = "[^/]+" if is_within_segment(field.regex) else ".+"
        if not (isinstance(field.converter, FormatConverter) and field.converter.is_date):
            anything += "?"  # A date has the same signs in it that stand between fields.
        found = _split(
            [*nodes[:number], replace(field, regex=anything), *nodes[number + 1 :]], text
        )
        if found is not None:
            return _say(field, found[sum(isinstance(node, Parameter) for node in nodes[:number])])
    return None


def _find_refusing(nodes: Sequence[Node], text: str) -> str | None:
    """Return which converter refuses a text that its regex lets through."""
    fields = [node for node in nodes if isinstance(node, Parameter)]
    for field, taken in zip(fields, _split(nodes, text) or (), strict=False):
        try:
            assert field.converter is not None
            field.converter.to_python(taken)
        except ValueError:
            return _say(field, taken, is_taken=True)
    return None


def _split(nodes: Sequence[Node], text: str) -> list[str] | None:
    """Return the texts of the fields, or None."""
    named = [
        replace(node, name=f"p{number}") if isinstance(node, Parameter) else node
        for number, node in enumerate(nodes)
    ]
    found = make_split(compose("path", "", named), Mode.ENDPOINT)(text)
    return None if found is None else [part or "" for part in found[0]]


def _refused(cells: list[Cell], segments: Sequence[str]) -> str:
    """Return which converter refuses a text that its regex lets through."""
    refusing = (
        _find_refusing(cell, segment) for cell, segment in zip(cells, segments, strict=True)
    )
    return next(filter(None, refusing), "rejected by a converter")


def _say(field: Parameter, text: str, *, is_taken: bool = False) -> str:
    """Return that a text does not fit a field; ``is_taken`` where its regex takes it."""
    name, converter = field.converter_name or "str", field.converter
    if not isinstance(converter, FormatConverter):
        return f"{_short(text)} is not {_a(name)}"
    why = ": no such date or time" if converter.is_date else ": it has too many digits"
    return f"{_short(text)} is not {name} for {field.name!r}{why if is_taken else ''}"


def _short(text: str, most: int = 40) -> str:
    return repr(text) if len(text) <= most else f"{text[:most]!r}… ({len(text)} characters)"


def _a(name: str) -> str:
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"


def _shown(cell: Cell) -> str:
    return "".join(
        node.text
        if isinstance(node, Literal)
        else f"<{node.converter_name + ':' if node.converter_name else ''}{node.name}>"
        if isinstance(node, Parameter)
        else ""
        for node in cell
    )


_DEEPEST = 32


def find_candidates(app: Any, scope: Any) -> Iterator[Candidate]:
    """Yield every route that an application leads to."""
    yield from _below(app, scope, _Context(text_of(read(scope))), 0)


def _below(app: Any, scope: Any, way: _Context, depth: int) -> Iterator[Candidate]:
    inner = innermost(app)
    if not is_router(inner) or depth > _DEEPEST:
        return
    if isinstance(inner, URLRouter):
        for row in make_rows(inner.declarations, _nested_behind):
            yield from _of_row(row, scope, way, depth)
        return
    for child in inner.children():
        if child.is_default:
            continue
        below = way
        if isinstance(inner, ProtocolTypeRouter):
            below = replace(way, protocol=child.key)
        elif isinstance(inner, HostRouter) and not _is_host(inner, child.key, scope):
            below = replace(way, host=child.key)
        yield from _below(child.app, scope, below, depth + 1)


def _nested_behind(app: object) -> Nested | None:
    """Return the router by path that an application is or wraps, or None."""
    inner = innermost(app)
    return Nested(inner.declarations, Settings(), None) if isinstance(inner, URLRouter) else None


def _is_host(router: HostRouter, key: str, scope: Any) -> bool:
    host = host_of(scope)
    labels = None if host is None else labels_of(host)
    if labels is None:
        return key == host
    return make_split(router.host_patterns[key], Mode.ENDPOINT)(labels) is not None


def _of_row(row: Row[Destination], scope: Any, way: _Context, depth: int) -> Iterator[Candidate]:
    target = row.target
    inner = innermost(target.app)
    template = way.template.removesuffix("/") + target.matched.path
    methods: Sequence[str] = way.methods if target.methods is None else sorted(target.methods)
    if isinstance(inner, MethodRouter):
        methods = sorted(inner.methods)
    elif is_router(inner):
        hit = LinearMatcher([row]).follow(row)(way.text)
        if hit is not None:
            rest = hit[3].removeprefix("/")
            yield from _below(
                target.app, scope, replace(way, text=rest, template=template), depth + 1
            )
        return
    yield Candidate(
        row, way.text, template, way.protocol, way.host, tuple(methods), name_of(target.app)
    )
