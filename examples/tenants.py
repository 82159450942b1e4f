"""An API for many tenants, each with a host of its own, and a website where they sign up.

    hypercorn examples.tenants:app
    curl -H 'host: www.example.com' -d acme http://127.0.0.1:8000/tenants/
    curl -H 'host: acme.example.com' -d 'buy milk' http://127.0.0.1:8000/notes/
    curl -H 'host: acme.example.com' http://127.0.0.1:8000/notes/
    curl -H 'host: globex.example.com' -i http://127.0.0.1:8000/notes/

The last one is not found: nobody has signed up as ``globex``.
"""

import json
import re
from typing import Any

from asgi_routes import HostRouter, URLRouter, path, reverse
from asgi_routes.types import App

LARGEST = 10_000
NAME = re.compile(r"[a-z][a-z0-9-]{1,30}[a-z0-9]")
notes_of: dict[str, list[str]] = {}
"""The notes of every tenant that there is. A real one has a database."""


async def respond(send: Any, status: int, content: Any, *headers: tuple[bytes, bytes]) -> None:
    """Answer with JSON."""
    body = json.dumps(content).encode() + b"\n"
    told = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*told, *headers]})
    await send({"type": "http.response.body", "body": body})


async def read_text(receive: Any) -> str:
    """Return the body of a request, or what of it is not too large."""
    body, more = b"", True
    while more and len(body) < LARGEST:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    return body[:LARGEST].decode(errors="replace").strip()


class KnownTenant:
    """Lets those tenants through that there are, with their notes in the scope.

    It is wrapped around the router by hand: nothing of it is served for an unknown tenant, and
    nobody finds out which paths there are.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        notes = notes_of.get(scope["path_params"]["tenant"])
        if notes is None:
            await respond(send, 404, {"error": "there is no such tenant"})
        else:
            await self.app({**scope, "notes": notes}, receive, send)


async def sign_up(scope: Any, receive: Any, send: Any) -> None:
    """Make a tenant, and say where it is: a URL of another host."""
    name = await read_text(receive)
    if not NAME.fullmatch(name) or name in notes_of or name == "www":
        await respond(send, 409, {"error": "take another name"})
        return
    notes_of[name] = []
    url = reverse(scope, "notes", tenant=name)
    await respond(send, 201, {"notes": url}, (b"location", url.encode()))


async def list_notes(scope: Any, receive: Any, send: Any) -> None:
    await respond(send, 200, scope["notes"])


async def add_note(scope: Any, receive: Any, send: Any) -> None:
    scope["notes"].append(await read_text(receive))
    url = reverse(scope, "note", number=len(scope["notes"]))
    await respond(send, 201, {"note": url}, (b"location", url.encode()))


async def show_note(scope: Any, receive: Any, send: Any) -> None:
    number = scope["path_params"]["number"]
    if 0 < number <= len(scope["notes"]):
        await respond(send, 200, scope["notes"][number - 1])
    else:
        await respond(send, 404, {"error": "there is no such note"})


website = URLRouter([path("tenants/", sign_up, methods=["POST"])])
api = URLRouter(
    [
        path("notes/", list_notes, name="notes", methods=["GET"]),
        path("notes/", add_note, methods=["POST"]),
        path("notes/<int:number>/", show_note, name="note", methods=["GET"]),
    ]
)
app = HostRouter({"www.example.com": website, "<tenant>.example.com": KnownTenant(api)})
