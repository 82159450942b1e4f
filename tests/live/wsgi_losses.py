"""Counts the requests to WSGI applications that a server answers with 500: ``make wsgi``.

Two adapters on four servers, below a router of ours and without one. Clients keep their connections, as browsers
and proxies do: with a new one for each request, next to nothing is lost.
"""

import http.client
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tests.live.servers import KINDS, PATIENCE, Kind, running

_THREADS = 4


class Layout(NamedTuple):
    """What is served, and where its page is."""

    adapter: str
    app: str
    is_below: bool

    @property
    def served(self) -> str:
        name = "app" if self.is_below else f"{self.adapter}_{self.app}"
        return f"tests.live.wsgi_served:{name}"

    @property
    def page(self) -> str:
        return f"/{self.adapter}-{self.app}/hello/" if self.is_below else "/hello/"


LAYOUTS = [
    Layout(adapter, app, is_below)
    for adapter in ("a2wsgi", "asgiref")
    for app in ("flask", "django")
    for is_below in (False, True)
]


def count_losses(kind: Kind, layout: Layout, requests: int) -> int:
    """Return how many of so many requests were not answered with the page."""
    with running(*kind.arguments(layout.served), ready=kind.ready) as server:

        def ask_in_turn(start: int) -> int:
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
            lost = 0
            for number in range(start, requests, _THREADS):
                client.request("GET", f"{layout.page}{number}/")
                response = client.getresponse()
                response.read()
                lost += response.status != 200
            client.close()
            return lost

        with ThreadPoolExecutor(_THREADS) as threads:
            return sum(threads.map(ask_in_turn, range(_THREADS)))


def main(requests: int) -> None:
    """Print a table, a line for each server and application, and the losses of each adapter."""
    print(f"lost of {requests} requests each")
    print(f"{'server':19} {'adapter':8} {'app':7} {'alone':>6} {'below a router':>15}")
    for kind in KINDS:
        if kind.name == "hypercorn trio":
            continue  # Both adapters need asyncio.
        for alone, below in zip(LAYOUTS[::2], LAYOUTS[1::2], strict=True):
            lost = [count_losses(kind, layout, requests) for layout in (alone, below)]
            print(f"{kind.name:19} {alone.adapter:8} {alone.app:7} {lost[0]:6} {lost[1]:15}")
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
