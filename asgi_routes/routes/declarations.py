"""Declarations: the values that a table of routes is written in.

A `Route` or `Include` is frozen, and knows the line where it was written. One that exists is valid;
all mistakes in one are raised together.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeAlias, get_args

from asgi_routes.apps import router_behind
from asgi_routes.callables import find_mistake_in_app, take_app
from asgi_routes.errors import (
    ImproperlyConfigured,
    Place,
    did_you_mean,
    find_caller,
    raise_together,
)
from asgi_routes.middleware import Layer, Middleware, make_layer
from asgi_routes.patterns import Parameter, Pattern, find_mistake_in_text
from asgi_routes.suspicions import (
    Suspicion,
    suspect_app,
    suspect_hidden_router,
    suspect_methods,
    suspect_text,
    warn_of,
)
from asgi_routes.types import App, LifespanPolicy

_ENDING_IN_A_SLASH = ("/", "a/", "1/", "A/", "-/", "a/a/", "1/1/", "a.a/")
_NO_KWARGS: Mapping[str, Any] = MappingProxyType({})
AtPrefix: TypeAlias = Literal["serve", "redirect", "miss"]
"""What happens to a request for the very prefix, without a slash behind it."""


@dataclass(frozen=True, slots=True)
class Mounting:
    """How an application is put under its prefix; `mount` says what each means."""

    strip: bool = False
    isolate: bool = True
    at_prefix: AtPrefix = "serve"
    lifespan: LifespanPolicy = "auto"


@dataclass(frozen=True, eq=False, slots=True)
class Include:
    """Routes to put under a prefix: what `include` returns.

    Attributes:
        routes: the declarations.
        app_name: the application namespace of the routes, or None.
        namespace: the name of this inclusion; by default the ``app_name``.
        declared: the line where it was declared.
        layer: the middleware of the inclusion, or None.
    """

    routes: "tuple[Route, ...]"
    app_name: str | None
    namespace: str | None
    declared: Place
    layer: Layer | None = None

    def __repr__(self) -> str:
        namespace = f" namespace={self.namespace!r}" if self.namespace else ""
        return f"<{type(self).__name__} of {count(self.routes, 'route')}{namespace}>"


@dataclass(frozen=True, eq=False, slots=True)
class Route:
    """A route: a pattern and what it leads to.

    It is a value: it can be used in any number of tables, copied, and pickled if its target can be.

    Attributes:
        pattern: the parsed pattern.
        target: the application or router, or the routes of an `Include`.
        kwargs: additional named parameters, read-only.
        name: the name to `reverse` by, or None.
        methods: the HTTP methods that it serves; empty for all.
        mounting: the options of a `mount`; else None.
        layer: the middleware of the declaration, or None.
        declared: the line where it was declared.
    """

    pattern: Pattern
    target: App | Include
    kwargs: Mapping[str, Any]
    name: str | None
    methods: tuple[str, ...] = ()
    mounting: Mounting | None = None
    layer: Layer | None = None
    declared: Place = field(default_factory=find_caller)

    @property
    def callback(self) -> App | None:
        """Django's name for the application or router; None for an `Include`."""
        return None if isinstance(self.target, Include) else self.target

    @property
    def default_args(self) -> dict[str, Any]:
        """Django's name for the additional named parameters."""
        return dict(self.kwargs)

    def url_path_for(self, name: str, /, **params: Any) -> Any:
        """Tell a Starlette around the router that names are not looked up here.

        Raises:
            NoMatchFound: Starlette's own; always.
        """
        raise sys.modules["starlette.routing"].NoMatchFound(name, params)

    def __repr__(self) -> str:
        name = f" name={self.name!r}" if self.name else ""
        return f"<{type(self).__name__} {self.pattern.source!r}{name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # A read-only view of a dict can be neither copied nor pickled.
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return _remake, ({**values, "kwargs": dict(self.kwargs)},)


def _remake(values: Mapping[str, Any]) -> Route:
    return Route(**{**values, "kwargs": _read_only(values["kwargs"])})


def _read_only(kwargs: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return MappingProxyType(dict(kwargs)) if kwargs else _NO_KWARGS


Target: TypeAlias = App | Include


class OfDjango(Protocol):
    """What ``django.urls`` makes, as far as type checkers tell it from what is no route."""

    @property
    def pattern(self) -> Any: ...


Routes: TypeAlias = Iterable[Route | OfDjango]
"""Declarations, and what ``django.urls`` has made."""


def count(items: Sized, of: str) -> str:
    """Return how many there are of something.

    >>> count([1, 2], "route")
    '2 routes'
    """
    return f"{len(items)} {of}{'' if len(items) == 1 else 's'}"


def make_route(
    parse: Callable[[], Pattern],
    app: Any,
    kwargs: Any = None,
    name: Any = None,
    *,
    methods: Any = None,
    mounting: Mounting | None = None,
    middleware: Middleware = (),
) -> Route:
    """Return a route of what somebody wrote, of which nothing has been looked at.

    Args:
        parse: returns the pattern, or raises the mistakes in its text.
        app: an application, a router or an `Include`.
        kwargs: default parameters, or None.
        name: the name to `reverse` by, or None.
        methods: the HTTP methods that it serves, or None for all.
        mounting: the options of a mount, or None.
        middleware: as the user wrote it.

    Raises:
        ImproperlyConfigured: a mistake in any of these; all of them together.
    """
    app = app if isinstance(app, Include) else take_app(app)
    mistakes: list[ImproperlyConfigured] = []
    pattern: Pattern | None = None
    try:
        pattern = parse()
        mistakes += _mistakes_in_prefix(pattern, mounting)
    except ImproperlyConfigured as mistake:
        mistakes.append(mistake)
    mistakes += _mistakes_in_target(app, mounting)
    mistakes += _mistakes_in_arguments(kwargs, name)
    mistakes += _mistakes_in_options(app, methods, mounting)
    layer: Layer | None = None
    try:
        layer = make_layer(middleware, "a route")
    except ImproperlyConfigured as mistake:
        mistakes.append(mistake)
    raise_together(mistakes, "one route")
    assert pattern is not None
    route = Route(pattern, app, _read_only(kwargs), name, tuple(methods or ()), mounting, layer)
    warn_of(suspect_route(route), route.declared)
    return route


def suspect_route(route: Route) -> Iterator[Suspicion]:
    """Yield what can hardly have been meant in a declaration."""
    yield from suspect_text(route.pattern)
    yield from suspect_methods(route.methods)
    if not isinstance(route.target, Include):
        yield from suspect_app(route.target)
        if route.mounting is None:
            yield from suspect_hidden_router(route.target)


def _mistakes_in_target(app: Any, mounting: Mounting | None) -> Iterator[ImproperlyConfigured]:
    if isinstance(app, Include):
        if mounting is not None:
            yield ImproperlyConfigured(
                "mount() takes an application, not an include()", hint="use path()"
            )
    elif isinstance(app, (list, tuple)):
        yield ImproperlyConfigured(
            f"{type(app).__name__} is not an ASGI application", hint="write include(routes)"
        )
    elif wrong := find_mistake_in_app(app):
        yield ImproperlyConfigured(wrong[0], hint=wrong[1])


def _mistakes_in_arguments(kwargs: Any, name: Any) -> Iterator[ImproperlyConfigured]:
    if kwargs is not None and not (
        isinstance(kwargs, Mapping) and all(isinstance(key, str) for key in kwargs)
    ):
        hint = f"write name={kwargs!r}" if isinstance(kwargs, str) else None
        yield ImproperlyConfigured(
            f"kwargs of a route must be a dict with str keys, not {kwargs!r}", hint=hint
        )
    if name is not None and (mistake := find_mistake_in_text(name, "the name of a route")):
        yield mistake


def _mistakes_in_options(
    app: Any, methods: Any, mounting: Mounting | None
) -> Iterator[ImproperlyConfigured]:
    if methods is not None:
        yield from find_mistakes_in_methods(methods)
        if isinstance(app, Include):
            yield ImproperlyConfigured(
                "include() does not take methods", hint="pass methods to each of its routes"
            )
    if mounting is not None:
        for option, choices in (("at_prefix", AtPrefix), ("lifespan", LifespanPolicy)):
            if mistake := find_mistake_in_choice(option, getattr(mounting, option), choices):
                yield mistake
        if mounting.strip and router_behind(app) is not None:
            yield make_mistake_in_strip()


def _mistakes_in_prefix(
    pattern: Pattern, mounting: Mounting | None
) -> Iterator[ImproperlyConfigured]:
    last = pattern.nodes[-1] if pattern.nodes else None
    if mounting is None or mounting.at_prefix == "serve" or not isinstance(last, Parameter):
        return
    # With one slash more, such a prefix is bare again: a client would be redirected for ever.
    if any(re.fullmatch(f"(?:{last.regex})", text) for text in _ENDING_IN_A_SLASH):
        yield ImproperlyConfigured(
            f"at_prefix={mounting.at_prefix!r} is for the prefix without a slash behind it, and "
            f"{last.name!r} takes that slash, too",
            source=pattern.source,
            span=last.span,
            hint="leave at_prefix out, or write what comes behind the parameter",
        )


def make_mistake_in_strip() -> ImproperlyConfigured:
    """Return the mistake of a router that is mounted with its prefix stripped."""
    return ImproperlyConfigured(
        "strip=True is for applications that ignore root_path; a router reads it",
        hint="omit strip=True",
    )


def find_mistake_in_choice(option: str, value: object, choices: Any) -> ImproperlyConfigured | None:
    """Return the mistake in the value of an option that is one of a few texts, or None."""
    texts = get_args(choices)
    if value in texts:
        return None
    return ImproperlyConfigured(
        f"{option} must be one of {', '.join(map(repr, texts))}, not {value!r}",
        hint=did_you_mean(value, texts) if isinstance(value, str) else None,
    )


def expand_methods(methods: Iterable[str], *, head: bool = True) -> frozenset[str]:
    """Return the methods that a route with these serves.

    >>> sorted(expand_methods(["GET", "POST"]))
    ['GET', 'HEAD', 'POST']
    """
    served = frozenset(methods)
    return served | {"HEAD"} if head and "GET" in served else served


def find_mistakes_in_methods(methods: object) -> Iterator[ImproperlyConfigured]:
    """Yield the mistakes in a list of methods.

    >>> [mistake.hint for mistake in find_mistakes_in_methods(["GET", "post"])]
    ["write 'POST'"]
    """
    if isinstance(methods, str) or not isinstance(methods, Iterable):
        hint = f"write [{methods!r}]" if isinstance(methods, str) else None
        yield ImproperlyConfigured(f"methods must be a list of strings, not {methods!r}", hint=hint)
        return
    names = list(methods)
    if not names:
        yield ImproperlyConfigured("a route without any method would never match")
    for method in names:
        if mistake := find_mistake_in_text(method, "a method"):
            yield mistake
        elif method != method.upper():
            yield ImproperlyConfigured(
                f"method {method!r} would never match: methods are case-sensitive",
                hint=f"write {method.upper()!r}",
            )
