"""What the routers that look a key up have in common: their mapping from text to applications.

In: the mapping that a user wrote. Out: a copy of it that is known to be right. The rule kept here:
a router that exists has only applications in it, and nothing of the caller's is kept live.
"""

from collections.abc import Mapping

from asgi_routes.apps import mistake_in_app
from asgi_routes.errors import ImproperlyConfigured, raise_together
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
