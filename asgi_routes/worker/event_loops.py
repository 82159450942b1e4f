"""Which event loop a broker runs on.

In: the name of a broker. Out: nothing, or an error. The rule kept here: what needs asyncio says so when it is
entered, not by what its engine's client trips over later.
"""

import asyncio

from asgi_routes.errors import ImproperlyConfigured


def require_asyncio(name: str) -> None:
    """Make sure that asyncio runs.

    Raises:
        ImproperlyConfigured: another event loop does.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise ImproperlyConfigured(
            f"{name} needs asyncio, and this is another event loop",
            hint='anyio.run(…, backend="asyncio")',
        ) from None
