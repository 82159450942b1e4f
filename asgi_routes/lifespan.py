"""The lifespan protocol, answered by the router itself.

In: a scope of type ``lifespan``. Out: the whole handshake. The rule kept here: it is always
finished, because servers differ in what they do with an application that raises or returns early
(Hypercorn's trio worker stops, others print a traceback).
"""

from asgi_routes.types import Receive, Send


async def answer_lifespan(receive: Receive, send: Send) -> None:
    """Confirm startup and shutdown (ASGI, "Lifespan Protocol"); there is nothing to start."""
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif event["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
