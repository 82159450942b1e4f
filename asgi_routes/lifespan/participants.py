"""The participants of a lifespan, and the state that each leaves for its requests.

Routers are looked into, not called. An application is listed once for every place that it has, and
identified by what is behind its wrappers. It has one state in each event loop, however it is
wrapped; that state is merged into the state of the request in place, so that middleware further
out sees it too (ASGI, "Lifespan State").
"""

import logging
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cache, partial
from types import MethodType
from typing import Any, NamedTuple, TypeAlias

from asgi_routes.apps import Kind, is_router, kind_of, name_of, unwrap
from asgi_routes.callables import find_mistake_in_app
from asgi_routes.locks import make_lock
from asgi_routes.types import App, ChildScope, LifespanPolicy

LifespanContext: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Any]]
"""A router's own lifespan: called with the router; what it yields is state, or None."""

WITH_STATE: Counter[object] = Counter()
"""How many running lifespans, of any event loop, may have a state for an application; by what
`identify` says of it without its wrappers. While this is empty, there is nothing to add."""
STATELESS: dict[int, "weakref.ref[Any]"] = {}
"""Applications known to have no state, by id: a lookup that dispatch can afford."""

_KEYS: dict[int, tuple["weakref.ref[Any]", object]] = {}
"""The key of an application in `WITH_STATE`, by id, because looking behind wrappers is slow."""
_COUNTING = make_lock()
"""Held while the registries change; event loops may run in several threads."""

SETTLED: dict[int, Any] = {}
"""Routers that need no warning, by id: their lifespan has begun once, or the warning is out."""
UNSTARTED: dict[int, "weakref.ref[Any]"] = {}
"""Routers with a lifespan of their own that has not begun. While this is empty, none is checked."""

_LOGGER = logging.getLogger("asgi_routes.lifespan")


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
        """Its place and its type, for the log: ``shop → api (fastapi.applications:FastAPI)``."""
        name = name_of(self.core if self.context is None else self.context)
        return f"{self.label} ({name})" if self.label else name


def identify(app: Any) -> object:
    """Return a key that is equal for the same application.

    The application itself will not do: a bound method is a new object on every access, and some
    frameworks have applications that cannot be hashed.
    """
    if isinstance(app, MethodType):
        return id(app.__self__), id(app.__func__)
    return id(app)


def find_core(app: Any) -> Any:
    """Return the application behind its wrappers, or the application itself.

    Not everything that a wrapper holds is the application. A `functools.partial` with arguments is
    an application of its own, and an object that answers to any attribute gives a new one each
    time.
    """
    core = app
    for inner, again in zip(unwrap(app), unwrap(app), strict=False):
        if inner is app:
            continue
        is_bound = isinstance(core, partial) and (core.args or core.keywords)
        if is_bound or find_mistake_in_app(inner) or identify(inner) != identify(again):
            break
        core = inner
    return core


def policy_of_endpoint(app: App) -> LifespanPolicy:
    """Return the policy of what is listed as an endpoint: "off", unless it leads to a router."""
    return "off" if kind_of(app) is Kind.ENDPOINT else "auto"


def find_participants(apps: Iterable[tuple[str, App]]) -> Iterator[Participant]:
    """Yield the participants among labelled applications and all that the routers lead to."""
    for label, app in apps:
        yield from _find_below(app, label, "auto", ())


def _find_below(
    app: Any, label: str, policy: LifespanPolicy, around: tuple[object, ...]
) -> Iterator[Participant]:
    if policy == "off" or any(app is router for router in around):
        return
    if not is_router(app):
        yield Participant(app, find_core(app), policy, label)
        return
    context = getattr(app, "lifespan", None)
    if context is not None:
        yield Participant(app, app, "on", label, context)
    for child in app.children():
        inner = f"{label} → {child.key}" if label else str(child.key)
        policy = getattr(child, "lifespan", "auto")
        yield from _find_below(child.app, inner, policy, (*around, app))


class State(NamedTuple):
    """What a lifespan has left for requests, and what it was given.

    Attributes:
        core: the application without its wrappers; held, so that its id stays its own.
        values: the state that it was given, and may have written to.
        outer: the values that it was given.
    """

    core: Any
    values: dict[str, Any]
    outer: dict[str, Any]

    @property
    def own(self) -> dict[str, Any]:
        """What the application has added or changed."""
        outer = self.outer
        return {
            key: value
            for key, value in self.values.items()
            if key not in outer or outer[key] is not value
        }


def count_in(cores: Iterable[Any]) -> None:
    """Register that these applications may have a state."""
    with _COUNTING:
        WITH_STATE.update(map(identify, cores))
        STATELESS.clear()
        _KEYS.clear()


def count_out(cores: Iterable[Any]) -> None:
    """Undo one `count_in`; other event loops may still run some of the applications."""
    with _COUNTING:
        for key in map(identify, cores):
            WITH_STATE[key] -= 1
            if not WITH_STATE[key]:
                del WITH_STATE[key]
        STATELESS.clear()
        _KEYS.clear()


def remember(state: State) -> None:
    """Keep a state for the requests of this event loop."""
    _get_states()[identify(state.core)] = state


def forget(state: State) -> None:
    """Drop the state of an application that has been stopped."""
    key = identify(state.core)
    if _get_states().get(key) is state:
        del _get_states()[key]


def add_state(app: Any, scope: Any, router: Any = None) -> ChildScope:
    """Return the scope with the state of an application in it.

    It is the same scope, or a new one where the server has no state.

    Args:
        app: the application that is going to be called.
        scope: what it is called with.
        router: the router that calls it. Where the server has no state, or a framework between has
            started the router and kept what its own ``lifespan`` has yielded, that is added.
    """
    if router is not None and (shared := _find_state(router)) is not None:
        given = scope.get("state", None if "state" in scope else {})
        if isinstance(given, dict) and shared.values.keys() - given.keys():
            given |= {key: value for key, value in shared.own.items() if key not in given}
            scope = scope if "state" in scope or not given else {**scope, "state": given}
    state = _find_state(app)
    if state is None:
        return scope  # type: ignore[no-any-return]
    if isinstance(of_request := scope.get("state"), dict):
        of_request.update(state.own)
        return scope  # type: ignore[no-any-return]
    return {**scope, "state": {**state.outer, **state.own}}


def _find_state(app: Any) -> State | None:
    if id(app) in STATELESS:
        return None
    found = _KEYS.get(id(app))
    key = found[1] if found is not None and found[0]() is app else _find_key(app)
    return None if key is None else _get_states().get(key)


def _find_key(app: Any) -> object | None:
    key = identify(find_core(app))
    with _COUNTING:
        is_in = key in WITH_STATE
        known: dict[int, Any] = _KEYS if is_in else STATELESS
        own = id(app)
        try:
            # Once this application is gone, another one may get its id.
            reference = weakref.ref(app, lambda _: known.pop(own, None))
        except TypeError:
            return key if is_in else None
        known[own] = (reference, key) if is_in else reference
    return key if is_in else None


def _get_states() -> dict[object, State]:
    variable = _make_variable()
    states: dict[object, State] | None = variable.get(None)
    if states is None:
        states = {}
        variable.set(states)
    return states


@cache
def _make_variable() -> Any:
    from anyio.lowlevel import RunVar  # noqa: PLC0415 - importing the package loads no anyio

    return RunVar("asgi_routes.states")


def expect_start(router: Any) -> None:
    """Note that a router has a lifespan of its own."""
    key = id(router)
    UNSTARTED[key] = weakref.ref(router, lambda _: UNSTARTED.pop(key, None))


def mark_begun(router: Any) -> None:
    """Note that the own lifespan of a router has begun."""
    if id(router) not in SETTLED:
        _settle(router)


def warn_if_never_started(router: Any) -> None:
    """Log a warning, once, for a router that serves although its own lifespan has never begun.

    Without it, the first sign is a KeyError for ``scope["state"]`` somewhere in an application.
    """
    if id(router) not in SETTLED and _settle(router):
        _LOGGER.warning(
            "%s(lifespan=%s) serves requests, but its lifespan was never started: the server or "
            "framework around it does not run it. Use router.lifespan_context(), "
            "for example Starlette(lifespan=router.lifespan_context)",
            type(router).__qualname__,
            name_of(router.lifespan),
        )


def _settle(router: Any) -> bool:
    """Return whether this call is the first for a router; several threads may serve one."""
    key = id(router)
    UNSTARTED.pop(key, None)
    held: Any
    try:
        held = weakref.ref(router, lambda _: SETTLED.pop(key, None))
    except TypeError:
        held = router  # While the router is kept, no other object gets its id.
    return SETTLED.setdefault(key, held) is held
