"""A whole application as data.

In: nothing. Out: the shapes that every other room of inspection speaks in. The rule kept here: they are
frozen, they hold what was written, not what a request makes of it, and their fields stay as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias

from asgi_routes.places import Place

Kind: TypeAlias = Literal["router", "include", "route", "mount", "application", "default"]


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """A parameter of a route.

    Attributes:
        name: its key among the named parameters; None for a positional one.
        converter: as written, ``int``; empty where none was written.
        regex: the text that it takes.
    """

    name: str | None
    converter: str
    regex: str


@dataclass(frozen=True, slots=True)
class Node:
    """A router, a route, or an application, and what it leads to.

    Attributes:
        kind: ``router``, ``include`` (more routes under a prefix), ``route``, ``mount``,
            ``application`` (what a key of another router leads to), or ``default``.
        key: what the scope has to have for it, as written: ``http``, ``users/<int:id>/``, ``GET``.
        router: the class of the router that stands here, or None.
        by: what that router goes by: ``type``, ``path``, ``host``, ``method``, ``channel``,
            ``subprotocols``; empty for a router of somebody's own.
        protocol: the scope type that one comes here with, or None for any.
        host: the host that one comes here with, as written, or None for any.
        template: the full path over all levels, as declared; None before the first router by path.
        path_format: the same with every parameter as ``{name}``.
        syntax: of the route's text: ``path``, ``regex`` or ``format``; None where there is none.
        parameters: of the route's own text.
        name: with its namespaces, or None.
        namespace: the name of an inclusion, or None.
        methods: the http methods; empty for all.
        wrappers: the middleware between the key and the router, the outermost first.
        application: ``module:name`` of the application or router that it leads to.
        file, line: where a route was declared; None for all else.
        app: the application itself.
        children: what it leads to, in order.
    """

    kind: Kind
    key: str
    application: str
    router: str | None = None
    by: str = ""
    protocol: str | None = None
    host: str | None = None
    template: str | None = None
    path_format: str | None = None
    syntax: str | None = None
    parameters: tuple[ParameterInfo, ...] = ()
    name: str | None = None
    namespace: str | None = None
    methods: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()
    file: str | None = None
    line: int | None = None
    app: Any = field(default=None, repr=False, compare=False)
    children: tuple["Node", ...] = ()

    @property
    def place(self) -> str | None:
        """``file:line`` of the declaration, relative to the working directory where it is below."""
        return None if self.file is None else str(Place(self.file, self.line or 0))

    def walk(self) -> Iterator["Node"]:
        """Yield this node and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def routes(self) -> Iterator["Node"]:
        """Yield the routes and mounts that lead to an application, not to more routes, in order."""
        below = [route for child in self.children for route in child.routes()]
        if below or self.kind not in ("route", "mount"):
            yield from below
        else:
            yield self

    def as_dict(self) -> dict[str, Any]:
        """Return the node as plain data for JSON, without ``app``."""
        plain: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name == "children":
                plain["children"] = [child.as_dict() for child in value]
            elif one.name == "parameters":
                plain["parameters"] = [
                    {"name": each.name, "converter": each.converter, "regex": each.regex}
                    for each in value
                ]
            elif one.name != "app":
                plain[one.name] = list(value) if isinstance(value, tuple) else value
        return plain
