"""Middleware and wrappers that do nothing, or one thing.

Each is written as people write them; what goes through is noted, so that an error on its way out
does not stay unseen.
"""

import copy
import functools
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from tests.laws.asking import MARK

Touch: TypeAlias = Literal["pass", "copy", "deepcopy", "key"]
TOUCHES: tuple[Touch, ...] = ("pass", "copy", "deepcopy", "key")
ATTRIBUTES = ("app", "_app", "asgi_app", "inner", "application", "next_app", "wrapped")
FUNCTION = "functools.wraps"
"""Stands in the place of an attribute for a function that says what it wraps."""


@dataclass(slots=True)
class Notes:
    """What went through the wrappers of one application."""

    errors: list[str] = field(default_factory=list)
    passed: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DoingNothing:
    """Makes wrappers that change nothing of what matters.

    Attributes:
        touch: what becomes of the scope.
        attribute: where a wrapper holds what it wraps.
        label: what ``key`` adds.
        notes: what went through.
    """

    touch: Touch
    attribute: str
    label: str = "wrapper"
    notes: Notes = field(default_factory=Notes, compare=False, repr=False)

    def __call__(self, app: Any) -> Any:
        """Return a wrapper around an application."""
        if self.attribute == FUNCTION:
            return _function(app, self)
        wrapper = _CLASSES[self.attribute]()
        setattr(wrapper, self.attribute, app)
        wrapper.doing = self
        return wrapper

    async def call(self, app: Any, scope: Any, receive: Any, send: Any) -> Any:
        """Hand a call on."""
        # Those who deep-copy scopes (hypercorn's ProxyFixMiddleware) leave a lifespan alone.
        if scope["type"] != "lifespan":
            scope = touched(scope, self.touch, self.label)
            self.notes.passed.append(scope)
        try:
            return await app(scope, receive, send)
        except BaseException as error:
            self.notes.errors.append(f"{self.label}: {type(error).__name__}")
            raise


class Wrapper:
    """A class that somebody has written."""

    attribute: str
    doing: DoingNothing

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        app = getattr(self, self.attribute)
        return await self.doing.call(app, scope, receive, send)


_CLASSES = {
    attribute: type(f"WrapperBy{attribute}", (Wrapper,), {"attribute": attribute})
    for attribute in ATTRIBUTES
}


def touched(scope: Any, touch: Touch, label: str) -> Any:
    """Return what a wrapper hands on in the place of a scope."""
    if touch == "copy":
        return dict(scope)
    if touch == "deepcopy":
        return copy.deepcopy(scope)
    if touch == "key":
        return {**scope, MARK: (*scope.get(MARK, ()), label)}
    return scope


def _function(app: Any, doing: DoingNothing) -> Any:
    @functools.wraps(app, updated=())
    async def wrapper(scope: Any, receive: Any, send: Any) -> Any:
        return await doing.call(app, scope, receive, send)

    return wrapper


class Changing:
    """Changes a scope on its way, or answers by itself; holds its application in ``app``.

    Args:
        app: what it wraps.
        change: what becomes of a scope; None: it answers with 403.
    """

    def __init__(self, app: Any, *, change: Any = None) -> None:
        self.app = app
        self.change = change

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if self.change is None:
            return await forbid(scope, receive, send)
        return await self.app(self.change(scope), receive, send)


async def forbid(scope: Any, receive: Any, send: Any) -> None:
    """Answer with 403."""
    prefix = "http.response"
    if scope["type"] == "websocket":
        await receive()
        prefix = "websocket.http.response"
    await send({"type": f"{prefix}.start", "status": 403, "headers": []})
    await send({"type": f"{prefix}.body", "body": b"forbidden"})
