"""What passes the rules of a proxy, and reaches what they protect, by proxy, server and layout."""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.live.odd_targets import Connection
from tests.live.servers import KINDS, Kind, Response, Server, running
from tests.proxies.layouts import OURS, PEERS
from tests.proxies.proxies import ALL_RULES, PROGRAMS, ROOT_PATH, Rules, in_front, is_installed
from tests.proxies.targets import below, list_targets

SERVERS = [one for one in KINDS if one.name not in ("daphne", "hypercorn trio")]
_SPEAKS_H2 = ("hypercorn asyncio",)
APP = "tests.proxies.served:everybody"
LAYOUTS = (*OURS, *PEERS)


@dataclass
class Reached:
    """What came through one configuration to one server.

    Attributes:
        rules: the configuration.
        server: the name of the server.
        by: the targets that reached what is protected, by layout.
        sent: how many were sent.
        denied: how many the proxy refused by its rule.
        asked: how many reached the server, for whatever.
    """

    rules: Rules
    server: str
    by: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sent: int = 0
    denied: int = 0
    asked: int = 0

    def count(self, layout: str) -> int:
        return len(self.by.get(layout, ()))


def ask_through(
    proxies: Iterable[str],
    kinds: Sequence[Kind] = SERVERS,
    choose: Callable[[list[str]], list[str]] = lambda targets: targets,
) -> Iterator[Reached]:
    """Send targets through proxies to servers, and yield what became of them."""
    chosen = [one for one in ALL_RULES if one.proxy in proxies]
    for kind in kinds:
        for root_path in ("", ROOT_PATH):
            rules = [one for one in chosen if bool(one.root) == bool(root_path)]
            if not rules:
                continue
            arguments = kind.arguments(APP, root_path)
            with running(*arguments, ready=kind.ready) as server, contextlib.ExitStack() as stack:
                for proxy in dict.fromkeys(one.proxy for one in rules):
                    own = [one for one in rules if one.proxy == proxy]
                    own = [one for one in own if not one.h2 or kind.name in _SPEAKS_H2]
                    if not own:
                        continue
                    for one, port in stack.enter_context(in_front(proxy, own, server.port)):
                        targets = below(ROOT_PATH) if one.root else list_targets()
                        yield _send(one, kind, port, choose(targets), server)


def _send(rules: Rules, kind: Kind, port: int, targets: list[str], server: Server) -> Reached:
    reached = Reached(rules, kind.name)
    with Connection(Server(server.process, server.output, port)) as client:
        for target in targets:
            response = _get(client, target)
            reached.sent += 1
            if response is None:
                continue
            reached.denied += response.status == 403
            if response.headers.get("x-asked"):
                reached.asked += 1
                for layout in response.body.decode().split():
                    reached.by[layout].append(target)
    return reached


def _get(client: Connection, target: str) -> Response | None:
    try:
        return client.get(target.encode())
    except (StopIteration, ValueError, IndexError, TimeoutError):  # It answers with no HTTP/1.1.
        client.hang_up()
        return None


def missing() -> list[str]:
    """Return the packages of the proxies that are not on this machine."""
    return [PROGRAMS[proxy].package for proxy in PROGRAMS if not is_installed(proxy)]


def write_table(found: Sequence[Reached]) -> str:
    """Return the table: a row for each configuration, with the servers that it is the same for."""
    rows: list[tuple[str, ...]] = [("proxy and rule", "server", *LAYOUTS)]
    for rules in ALL_RULES:
        by_counts: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for one in found:
            if one.rules is rules:
                by_counts[tuple(str(one.count(layout)) for layout in LAYOUTS)].append(one.server)
        for counts, servers in by_counts.items():
            name = f"{rules.proxy}{rules.name and ', ' + rules.name}"
            rows.append((name, ", ".join(servers), *counts))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    line = "  ".join("=" * width for width in widths)
    texts = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([line, texts[0], line, *texts[1:], line])
