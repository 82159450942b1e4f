"""The ``asgi.py`` that the documentation of Channels shows, with its import lines changed.

There is no Django on the machine. ``hypercorn examples.from_channels:application``
serves it.
"""

# from channels.routing import ChannelNameRouter, ProtocolTypeRouter, URLRouter
# from django.urls import path, re_path
from asgi_routes import ChannelNameRouter, ProtocolTypeRouter, URLRouter
from asgi_routes import path, re_path
from examples.consumers import (
    AuthMiddlewareStack,
    ChatConsumer,
    GenerateConsumer,
    LongPollConsumer,
    NotificationConsumer,
    django_asgi_app,
)

chat_routes = URLRouter(
    [
        re_path(r"^rooms/(?P<room>\w+)/$", ChatConsumer.as_asgi()),
        path("", ChatConsumer.as_asgi()),
    ]
)

application = ProtocolTypeRouter(
    {
        "http": AuthMiddlewareStack(
            URLRouter(
                [
                    path("longpoll/", LongPollConsumer.as_asgi()),
                    re_path(r"^notifications/(?P<stream>\w+)/$", NotificationConsumer.as_asgi()),
                    re_path(r"", django_asgi_app),
                ]
            )
        ),
        "websocket": AuthMiddlewareStack(URLRouter([path("chat/", chat_routes)])),
        "channel": ChannelNameRouter({"thumbnails-generate": GenerateConsumer.as_asgi()}),
    }
)
