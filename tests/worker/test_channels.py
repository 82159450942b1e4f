"""The channels that a worker finds in its application."""

from typing import Any

from asgi_routes import ChannelNameRouter, ProtocolTypeRouter, URLRouter
from asgi_routes.worker.channels import find_channels


async def noop(scope: Any, receive: Any, send: Any) -> None:
    """Handle anything."""


def test_find_channels() -> None:
    """Every exact name is found, behind middleware and in routers of routers."""

    class Middleware:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)

    inner = ChannelNameRouter({"default": noop, "b": noop, "glob-*": noop, "a": noop})
    outer = ChannelNameRouter({"c": noop, "a": noop, "x": noop}, default=Middleware(inner))
    app = Middleware(ProtocolTypeRouter({"http": URLRouter([]), "channel": Middleware(outer)}))
    assert find_channels(app) == ("c", "a", "x", "default", "b")
    assert find_channels(ChannelNameRouter({"z": noop}, default=None)) == ("z",)
    assert find_channels(noop) == ()
