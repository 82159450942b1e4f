"""Declarations: what a user writes in a table of routes.

In: a text in one of three syntaxes, and what it leads to. Out: a frozen `Route` or `Include` that
knows the line where it was written. The rule kept here: a declaration that exists is valid; every
mistake in it is raised by the function that was called for it.
"""

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType, ModuleType
from typing import Any, TypeAlias

from asgi_routes.apps import mistake_in_app
from asgi_routes.converters import Converters, registered_converters
from asgi_routes.errors import ImproperlyConfigured, did_you_mean, raise_together
from asgi_routes.patterns import Pattern, parse_format, parse_path, parse_regex
from asgi_routes.places import Place, calling_place
from asgi_routes.types import App

_NO_KWARGS: Mapping[str, Any] = MappingProxyType({})


class Kind(Enum):
    """What a route does with its target."""

    ROUTE = "route"
    MOUNT = "mount"


@dataclass(frozen=True, eq=False, slots=True)
class Include:
    """More routes, to be put under a prefix: what `include` returns.

    Attributes:
        routes: the declarations.
        app_name: the name that the routes' own application has, or None.
        namespace: the name of this inclusion; the ``app_name`` where none was given.
        declared: the user's line.
    """

    routes: "tuple[Route, ...]"
    app_name: str | None
    namespace: str | None
    declared: Place


@dataclass(frozen=True, eq=False, slots=True)
class Route:
    """One declaration: a pattern and what it leads to.

    It is a value: use it in as many tables as you like.

    Attributes:
        pattern: the parsed text.
        target: the application or router, or the routes of an `Include`.
        kwargs: default parameters, read-only.
        name: for building URLs, or None.
        kind: an ordinary route or a mount.
        declared: the user's line.
    """

    pattern: Pattern
    target: App | Include
    kwargs: Mapping[str, Any]
    name: str | None
    kind: Kind = Kind.ROUTE
    declared: Place = field(default_factory=calling_place)


Target: TypeAlias = App | Include
Routes: TypeAlias = Iterable[Route]


def path(
    route: str,
    app: Target,
    kwargs: Mapping[str, Any] | None = None,
    name: str | None = None,
    *,
    converters: Converters | None = None,
) -> Route:
    """Return a route in the syntax of Django's ``path()``, ``users/<int:id>/``.

    A parameter is ``<name>`` or ``<converter:name>``; all else stands for itself. The whole path has
    to match, unless ``app`` is a router, wraps one, or is an `include`: then the route is a prefix.

    Args:
        route: the text, without a leading slash.
        app: an ASGI application, a router, or what `include` returns.
        kwargs: more named parameters for the application; they win over those of the path.
        name: for building URLs.
        converters: the registry to look converters up in, instead of the global one.

    Raises:
        ImproperlyConfigured: a mistake in any of these.

    >>> async def app(scope, receive, send): ...
    >>> path("users/<int:id>/", app, name="user").pattern.path_format
    'users/{id}/'
    """
    registry = registered_converters() if converters is None else converters
    return _route(lambda: parse_path(_text(route, "path"), registry), app, kwargs, name)


def re_path(
    route: Any, app: Target, kwargs: Mapping[str, Any] | None = None, name: str | None = None
) -> Route:
    r"""Return a route whose text is a regular expression, as Django's ``re_path()``.

    The regex is searched for: begin it with ``^``. One that ends in ``$`` has to match the whole
    path. Named groups become named parameters; only without any do groups become positional ones.

    Args:
        route: a regular expression, or a compiled `re.Pattern`.
        app: an ASGI application, a router, or what `include` returns.
        kwargs: more named parameters for the application; they win over those of the path.
        name: for building URLs.

    Raises:
        ImproperlyConfigured: a mistake in any of these.

    >>> async def app(scope, receive, send): ...
    >>> re_path(r"^users/(?P<id>\d+)/$", app).pattern.path_format
    'users/{id}/'
    """
    return _route(lambda: parse_regex(route), app, kwargs, name)


def format_path(
    route: str,
    app: Target,
    kwargs: Mapping[str, Any] | None = None,
    name: str | None = None,
    *,
    converters: Converters | None = None,
) -> Route:
    """Return a route in the syntax of `parse`, the opposite of `str.format`: ``users/{id:d}/``.

    A field is ``{name}``, which stays inside one segment, or ``{name:specification}``, where the
    specification is one of `parse` or the name of a registered converter (a function made with
    ``parse.with_pattern`` can be registered). Text that `parse` cannot convert is no match.

    Args:
        route: the text, without a leading slash.
        app: an ASGI application, a router, or what `include` returns.
        kwargs: more named parameters for the application; they win over those of the path.
        name: for building URLs.
        converters: the registry to look converters up in, instead of the global one.

    Raises:
        ImproperlyConfigured: a mistake in any of these.

    >>> async def app(scope, receive, send): ...
    >>> format_path("users/{id:d}/", app).pattern.path_format
    'users/{id}/'
    """
    registry = registered_converters() if converters is None else converters
    return _route(lambda: parse_format(_text(route, "format"), registry), app, kwargs, name)


def mount(
    prefix: str, app: App, *, name: str | None = None, converters: Converters | None = None
) -> Route:
    """Return a route that hands everything below a prefix to a whole application.

    The prefix, in the syntax of `path`, ends where a segment ends: ``mount("static", app)`` takes
    ``/static`` and ``/static/…``, not ``/statics``. The application finds the matched text in
    ``root_path``, and ``path`` as it was received (ASGI, HTTP connection scope).

    Args:
        prefix: slashes around it do not matter; an empty one takes everything.
        app: an ASGI application of whatever framework, or a router.
        name: for building URLs.
        converters: the registry to look converters up in, instead of the global one.

    Raises:
        ImproperlyConfigured: a mistake in any of these.
    """
    registry = registered_converters() if converters is None else converters
    return _route(
        lambda: parse_path(_text(prefix, "path").strip("/"), registry), app, None, name, Kind.MOUNT
    )


def include(
    routes: str | ModuleType | Routes | tuple[str | ModuleType | Routes, str],
    namespace: str | None = None,
) -> Include:
    """Return more routes for a place in a table, as Django's ``include()``.

    Args:
        routes: a list of routes; a module or the name of one, which has them as ``urlpatterns``
            and may have an ``app_name``; or a pair of one of these and the application's name.
        namespace: the name of this inclusion among others of the same application.

    Raises:
        ImproperlyConfigured: the routes are none of these, or a namespace was given for routes
            that have no application's name.

    >>> async def app(scope, receive, send): ...
    >>> include(([path("", app)], "shop")).namespace
    'shop'
    """
    app_name: str | None = None
    source: Any = routes
    match source:
        case (named, str(app_name)) if isinstance(source, tuple):
            source = named
    if isinstance(source, str):
        source = _module(source)
    if isinstance(source, ModuleType):
        app_name = app_name or getattr(source, "app_name", None)
        source = _routes_of(source)
    if namespace and not app_name:
        raise ImproperlyConfigured(
            f"namespace {namespace!r} is given for routes without an application's name",
            hint="include((routes, 'name'), namespace=…), or set app_name in the module",
        )
    checked = checked_routes(source, "include()")
    return Include(checked, app_name, namespace or app_name, calling_place())


def checked_routes(routes: object, where: str) -> tuple[Route, ...]:
    """Return the routes as a tuple.

    Raises:
        ImproperlyConfigured: what was given is no iterable, or something in it is no route; all
            such mistakes together.
    """
    if isinstance(routes, (str, bytes)) or not isinstance(routes, Iterable):
        raise ImproperlyConfigured(f"{where} takes a list of routes, not {routes!r}")
    items = tuple(routes)
    mistakes = [
        _mistake_in_item(item, number, where)
        for number, item in enumerate(items, 1)
        if not isinstance(item, Route)
    ]
    raise_together(mistakes, f"the routes of {where}")
    return items


def _mistake_in_item(item: object, number: int, where: str) -> ImproperlyConfigured:
    hint = "write path(…), re_path(…), format_path(…) or mount(…)"
    if isinstance(item, str):
        hint = f"write path({item!r}, app)"
    elif isinstance(item, Include):
        hint = "include() goes under a prefix: path('', include(…))"
    elif type(item).__module__.startswith("django."):
        hint = "it comes from django.urls; import path and re_path from asgi_routes"
    elif isinstance(item, (tuple, list)):
        hint = "write path(*item), or path('', include(routes)) for more routes"
    return ImproperlyConfigured(
        f"item {number} of the routes of {where} is not a route: {item!r}", hint=hint
    )


def _route(parse: Any, app: Any, kwargs: Any, name: Any, kind: Kind = Kind.ROUTE) -> Route:
    mistakes: list[ImproperlyConfigured] = []
    pattern: Pattern | None = None
    try:
        pattern = parse()
    except ImproperlyConfigured as mistake:
        mistakes.append(mistake)
    mistakes += _mistakes_in_arguments(app, kwargs, name, kind)
    raise_together(mistakes, "one route")
    assert pattern is not None
    defaults = MappingProxyType(dict(kwargs)) if kwargs else _NO_KWARGS
    return Route(pattern, app, defaults, name, kind)


def _mistakes_in_arguments(
    app: Any, kwargs: Any, name: Any, kind: Kind
) -> list[ImproperlyConfigured]:
    mistakes = []
    if isinstance(app, Include):
        if kind is Kind.MOUNT:
            mistakes.append(
                ImproperlyConfigured(
                    "mount() takes an application, not include()", hint="use path()"
                )
            )
    elif isinstance(app, (list, tuple)):
        mistakes.append(
            ImproperlyConfigured(
                f"{type(app).__name__} is not an ASGI application", hint="write include(routes)"
            )
        )
    elif wrong := mistake_in_app(app):
        mistakes.append(ImproperlyConfigured(wrong[0], hint=wrong[1]))
    if kwargs is not None and not (
        isinstance(kwargs, Mapping) and all(isinstance(key, str) for key in kwargs)
    ):
        hint = f"write name={kwargs!r}" if isinstance(kwargs, str) else None
        mistakes.append(
            ImproperlyConfigured(
                f"kwargs of a route are a dict with text keys, not {kwargs!r}", hint=hint
            )
        )
    if name is not None and not isinstance(name, str):
        mistakes.append(ImproperlyConfigured(f"the name of a route is text, not {name!r}"))
    return mistakes


def _text(route: object, syntax: str) -> str:
    if not isinstance(route, str):
        hint = "a regular expression goes into re_path()" if hasattr(route, "pattern") else None
        raise ImproperlyConfigured(f"a {syntax} pattern is text, not {route!r}", hint=hint)
    return route


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing != name and not name.startswith(missing + "."):
            raise  # The module is there; something that it imports is not.
        hint = "include() takes a module's dotted name, 'shop.urls'"
        raise ImproperlyConfigured(f"no module named {name!r} to include", hint=hint) from None


def _routes_of(module: ModuleType) -> Any:
    routes = getattr(module, "urlpatterns", None)
    if routes is None:
        hint = did_you_mean("urlpatterns", vars(module)) or "give it a list named urlpatterns"
        raise ImproperlyConfigured(f"module {module.__name__!r} has no urlpatterns", hint=hint)
    return routes
