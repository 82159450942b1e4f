"""The applications behind every router that is compared: they answer with what they are and were given."""

from typing import Any


class Operation:
    """Answers with its name, the parameters, and the path; it reads the body to its end before."""

    def __init__(self, name: str) -> None:
        self.name = name

    def text(self, scope: Any) -> str:
        """Return the body of the answer."""
        params = scope.get("path_params") or {}
        return " ".join([self.name, *(f"{key}={params[key]}" for key in params), scope["path"]])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (event := await receive()).get("more_body"):
            pass
        if event["type"] == "http.request":
            await send_text(send, self.text(scope))


async def room(scope: Any, receive: Any, send: Any) -> None:
    """Greet with the name of the room, and send back every text."""
    await receive()
    await send({"type": "websocket.accept"})
    name = (scope.get("path_params") or {}).get("name", "")
    await send({"type": "websocket.send", "text": f"welcome to {name}"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event.get("text") or ""})


async def send_text(send: Any, text: str) -> None:
    """Send a whole response."""
    body = text.encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
