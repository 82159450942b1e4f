"""The state of each application: what its lifespan left for its requests.

In: the ``state`` of an application that has been started. Out: the same in the scopes of its requests.
The rule kept here: each application has a state of its own, in each event loop; it is laid over
the state of the request in place, so that a middleware above sees it too (ASGI, "Lifespan State").
"""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from threading import Lock
from types import MethodType
from typing import Any, NamedTuple

from asgi_routes.types import ChildScope

WITH_STATE: Counter[object] = Counter()
"""The applications that have a state, by `identity`, in whatever event loop. It is empty for most, and
asking it first costs a dispatch nothing."""
_COUNTING = Lock()
"""Held while event loops in several threads count their applications."""


class State(NamedTuple):
    """What an application's lifespan left, and what was in it when it began.

    Attributes:
        app: the application; held, so that its id stays its own.
        values: the state that it was given, and may have written to.
        outer: the values that it was given.
    """

    app: Any
    values: dict[str, Any]
    outer: dict[str, Any]


def identity(app: Any) -> object:
    """Return what is the same for the same application.

    A method is another object each time that one asks for it; and applications of some frameworks
    cannot be keys.
    """
    if isinstance(app, MethodType):
        return id(app.__self__), id(app.__func__)
    return id(app)


def count_in(apps: Iterable[Any]) -> None:
    """Let dispatch know that these applications may have a state."""
    with _COUNTING:
        WITH_STATE.update(map(identity, apps))


def count_out(apps: Iterable[Any]) -> None:
    """Take back what `count_in` did; other event loops may still run some of them."""
    with _COUNTING:
        for key in map(identity, apps):
            WITH_STATE[key] -= 1
            if not WITH_STATE[key]:
                del WITH_STATE[key]


def remember(state: State) -> None:
    """Keep a state for the requests of this event loop."""
    _states()[identity(state.app)] = state


def forget(app: Any) -> None:
    """Drop the state of an application that has been stopped."""
    _states().pop(identity(app), None)


def with_state(app: Any, scope: Any) -> ChildScope:
    """Return the scope with the state of an application in it.

    The scope is the very one, unless the server has no state: then it is a new one.
    """
    key = identity(app)
    state = _states().get(key) if key in WITH_STATE else None
    if state is None:
        return scope  # type: ignore[no-any-return]
    own = {
        key: value
        for key, value in state.values.items()
        if key not in state.outer or state.outer[key] is not value
    }
    if isinstance(of_request := scope.get("state"), dict):
        of_request.update(own)
        return scope  # type: ignore[no-any-return]
    return {**scope, "state": {**state.outer, **own}}


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
