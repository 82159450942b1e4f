"""Routers that contain themselves: declarations without an end.

Everything that is written here is allowed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from asgi_routes import (
    HostRouter,
    MethodRouter,
    ProtocolTypeRouter,
    URLRouter,
    format_path,
    include,
    mount,
    path,
    re_path,
)

Slashes: TypeAlias = Literal["strict", "redirect", "both"]


async def served(scope: Any, receive: Any, send: Any) -> None:
    """Answer with 200."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _by_method(router: Any) -> Any:
    return MethodRouter({"GET": router, "POST": router})


def _by_type(router: Any) -> Any:
    return ProtocolTypeRouter({"http": router})


def _by_host(router: Any) -> Any:
    return HostRouter({"testserver": router, "<t>.example": router})


WAYS: dict[str, Callable[[str, Any], Any]] = {
    "path": path,
    "format_path": lambda text, router: format_path(text.replace("<f>", "{f}"), router),
    "re_path": lambda text, router: re_path("^" + text.replace("<f>", "[^/]+"), router),
    "include": lambda text, router: path(text, include([path("", router)])),
    "type": lambda text, router: path(text, _by_type(router)),
    "host": lambda text, router: path(text, _by_host(router)),
    "method": lambda text, router: path(text, _by_method(router)),
    "methods": lambda text, router: path(text, router, methods=["GET"]),
    "both": lambda text, router: path(text, _by_type(_by_method(router))),
}
"""How a prefix leads on to a router, without a boundary between."""

MOUNTS: dict[str, Callable[[str, Any], Any]] = {
    "mount": lambda text, router: mount(text.strip("/"), router),
    "mounted by host": lambda text, router: mount(text.strip("/"), _by_host(router)),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A route to a router: how, behind which text, and to which."""

    way: str
    text: str
    to: int


def endless(tables: list[list[Step]], slashes: Slashes, last: str = "end") -> URLRouter:
    """Make routers that lead to one another, and return the first.

    Each has one endpoint, at ``last``.
    """
    routers = [URLRouter([], slashes=slashes) for _ in tables]
    ways = WAYS | MOUNTS
    for router, steps in zip(routers, tables, strict=True):
        routes = [ways[step.way](step.text, routers[step.to % len(routers)]) for step in steps]
        router.replace([*routes, path(last, served, methods=["GET"])])
    return routers[0]
