"""What passes the rules of a proxy, and reaches what they protect, by proxy, server, layout and version of HTTP."""

import contextlib
import itertools
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.live.odd_targets import Connection
from tests.live.servers import HTTP_ADDRESS, KINDS, Kind, Response, Server, running
from tests.ports import free_port
from tests.proxies.http2 import ask_http2
from tests.proxies.layouts import OURS, PEERS
from tests.proxies.proxies import (
    ALL_RULES,
    PROGRAMS,
    ROOT_PATH,
    VERSIONS,
    Rules,
    in_front,
    is_installed,
    write_certificate,
)
from tests.proxies.targets import below, list_targets

SERVERS = [one for one in KINDS if one.name not in ("daphne", "hypercorn trio")]
_SPEAKS_H2 = ("hypercorn asyncio",)
APP = "tests.proxies.served:everybody"
LAYOUTS = (*OURS, *PEERS)
ALONE = Rules("no proxy", "a middleware that compares ``path``", "")
"""Hypercorn, which speaks every version of HTTP, and an application that keeps the rules itself."""
_MOST_SECONDS = 300
"""For one configuration, version and server: a proxy that lets clients wait would take for ever."""


@dataclass
class Reached:
    """What came through one configuration to one server.

    Attributes:
        rules: the configuration.
        server: the name of the server.
        version: what the client spoke.
        by: the targets that reached what is protected, by layout.
        sent: how many were sent.
        denied: how many the proxy refused by its rule.
        asked: how many reached the server, for whatever.
        left: how many were not sent, because time was up.
    """

    rules: Rules
    server: str
    version: str = VERSIONS[0]
    by: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sent: int = 0
    denied: int = 0
    asked: int = 0
    left: int = 0

    def count(self, layout: str) -> int:
        return len(self.by.get(layout, ()))


def ask_through(
    proxies: Iterable[str],
    kinds: Sequence[Kind] = SERVERS,
    choose: Callable[[list[str]], list[str]] = lambda targets: targets,
    versions: Sequence[str] = VERSIONS[:1],
) -> Iterator[Reached]:
    """Send targets through proxies to servers, and yield what became of them."""
    chosen = [one for one in ALL_RULES if one.proxy in proxies]
    chosen = [one for one in chosen if {*versions} & {*one.versions}]
    for kind in kinds:
        for root_path in ("", ROOT_PATH):
            rules = [one for one in chosen if bool(one.root) == bool(root_path)]
            if not rules:
                continue
            arguments = kind.arguments(APP, root_path)
            with running(*arguments, ready=kind.ready) as server, contextlib.ExitStack() as stack:
                for own in _group(one for one in rules if not one.h2 or kind.name in _SPEAKS_H2):
                    front = in_front(own, server.port, versions)
                    for one, version, port in stack.enter_context(front):
                        targets = below(ROOT_PATH) if one.root else list_targets()
                        reached = Reached(one, kind.name, version)
                        yield _send(reached, replace(server, port=port), choose(targets))


def _group(rules: Iterable[Rules]) -> Iterator[list[Rules]]:
    """Yield the configurations that one process has."""
    for proxy, grouped in itertools.groupby(rules, lambda one: one.proxy):
        own = [*grouped]
        yield from [[one] for one in own] if PROGRAMS[proxy].is_single else [own]


def ask_directly(versions: Sequence[str] = VERSIONS) -> Iterator[Reached]:
    """Send every target straight to Hypercorn, and yield what became of them."""
    quic = free_port()
    with tempfile.TemporaryDirectory() as name:
        write_certificate(Path(name))
        arguments = f"""
            hypercorn -k asyncio --log-level INFO --graceful-timeout 2 --insecure-bind 127.0.0.1:0
            --bind 127.0.0.1:{free_port()} --quic-bind 127.0.0.1:{quic}
            --certfile {name}/certificate --keyfile {name}/key tests.proxies.served:guarded
        """
        with running(*arguments.split(), ready=HTTP_ADDRESS) as server:
            for version, port in zip(VERSIONS, (server.port, server.port, quic), strict=True):
                if version in versions:
                    reached = Reached(ALONE, "hypercorn asyncio", version)
                    yield _send(reached, replace(server, port=port), list_targets())


def _send(reached: Reached, server: Server, targets: Sequence[str]) -> Reached:
    end = time.monotonic() + _MOST_SECONDS
    reached.left = len(targets)
    for target, response in zip(targets, _ask(reached.version, server, targets), strict=True):
        reached.sent += 1
        reached.left -= 1
        if response is not None:
            reached.denied += response.status == 403
            if response.headers.get("x-asked"):
                reached.asked += 1
                for layout in response.body.decode().split():
                    reached.by[layout].append(target)
        if time.monotonic() > end:
            break
    return reached


def _ask(version: str, server: Server, targets: Sequence[str]) -> Iterator[Response | None]:
    if version == "HTTP/2":
        yield from ask_http2(server.port, targets)
        return
    if version == "HTTP/3":
        from tests.proxies.http3 import ask_http3  # `make proxies` installs what it takes

        yield from ask_http3(server.port, targets)
        return
    with Connection(server) as client:
        for target in targets:
            try:
                yield client.get(target.encode())
            except (StopIteration, ValueError, IndexError, TimeoutError):  # It is no HTTP/1.1.
                client.hang_up()
                yield None


def missing() -> list[str]:
    """Return the packages of the proxies that are not on this machine."""
    return [PROGRAMS[proxy].package for proxy in PROGRAMS if not is_installed(proxy)]
