"""``make proxies``: every target through every configuration to every server, and the tables.

Without arguments, all; else names of proxies (``nginx``), versions of what a client speaks
(``HTTP/2``), and ``alone`` for the application without a proxy.
"""

import sys
from collections.abc import Iterator

from tests.proxies.matrix import ALONE, LAYOUTS, Reached, ask_directly, ask_through, missing
from tests.proxies.proxies import PROGRAMS, VERSIONS, is_installed
from tests.proxies.tables import write_summary, write_table

_ALONE = "alone"


def _ask(wanted: list[str]) -> Iterator[Reached]:
    versions = [one for one in VERSIONS if one in wanted] or [*VERSIONS]
    proxies = [one for one in PROGRAMS if one in wanted]
    if not proxies and _ALONE not in wanted:
        proxies = [*PROGRAMS]
    if _ALONE in wanted or len(proxies) == len(PROGRAMS):
        yield from ask_directly(versions)
    yield from ask_through([one for one in proxies if is_installed(one)], versions=versions)


if __name__ == "__main__":
    if unknown := {*sys.argv[1:]} - {*PROGRAMS, *VERSIONS, _ALONE}:
        sys.exit(f"not known: {', '.join(sorted(unknown))}")
    if lacking := missing():
        print("not here, and left out:", ", ".join(lacking), file=sys.stderr)
    found = []
    for reached in _ask(sys.argv[1:]):
        found.append(reached)
        refused = "the application" if reached.rules is ALONE else "the proxy"
        print(
            f"{reached.rules.proxy} {reached.rules.name}, {reached.version}: {reached.server}: "
            f"{reached.sent} sent, {reached.denied} refused with 403 by {refused}, "
            f"{reached.asked} reached the server, {reached.left} left, because time was up",
            file=sys.stderr,
        )
        for layout in LAYOUTS:
            if targets := reached.by.get(layout):
                print(f"    {layout}: {' '.join(targets)}", file=sys.stderr)
    print(write_table(found))
    print()
    print(write_summary(found))
