"""What differs from Channels on purpose, and what ours has to answer instead.

``sides.py`` builds a Channels that agrees with us in some respects, the rules, and that notes which of them
had something to do with one call. What it answers where it agrees in all of them is what ours has to answer,
whatever the case. A rule that had nothing to do with a call explains nothing there.
"""

from collections.abc import Collection
from itertools import combinations

from asgi_routes.migration.rules import Rule
from asgi_routes.migration.sides import Asked, Called, Notes, call, their_side
from asgi_routes.migration.tables import Declared


class Agreeing:
    """Channels with one table, as it would be if it agreed with us in some respects."""

    def __init__(self, table: tuple[Declared, ...], rules: Collection[Rule]) -> None:
        self._rules = frozenset(rules)
        self._notes = Notes()
        side = their_side(self._notes, self._rules)
        self._router = side.router(side.routes(table))

    def call(self, asked: Asked) -> tuple[Called | None, frozenset[Rule]]:
        """Return what it calls, and the rules that had something to do with it."""
        self._notes.applied.clear()
        called = self._called(asked)
        return called, frozenset(self._notes.applied)

    def _called(self, asked: Asked) -> Called | None:
        path, root_path = asked.path, asked.root_path
        if asked.is_served and path[:1] != "/" and self._has(Rule.TARGET_IS_PATH):
            return None
        if root_path.endswith("/") and self._has(Rule.ROOT_PATH_SLASH):
            root_path = root_path.rstrip("/")
        rest = path.removeprefix(root_path)
        is_cut = rest != path and root_path[-1:] != "/" and rest[:1] not in ("", "/")
        if is_cut and self._has(Rule.ROOT_PATH_SEGMENT):
            return None
        if rest.startswith("//"):
            self._has(Rule.ONE_SLASH)
        return call(self._router, asked._replace(root_path=root_path))

    def _has(self, rule: Rule) -> bool:
        """Note that a rule applies, if it is one of those agreed on."""
        if rule in self._rules:
            self._notes.applied.add(rule)
        return rule in self._rules


class Explanations:
    """Says of the cases of one table which rules explain a difference."""

    def __init__(self, table: tuple[Declared, ...]) -> None:
        self._table = table
        self._sides: dict[frozenset[Rule], Agreeing] = {}

    def expected(self, asked: Asked) -> tuple[Called | None, frozenset[Rule]]:
        """Return what ours has to answer, and the rules that apply."""
        return self.agreeing(*Rule).call(asked)

    def of(self, asked: Asked, ours: Called | None) -> tuple[Rule, ...] | None:
        """Return the fewest of the rules that apply with which Channels answers as ours, or None."""
        _, applied = self.expected(asked)
        ordered = [rule for rule in Rule if rule in applied]
        for size in range(1, len(ordered) + 1):
            for rules in combinations(ordered, size):
                if self.agreeing(*rules).call(asked)[0] == ours:
                    return rules
        return None

    def agreeing(self, *rules: Rule) -> Agreeing:
        """Return a Channels with the table that agrees in these respects, and no others."""
        key = frozenset(rules)
        if key not in self._sides:
            self._sides[key] = Agreeing(self._table, rules)
        return self._sides[key]
