"""Names: which routes bear one, and through which prefixes and namespaces it is found.

As in Django, the route that was declared last is tried first, a name inside a namespace is found
through that alone, and an application's name finds the instance that one is in, or the one that is
named like it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from asgi_routes.apps import Visit, make_visit, visit_children
from asgi_routes.engine import Mode
from asgi_routes.errors import NoReverseMatch, did_you_mean
from asgi_routes.patterns import Pattern
from asgi_routes.routes import (
    Include,
    Route,
)
from asgi_routes.types import App

SEPARATOR = ":"
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Part:
    """One declaration on the way to a route.

    Attributes:
        pattern: of the path, or of a host with slashes for its dots.
        mode: how far it has to reach.
        kwargs: default parameters.
        is_level: whether a router begins with it, which takes off a slash.
        is_host: whether it is a host.
        declared: where it was written, for messages.
    """

    pattern: Pattern
    mode: Mode
    kwargs: Mapping[str, Any]
    is_level: bool = False
    is_host: bool = False
    declared: object = None


NamedPath: TypeAlias = tuple[Part, ...]


@dataclass(slots=True)
class Names:
    """The names in a table, and in what lies behind it.

    Attributes:
        ways: by name, the ways to its routes, the last declared first.
        namespaces: by name, the prefix of an inclusion and the names in it.
        instances: by application's name, its namespaces, the last declared first.
        nested: routers that stand behind prefixes, asked when nothing here bears a name.
    """

    ways: dict[str, list[NamedPath]] = field(default_factory=dict)
    namespaces: dict[str, tuple[NamedPath, "Names"]] = field(default_factory=dict)
    instances: dict[str, list[str]] = field(default_factory=dict)
    nested: list[tuple[NamedPath, App]] = field(default_factory=list)


def collect_names(routes: Sequence[Route]) -> Names:
    """Return the names of a list of routes."""
    names = Names()
    _collect(names, routes, ())
    return names


def _collect(names: Names, routes: Iterable[Route], outer: NamedPath) -> None:
    for route in reversed([*routes]):
        way = (*outer, _make_part(route))
        target = route.target
        if isinstance(target, Include):
            if target.namespace:
                inner = collect_names(target.routes)
                names.namespaces[target.namespace] = way, inner
                app_name = target.app_name or target.namespace
                names.instances.setdefault(app_name, []).append(target.namespace)
            else:
                _collect(names, target.routes, way)
            continue
        if route.name is not None:
            names.ways.setdefault(route.name, []).append(way)
        names.nested.append((way, target))


def _make_part(route: Route) -> Part:
    mode = Mode.ENDPOINT
    if route.mounting is not None:
        mode = Mode.MOUNT
    elif isinstance(route.target, Include):
        mode = Mode.PREFIX
    return Part(route.pattern, mode, route.kwargs, declared=route.declared)


def find_names_behind(app: App) -> Iterator[tuple[NamedPath, Names]]:
    """Yield the names in a router, or in one that an application leads to, with what is before it."""
    todo: list[tuple[NamedPath, Visit]] = [((), make_visit(app))]
    while todo:
        before, visit = todo.pop()
        names: Callable[[], Names] | None = getattr(visit.router, "route_names", None)
        if names is not None:
            yield before, names()
            continue
        hosts: Mapping[str, Pattern] = getattr(visit.router, "host_patterns", {})
        for child in reversed([*visit_children(visit)]):
            way = before
            if child.child.key in hosts:
                pattern = hosts[child.child.key]
                way = (*before, Part(pattern, Mode.ENDPOINT, {}, is_host=True))
            todo.append((way, child))


def find_named_paths(names: Names, name: str, current: Sequence[str] = ()) -> list[NamedPath]:
    """Return the ways to the routes of a name, the best first.

    Args:
        names: of the router that is asked.
        name: with its namespaces, ``shop:item``.
        current: the namespaces that the asking route is in, the outermost first.

    Raises:
        NoReverseMatch: nothing bears the name.
    """
    *path, last = name.split(SEPARATOR)
    found = [*_find(names, path, last, [*current], 0)]
    if found:
        return found
    raise _unknown(names, name)


def _find(
    names: Names, path: Sequence[str], last: str, current: Sequence[str], depth: int
) -> Iterator[NamedPath]:
    if not path:
        yield from names.ways.get(last, ())
    else:
        here, *further = path
        namespace = _instance(names, here, current[0] if current else None)
        if namespace in names.namespaces:
            before, inner = names.namespaces[namespace]
            still = current[1:] if current and current[0] == namespace else ()
            for way in _find(inner, further, last, still, depth):
                yield before + way
    if depth > _DEEPEST:
        return
    for before, app in names.nested:
        for host, inner in find_names_behind(app):
            for way in _find(inner, path, last, current, depth + 1):
                yield host + _as_prefix(before) + (_as_level(way) if before else way)


def _instance(names: Names, name: str, current: str | None) -> str:
    instances = names.instances.get(name, [])
    if current in instances:
        return str(current)
    return name if name in instances or not instances else instances[0]


def _as_prefix(way: NamedPath) -> NamedPath:
    if not way:
        return way
    *outer, last = way
    mode = Mode.MOUNT if last.mode is Mode.MOUNT else Mode.LEVEL
    return (*outer, Part(last.pattern, mode, last.kwargs, last.is_level, declared=last.declared))


def _as_level(way: NamedPath) -> NamedPath:
    if not way:
        return way
    first, *further = way
    leg = Part(first.pattern, first.mode, first.kwargs, is_level=True, declared=first.declared)
    return (leg, *further)


def list_names(names: Names, depth: int = 0) -> Iterator[str]:
    """Yield every name that can be asked for."""
    yield from names.ways
    for namespace, (_, inner) in names.namespaces.items():
        for name in list_names(inner, depth):
            yield f"{namespace}{SEPARATOR}{name}"
    for _, app in names.nested if depth <= _DEEPEST else ():
        for _, inner in find_names_behind(app):
            yield from list_names(inner, depth + 1)


def _unknown(names: Names, name: str) -> NoReverseMatch:
    known = sorted(set(list_names(names)))
    *path, _ = name.split(SEPARATOR)
    if path and not any(other.startswith(SEPARATOR.join(path) + SEPARATOR) for other in known):
        said = f"no namespace is named {SEPARATOR.join(path)!r}"
    else:
        said = f"no route is named {name!r}"
    hint = did_you_mean(name, known)
    if hint is None and known:
        hint = f"known names: {', '.join(known[:10])}" + (", …" if len(known) > 10 else "")  # noqa: PLR2004
    return NoReverseMatch(said, name, hint=hint)
