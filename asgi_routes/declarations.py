"""Declarations: the values that a table of routes is written in.

In: a parsed text, and what it leads to. Out: a frozen `Route` or `Include` that knows the line where it
was written. The rule kept here: a declaration that exists is valid, and all the mistakes in one are
raised together.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeAlias

from asgi_routes.apps import mistake_in_app
from asgi_routes.errors import ImproperlyConfigured, SlowRegexWarning, raise_together
from asgi_routes.patterns import Pattern, danger_of
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


def declared(
    parse: Callable[[], Pattern], app: Any, kwargs: Any, name: Any, kind: Kind = Kind.ROUTE
) -> Route:
    """Return a route of what somebody wrote, of which nothing has been looked at.

    Args:
        parse: returns the pattern, or raises the mistakes in its text.
        app: an application, a router or an `Include`.
        kwargs: default parameters, or None.
        name: for building URLs, or None.
        kind: an ordinary route or a mount.

    Raises:
        ImproperlyConfigured: a mistake in any of these; all of them together.
    """
    mistakes: list[ImproperlyConfigured] = []
    pattern: Pattern | None = None
    try:
        pattern = parse()
    except ImproperlyConfigured as mistake:
        mistakes.append(mistake)
    mistakes += _mistakes_in_arguments(app, kwargs, name, kind)
    raise_together(mistakes, "one route")
    assert pattern is not None
    _warn_of_danger(pattern)
    defaults = MappingProxyType(dict(kwargs)) if kwargs else _NO_KWARGS
    return Route(pattern, app, defaults, name, kind)


def _warn_of_danger(pattern: Pattern) -> None:
    regexes = [parameter.regex for parameter in pattern.parameters]
    if pattern.syntax == "regex":
        regexes = [pattern.regex]
    place = calling_place()
    for regex in regexes:
        if danger := danger_of(regex, pattern.flags):
            said = f"{regex!r} has {danger}; write it in another way, or use regex='re2'"
            warnings.warn_explicit(said, SlowRegexWarning, place.file, place.line)


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
