"""The types of ASGI.

They are wider than those of `asgiref.typing` on purpose: the applications of all frameworks and the
scopes of all types ("channel", "mqtt") have to fit without a cast.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeAlias, TypedDict

Scope: TypeAlias = Mapping[str, Any]
"""A connection scope (ASGI, "Connection Scope"). Only ``route`` is ever set in place."""

ChildScope: TypeAlias = dict[str, Any]
"""The scope that an application is called with: a new dict, or the one that was received."""

Message: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]

App: TypeAlias = Callable[[Any, Any, Any], Awaitable[Any]]
"""An ASGI 3 application. What it returns is returned to the caller of the router."""


class ChannelScope(TypedDict):
    """The scope of a message from a channel. It has no path and no ``asgi`` key."""

    type: str
    channel: str


LifespanPolicy: TypeAlias = Literal["auto", "on", "off"]
"""Whether an application takes part in the lifespan of the router around it.

auto: it is started, and may ignore the protocol. on: it has to answer. off: it is not called.
"""
