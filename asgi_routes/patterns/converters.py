"""Converters between the text of a parameter and its value, and the registries of their names.

Django's converter classes work as they are.

Rule: a converter that could not serve a request is refused when it is registered, or when a route
first uses it.
"""

import re
import sys
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from asgi_routes.errors import ImproperlyConfigured, did_you_mean

_ASCII_WHITESPACE = frozenset(" \t\n\r\v\f")


class Converter(Protocol):
    """Converts a path parameter from string to value and back, as in Django's ``path()``.

    ``regex`` is what the string must match. ``to_python`` may still reject it with `ValueError`:
    then the route does not match and the next one is tried. ``to_url`` is called when URLs are
    built; a `ValueError` says that the value does not fit.
    """

    @property
    def regex(self) -> str: ...

    def to_python(self, value: str, /) -> Any: ...

    def to_url(self, value: Any, /) -> str: ...


class IntConverter:
    """ASCII digits; no match if there are more than Python converts to an int."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        return int(value)

    to_url = staticmethod(str)


def keep_text(value: str, /) -> str:
    """Return the text: what converts a text that stays as it is."""
    return value


class TextConverter:
    """Text that stays as it is; the built-in ``str``, ``slug`` and ``path``."""

    def __init__(self, regex: str) -> None:
        self.regex = regex

    def to_python(self, value: str) -> str:
        return value

    to_url = staticmethod(str)


class UUIDConverter:
    """A UUID in canonical form: lower case, with dashes."""

    regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

    def to_python(self, value: str) -> uuid.UUID:
        return uuid.UUID(value)

    to_url = staticmethod(str)


class FunctionConverter:
    """A converter made of a function with a ``pattern``, as `parse.with_pattern` makes them."""

    def __init__(self, function: Callable[[str], Any]) -> None:
        self.function = function
        self.regex: str = function.pattern  # type: ignore[attr-defined]

    def to_python(self, value: str) -> Any:
        return self.function(value)

    to_url = staticmethod(str)


SEGMENT = TextConverter("[^/]+")
"""The built-in ``str``, which is also the converter of a parameter that names none."""


BUILT_IN: dict[str, Converter] = {
    "int": IntConverter(),
    "path": TextConverter(".+"),
    "slug": TextConverter("[-a-zA-Z0-9_]+"),
    "str": SEGMENT,
    "uuid": UUIDConverter(),
}
"""The converters that every route knows, unless another one was registered in their place."""


class Converters:
    """A registry of converters by name, which falls back to a parent.

    Pass it to routes as ``converters=``; its names are not visible to other routes.

    >>> class Hex:
    ...     regex = "[0-9a-f]+"
    ...     def to_python(self, value): return int(value, 16)
    ...     def to_url(self, value): return f"{value:x}"
    >>> mine = Converters({"hex": Hex})
    >>> mine.find("hex").to_python("ff"), mine.find("int").to_python("7")
    (255, 7)
    >>> print(mine.find("dec"))
    None
    """

    def __init__(
        self,
        converters: Mapping[str, object] = {},
        *,
        parent: "Converters | None" = None,
    ) -> None:
        self._parent: Converters | None = parent or get_registered_converters()
        self._converters: dict[str, Converter] = {}
        for name, converter in converters.items():
            self.register(converter, name)

    def register(self, converter: object, name: str, *, override: bool = False) -> None:
        """Register a converter under a name.

        A class is instantiated without arguments, as in Django. Existing routes keep the converter
        that they were declared with.

        Raises:
            ImproperlyConfigured: the name is not valid in a route, or it is taken in this registry
                and ``override`` is not set, or the converter lacks an attribute.
        """
        _check_name(name)
        if name in self._converters and not override:
            raise ImproperlyConfigured(
                f"a converter named {name!r} is already registered",
                hint="give override=True to replace it, or use a Converters registry of your own",
            )
        self._converters[name] = _check_converter(converter, name)

    def find(self, name: str) -> Converter | None:
        """Return the converter of that name, from this registry or its parents, or None.

        Where Django is loaded, the converters registered with Django are known, too.
        """
        found = self._converters.get(name)
        return self._parent.find(name) if found is None and self._parent else found

    def names(self) -> list[str]:
        """Return all names that `find` knows, in alphabetical order."""
        return sorted({*self._converters, *(self._parent.names() if self._parent else ())})

    def hint_for(self, name: str) -> str:
        """Return a hint for a name that is not registered."""
        return did_you_mean(name, self.names()) or f"known converters: {', '.join(self.names())}"


class _Registered(Converters):
    """The global registry, the last parent of all others."""

    def __init__(self) -> None:
        self._parent = None
        self._converters = dict(BUILT_IN)

    def find(self, name: str) -> Converter | None:
        found = self._converters.get(name)
        return _find_of_django(name) if found is None else found

    def names(self) -> list[str]:
        return sorted({*self._converters, *_registered_with_django()})

    def __reduce__(self) -> str:
        return "_REGISTERED"  # There is one in each process.


def _registered_with_django() -> Mapping[str, object]:
    django = sys.modules.get("django.urls.converters")
    return getattr(django, "REGISTERED_CONVERTERS", {})


def _find_of_django(name: str) -> Converter | None:
    registered = _registered_with_django()
    return _check_converter(registered[name], name) if name in registered else None


_REGISTERED = _Registered()


def get_registered_converters() -> Converters:
    """Return the global registry, which routes use unless they are given another one."""
    return _REGISTERED


def register_converter(converter: object, name: str, *, override: bool = False) -> None:
    """Register a converter for all routes declared from now on.

    See `Converters.register`. The signature is Django's, but a name that is already taken is an
    error.
    """
    _REGISTERED.register(converter, name, override=override)


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name or set(name) & (_ASCII_WHITESPACE | {":", ">"}):
        raise ImproperlyConfigured(
            f"{name!r} cannot name a converter",
            hint="a name is a string without whitespace, ':' and '>'",
        )


def _check_converter(converter: Any, name: str) -> Converter:
    if isinstance(converter, type):
        converter = converter()
    if not hasattr(converter, "regex") and hasattr(converter, "pattern") and callable(converter):
        converter = FunctionConverter(converter)
    if not isinstance(getattr(converter, "regex", None), str):
        raise ImproperlyConfigured(f"converter {name!r} has no regex, or it is not a str")
    for method in ("to_python", "to_url"):
        if not callable(getattr(converter, method, None)):
            raise ImproperlyConfigured(f"converter {name!r} has no method {method}()")
    mistake = find_mistake_in_regex(converter.regex)
    if mistake:
        raise ImproperlyConfigured(f"converter {name!r} {mistake}", source=converter.regex)
    return converter  # type: ignore[no-any-return]


def find_mistake_in_regex(regex: str) -> str | None:
    """Return why the regex of a converter cannot be used in any route, or None.

    >>> find_mistake_in_regex("[0-9]{4}")
    >>> find_mistake_in_regex("(?P<year>[0-9]{4})")
    "has a named group 'year' in its regex; only routes can name parameters"
    """
    try:
        compiled = re.compile(regex)
        re.compile(f"(?:{regex})")  # Global flags are an error inside a larger expression.
    except re.error as error:
        if ("group" in error.msg and "refer" in error.msg) or "unknown group name" in error.msg:
            return None  # It may refer to an earlier parameter, which only the route knows.
        return f"has an invalid regex: {error.msg}"
    for group in compiled.groupindex:
        return f"has a named group {group!r} in its regex; only routes can name parameters"
    return None
