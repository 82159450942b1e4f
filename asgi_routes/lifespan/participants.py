"""Who takes part in a lifespan: the whole applications that a router leads to.

In: routers and applications. Out: what has to be started, in order. The rule kept here: routers are
looked into, not called; each of the applications comes once for every place that it has.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

from asgi_routes.apps import is_router, leads_to_router
from asgi_routes.types import App, LifespanPolicy

LifespanContext: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Any]]
"""A router's own lifespan: called with the router; what it yields is state, or None."""


@dataclass(frozen=True, slots=True)
class Participant:
    """Something that is started and stopped.

    Attributes:
        app: the application; for a router's own lifespan, the router.
        policy: whether it may ignore the protocol.
        label: where it stands, for messages.
        context: a router's own lifespan, or None for an application.
    """

    app: Any
    policy: LifespanPolicy
    label: str
    context: LifespanContext | None = None


def policy_of_endpoint(app: App) -> LifespanPolicy:
    """Return how an endpoint takes part: not at all, unless it leads to a router."""
    return "auto" if is_router(app) or leads_to_router(app) else "off"


def participants(apps: Iterable[tuple[str, App]]) -> Iterator[Participant]:
    """Yield what takes part of some applications, routers among them, each with its label."""
    for label, app in apps:
        yield from _below(app, label, "auto", ())


def _below(
    app: Any, label: str, policy: LifespanPolicy, around: tuple[object, ...]
) -> Iterator[Participant]:
    if policy == "off" or any(app is router for router in around):
        return
    if not is_router(app):
        yield Participant(app, policy, label)
        return
    context = getattr(app, "lifespan", None)
    if context is not None:
        yield Participant(app, "on", label, context)
    for child in app.children():
        inner = f"{label} → {child.key}" if label else str(child.key)
        policy = getattr(child, "lifespan", "auto")
        yield from _below(child.app, inner, policy, (*around, app))
