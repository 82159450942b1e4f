"""A router behind guards, where each answer says what the guards and the router took the request for.

A guard knows nothing but ``route_path``; its rules are written by hand, as those of guards are.
"""

import json
import re
from typing import Any

from asgi_routes import ProtocolTypeRouter, URLRouter, format_path, mount, path, re_path, route_path
from asgi_routes.inspection import debug_page

Decision = list[Any]
"""The name of a route, or None, and its parameters as texts."""


class Served:
    """An application that answers with its name, its parameters and what the guards said."""

    def __init__(self, name: str | None) -> None:
        self.name = name

    def decision(self, scope: Any) -> Decision:
        params = {key: str(value) for key, value in scope.get("path_params", {}).items()}
        if "path_remaining" not in scope and self.name is not None:  # It is mounted.
            params["rest"] = route_path(scope)[1:]
        return [self.name, params]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        shown = {"routed": self.decision(scope), "guarded": scope.get("guarded", [])}
        body = json.dumps(shown).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        status = 404 if self.name is None else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Guard:
    """A middleware that decides by ``route_path``, by hand-written rules and by asking a router."""

    def __init__(self, app: Any, below: str = "/") -> None:
        self.app = app
        self.below = below

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen = self.below + route_path(scope)[1:]
            guarded = [*scope.get("guarded", ()), by_hand(seen), by_router(seen)]
            scope = {**scope, "guarded": guarded}
        await self.app(scope, receive, send)


_RULES = [
    (name, re.compile(regex))
    for name, regex in [
        ("home", r"/"),
        ("admin", r"/admin/"),
        ("below admin", r"/admin/(?P<rest>.+)"),
        ("user", r"/users/(?P<id>[0-9]+)/"),
        ("name", r"/users/(?P<name>[^/]+)/"),
        ("pair", r"/pairs/(?P<a>[^/]+)-(?P<b>[^/]+)"),
        ("café", r"/café/(?P<drink>[^/]+)"),
        ("file", r"/files/(?P<file>.+\.txt)"),
        ("item", r"/items/(?P<item>\w+)"),
        ("mounted", r"/m(?:/(?P<rest>(?s:.*)))?"),
        ("nested admin", r"/nested/admin/"),
        ("nested user", r"/nested/users/(?P<id>[0-9]+)/"),
        ("nested mounted", r"/nested/m(?:/(?P<rest>(?s:.*)))?"),
        ("with its slash", r"/slashes/(?P<id>[0-9]+)/"),
        ("without", r"/slashes/(?P<name>[^/]+)"),
    ]
]


def by_hand(text: str) -> Decision:
    """Return what a path is for, to somebody who writes it down again as regular expressions.

    >>> by_hand("/users/007/"), by_hand("/users/7")
    (['user', {'id': '7'}], [None, {}])
    """
    for name, rule in _RULES:
        if found := rule.fullmatch(text):
            params = {key: value or "" for key, value in found.groupdict().items()}
            try:
                if "id" in params:
                    params["id"] = str(int(params["id"]))
            except ValueError:  # Python makes no number of so many digits.
                continue
            return [name, params]
    return [None, {}]


def by_router(text: str) -> Decision:
    """Return what a path is for, to another router of ours that is asked for just this path."""
    found = _twin.match({"type": "http", "method": "GET", "path": text})
    return found.app.decision(found.scope) if found else [None, {}]  # type: ignore[attr-defined]


def _urls(nested: Any) -> URLRouter:
    return URLRouter(
        [
            path("", Served("home")),
            path("admin/", Served("admin")),
            path("admin/<path:rest>", Served("below admin")),
            path("users/<int:id>/", Served("user")),
            path("users/<name>/", Served("name")),
            path("pairs/<a>-<b>", Served("pair")),
            path("café/<drink>", Served("café")),
            re_path(r"^files/(?P<file>.+\.txt)$", Served("file")),
            format_path("items/{item:w}", Served("item")),
            mount("m", Served("mounted")),
            path("nested/", nested),
            path("slashes/", _slashes),
        ],
        default=Served(None),
    )


_nested = URLRouter(
    [
        path("admin/", Served("nested admin")),
        path("users/<int:id>/", Served("nested user")),
        mount("m", Served("nested mounted")),
    ]
)
_slashes = URLRouter(
    [path("<int:id>/", Served("with its slash")), path("<name>", Served("without"))],
    slashes="redirect",
)
_twin = _urls(_nested)
guarded = ProtocolTypeRouter({"http": Guard(_urls(Guard(_nested, below="/nested/")))})

unguarded = URLRouter(
    [
        path("debugged/", URLRouter([path("a/<int:id>/", Served("a"))], default=debug_page)),
        re_path(r"^only/(?P<rest>(?s:.*))$", Served("only"), methods=["POST"]),
        path("", _slashes),
    ]
)
"""What has no guard: its answers are those that we make."""
