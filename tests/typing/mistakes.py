"""Wrong calls that a type checker finds: type-checked, never run.

An ignore that is not needed is an error, so a mistake that is no longer found fails.
"""

from typing import Any

from asgi_routes import ChannelNameRouter, ProtocolTypeRouter, URLRouter, mount, path, re_path


async def app(scope: Any, receive: Any, send: Any) -> None: ...


async def one_argument(scope: Any) -> None: ...


def synchronous(scope: Any, receive: Any, send: Any) -> None: ...


class Endpoint:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


path(5, app)  # type: ignore[arg-type]
path("x", "shop.views")  # type: ignore[arg-type]
path("x", one_argument)  # type: ignore[arg-type]
path("x", synchronous)  # type: ignore[arg-type]
path("x", Endpoint)  # type: ignore[arg-type]
path("x", app, "name")  # type: ignore[arg-type]
path("x", app, name=5)  # type: ignore[arg-type]
re_path("x", None)  # type: ignore[arg-type]
mount("x", [path("", app)])  # type: ignore[arg-type]
URLRouter(["x"])  # type: ignore[list-item]
URLRouter([path("x", app)], default=3)  # type: ignore[arg-type]
ProtocolTypeRouter([app])  # type: ignore[arg-type]
ProtocolTypeRouter({"http": None})  # type: ignore[dict-item]
mount("x", app, at_prefix="elsewhere")  # type: ignore[arg-type]
URLRouter([], slashes="sometimes")  # type: ignore[arg-type]
ChannelNameRouter({b"x": app})  # type: ignore[dict-item]
