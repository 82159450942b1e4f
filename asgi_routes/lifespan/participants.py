"""The participants of a lifespan: who they are, and what their requests find of it.

Routers are looked into, not called; an application comes once for every place that it has, and is known by
what is behind its wrappers. Each has a state of its own in each event loop, whatever wrappers it is reached
through; it is laid over the state of the request in place, so that a middleware above sees it too (ASGI,
"Lifespan State"). Of a router that serves although its own lifespan has never begun, the log says so, once.
"""

import logging
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from functools import cache, partial
from threading import Lock
from types import MethodType
from typing import Any, NamedTuple, TypeAlias

from asgi_routes.apps import Kind, find_mistake_in_app, is_router, kind_of, name_of, unwrap
from asgi_routes.types import App, ChildScope, LifespanPolicy

LifespanContext: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Any]]
"""A router's own lifespan: called with the router; what it yields is state, or None."""

WITH_STATE: Counter[object] = Counter()
"""The applications that may have a state, by what `identify` says of what is behind their wrappers, in whatever
event loop. While it is empty, there is nothing to lay over."""
STATELESS: dict[int, "weakref.ref[Any]"] = {}
"""Applications that have none for certain, by id. Asking it first costs a dispatch nothing."""

_KEYS: dict[int, tuple["weakref.ref[Any]", object]] = {}
"""Where in `WITH_STATE` an application stands, because looking behind wrappers takes its time."""
_COUNTING = Lock()
"""Held while event loops in several threads count their applications."""

_SETTLED: dict[int, Any] = {}
"""Routers whose lifespan has begun at some time in this process, or that were warned of, by id."""
UNSTARTED: "weakref.WeakSet[Any]" = weakref.WeakSet()
"""Routers with a lifespan of their own that has not begun yet. While it is empty, nobody is asked."""

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
        """Where it stands and what it is, for the log: ``shop → api (fastapi.applications:FastAPI)``."""
        name = name_of(self.core if self.context is None else self.context)
        return f"{self.label} ({name})" if self.label else name


def identify(app: Any) -> object:
    """Return what is the same for the same application.

    A method is another object each time that one asks for it; and applications of some frameworks
    cannot be keys.
    """
    if isinstance(app, MethodType):
        return id(app.__self__), id(app.__func__)
    return id(app)


def find_core(app: Any) -> Any:
    """Return the application that is behind the wrappers put around it by hand, or the very one.

    What some wrapper holds is not always an application: a function that `functools.partial` gives its
    arguments is one for each of them, and an object that answers to every name has another one each time.
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
    """Return how an endpoint takes part: not at all, unless it leads to a router."""
    return "off" if kind_of(app) is Kind.ENDPOINT else "auto"


def find_participants(apps: Iterable[tuple[str, App]]) -> Iterator[Participant]:
    """Yield what takes part of some applications, routers among them, each with its label."""
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
    """What a lifespan left, and what was in it when it began.

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
        """What the application has written."""
        outer = self.outer
        return {
            key: value
            for key, value in self.values.items()
            if key not in outer or outer[key] is not value
        }


def count_in(cores: Iterable[Any]) -> None:
    """Let dispatch know that these applications may have a state."""
    with _COUNTING:
        WITH_STATE.update(map(identify, cores))
        STATELESS.clear()
        _KEYS.clear()


def count_out(cores: Iterable[Any]) -> None:
    """Take back what `count_in` did; other event loops may still run some of them."""
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

    The scope is the very one, unless the server has no state: then it is a new one.

    Args:
        app: the application that is going to be called.
        scope: what it is called with.
        router: the router that calls it. Where the server has no state, it brings what its own `lifespan`
            yielded.
    """
    if router is not None and "state" not in scope:
        shared = _find_state(router)
        if shared is not None and shared.own:
            scope = {**scope, "state": shared.own}
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
            # An id is another application's as soon as this one is gone.
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
    from anyio.lowlevel import RunVar  # noqa: PLC0415 - most dispatches need no event loop's help

    return RunVar("asgi_routes.states")


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
