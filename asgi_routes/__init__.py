"""Routing for plain ASGI applications.

Which application serves this connection, with which parameters, and under which URL.
"""

from asgi_routes.dispatch import (
    Child,
    Match,
    NoMatch,
    NotFound,
    Router,
    not_found,
)
from asgi_routes.errors import (
    ImproperlyConfigured,
    LifespanError,
    NoReverseMatch,
    NoRouteFound,
    RoutingError,
    SlowRegexWarning,
    SuspiciousRouteWarning,
)
from asgi_routes.lifespan import Lifespan
from asgi_routes.patterns.converters import Converter, Converters, register_converter
from asgi_routes.routers import (
    ChannelNameRouter,
    HostRouter,
    MethodRouter,
    ProtocolTypeRouter,
    SubprotocolRouter,
    URLRouter,
    reverse,
)
from asgi_routes.routes import (
    Include,
    Route,
    format_path,
    include,
    mount,
    path,
    re_path,
    url,
)
from asgi_routes.scopes import (
    route_path,
)

__version__ = "0.1.0"

__all__ = (
    "ChannelNameRouter",
    "Child",
    "Converter",
    "Converters",
    "HostRouter",
    "ImproperlyConfigured",
    "Include",
    "Lifespan",
    "LifespanError",
    "Match",
    "MethodRouter",
    "NoMatch",
    "NoReverseMatch",
    "NoRouteFound",
    "NotFound",
    "ProtocolTypeRouter",
    "Route",
    "Router",
    "RoutingError",
    "SlowRegexWarning",
    "SubprotocolRouter",
    "SuspiciousRouteWarning",
    "URLRouter",
    "format_path",
    "include",
    "mount",
    "not_found",
    "path",
    "re_path",
    "register_converter",
    "reverse",
    "route_path",
    "url",
)
