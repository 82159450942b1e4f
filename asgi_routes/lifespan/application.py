"""`Lifespan`: many applications under one lifespan, as an application and as a context manager.

Rule: a server hears exactly one answer to each of its two events.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from asgi_routes.apps import is_router
from asgi_routes.callables import find_mistake_in_app, take_app
from asgi_routes.errors import ImproperlyConfigured, raise_together
from asgi_routes.lifespan.participants import find_participants
from asgi_routes.types import App, Receive, Scope, Send

if TYPE_CHECKING:
    from asgi_routes.lifespan.run import LifespanRun


class Lifespan:
    """One lifespan for many applications.

    The applications are started in order and stopped in reverse order, each once, however often it
    is listed and however it is wrapped. When one fails to start, those before it are stopped; when
    the task that runs the lifespan is cancelled, all are. Each application has a ``state`` of its
    own, which its requests find in their scopes.

    An application without lifespan support is skipped. It may return, raise, or wait for the
    second event without answering the first within a few seconds; if it answers later, it is
    stopped like the others. A slow start is logged.

    Every router runs a lifespan for everything it leads to. Create one to list the applications
    yourself::

        ProtocolTypeRouter({"http": app, "lifespan": Lifespan([app, database])})

    Args:
        apps: the applications in the order in which to start them; a router stands for everything
            it leads to.
        concurrent: start all at once; they are still stopped one after another.
        startup_timeout: seconds that each application may take to start; None for no limit.
        shutdown_timeout: the same for stopping; after it, the next one is stopped. With None,
            each has 30 seconds once the host is cancelled.

    Raises:
        ImproperlyConfigured: an item of the list is not an application.
    """

    def __init__(
        self,
        apps: Iterable[App],
        *,
        concurrent: bool = False,
        startup_timeout: float | None = None,
        shutdown_timeout: float | None = 30.0,
    ) -> None:
        self._apps = tuple(map(take_app, apps))
        mistakes = [
            ImproperlyConfigured(f"item {number} of Lifespan: {wrong[0]}", hint=wrong[1])
            for number, app in enumerate(self._apps, 1)
            if (wrong := find_mistake_in_app(app))
        ]
        raise_together(mistakes, "Lifespan")
        self._concurrent = concurrent
        self._startup_timeout = startup_timeout
        self._shutdown_timeout = shutdown_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope of type ``lifespan`` (ASGI, "Lifespan Protocol").

        Raises:
            ValueError: the scope is of another type.
        """
        if scope["type"] != "lifespan":
            raise ValueError(f"Lifespan serves scopes of type 'lifespan', not {scope['type']!r}")
        await self._make_run().serve(scope, receive, send, filter(is_router, self._apps))

    @asynccontextmanager
    async def context(self, _app: object = None) -> AsyncIterator[dict[str, Any] | None]:
        """Run the lifespan of the applications around the body.

        For frameworks whose lifespan is a function that they call with the application.

        Yields:
            What a router's own lifespan yielded, or None.

        Raises:
            LifespanError: an application did not start, and the body is not run; or one did not
                stop.
        """
        asgi = {"version": "3.0", "spec_version": "2.0"}
        state: dict[str, Any] = {}
        scope = {"type": "lifespan", "asgi": asgi, "state": state}
        # The framework may keep what is yielded and bring no state with its requests.
        async with self._make_run().keep_started(scope, filter(is_router, self._apps)):
            yield state or None

    def _make_run(self) -> "LifespanRun":
        from asgi_routes.lifespan.run import LifespanRun  # noqa: PLC0415 - it needs anyio

        named = [("" if len(self._apps) == 1 else _name_of(app), app) for app in self._apps]
        return LifespanRun(
            find_participants(named),
            concurrent=self._concurrent,
            startup_timeout=self._startup_timeout,
            shutdown_timeout=self._shutdown_timeout,
        )


def _name_of(app: Any) -> str:
    return getattr(app, "__qualname__", type(app).__qualname__)
