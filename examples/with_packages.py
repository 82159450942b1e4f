"""The application of ``from_channels.py`` beside a package whose routes come from ``django.urls``.

``make demo-channels`` installs Channels and Django, and serves it; or, where both are
there:

    hypercorn examples.with_packages:app
    curl http://127.0.0.1:8000/notices/7/
    curl http://127.0.0.1:8000/notices/in/2026-11/
    curl http://127.0.0.1:8000/by/ada/
    curl http://127.0.0.1:8000/counted/all/
    curl http://127.0.0.1:8000/counted/none/
    curl http://127.0.0.1:8000/longpoll/

``asgi-routes show examples.with_packages:app`` shows the routes of the package as any
others, and ``asgi-routes migrate examples.with_packages:app`` what Channels would do
with them.
"""

from asgi_routes import ProtocolTypeRouter, URLRouter, include, path, re_path
from examples import from_channels, notices

channels = from_channels.application.application_mapping
app = ProtocolTypeRouter(
    {
        **channels,
        "http": URLRouter(
            [
                path("notices/", include((notices.urlpatterns, "notices"))),
                path("", notices.router),
                path("counted/", notices.counted),
                re_path("", channels["http"]),
            ]
        ),
    }
)
