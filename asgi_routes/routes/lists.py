"""What may stand in a list of routes: declarations of ours, and what ``django.urls`` has made.

Django's objects are told, and read, by their attributes; nothing of Django is imported, and nothing
of what is read is changed. Where such a route was written is not known, and said to be so.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from asgi_routes.errors import (
    ImproperlyConfigured,
    ImproperlyConfiguredGroup,
    Place,
    raise_together,
)
from asgi_routes.patterns import Pattern, is_lazy, parse_path, parse_regex
from asgi_routes.patterns.converters import BUILT_IN, Converters
from asgi_routes.routes.declarations import Include, Route, make_route

_UNKNOWN = Place("(django.urls)", 0)
_OF_PATTERN = {"pattern", "callback", "default_args", "name"}
_OF_RESOLVER = {"pattern", "urlconf_name", "default_kwargs", "app_name", "namespace"}
_OF_PATTERNS = "django.urls.resolvers"
_CONVERTERS = re.compile(r"<([^>:]+):([^>]+)>")
_BUILT_IN = {"IntConverter": "int", "StringConverter": "str", "SlugConverter": "slug"} | {
    "UUIDConverter": "uuid",
    "PathConverter": "path",
}
"""Django's own converters, each by the name of ours, which does the same in less time."""


def check_routes(routes: object, where: str, around: tuple[object, ...] = ()) -> tuple[Route, ...]:
    """Return the routes of a list as declarations.

    Args:
        routes: declarations, and patterns and resolvers of ``django.urls``.
        where: what takes the list, for messages.
        around: the lists that it is in, where Django's are in one another.

    Raises:
        ImproperlyConfigured: what was given is no iterable, or something in it is no route; all
            such mistakes together.
    """
    if isinstance(routes, (str, bytes)) or not isinstance(routes, Iterable):
        raise ImproperlyConfigured(f"{where} takes a list of routes, not {routes!r}")
    if any(routes is one for one in around):
        raise ImproperlyConfigured(f"{where} includes a list of django.urls that includes itself")
    found: list[Route] = []
    mistakes: list[ImproperlyConfigured] = []
    for number, item in enumerate(routes, 1):
        if isinstance(item, Route):
            found.append(item)
        elif is_of_django(item):
            try:
                found.append(_read(item, where, (*around, routes)))
            except ImproperlyConfigured as mistake:
                said = f"item {number} of the routes of {where}, made by django.urls"
                mistakes += _name_origin(mistake, said)
        else:
            mistakes.append(_mistake_in_item(item, number, where))
    raise_together(mistakes, f"the routes of {where}")
    return tuple(found)


def _mistake_in_item(item: object, number: int, where: str) -> ImproperlyConfigured:
    hint = "write path(…), re_path(…), format_path(…) or mount(…)"
    if isinstance(item, str):
        hint = f"write path({item!r}, app)"
    elif isinstance(item, Include):
        hint = "include() goes under a prefix: path('', include(…))"
    elif any(kind.__module__ == "starlette.routing" for kind in type(item).__mro__):
        hint = "routes of Starlette need its router: mount('', starlette.routing.Router([…]))"
    elif isinstance(item, (tuple, list)):
        hint = "write path(*item), or path('', include(routes)) for more routes"
    return ImproperlyConfigured(
        f"item {number} of the routes of {where} is not a route: {item!r}", hint=hint
    )


def _name_origin(mistake: Any, said: str) -> Iterator[ImproperlyConfigured]:
    """Yield the mistakes in a route of Django's, each with the place of the route in its list."""
    if isinstance(mistake, ImproperlyConfiguredGroup):
        for one in mistake.exceptions:
            yield from _name_origin(one, said)
        return
    yield ImproperlyConfigured(
        f"{said}: {mistake.message}", source=mistake.source, span=mistake.span, hint=mistake.hint
    )


def is_of_django(item: object) -> bool:
    """Tell whether an object is what ``path()``, ``re_path()`` or ``i18n_patterns()`` of Django make."""
    held = getattr(item, "__dict__", None)
    if not isinstance(held, dict) or isinstance(item, type):
        return False
    return held.keys() >= _OF_PATTERN or held.keys() >= _OF_RESOLVER


def _read(item: Any, where: str, around: tuple[object, ...]) -> Route:
    if vars(item).keys() >= _OF_RESOLVER:
        inner = _read_resolver(item, where, around)
        route = make_route(lambda: _parse(item.pattern), inner, item.default_kwargs)
    else:
        route = make_route(
            lambda: _parse(item.pattern), item.callback, item.default_args, item.name or None
        )
    return replace(route, declared=_UNKNOWN)


def _read_resolver(item: Any, where: str, around: tuple[object, ...]) -> Include:
    routes = check_routes(item.url_patterns, f"what {where} includes", around)
    app_name = item.app_name or None
    return Include(routes, app_name, item.namespace or app_name, _UNKNOWN)


def _parse(pattern: Any) -> Pattern:
    """Return what a pattern of Django's was made of.

    Raises:
        ImproperlyConfigured: a path that depends on the language of each request, a kind of
            pattern that is not known, or one that matches in its own way.
    """
    held = vars(pattern)
    match = getattr(type(pattern), "match", None)
    if getattr(match, "__module__", _OF_PATTERNS) != _OF_PATTERNS:
        raise ImproperlyConfigured(
            f"{type(pattern).__name__} has its own match(), which a table of routes does not call",
            hint="declare what it matches with re_path()",
        )
    text = held.get("_route", held.get("_regex"))
    if text is None or is_lazy(text):
        is_prefix = hasattr(pattern, "prefix_default_language")
        kind = "i18n_patterns()" if is_prefix else f"{type(pattern).__name__}({text!r})"
        raise ImproperlyConfigured(
            f"{kind} depends on the language of the request, which a table of routes cannot"
            if is_prefix or text is not None
            else f"{kind} is neither a path nor a regular expression",
            hint="declare a path for each language",
        )
    if "_route" not in held:
        return parse_regex(text)
    converters: dict[str, Any] = {}
    for written, name in _CONVERTERS.findall(text):
        converter = pattern.converters.get(name)
        if type(converter).__module__ == "django.urls.converters":
            converter = BUILT_IN.get(_BUILT_IN.get(type(converter).__name__, ""), converter)
        if converter is not None:
            converters[written] = converter
    return parse_path(text, Converters(converters))
