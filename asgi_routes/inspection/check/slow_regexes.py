"""Regular expressions that a client can keep busy, each with a text that does it.

Rule: what is found is proven, by the automaton of the regex and by the steps that were counted. What
cannot be decided is said.
"""

from collections.abc import Iterator

from asgi_routes.engine import find_slow_regex
from asgi_routes.inspection.check.checked_tables import CheckedTable
from asgi_routes.inspection.check.findings import Finding, make_subject
from asgi_routes.regular.slowness import Slowness

_LONG, _VERY_LONG = 40, 4000
"""Characters of a text for which the time doubles with each word, and of any other text."""


def check_regexes(table: CheckedTable) -> Iterator[Finding]:
    """Yield the regexes that some text keeps busy, and those of which it cannot be told."""
    compile_regex = table.compile_regex()
    known: set[object] = set()
    for row in table.rows:
        for step, route, full in table.list_steps(row):
            found = None if route in known else find_slow_regex(step, compile_regex)
            known.add(route)
            if found is None:
                continue
            subjects = (make_subject(full, route),)
            if isinstance(found.why, Slowness):
                yield Finding("R301", str(found), subjects, _write_witness(found.why))
            else:
                yield Finding("R302", str(found), subjects)


def _write_witness(why: Slowness) -> str:
    size = sum(len(text) for text, is_word in why.parts if is_word)
    return why.make_text((_VERY_LONG if why.power else _LONG) // size)
