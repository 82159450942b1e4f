"""Trees of routers as plain data: what somebody declares, before anything is made of it.

Nothing of asgi_routes is imported.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

Syntax: TypeAlias = Literal["path", "re_path", "format_path", "mount"]
Kind: TypeAlias = Literal["type", "host", "method", "subprotocol", "channel"]
Part: TypeAlias = int | str
Place: TypeAlias = tuple[Part, ...]
"""Where something stands in a tree: the steps that lead there from the top."""

PARAMETER = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")


class _Shown:
    """Something that is shown nearly as one would declare it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return shown(self)  # type: ignore[arg-type]

    def _repr_pretty_(self, printer: Any, _cycle: object) -> None:
        printer.text(repr(self))  # hypothesis would write down every field.


@dataclass(frozen=True, slots=True, repr=False)
class App(_Shown):
    """An application that answers with its name. Where two have one name, they are one object."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of one's own for "not found"."""

    app: App


Default: TypeAlias = App | Page | Literal["unset", "not_found", "raises"]


@dataclass(frozen=True, slots=True, repr=False)
class Route(_Shown):
    """One declaration; its text is in the syntax of ``path()``, whatever it is written in.

    A regex has ``$`` at its end where ``is_open`` is false and nothing is nested below.
    """

    syntax: Syntax
    text: str
    target: "Target"
    methods: tuple[str, ...] = ()
    name: str | None = None
    at_prefix: Literal["serve", "redirect", "miss"] = "serve"
    is_open: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Included(_Shown):
    """What stands in ``include()``."""

    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Urls(_Shown):
    """A router by path."""

    routes: tuple[Route, ...]
    slashes: Literal["strict", "redirect", "both"] | None = None
    encoded_slashes: Literal["decode", "preserve", "reject"] | None = None
    root_path: Literal["auto", "in_path", "stripped"] = "auto"
    default: Default = "unset"


@dataclass(frozen=True, slots=True, repr=False)
class Keyed(_Shown):
    """A router by one key of the scope."""

    kind: Kind
    targets: tuple[tuple[str, "Target"], ...]
    default: Default = "unset"


@dataclass(frozen=True, slots=True, repr=False)
class Wrapped(_Shown):
    """Something behind a class that somebody has written, which holds it in an attribute."""

    inner: "Target"
    attribute: str


Target: TypeAlias = App | Urls | Keyed | Included | Wrapped
Router: TypeAlias = Urls | Keyed


@dataclass(frozen=True, slots=True)
class Spot:
    """Something in a tree: where it stands, what leads there, and what it is.

    Attributes:
        place: where it stands.
        node: what it is.
        above: the routes and routers that it is below, the outermost first.
    """

    place: Place
    node: Route | Target
    above: tuple[tuple[Place, Route | Target], ...] = field(default=(), repr=False)

    @property
    def around(self) -> Route | Target | None:
        """What it stands in."""
        return self.above[-1][1] if self.above else None


def walk(
    node: Route | Target, place: Place = (), above: tuple[tuple[Place, Route | Target], ...] = ()
) -> Iterator[Spot]:
    """Yield everything in a tree, the outer before the inner, in the order of declaration."""
    yield Spot(place, node, above)
    below = (*above, (place, node))
    for step, inner in inside(node):
        yield from walk(inner, (*place, step), below)


def inside(node: Route | Target) -> Iterator[tuple[Part, Route | Target]]:
    """Yield what stands directly in a node, with the step that leads there."""
    match node:
        case Route(target=target):
            yield "to", target
        case Included(routes=routes) | Urls(routes=routes):
            yield from enumerate(routes)
        case Keyed(targets=targets):
            yield from targets
        case Wrapped(inner=inner):
            yield "in", inner
        case _:
            pass


def is_endpoint(target: Target) -> bool:
    """Tell whether a target has nothing that reads a path."""
    if isinstance(target, Keyed):
        return all(isinstance(inner, App) for _, inner in target.targets)
    return isinstance(target, App)


def filled(text: str) -> str:
    """Return a path for a text.

    >>> filled("m/<a>/<int:n>")
    'm/va/7'
    """
    return PARAMETER.sub(lambda found: str(values(found[0])[found["name"]]), text)


def values(text: str) -> dict[str, object]:
    """Return a value for each parameter of a text.

    >>> values("m/<a>/<int:n>")
    {'a': 'va', 'n': 7}
    """
    return {
        found["name"]: 7 if found["converter"] == "int" else f"v{found['name']}"
        for found in PARAMETER.finditer(text)
    }


def numbered(tree: Target) -> Target:
    """Return a tree in which applications and routes that have no name yet have one of their own."""
    return _Numbering().target(tree)


class _Numbering:
    def __init__(self) -> None:
        self.numbers = iter(range(10**6))

    def target(self, node: Target) -> Target:
        match node:
            case App(name=""):
                return App(f"app{next(self.numbers)}")
            case Urls() | Included():
                node = replace(node, routes=tuple(map(self.route, node.routes)))
            case Keyed():
                targets = tuple((key, self.target(inner)) for key, inner in node.targets)
                node = replace(node, targets=targets)
            case Wrapped():
                return replace(node, inner=self.target(node.inner))
        if isinstance(node, Urls | Keyed):
            node = replace(node, default=self.default(node.default))
        return node

    def route(self, route: Route) -> Route:
        name = route.name
        if isinstance(route.target, App):
            name = name or f"r{next(self.numbers)}"
        return replace(route, target=self.target(route.target), name=name)

    def default(self, default: Default) -> Default:
        match default:
            case App(name=""):
                return App(f"default{next(self.numbers)}")
            case Page(app=App(name="")):
                return Page(App(f"page{next(self.numbers)}"))
        return default


def shown(node: Route | Target) -> str:
    """Write a tree nearly as one would declare it.

    >>> shown(Urls((Route("path", "m/", Urls((Route("path", "x", App("a")),), slashes="both")),)))
    "URLRouter([path('m/', URLRouter([path('x', a)], slashes='both'))])"
    """
    match node:
        case App(name=name):
            return name
        case Route():
            options = [f"methods={[*node.methods]}"] if node.methods else []
            options += [f"at_prefix={node.at_prefix!r}"] if node.at_prefix != "serve" else []
            options += ["open"] if node.is_open else []
            return f"{node.syntax}({', '.join([repr(node.text), shown(node.target), *options])})"
        case Included(routes=routes):
            return f"include([{', '.join(map(shown, routes))}])"
        case Wrapped(inner=inner, attribute=attribute):
            return f"By_{attribute}({shown(inner)})"
        case Keyed(kind=kind, targets=targets):
            keys = ", ".join(f"{key!r}: {shown(inner)}" for key, inner in targets)
            return f"{kind.title()}Router({{{keys}}}{_shown_default(node.default)})"
        case Urls(routes=routes):
            options = [
                f", {name}={value!r}"
                for name in ("slashes", "encoded_slashes", "root_path")
                if (value := getattr(node, name)) not in (None, "auto")
            ]
            end = "".join(options) + _shown_default(node.default)
            return f"URLRouter([{', '.join(map(shown, routes))}]{end})"


def _shown_default(default: Default) -> str:
    match default:
        case "unset":
            return ""
        case App(name=name):
            return f", default={name}"
        case Page(app=app):
            return f", default=NotFound(page={app.name})"
    return f", default={default}"
