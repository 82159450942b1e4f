"""The types that ASGI speaks in.

They are wider than those of `asgiref.typing` on purpose: an application of any framework, and a
scope of any type ("channel", "mqtt"), has to fit without a cast.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeAlias, TypedDict

Scope: TypeAlias = Mapping[str, Any]
"""A connection scope (ASGI, "Connection Scope"). Never changed in place, but for ``route``."""

ChildScope: TypeAlias = dict[str, Any]
"""The scope that an application is called with: a new dict, or the very scope received."""

Message: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]

App: TypeAlias = Callable[[Any, Any, Any], Awaitable[Any]]
"""An ASGI 3 application. What it returns is handed back to the caller of the router."""


class ChannelScope(TypedDict):
    """The scope of a message that a worker took from a channel: no path, no ``asgi`` key."""

    type: str
    channel: str


LifespanPolicy: TypeAlias = Literal["auto", "on", "off"]
"""Whether an application takes part in the lifespan of the router around it.

auto: it is started; if it does not know the protocol, that is no failure. on: it must answer. off: it
is not called.
"""
