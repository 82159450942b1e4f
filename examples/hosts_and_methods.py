"""Routing by host, method and subprotocol, in one file.

hypercorn examples.hosts_and_methods:app
curl -H 'host: acme.example.com' http://127.0.0.1:8000/notes/
curl -H 'host: acme.example.com' -X DELETE -i http://127.0.0.1:8000/notes/
curl -H 'host: acme.example.com' -i http://127.0.0.1:8000/notes
"""

from typing import Any

from asgi_routes import (
    HostRouter,
    MethodRouter,
    ProtocolTypeRouter,
    SubprotocolRouter,
    URLRouter,
    path,
)


def answer(text: str, status: int = 200) -> Any:
    """Return an application that answers with a text, in which the parameters are filled in."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = text.format(**scope["path_params"]).encode() + b"\n"
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def speak(greeting: str) -> Any:
    """Return a websocket application that greets in the subprotocol that the client likes best."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][0]})
        await send({"type": "websocket.send", "text": greeting})
        await send({"type": "websocket.close"})

    return app


tenant = URLRouter(
    [
        # One application for each method; HEAD follows GET, OPTIONS is answered.
        path(
            "notes/",
            MethodRouter({"GET": answer("notes of {tenant}"), "POST": answer("noted", 201)}),
        ),
        # The short form, for one application. What has another method is looked for below it.
        path("notes/<int:id>/", answer("note {id} of {tenant}"), methods=["GET"]),
        path("notes/<int:id>/", answer("note {id} is gone"), methods=["DELETE"]),
    ],
    slashes="redirect",
)

app = ProtocolTypeRouter(
    {
        "http": HostRouter(
            {
                "www.example.com": URLRouter([path("", answer("welcome"))]),
                "<tenant>.example.com": tenant,
            }
        ),
        "websocket": URLRouter(
            [
                path(
                    "graphql",
                    SubprotocolRouter(
                        {
                            "graphql-transport-ws": speak("the protocol of today"),
                            "graphql-ws": speak("the protocol of old"),
                        }
                    ),
                )
            ]
        ),
    }
)
