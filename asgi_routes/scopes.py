"""Scopes: the one that an application is called with, and what the received one is told.

In: a received scope, and what routes took from the path. Out: the child scope. The rule kept here: a
received scope is never changed, but for the ``route`` that instrumentation looks for; a child scope
is always made from it, and differs in ``url_route``, ``path_remaining``, ``path_params`` and ``route``
only, or, for a mount, in where the application is.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from asgi_routes.raw_paths import decoded, encoded, raw_below
from asgi_routes.reading import Position, Reading
from asgi_routes.types import App, ChildScope, Scope

_OF_FRAMEWORKS = frozenset(
    {
        "app",
        "app_root_path",
        "endpoint",
        "litestar_app",
        "path_template",
        "route_handler",
        "router",
        "starlette.exception_handlers",
    }
)
"""What Starlette, FastAPI and Litestar write into the scope. Another application of the same kind would
take it for its own, and make URLs of the outer one."""


MISS = "route_miss"
"""The key that says to a page or default why it was called; what it leads to does not get it."""


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
        is_whole: whether the application is a whole one, that may have routes of its own.
        is_added: whether it alone was added to the scope, for middleware and routers behind: an
            application then gets the scope without it.
        received: what the scope had in its place; None for nothing.
    """

    after: Mapping[Any, App] | None = None
    policy: Policy | None = None
    position: Position | None = None
    known: frozenset[str] = frozenset()
    depth = 0
    outermost: Any = None
    origin: Callable[[], Any] | None = None
    root_path: str | None = None
    is_whole = False
    is_added = False
    received: Any = None

    def __copy__(self) -> "ChildRoute":
        return self

    def __deepcopy__(self, _memo: object) -> "ChildRoute":
        return self


@lru_cache(maxsize=4096)
def joined(templates: tuple[Template, ...]) -> Template:
    """Return the template of routes of one router in another, the outermost first.

    >>> joined((Template("/users/", "/users/"), Template("/<int:id>/", "/{id}/"))).path
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


def add_route(scope: Scope, route: ChildRoute) -> ChildScope:
    """Return a scope with nothing more than a route, which routers and middleware behind it go by."""
    outer = scope.get("route")
    route.is_added = True
    route.received = outer.received if type(outer) is ChildRoute and outer.is_added else outer
    child = {**scope, "route": route}
    child.pop(MISS, None)
    return child


def without_additions(scope: Scope) -> Scope:
    """Return a scope as it was before anything was added to it for others than an application."""
    route = scope.get("route")
    is_added = type(route) is ChildRoute and route.is_added
    if not is_added and MISS not in scope:
        return scope
    kept = route.received if type(route) is ChildRoute and is_added else route
    given = {key: value for key, value in scope.items() if key not in (MISS, "route")}
    return given if kept is None else {**given, "route": kept}


class Mounted(NamedTuple):
    """Where an application is mounted.

    Attributes:
        reading: how far the path was read in front of it.
        strip: whether it gets a path without its prefix.
        isolate: whether it gets nothing that frameworks have left in the scope.
    """

    reading: Reading
    strip: bool
    isolate: bool


def child_scope(
    scope: Scope,
    route: ChildRoute,
    taken: Sequence[tuple[tuple[Any, ...], Mapping[str, Any]]] | None = None,
    rest: str | None = None,
    mounted: Mounted | None = None,
) -> ChildScope:
    """Return the scope for the application that a route leads to.

    Args:
        scope: as received, or as a router of somebody else's made it.
        route: what ``scope["route"]`` becomes.
        taken: the positional and named parameters of every level, the outermost first; None where
            nothing goes by the path or by parameters.
        rest: what the route left of the path; None where nobody has read it, and for what is mounted.
        mounted: the last mount on the way, or None.
    """
    child = dict(scope)
    child.pop(MISS, None)
    if taken is not None:
        args: tuple[Any, ...] | list[Any] = ()
        kwargs: dict[str, Any] = {}
        if outer := scope.get("url_route"):
            args, kwargs = outer.get("args", ()), dict(outer.get("kwargs", {}))
        for level_args, level_kwargs in taken:
            if level_args:
                args = [*args] if type(args) is tuple else args
                args += level_args  # type: ignore[operator]
            kwargs.update(level_kwargs)
        child["url_route"] = {"args": tuple(args), "kwargs": kwargs}
        params = scope.get("path_params")
        child["path_params"] = {**params, **kwargs} if params else dict(kwargs)
    if mounted is not None:
        _mount(child, mounted, rest)
    if rest is not None:
        child["path_remaining"] = rest
    child["route"] = route
    return child


def _mount(child: ChildScope, mounted: Mounted, rest: str | None) -> None:
    """Let an application find where it is: ``path`` is full, and begins with ``root_path`` (ASGI, HTTP
    connection scope), whatever the server and the proxy before it have made of them.
    """  # noqa: D205 - it is one sentence
    whole, at, added, _ = mounted.reading
    prefix = whole[:at].removesuffix("/")
    if added:
        _put_back(child, added)
    child.pop("path_remaining", None)
    child["root_path"] = prefix
    if mounted.strip and rest is None:
        path = whole[at:] if whole[at : at + 1] == "/" else "/" + whole[at:]
        child["path"] = path
        raw = child.get("raw_path")
        if isinstance(raw, bytes):
            raw = raw_below(raw, prefix)
            child["raw_path"] = encoded(path) if raw is None else raw or b"/"
    # Whoever leaves one of its keys here has left one of these.
    if mounted.isolate and not _OF_FRAMEWORKS.isdisjoint(child):
        for key in [key for key in child if key in _OF_FRAMEWORKS or key.startswith("fastapi_")]:
            del child[key]


def _put_back(child: ChildScope, root_path: str) -> None:
    path = child["path"]
    child["path"] = root_path + (path if path[:1] == "/" else "/" + path)
    raw = child.get("raw_path")
    if isinstance(raw, bytes):
        has_slash = decoded(raw[: len("%2F")])[:1] == "/"
        child["raw_path"] = encoded(root_path) + (raw if has_slash else b"/" + raw)


def outermost_of(scope: Scope) -> Any:
    """Return the scope where instrumentation looks for the route; None where it is not ours to say."""
    outer = scope.get("route")
    if type(outer) is ChildRoute:
        return outer.outermost
    return scope if outer is None or type(outer) is MatchedRoute else None


def publish(template: Template, outermost: Any) -> None:
    """Leave the matched route where instrumentation looks once the application has returned."""
    if outermost is None:
        return
    if template.path:
        outermost["route"] = MatchedRoute(template)
    elif type(outermost.get("route")) is MatchedRoute:
        del outermost["route"]


def publish_inner(route: ChildRoute, scope: Scope) -> None:
    """Leave the whole template, where a whole application has left its own in the scope it was given.

    Starlette and FastAPI do: the template that they have matched is below what they were mounted at.
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
    publish(joined(templates), route.outermost)


def _mounts_between(route: ChildRoute, scope: Scope) -> Template:
    """Return what an application has mounted its own routes at, where that is the same for all paths."""
    if route.position is None:
        return NO_TEMPLATE
    ours = str(route.position.root_path or "")
    theirs = str(scope.get("root_path") or "")
    if not theirs.startswith(ours + "/"):
        return NO_TEMPLATE
    prefix = theirs[len(ours) :]
    values = {str(value) for value in (scope.get("path_params") or {}).values()}
    return NO_TEMPLATE if values & set(prefix.split("/")) else Template(prefix, prefix)
