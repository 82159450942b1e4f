"""What ``scope["route"]`` holds, and what goes along in it from a router to those behind it.

Copies of a scope share it, so it bears being copied and deep-copied by a middleware.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from asgi_routes.scopes.reading import Position
from asgi_routes.types import App, Scope


class Template(NamedTuple):
    """The text of a route, over all levels of routers.

    Attributes:
        path: as declared, ``/users/<int:id>/``.
        path_format: with every parameter as ``{name}``, ``/users/{id}/``.
        name: the name of the route, or None.
    """

    path: str
    path_format: str
    name: str | None = None


NO_TEMPLATE = Template("", "")


@lru_cache(maxsize=4096)
def join_templates(templates: tuple[Template, ...]) -> Template:
    """Return the template of routes of one router in another, the outermost first.

    >>> join_templates((Template("/users/", "/users/"), Template("/<int:id>/", "/{id}/"))).path
    '/users/<int:id>/'
    """
    paths: list[str] = []
    formats: list[str] = []
    name = None
    for template in templates:
        for texts, text in ((paths, template.path), (formats, template.path_format)):
            if text in ("", "/") and any(texts):
                continue
            if texts:
                texts[-1] = texts[-1].removesuffix("/")
            texts.append(text)
        name = template.name or name
    return Template("".join(paths), "".join(formats), name)


class MatchedRoute:
    """What ``scope["route"]`` holds: the template of the route, over all levels of routers."""

    __slots__ = ("template",)

    def __init__(self, template: Template) -> None:
        self.template = template

    @property
    def path(self) -> str:
        """As declared, ``/users/<int:id>/``."""
        return self.template.path

    @property
    def path_format(self) -> str:
        """With every parameter as ``{name}``, ``/users/{id}/``."""
        return self.template.path_format

    @property
    def name(self) -> str | None:
        """The name of the route, or None."""
        return self.template.name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path!r}{f' name={self.name!r}' if self.name else ''}>"


NO_ROUTE = MatchedRoute(NO_TEMPLATE)
"""What is published where no route has the path."""


class Policy(NamedTuple):
    """What holds below a router, unless one there sets something else.

    Attributes:
        default: how a miss looks: a `NotFound`, or None, which raises.
        slashes: ``strict``, ``redirect`` or ``both``.
        encoded_slashes: ``decode``, ``preserve`` or ``reject``.
    """

    default: Any
    slashes: str
    encoded_slashes: str


class _Unset:
    """The default of a router that sets none: the router around decides."""

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Any = _Unset()


class Settings(NamedTuple):
    """What a router sets for itself and for what is below it.

    Attributes:
        default: a policy; `UNSET` where the router around decides.
        slashes, encoded_slashes: None where the router around decides.
    """

    default: Any = UNSET
    slashes: str | None = None
    encoded_slashes: str | None = None

    @property
    def want_variants(self) -> bool:
        """Whether they ask for paths with a slash more or less."""
        return self.slashes not in (None, "strict")

    def within(self, policy: Policy) -> Policy:
        """Return what holds here, where a policy holds around."""
        default, slashes, encoded_slashes = self
        return Policy(
            policy.default if default is UNSET else default,
            slashes or policy.slashes,
            encoded_slashes or policy.encoded_slashes,
        )


class ChildRoute(MatchedRoute):
    """The route in a child scope: by it, a router knows what another one around it has found.

    Copies of a scope share it.

    Attributes:
        after: what each layer of middleware calls; None where there is none.
        policy: what holds for routers below that do not set it themselves.
        position: how far the path has been read, for a router behind the application; or None.
        known: the methods that the routes before a boundary would have served.
        depth: how many boundaries there are on the way.
        outermost: the scope that the outermost router received, or None.
        origin: returns the outermost router by path, where names are looked up; or None.
        root_path: where that router is, below a mount; else None, and the scope says it.
        published: what the outermost scope is told, if that has been made already.
        passed: the declarations on the way, and the keys of routers that go by one.
        mounts: what is mounted on the way, and where; the outermost first.
        is_whole: whether the application is a whole one, that may have routes of its own.
        is_added: whether it alone was added to the scope, for middleware and routers behind: an
            application then gets the scope without it.
        goes_to_channels: whether a router of Channels is behind the application.
        received: what the scope had in its place; None for nothing.
        static: what is the same in all routes of this way, an object that is the same too; or None.
        derived: what was made of it for routers around, as far as it was asked for.
    """

    after: Mapping[Any, App] | None = None
    policy: Policy | None = None
    position: Position | None = None
    known: frozenset[str] = frozenset()
    depth = 0
    outermost: Any = None
    origin: Callable[[], Any] | None = None
    root_path: str | None = None
    published: MatchedRoute | None = None
    passed: tuple[Any, ...] = ()
    mounts: tuple[tuple[Any, str], ...] = ()
    is_whole = False
    is_added = False
    goes_to_channels = False
    received: Any = None
    static: "ChildRoute | None" = None
    derived: dict[Any, "ChildRoute"] | None = None

    def take(self, static: "ChildRoute") -> None:
        """Take over what is the same in all routes of this way."""
        self.template, self.static = static.template, static
        self.policy, self.origin, self.passed = static.policy, static.origin, static.passed
        self.after, self.published = static.after, static.published
        self.root_path, self.mounts = static.root_path, static.mounts
        self.is_whole = static.is_whole

    def __copy__(self) -> "ChildRoute":
        return self

    def __deepcopy__(self, _memo: object) -> "ChildRoute":
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # In another process there are none of these routers; what the route was is known there, too.
        return MatchedRoute, (self.template,)


def outermost_of(scope: Scope) -> Any:
    """Return the scope where instrumentation looks for the route; None if it is not ours."""
    outer = scope.get("route")
    if type(outer) is ChildRoute:
        return outer.outermost
    return scope if outer is None or type(outer) is MatchedRoute else None


def publish(route: MatchedRoute, outermost: Any) -> None:
    """Leave the matched route where instrumentation looks once the application has returned."""
    if outermost is None:
        return
    if route.template.path:
        outermost["route"] = route
    elif type(outermost.get("route")) is MatchedRoute:
        del outermost["route"]


def publish_inner(route: ChildRoute, scope: Scope) -> None:
    """Leave the whole template, where a whole application has left its own in the scope it was given.

    Starlette and FastAPI do: the template that they have matched is below what they were mounted
    at.
    """
    inner = scope.get("route")
    if route.outermost is None or inner is None or isinstance(inner, MatchedRoute):
        return
    path = getattr(inner, "path", None)
    path_format = getattr(inner, "path_format", path)
    if not (isinstance(path, str) and isinstance(path_format, str)):
        return
    name = getattr(inner, "name", None)
    theirs = Template(path, path_format, name if isinstance(name, str) else None)
    templates = (route.template, _mounts_between(route, scope), theirs)
    publish(MatchedRoute(join_templates(templates)), route.outermost)


def _mounts_between(route: ChildRoute, scope: Scope) -> Template:
    """Return what an application has mounted its routes at, if that is the same for all paths."""
    if route.position is None:
        return NO_TEMPLATE
    *_, root_path = route.position
    ours = str(root_path or "")
    theirs = str(scope.get("root_path") or "")
    if not theirs.startswith(ours + "/"):
        return NO_TEMPLATE
    prefix = theirs[len(ours) :]
    values = {_write(value) for value in (scope.get("path_params") or {}).values()}
    return NO_TEMPLATE if values & {*prefix.split("/")} else Template(prefix, prefix)


def _write(value: object) -> str | None:
    """Return a parameter as text; None where none is made of it, so no path has it either."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a number of many digits, or somebody's value: no error for a template
        return None
