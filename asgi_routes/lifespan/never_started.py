"""Routers that serve, but whose own lifespan nobody has begun.

In: a router with a lifespan of its own, at each of its requests. Out: one line in the log. The rule kept
here: it is said once for a router, and after that the question costs a lookup.
"""

import logging
import weakref
from contextlib import suppress
from typing import Any

from asgi_routes.apps import name_of

_LOGGER = logging.getLogger("asgi_routes.lifespan")
_SETTLED: dict[int, Any] = {}
"""Routers whose lifespan has begun at some time in this process, or that were warned of, by id."""


UNSTARTED: "weakref.WeakSet[Any]" = weakref.WeakSet()
"""Routers with a lifespan of their own that has not begun yet. While it is empty, nobody is asked."""


def expect_start(router: Any) -> None:
    """Write down that a router has a lifespan of its own."""
    UNSTARTED.add(router)


def mark_begun(router: Any) -> None:
    """Write down that somebody runs the lifespan of a router."""
    if id(router) not in _SETTLED:
        _settle(router)


def warn_if_never_started(router: Any) -> None:
    """Warn, once, of a router that serves a request although its own lifespan has never begun.

    Without this the first sign is a missing key of ``scope["state"]`` in somebody's code.
    """
    if id(router) not in _SETTLED and _settle(router):
        _LOGGER.warning(
            "%s(lifespan=%s) serves requests, but its lifespan has never been started: the server or "
            "framework around it does not call it. Run it with router.lifespan_context(), "
            "for example Starlette(lifespan=router.lifespan_context)",
            type(router).__qualname__,
            name_of(router.lifespan),
        )


def _settle(router: Any) -> bool:
    """Return whether it is this call that has settled it; several threads may serve one router."""
    key = id(router)
    with suppress(TypeError):  # Not everything can be referred to weakly.
        UNSTARTED.discard(router)
    held: Any
    try:
        held = weakref.ref(router, lambda _: _SETTLED.pop(key, None))
    except TypeError:
        held = router  # As long as it is here, nobody else gets its id.
    return _SETTLED.setdefault(key, held) is held
