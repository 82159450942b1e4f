"""A custom router in about fifteen lines: it routes by the version in the ``Accept`` header.

It derives from ``Router``, so it can be called, nested, mounted and listed like any
other. Run it with

    hypercorn examples.own_router:app
    curl -H 'accept: application/vnd.shop.v2+json' http://127.0.0.1:8000/items/7/
"""

import re
from collections.abc import Iterable
from typing import Any

from asgi_routes import Child, Match, NoMatch, Router, URLRouter, path


class VersionRouter(Router):
    """Serves each version with an application of its own; a client that names none gets the first."""

    def __init__(self, apps: dict[str, Any]) -> None:
        self.apps = apps

    def match(self, scope: Any) -> Match | NoMatch:
        accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
        named = re.search(r"vnd\.shop\.(v\d+)", accept)
        version = named[1] if named else next(iter(self.apps))
        if version not in self.apps:
            return NoMatch(f"No version {version!r}.")
        return Match(self.apps[version], scope)

    def children(self) -> Iterable[Child]:
        return [Child(version, app) for version, app in self.apps.items()]


def item(text: str) -> Any:
    """Return an application that answers with a text, in which the parameters are filled in."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = text.format(**scope["path_params"]).encode() + b"\n"
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


app = URLRouter(
    [
        path(
            "items/",
            VersionRouter(
                {
                    "v1": URLRouter([path("<int:id>/", item("item {id} of old"))]),
                    "v2": URLRouter([path("<slug:id>/", item("item {id} of today"))]),
                }
            ),
        ),
        path("items/<path:rest>", item("no version has {rest}")),
    ]
)
