"""The routers: each looks at one key of the scope."""

from asgi_routes.routers.host import HostRouter
from asgi_routes.routers.keyed import (
    ChannelNameRouter,
    MethodRouter,
    ProtocolTypeRouter,
    SubprotocolRouter,
)
from asgi_routes.routers.reversing import reverse
from asgi_routes.routers.url import URLRouter

__all__ = (
    "ChannelNameRouter",
    "HostRouter",
    "MethodRouter",
    "ProtocolTypeRouter",
    "SubprotocolRouter",
    "URLRouter",
    "reverse",
)
