"""Converters: from the text of a parameter to its value, and back.

Django's classes work as they are. Patterns look converters up by name in a registry.

Rule: a converter that could not serve a request is refused when it is registered, or when a route
first uses it.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from asgi_routes.errors import ImproperlyConfigured, did_you_mean

_ASCII_WHITESPACE = frozenset(" \t\n\r\v\f")


class Converter(Protocol):
    """Turns the text of a parameter into a value and back, as in Django's ``path()``.

    ``regex`` says which text it takes. ``to_python`` may raise `ValueError` to refuse a text that
    the regex let through: the route does not match then, and the next one is tried. ``to_url`` is
    used for building URLs; a `ValueError` there means that the value does not fit.
    """

    @property
    def regex(self) -> str: ...

    def to_python(self, value: str, /) -> Any: ...

    def to_url(self, value: Any, /) -> str: ...


class IntConverter:
    """Decimal digits, ASCII only; longer than Python's limit for integers is no match."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: Any) -> str:
        return str(value)


class TextConverter:
    """Text that is handed over as it is; the built-in ``str``, ``slug`` and ``path``."""

    def __init__(self, regex: str) -> None:
        self.regex = regex

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: Any) -> str:
        return str(value)


class UUIDConverter:
    """A UUID in its canonical form, lower case with dashes."""

    regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

    def to_python(self, value: str) -> uuid.UUID:
        return uuid.UUID(value)

    def to_url(self, value: Any) -> str:
        return str(value)


class FunctionConverter:
    """A function with a ``pattern``, as `parse.with_pattern` makes them, used as a converter."""

    def __init__(self, function: Callable[[str], Any]) -> None:
        self.function = function
        self.regex: str = function.pattern  # type: ignore[attr-defined]

    def to_python(self, value: str) -> Any:
        return self.function(value)

    def to_url(self, value: Any) -> str:
        return str(value)


SEGMENT = TextConverter("[^/]+")
"""The built-in ``str``: the converter of a parameter that names none."""


class Converters:
    """A registry of converters by name, over another one that it falls back to.

    Give it to the routes of one router as ``converters=``, and its names are known to them alone.

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
        """Make a converter known under a name in this registry.

        A class is instantiated without arguments, as Django does. Routes that are already written
        keep the converter that they were written with.

        Raises:
            ImproperlyConfigured: the name cannot be written in a route or is taken in this very
                registry (and ``override`` is not given), or the converter lacks something.
        """
        _check_name(name)
        if name in self._converters and not override:
            raise ImproperlyConfigured(
                f"a converter named {name!r} is registered already",
                hint="give override=True to replace it, or use a Converters registry of your own",
            )
        self._converters[name] = _check_converter(converter, name)

    def find(self, name: str) -> Converter | None:
        """Return the converter of that name, from here or from below, or None."""
        found = self._converters.get(name)
        return self._parent.find(name) if found is None and self._parent else found

    def names(self) -> list[str]:
        """Return every name that `find` knows, in alphabetical order."""
        return sorted({*self._converters, *(self._parent.names() if self._parent else ())})

    def hint_for(self, name: str) -> str:
        """Return a hint for a name that is not registered."""
        return did_you_mean(name, self.names()) or f"known converters: {', '.join(self.names())}"


class _Registered(Converters):
    """The global registry, at the bottom of all others."""

    def __init__(self) -> None:
        self._parent = None
        self._converters = {
            "int": IntConverter(),
            "path": TextConverter(".+"),
            "slug": TextConverter("[-a-zA-Z0-9_]+"),
            "str": SEGMENT,
            "uuid": UUIDConverter(),
        }


_REGISTERED = _Registered()


def get_registered_converters() -> Converters:
    """Return the registry that routes use unless they are given one of their own."""
    return _REGISTERED


def register_converter(converter: object, name: str, *, override: bool = False) -> None:
    """Make a converter known to every route that is written from now on.

    See `Converters.register`; Django's signature, but a taken name is an error.
    """
    _REGISTERED.register(converter, name, override=override)


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name or set(name) & (_ASCII_WHITESPACE | {":", ">"}):
        raise ImproperlyConfigured(
            f"{name!r} cannot name a converter",
            hint="a name is text without white space, ':' and '>'",
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
    """Return what makes a converter's regex unusable in any route, or None.

    >>> find_mistake_in_regex("[0-9]{4}")
    >>> find_mistake_in_regex("(?P<year>[0-9]{4})")
    "has a named group 'year' in its regex; only the route names parameters"
    """
    try:
        compiled = re.compile(regex)
        re.compile(f"(?:{regex})")  # Flags for the whole expression have no place in a part of it.
    except re.error as error:
        if ("group" in error.msg and "refer" in error.msg) or "unknown group name" in error.msg:
            return None  # It may refer to an earlier parameter: only a route can tell.
        return f"has an invalid regex: {error.msg}"
    for group in compiled.groupindex:
        return f"has a named group {group!r} in its regex; only the route names parameters"
    return None
