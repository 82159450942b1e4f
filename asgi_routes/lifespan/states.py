"""The state of each application: what its lifespan left for its requests.

In: the ``state`` of an application that has been started. Out: the same in the scopes of its requests.
The rule kept here: each application has a state of its own, in each event loop, whatever wrappers it is
reached through; it is laid over the state of the request in place, so that a middleware above sees it too
(ASGI, "Lifespan State").
"""

import weakref
from collections import Counter
from collections.abc import Iterable
from functools import cache
from threading import Lock
from typing import Any, NamedTuple

from asgi_routes.lifespan.participants import core_of, identity
from asgi_routes.types import ChildScope

WITH_STATE: Counter[object] = Counter()
"""The applications that may have a state, by the `identity` of what is behind their wrappers, in whatever
event loop. While it is empty, there is nothing to lay over."""
STATELESS: dict[int, "weakref.ref[Any]"] = {}
"""Applications that have none for certain, by id. Asking it first costs a dispatch nothing."""

_KEYS: dict[int, tuple["weakref.ref[Any]", object]] = {}
"""Where in `WITH_STATE` an application stands, because looking behind wrappers takes its time."""
_COUNTING = Lock()
"""Held while event loops in several threads count their applications."""


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
        WITH_STATE.update(map(identity, cores))
        STATELESS.clear()
        _KEYS.clear()


def count_out(cores: Iterable[Any]) -> None:
    """Take back what `count_in` did; other event loops may still run some of them."""
    with _COUNTING:
        for key in map(identity, cores):
            WITH_STATE[key] -= 1
            if not WITH_STATE[key]:
                del WITH_STATE[key]
        STATELESS.clear()
        _KEYS.clear()


def remember(state: State) -> None:
    """Keep a state for the requests of this event loop."""
    _states()[identity(state.core)] = state


def forget(state: State) -> None:
    """Drop the state of an application that has been stopped."""
    key = identity(state.core)
    if _states().get(key) is state:
        del _states()[key]


def with_state(app: Any, scope: Any, router: Any = None) -> ChildScope:
    """Return the scope with the state of an application in it.

    The scope is the very one, unless the server has no state: then it is a new one.

    Args:
        app: the application that is going to be called.
        scope: what it is called with.
        router: the router that calls it. Where the server has no state, it brings what its own `lifespan`
            yielded.
    """
    if router is not None and "state" not in scope:
        shared = _state_of(router)
        if shared is not None and shared.own:
            scope = {**scope, "state": shared.own}
    state = _state_of(app)
    if state is None:
        return scope  # type: ignore[no-any-return]
    if isinstance(of_request := scope.get("state"), dict):
        of_request.update(state.own)
        return scope  # type: ignore[no-any-return]
    return {**scope, "state": {**state.outer, **state.own}}


def _state_of(app: Any) -> State | None:
    if id(app) in STATELESS:
        return None
    found = _KEYS.get(id(app))
    key = found[1] if found is not None and found[0]() is app else _find_key(app)
    return None if key is None else _states().get(key)


def _find_key(app: Any) -> object | None:
    key = identity(core_of(app))
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


def _states() -> dict[object, State]:
    variable = _variable()
    states: dict[object, State] | None = variable.get(None)
    if states is None:
        states = {}
        variable.set(states)
    return states


@cache
def _variable() -> Any:
    from anyio.lowlevel import RunVar  # noqa: PLC0415 - most dispatches need no event loop's help

    return RunVar("asgi_routes.states")
