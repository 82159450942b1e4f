"""Who takes part in a lifespan: the whole applications that a router leads to.

In: routers and applications. Out: what has to be started, in order. The rule kept here: routers are
looked into, not called; each of the applications comes once for every place that it has, and is known by
what is behind its wrappers.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from types import MethodType
from typing import Any, TypeAlias

from asgi_routes.apps import Kind, find_mistake_in_app, is_router, kind_of, name_of, unwrap
from asgi_routes.types import App, LifespanPolicy

LifespanContext: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Any]]
"""A router's own lifespan: called with the router; what it yields is state, or None."""


@dataclass(frozen=True, slots=True)
class Participant:
    """Something that is started and stopped.

    Attributes:
        app: the application as it is called; for a router's own lifespan, the router.
        core: the application without its wrappers, by which it is started once.
        policy: whether it may ignore the protocol.
        label: where it stands, for messages.
        context: a router's own lifespan, or None for an application.
    """

    app: Any
    core: Any
    policy: LifespanPolicy
    label: str
    context: LifespanContext | None = None

    @property
    def name(self) -> str:
        """Where it stands and what it is, for the log: ``shop → api (fastapi.applications:FastAPI)``."""
        name = name_of(self.core if self.context is None else self.context)
        return f"{self.label} ({name})" if self.label else name


def identity(app: Any) -> object:
    """Return what is the same for the same application.

    A method is another object each time that one asks for it; and applications of some frameworks
    cannot be keys.
    """
    if isinstance(app, MethodType):
        return id(app.__self__), id(app.__func__)
    return id(app)


def core_of(app: Any) -> Any:
    """Return the application that is behind the wrappers put around it by hand, or the very one.

    What some wrapper holds is not always an application: a function that `functools.partial` gives its
    arguments is one for each of them, and an object that answers to every name has another one each time.
    """
    core = app
    for inner, again in zip(unwrap(app), unwrap(app), strict=False):
        if inner is app:
            continue
        is_bound = isinstance(core, partial) and (core.args or core.keywords)
        if is_bound or find_mistake_in_app(inner) or identity(inner) != identity(again):
            break
        core = inner
    return core


def policy_of_endpoint(app: App) -> LifespanPolicy:
    """Return how an endpoint takes part: not at all, unless it leads to a router."""
    return "off" if kind_of(app) is Kind.ENDPOINT else "auto"


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
        yield Participant(app, core_of(app), policy, label)
        return
    context = getattr(app, "lifespan", None)
    if context is not None:
        yield Participant(app, app, "on", label, context)
    for child in app.children():
        inner = f"{label} → {child.key}" if label else str(child.key)
        policy = getattr(child, "lifespan", "auto")
        yield from _below(child.app, inner, policy, (*around, app))
