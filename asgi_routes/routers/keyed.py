"""What the routers have in common: a mapping from text to applications, a default, a lifespan.

In: what a user wrote. Out: a copy of it that is known to be right. The rule kept here: a router that
exists has only applications in it, and nothing of the caller's is kept live.
"""

import inspect
from collections.abc import Iterator, Mapping

from asgi_routes.apps import mistake_in_app
from asgi_routes.errors import ImproperlyConfigured, raise_together
from asgi_routes.lifespan import LifespanContext
from asgi_routes.matches import Child
from asgi_routes.not_found import NotFound
from asgi_routes.types import App


def checked_mapping(mapping: object, router: str, key: str) -> dict[str, App]:
    """Return a copy of the mapping.

    Raises:
        ImproperlyConfigured: it is no mapping, a key is not text, or a value is not an
            application; all such mistakes together.
    """
    if not isinstance(mapping, Mapping):
        raise ImproperlyConfigured(
            f"{router} takes a dict from {key} to application, not {mapping!r}"
        )
    mistakes = []
    for name, app in mapping.items():
        if not isinstance(name, str):
            hint = (
                f"write {name.decode()!r}" if isinstance(name, bytes) and name.isascii() else None
            )
            mistakes.append(
                ImproperlyConfigured(f"a {key} of {router} is text, not {name!r}", hint=hint)
            )
        if wrong := mistake_in_app(app):
            mistakes.append(ImproperlyConfigured(f"{key} {name!r}: {wrong[0]}", hint=wrong[1]))
    raise_together(mistakes, router)
    return dict(mapping)


def checked_default(default: App | None, router: str) -> App | None:
    """Return the default.

    Raises:
        ImproperlyConfigured: it is neither an application nor None.
    """
    if default is not None and (wrong := mistake_in_app(default)):
        raise ImproperlyConfigured(f"default of {router}: {wrong[0]}", hint=wrong[1])
    return default


def default_child(default: App | None) -> Iterator[Child]:
    """Yield the default as the last that a router leads to, where it has one."""
    if default is not None:
        yield Child("default", default, lifespan="off" if isinstance(default, NotFound) else "auto")


def checked_lifespan(lifespan: LifespanContext | None, router: str) -> LifespanContext | None:
    """Return a router's own lifespan.

    Raises:
        ImproperlyConfigured: it is not a function that returns an async context manager.
    """
    if lifespan is None:
        return None
    if inspect.isasyncgenfunction(lifespan):
        raise ImproperlyConfigured(
            f"lifespan of {router} is a generator, not a context manager",
            hint="decorate it with contextlib.asynccontextmanager",
        )
    if hasattr(lifespan, "__aenter__"):
        raise ImproperlyConfigured(
            f"lifespan of {router} is a context manager, which can be entered once",
            hint="give the function that makes it",
        )
    if not callable(lifespan):
        raise ImproperlyConfigured(f"lifespan of {router} cannot be called: {lifespan!r}")
    return lifespan
