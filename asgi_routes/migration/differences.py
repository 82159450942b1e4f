"""What differs from Channels on purpose, and what ours has to answer instead.

``sides.py`` builds a Channels that agrees with us in some respects, the rules, and that notes which of them
had something to do with one call. What it answers where it agrees in all of them is what ours has to answer,
whatever the case. A rule that had nothing to do with a call explains nothing there.
"""

from collections.abc import Collection
from itertools import combinations
from typing import Any

from asgi_routes.migration.agreements import Notes
from asgi_routes.migration.rules import Rule
from asgi_routes.migration.sides import Asked, Called, TheirSide, call
from asgi_routes.migration.tables import Declared, take_method
from asgi_routes.scopes import RootPath


class Agreeing:
    """Channels with one table, as it would be if it agreed with us in some respects.

    Args:
        table: as data.
        rules: the respects.
        option: the ``root_path`` of our router.
    """

    def __init__(
        self, table: tuple[Declared, ...], rules: Collection[Rule], option: RootPath = "in_path"
    ) -> None:
        self._table = table
        self._rules = frozenset(rules)
        self._option = option
        self._notes = Notes()
        self._routers: dict[str | None, Any] = {}

    def call(self, asked: Asked) -> tuple[Called | None, frozenset[Rule]]:
        """Return what it calls, and the rules that had something to do with it."""
        self._notes.applied.clear()
        called = self._called(asked)
        return called, frozenset(self._notes.applied)

    def _called(self, asked: Asked) -> Called | None:
        if asked.is_served and asked.path[:1] != "/" and self._has(Rule.TARGET_IS_PATH):
            return None
        root_path = asked.root_path
        if root_path.endswith("/") and self._has(Rule.ROOT_PATH_SLASH):
            root_path = root_path.rstrip("/")
        read = self._read_root_path(asked._replace(root_path=root_path))
        if read is None:
            return None
        if read.path.removeprefix(read.root_path).startswith("//"):
            self._has(Rule.ONE_SLASH)
        return call(self._router(asked.method), read)

    def _read_root_path(self, asked: Asked) -> Asked | None:
        """Return what is asked for without a root path that is not in the path; None for a miss."""
        path, root_path = asked.path, asked.root_path
        rest = path.removeprefix(root_path)
        is_outside = not path.startswith(root_path)
        if not is_outside and root_path[-1:] not in ("", "/") and rest[:1] not in ("", "/"):
            is_outside = self._has(Rule.ROOT_PATH_SEGMENT)
            if is_outside and self._option == "in_path":
                return None
        is_never_there = self._option == "stripped" and bool(root_path)
        may_be_stripped = self._option == "auto" and is_outside
        if (is_never_there or may_be_stripped) and self._has(Rule.ROOT_PATH_STRIPPED):
            return asked._replace(root_path="")
        return None if is_outside else asked

    def _router(self, method: str | None) -> Any:
        if method not in self._routers:
            side = TheirSide(self._notes, self._rules)
            self._routers[method] = side.router(side.routes(take_method(self._table, method)))
        return self._routers[method]

    def _has(self, rule: Rule) -> bool:
        """Note that a rule applies, if it is one of those agreed on."""
        if rule in self._rules:
            self._notes.applied.add(rule)
        return rule in self._rules


class Explanations:
    """Says of the cases of one table which rules explain a difference."""

    def __init__(self, table: tuple[Declared, ...], option: RootPath = "in_path") -> None:
        self._table = table
        self._option: RootPath = option
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
            self._sides[key] = Agreeing(self._table, rules, self._option)
        return self._sides[key]
