"""What a user writes in a table of routes: one function for each kind of declaration.

Every mistake is raised by the function that was called, and names the user's line.
"""

import importlib
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from asgi_routes.errors import ImproperlyConfigured, did_you_mean, find_caller
from asgi_routes.middleware import Middleware, make_layer
from asgi_routes.patterns import check_text, parse_format, parse_path, parse_regex
from asgi_routes.patterns.converters import Converters, get_registered_converters
from asgi_routes.routes.declarations import (
    AtPrefix,
    Include,
    Mounting,
    Route,
    Routes,
    Target,
    make_route,
)
from asgi_routes.routes.lists import check_routes
from asgi_routes.types import App, LifespanPolicy

_NOT_GIVEN: Any = object()


def path(
    route: str,
    app: Target = _NOT_GIVEN,
    kwargs: Mapping[str, Any] | None = None,
    name: str | None = None,
    *,
    view: Target = _NOT_GIVEN,
    methods: Iterable[str] | None = None,
    converters: Converters | None = None,
    middleware: Middleware = (),
) -> Route:
    """Return a route written in the syntax of Django's ``path()``: ``users/<int:id>/``.

    A parameter is ``<name>`` or ``<converter:name>``; everything else is literal. The whole path
    must match, unless ``app`` is a router, wraps one, or is an `include`: then the route matches
    a prefix.

    Args:
        route: the path pattern, without a leading slash.
        app: an ASGI application, a router, or what `include` returns.
        kwargs: additional named parameters for the application; they override those of the path.
        name: the name to `reverse` by.
        view: Django's name for ``app``.
        methods: the HTTP methods that the route serves; GET includes HEAD. Default: all. Another
            route may serve the others (see `MethodRouter`).
        converters: the registry to look converters up in, instead of the global one.
        middleware: callables that take an application and return one, the outermost first; or
            Starlette's ``Middleware`` objects. They do not take part in matching: once the route is
            chosen they are called, those of the outermost router first, and the application gets
            the scope that they pass on. A miss below a declaration is answered through its
            middleware.

    Raises:
        ImproperlyConfigured: an argument is not valid.

    >>> async def app(scope, receive, send): ...
    >>> path("users/<int:id>/", app, name="user").pattern.path_format
    'users/{id}/'
    """
    registry = get_registered_converters() if converters is None else converters
    return make_route(
        lambda: parse_path(_text(route, "path"), registry),
        _choose_target("path", app, view),
        kwargs,
        name,
        methods=methods,
        middleware=middleware,
    )


def re_path(
    route: Any,
    app: Target = _NOT_GIVEN,
    kwargs: Mapping[str, Any] | None = None,
    name: str | None = None,
    *,
    view: Target = _NOT_GIVEN,
    methods: Iterable[str] | None = None,
    middleware: Middleware = (),
) -> Route:
    r"""Return a route whose pattern is a regular expression, as Django's ``re_path()`` does.

    The path is searched for the regex, so begin it with ``^``. One that ends in ``$`` must match
    the whole path. Named groups become named parameters; unnamed groups become positional
    parameters only where there are no named ones.

    Args:
        route: a regular expression, or a compiled `re.Pattern`.
        app: an ASGI application, a router, or what `include` returns.
        kwargs: additional named parameters for the application; they override those of the path.
        name: the name to `reverse` by.
        view: Django's name for ``app``.
        methods: the HTTP methods that it serves, as in `path`.
        middleware: see `path`.

    Raises:
        ImproperlyConfigured: an argument is not valid.

    >>> async def app(scope, receive, send): ...
    >>> re_path(r"^users/(?P<id>\d+)/$", app).pattern.path_format
    'users/{id}/'
    """
    return make_route(
        lambda: parse_regex(route),
        _choose_target("re_path", app, view),
        kwargs,
        name,
        methods=methods,
        middleware=middleware,
    )


def url(
    regex: Any, view: Target, kwargs: Mapping[str, Any] | None = None, name: str | None = None
) -> Route:
    r"""Return a route whose pattern is a regular expression: `re_path` by its name before Django 4.

    >>> async def app(scope, receive, send): ...
    >>> url(r"^chat/$", app).pattern.path_format
    'chat/'
    """
    return re_path(regex, view, kwargs, name)


def format_path(
    route: str,
    app: Target,
    kwargs: Mapping[str, Any] | None = None,
    name: str | None = None,
    *,
    methods: Iterable[str] | None = None,
    converters: Converters | None = None,
    middleware: Middleware = (),
) -> Route:
    """Return a route written in the syntax of `parse`, the inverse of `str.format`: ``users/{id:d}/``.

    A field is ``{name}``, which matches within one segment, or ``{name:specification}``, where the
    specification is one of `parse` or the name of a registered converter (a function made with
    ``parse.with_pattern`` can be registered). Text that `parse` cannot convert does not match.

    Args:
        route: the path pattern, without a leading slash.
        app: an ASGI application, a router, or what `include` returns.
        kwargs: additional named parameters for the application; they override those of the path.
        name: the name to `reverse` by.
        methods: the HTTP methods that the route serves; GET includes HEAD. Default: all. Another
            route may serve the others (see `MethodRouter`).
        converters: the registry to look converters up in, instead of the global one.
        middleware: see `path`.

    Raises:
        ImproperlyConfigured: an argument is not valid.

    >>> async def app(scope, receive, send): ...
    >>> format_path("users/{id:d}/", app).pattern.path_format
    'users/{id}/'
    """
    registry = get_registered_converters() if converters is None else converters
    return make_route(
        lambda: parse_format(_text(route, "format"), registry),
        _choose_target("format_path", app, _NOT_GIVEN),
        kwargs,
        name,
        methods=methods,
        middleware=middleware,
    )


def mount(  # noqa: PLR0913 - what is asked for are options, by keyword
    prefix: str,
    app: App,
    *,
    name: str | None = None,
    strip: bool = False,
    isolate: bool = True,
    at_prefix: AtPrefix = "serve",
    lifespan: LifespanPolicy = "auto",
    converters: Converters | None = None,
    middleware: Middleware = (),
) -> Route:
    """Return a route that passes everything below a prefix to a complete application.

    The prefix, written in the syntax of `path`, ends at a segment boundary: ``mount("static", app)``
    serves ``/static`` and ``/static/…``, not ``/statics``. The application finds the matched
    prefix in ``root_path``, and ``path`` stays complete (ASGI, HTTP connection scope).

    Args:
        prefix: slashes around it do not matter; an empty one matches everything.
        app: an ASGI application of any framework, or a router.
        name: the name to `reverse` by.
        strip: remove the prefix from ``path`` and ``raw_path`` too, for applications that ignore
            ``root_path`` (Falcon, Sanic).
        isolate: drop what a framework around the router has put into the scope (``app``, ``router``,
            ``endpoint`` and the like), so that the application does not build that framework's URLs.
        at_prefix: what happens to a request for exactly the prefix, without a trailing slash:
            ``serve`` it; ``redirect`` it (308) to the one with a slash; or ``miss``.
        lifespan: whether the application takes part in the lifespan: ``auto``, if it supports the
            protocol; ``on``, it must; or ``off``.
        converters: the registry to look converters up in, instead of the global one.
        middleware: see `path`.

    Raises:
        ImproperlyConfigured: an argument is not valid.

    >>> async def shop(scope, receive, send): ...
    >>> from asgi_routes import URLRouter
    >>> router = URLRouter([mount("shop", shop)])
    >>> router.match({"type": "http", "path": "/shop/cart"}).scope["root_path"]
    '/shop'
    >>> bool(router.match({"type": "http", "path": "/shops"}))
    False
    """
    registry = get_registered_converters() if converters is None else converters
    return make_route(
        lambda: parse_path(_text(prefix, "path").strip("/"), registry),
        app,
        name=name,
        mounting=Mounting(strip, isolate, at_prefix, lifespan),
        middleware=middleware,
    )


def include(
    routes: str | ModuleType | Routes | tuple[str | ModuleType | Routes, str],
    namespace: str | None = None,
    *,
    middleware: Middleware = (),
) -> Include:
    """Return routes to put under a prefix, as Django's ``include()`` does.

    Args:
        routes: a list of routes; a module or the name of one, which has them as ``urlpatterns``
            and may have an ``app_name``; a pair of one of these and the application's name; or
            what Django's ``include()`` has returned.
        namespace: the name of this inclusion, to tell it from others of the same application.
        middleware: see `path`.

    Raises:
        ImproperlyConfigured: the routes are none of these, or a namespace was given for routes
            without an ``app_name``.

    >>> async def app(scope, receive, send): ...
    >>> include(([path("", app)], "shop")).namespace
    'shop'
    """
    app_name: str | None = None
    source: Any = routes
    if _is_of_include(source):
        source, app_name, own = source
        namespace = namespace or own
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
            f"namespace {namespace!r} requires an application name, which these routes lack",
            hint="include((routes, 'name'), namespace=…), or set app_name in the module",
        )
    checked = check_routes(source, "include()")
    layer = make_layer(middleware, "include()")
    return Include(checked, app_name, namespace or app_name, find_caller(), layer)


def _is_of_include(source: object) -> bool:
    """Tell whether an object is what Django's ``include()`` returns."""
    match source:
        case (str() | ModuleType() | list() | tuple(), str() | None, str() | None):
            return isinstance(source, tuple)
    return False


def _choose_target(function: str, app: Any, view: Any) -> Any:
    """Return what a route leads to, under whichever name it was given."""
    if (app is _NOT_GIVEN) is (view is _NOT_GIVEN):
        given = "neither an application nor" if app is _NOT_GIVEN else "an application and"
        raise ImproperlyConfigured(
            f"{function}() has {given} a view",
            hint="view= is Django's name for the second argument",
        )
    target = view if app is _NOT_GIVEN else app
    return include(target) if _is_of_include(target) else target


def _text(route: object, syntax: str) -> str:
    hint = "use re_path() for regular expressions" if hasattr(route, "pattern") else None
    return check_text(route, f"a {syntax} pattern", hint)


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
        hint = did_you_mean("urlpatterns", vars(module)) or "define a list named urlpatterns in it"
        raise ImproperlyConfigured(f"module {module.__name__!r} has no urlpatterns", hint=hint)
    return routes
