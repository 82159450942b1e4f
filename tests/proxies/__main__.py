"""``make proxies``: every target through every configuration to every server, and the table."""

import sys

from tests.proxies.matrix import LAYOUTS, ask_through, missing, write_table
from tests.proxies.proxies import PROGRAMS, is_installed

if lacking := missing():
    print("not here, and left out:", ", ".join(lacking), file=sys.stderr)
wanted = sys.argv[1:] or [*PROGRAMS]
found = []
for reached in ask_through([proxy for proxy in wanted if is_installed(proxy)]):
    found.append(reached)
    print(
        f"{reached.rules.proxy} {reached.rules.name}: {reached.server}: {reached.sent} sent, "
        f"{reached.denied} refused with 403, {reached.asked} reached the server",
        file=sys.stderr,
    )
    for layout in LAYOUTS:
        if targets := reached.by.get(layout):
            print(f"    {layout}: {' '.join(targets)}", file=sys.stderr)
print(write_table(found))
