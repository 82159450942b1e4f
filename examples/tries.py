"""What to try against the quickstart example, with the answer to each: printed, and tested."""

import shlex
from typing import NamedTuple


class Try(NamedTuple):
    """A request, and the answer to it.

    Attributes:
        path: what to ask for.
        status: of the response.
        body: of the response, without the line break at its end.
        options: more arguments of curl.
    """

    path: str
    status: int
    body: str
    options: str = ""

    def command(self, address: str) -> str:
        """Return the command line of curl for a server at ``http://host:port``."""
        url = shlex.quote(f"{address}{self.path}")
        return " ".join(filter(None, ["curl", self.options, url]))


_WEBSOCKET = (
    "-H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' "
    "-H 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='"
)

TRIES = [
    Try("/", 200, "welcome"),
    Try("/users/7/", 200, "user 7"),
    Try("/users/seven/", 404, "Not Found"),
    Try("/files/a/b.txt", 200, "file a/b.txt"),
    Try("/archive/2026/", 200, "archive of 2026"),
    Try("/prices/9.5/", 200, "it costs 9.50"),
    Try("/api/users/7/", 200, "user 7 of the api"),
    Try("/api/health/", 200, "healthy, says the route behind the api"),
    Try("/shop/cart?item=3", 200, "the shop, mounted at /shop, was asked for /cart"),
    Try("/shops", 404, "Not Found"),
    Try("/old/song", 200, "nothing old is left"),
    Try("/nowhere", 404, "Not Found"),
    Try("//users/7/", 404, "Not Found"),
    Try("/nowhere", 404, "Not Found", _WEBSOCKET),
]
