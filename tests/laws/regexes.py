"""Declarations as regular expressions over whole paths, which know nothing of asgi_routes.

What the design says about slashes between levels stands here once more, in another language.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from tests.laws.trees import (
    PARAMETER,
    App,
    Included,
    Keyed,
    Place,
    Route,
    Target,
    Urls,
    Wrapped,
    is_endpoint,
)

Slashes: TypeAlias = Literal["strict", "redirect", "both"]

# A router behind path() and format_path(): right behind a slash, or one slash and something more, or nothing.
_LEVEL = r"(?:(?<=/)|(?<!/)(?:\Z|/(?=.)))"
# Behind a regex: what it left, one slash less.
_BEHIND_REGEX = r"(?:(?<=/)|(?<!/)(?:/|(?!/)))"
# A mount ends where a segment ends.
_END_OF_SEGMENT = r"(?:(?<=/)|(?=/|\Z))"
# A router in a mount reads one slash; behind an empty prefix it has been read.
_IN_MOUNT = r"(?:(?<=/)|(?<!/)(?:/|\Z))"


@dataclass(frozen=True, slots=True)
class Prefix:
    """A declaration below which there is more."""

    place: Place
    front: "Front"
    regex: re.Pattern[str]
    at_prefix: str = "serve"


@dataclass(frozen=True, slots=True)
class Front:
    """All that leads to something: the regex so far, and what a scope has to have.

    Attributes:
        names: of each group, the name of the parameter, and whether it is a number.
        mount: the group that stands where the innermost mount ends.
        guards: of each router by key, its kind, its keys, and the one that leads here.
        places: the declarations and routers on the way.
        prefixes: all declarations of the tree below which there is more; shared.
    """

    regex: str = "/"
    names: tuple[tuple[str, str, bool], ...] = ()
    mount: str | None = None
    guards: tuple[tuple[str, tuple[str, ...], str | None], ...] = ()
    slashes: Slashes = "strict"
    methods: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    prefixes: list[Prefix] = field(default_factory=list, compare=False, repr=False)

    def after(self, route: Route, place: Place) -> "Front":
        """Return what leads further than a route, up to where its text ends."""
        names = list(self.names)

        def group(found: re.Match[str]) -> str:
            key, is_int = f"p{len(names)}", found["converter"] == "int"
            names.append((key, found["name"], is_int and route.syntax != "re_path"))
            if found["converter"] == "path":
                return f"(?P<{key}>.+)"
            return f"(?P<{key}>{'[0-9]+' if is_int else '[^/]+'})"

        # A regex is searched for by itself: what it has taken, it does not give back.
        text = _escaped(route.text, group)
        text = f"(?>{text})" if route.syntax == "re_path" else text
        methods = route.methods or self.methods
        places = (*self.places, place)
        return replace(
            self, regex=self.regex + text, names=tuple(names), methods=methods, places=places
        )


def _escaped(text: str, group: Any) -> str:
    parts, at = "", 0
    for found in PARAMETER.finditer(text):
        parts += re.escape(text[at : found.start()]) + group(found)
        at = found.end()
    return parts + re.escape(text[at:])


@dataclass(frozen=True, slots=True)
class Row:
    """Something that a table leads to.

    Attributes:
        front: all that leads to it.
        regex: of the whole path.
        app: the application, or None where there is a table.
        table: of the router behind a boundary, or None.
        at_prefix: of a mount.
        own: for a default, the rows of its own router; else None.
    """

    front: Front
    regex: re.Pattern[str]
    app: str | None = None
    table: "Table | None" = None
    at_prefix: str = "serve"
    is_mount: bool = False
    own: "tuple[Row, ...] | None" = None


@dataclass(slots=True)
class Table:
    """The rows that are searched together.

    Attributes:
        rows: in order.
        start: a regex up to where the text begins that is matched; to add or take a slash.
    """

    rows: list[Row] = field(default_factory=list)
    start: re.Pattern[str] = re.compile("/")


def table_of(tree: Urls | Keyed, front: Front | None = None, place: Place = ()) -> Table:
    """Return what a router leads to."""
    front = front or Front()
    rows: list[Row] = []
    _add_target(rows, tree, front, place, is_top=True)
    return Table(rows, _compiled(front.regex))


def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex, re.DOTALL)


def _add_target(
    rows: list[Row], node: Target, front: Front, place: Place, *, is_top: bool = False
) -> None:
    front = replace(front, places=(*front.places, place))
    match node:
        case Urls():
            first = len(rows)
            inside = replace(front, slashes=node.slashes or front.slashes)
            for number, route in enumerate(node.routes):
                _add_route(rows, route, inside, (*place, number))
            if isinstance(node.default, App) and not (is_top and not place):
                everything = _compiled(front.regex + "(?P<rest>.*)")
                own = tuple(rows[first:])
                rows.append(Row(inside, everything, node.default.name, own=own))
        case Keyed():
            keys = tuple(key for key, _ in node.targets)
            for key, inner in node.targets:
                guard = (node.kind, keys, key)
                methods = (key,) if node.kind == "method" else front.methods
                guards = front.guards if node.kind == "method" else (*front.guards, guard)
                below = replace(front, guards=guards, methods=methods)
                _add_target(rows, inner, below, (*place, key))
        case Wrapped():
            raise AssertionError("a wrapper stands behind a route")
        case App(name=name):
            rows.append(Row(front, _compiled(front.regex + "(?P<rest>)"), name))
        case Included():
            raise AssertionError("included routes stand behind a route")


def _add_route(rows: list[Row], route: Route, front: Front, place: Place) -> None:
    below, to = front.after(route, place), (*place, "to")
    target = route.target
    if route.syntax == "mount":
        _add_mount(rows, route, below, to)
    elif isinstance(target, Included):
        below.prefixes.append(Prefix(place, below, _compiled(below.regex + ".*")))
        for number, included in enumerate(target.routes):
            _add_route(rows, included, replace(below, places=(*below.places, to)), (*to, number))
    elif isinstance(target, App):
        rest = "(?P<rest>.*)" if route.is_open else "(?P<rest>)"
        places = (*below.places, to)
        rows.append(Row(replace(below, places=places), _compiled(below.regex + rest), target.name))
    elif isinstance(target, Keyed) and is_endpoint(target):
        _add_target(rows, target, below, to)
    else:
        level = _BEHIND_REGEX if route.syntax == "re_path" else _LEVEL
        inside = replace(below, regex=below.regex + level)
        below.prefixes.append(Prefix(place, inside, _compiled(inside.regex + ".*")))
        if isinstance(target, Wrapped):
            inner = target.inner
            assert isinstance(inner, Urls | Keyed)
            table = table_of(inner, replace(inside, places=(*inside.places, to)), (*to, "in"))
            rows.append(Row(inside, _compiled(inside.regex + "(?P<rest>.*)"), table=table))
        else:
            _add_target(rows, target, inside, to)


def _add_mount(rows: list[Row], route: Route, below: Front, to: Place) -> None:
    mark = f"m{len(below.names)}_{len(below.places)}"
    below = replace(below, regex=f"{below.regex}(?P<{mark}>)", mount=mark)
    regex = _compiled(f"{below.regex}{_END_OF_SEGMENT}(?P<rest>.*)")
    below.prefixes.append(Prefix(to[:-1], below, regex, route.at_prefix))
    target, table = route.target, None
    name = target.name if isinstance(target, App) else None
    while isinstance(target, Wrapped):
        target, to = target.inner, (*to, "in")
    if isinstance(target, Urls | Keyed):
        table = table_of(target, replace(below, regex=below.regex + _IN_MOUNT), to)
    below = replace(below, places=(*below.places, to))
    rows.append(Row(below, regex, name, table, route.at_prefix, is_mount=True))
