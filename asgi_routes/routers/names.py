"""Names: which routes bear one, and through which prefixes and namespaces it is found.

As in Django, the route that was declared last is tried first, a name inside a namespace is found
through that alone, and an application's name finds the instance that one is in, or the one that is
named like it. What a router leads to is read once, and again when a table has been replaced.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

from asgi_routes.apps import Visit, make_visit, visit_children
from asgi_routes.engine import Mode
from asgi_routes.errors import NoReverseMatch, did_you_mean
from asgi_routes.patterns import Pattern
from asgi_routes.routes import Include, Route
from asgi_routes.types import App

SEPARATOR = ":"
_FEW = 10


@dataclass(frozen=True, slots=True)
class Part:
    """One declaration on the way to a route.

    Attributes:
        pattern: of the path, or of a host with slashes for its dots.
        mode: how far it has to reach.
        kwargs: default parameters.
        passed: the `Route`, or the `Key` of a host: a match that goes by it has passed it.
        is_level: whether a router begins with it, which takes off a slash.
        keeps_slashes: whether its router takes ``%2F`` for a character of a segment.
    """

    pattern: Pattern
    mode: Mode
    kwargs: Mapping[str, Any]
    passed: Any = None
    is_level: bool = False
    keeps_slashes: bool = False


Parts: TypeAlias = tuple[Part, ...]


@dataclass(slots=True, eq=False)
class NamedPath:
    """All declarations on the way to a route.

    Attributes:
        hosts: those of hosts, the outermost first.
        parts: those of the path.
        is_router: whether a router begins behind it.
        writer: what writes its URLs, once somebody has asked for one.
    """

    hosts: Parts = ()
    parts: Parts = ()
    is_router: bool = False
    writer: Any = None

    def then(self, parts: Parts, *, keeps_slashes: bool) -> "NamedPath":
        """Return the path with more declarations."""
        if keeps_slashes:
            parts = tuple(replace(part, keeps_slashes=True) for part in parts)
        if self.is_router and self.parts and parts:
            parts = (replace(parts[0], is_level=True), *parts[1:])
        return NamedPath(self.hosts, self.parts + parts)

    def before_router(self, hosts: Parts) -> "NamedPath":
        """Return the path as what stands before a router, which goes by hosts, too."""
        parts = self.parts
        if parts and parts[-1].mode is not Mode.MOUNT:
            parts = (*parts[:-1], replace(parts[-1], mode=Mode.LEVEL))
        return NamedPath(self.hosts + hosts, parts, is_router=True)


@dataclass(slots=True)
class Names:
    """The names in one table.

    Attributes:
        ways: by name, the declarations to its routes, the last declared first.
        namespaces: by name, the prefix of an inclusion and the names in it.
        instances: by application's name, its namespaces, the last declared first.
        nested: what stands behind prefixes and leads to routers, whose names are found here, too.
    """

    ways: dict[str, list[Parts]] = field(default_factory=dict)
    namespaces: dict[str, "tuple[Parts, Names]"] = field(default_factory=dict)
    instances: dict[str, list[str]] = field(default_factory=dict)
    nested: list[tuple[Parts, App]] = field(default_factory=list)

    def resolve(self, name: str, current: str | None) -> str:
        """Return the namespace that a name means: an application's means one of its instances."""
        instances = self.instances.get(name, [])
        if current in instances:
            return str(current)
        return name if name in instances or not instances else instances[0]


def collect_names(routes: Sequence[Route]) -> Names:
    """Return the names of a list of routes."""
    names = Names()
    _collect(names, routes, ())
    return names


def _collect(names: Names, routes: Iterable[Route], outer: Parts) -> None:
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
        if make_visit(target).router is not None:
            names.nested.append((way, target))


def _make_part(route: Route) -> Part:
    mode = Mode.ENDPOINT
    if route.mounting is not None:
        mode = Mode.MOUNT
    elif isinstance(route.target, Include):
        mode = Mode.PREFIX
    return Part(route.pattern, mode, route.kwargs, route)


class Index:
    """All names that can be asked for from one place.

    Attributes:
        is_final: whether it stays right until a table is replaced; what a router of somebody else's
            leads to may change at any time.
    """

    __slots__ = ("_found", "_paths", "_spaces", "is_final")

    def __init__(self) -> None:
        self.is_final = True
        self._paths: dict[str, list[NamedPath]] = {}
        self._spaces: dict[str, list[_Space]] = {}
        self._found: dict[tuple[str, tuple[str, ...]], tuple[NamedPath, ...]] = {}

    def add(
        self, names: Names, before: NamedPath, encoded_slashes: str, seen: tuple[Any, ...]
    ) -> None:
        """Take in the names of a table, and of the routers that it leads to.

        Args:
            names: of the table.
            before: what stands before it.
            encoded_slashes: as its router has them.
            seen: the routers around; one that contains itself is taken in once.
        """
        keeps = encoded_slashes == "preserve"
        for name, ways in names.ways.items():
            paths = self._paths.setdefault(name, [])
            paths += (before.then(parts, keeps_slashes=keeps) for parts in ways)
        space = _Space(names, {})
        for namespace, (parts, inner) in names.namespaces.items():
            space.indexes[namespace] = index = Index()
            index.add(inner, before.then(parts, keeps_slashes=keeps), encoded_slashes, seen)
            self.is_final &= index.is_final
        for name in dict.fromkeys((*names.namespaces, *names.instances)):
            self._spaces.setdefault(name, []).append(space)
        for parts, app in names.nested:
            self.add_behind(app, before.then(parts, keeps_slashes=keeps), encoded_slashes, seen)

    def add_behind(
        self, app: App, before: NamedPath, encoded_slashes: str, seen: tuple[Any, ...] = ()
    ) -> None:
        """Take in the names of all routers by path that an application leads to."""
        todo: list[tuple[Parts, Visit]] = [((), make_visit(app))]
        while todo:
            hosts, visit = todo.pop()
            router = visit.router
            if router is None or any(router is one for one in seen):
                continue
            self.is_final &= type(router).children.__module__.startswith("asgi_routes.")
            settings = getattr(router, "settings", None)
            encoded = getattr(settings, "encoded_slashes", None) or encoded_slashes
            if hasattr(router, "route_names"):
                prefix = before.before_router(hosts)
                self.add(router.route_names(), prefix, encoded, (*seen, router))
                continue
            parts: Mapping[str, Part] = getattr(router, "host_parts", {})
            for child in reversed([*visit_children(visit)]):
                part = None if child.child.is_default else parts.get(child.child.key)
                todo.append((hosts if part is None else (*hosts, part), child))

    def find(self, name: str, current: Sequence[str] = ()) -> tuple[NamedPath, ...]:
        """Return the ways to the routes of a name, the best first.

        Args:
            name: with its namespaces: ``shop:item``.
            current: the namespaces that the asking route is in, the outermost first.
        """
        key = name, tuple(current)
        found = self._found.get(key)
        if found is None:
            *path, last = name.split(SEPARATOR)
            found = tuple(self.find_in(path, last, key[1]))
            if found:  # Whoever asks for what is not there may ask for anything.
                self._found[key] = found
        return found

    def find_in(
        self, path: Sequence[str], last: str, current: tuple[str, ...]
    ) -> Iterator[NamedPath]:
        """Yield the ways to the routes of a name, whose namespaces are given one by one."""
        if not path:
            yield from self._paths.get(last, ())
            return
        here, *further = path
        for space in self._spaces.get(here, ()):
            namespace = space.names.resolve(here, current[0] if current else None)
            if namespace in space.indexes:
                still = current[1:] if current and current[0] == namespace else ()
                yield from space.indexes[namespace].find_in(further, last, still)

    def names(self) -> Iterator[str]:
        """Yield every name that can be asked for."""
        yield from self._paths
        for spaces in self._spaces.values():
            for space in spaces:
                for namespace, index in space.indexes.items():
                    yield from (f"{namespace}{SEPARATOR}{name}" for name in index.names())


class _Space(NamedTuple):
    """Namespaces that stand in one table, and all that can be asked for in each."""

    names: Names
    indexes: dict[str, Index]


def unknown_name(name: str, known: Iterable[str]) -> NoReverseMatch:
    """Return the error for a name that nothing bears.

    >>> print(unknown_name("users:user", ["user", "users"]))
    'users' is a route, and no namespace
    hint: did you mean 'user'?
    """
    names = sorted(set(known))
    *path, last = name.split(SEPARATOR)
    space = SEPARATOR.join(path)
    if not path or any(other.startswith(space + SEPARATOR) for other in names):
        said = f"no route is named {name!r}"
    elif space in names:
        said = f"{space!r} is a route, and no namespace"
    else:
        said = f"no namespace is named {space!r}"
    hint = f"did you mean {last!r}?" if path and last in names else did_you_mean(name, names)
    if hint is None and names:
        hint = f"known names: {', '.join(names[:_FEW])}" + (", …" if len(names) > _FEW else "")
    return NoReverseMatch(said, name, hint=hint)
