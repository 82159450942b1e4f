"""Automata: which texts a chain of programs matches, one symbol after the other.

A state holds the ways that may still match, in the order in which ``re`` would try them, and after
them the state of the next program for the best way that has matched already: a way that matches
later replaces all those after it. Where only it matters whether anything matches, the order is
dropped. States are made when they are first asked for.

Rule: the answer is that of the match that ``re`` prefers. That match decides where one program ends
and the next begins, and how many digits a number has.
"""

from typing import NamedTuple, TypeAlias

from asgi_routes.regular.alphabet import Alphabet
from asgi_routes.regular.programs import ACCEPT, Char, Entry, Forget, Fork, Look, Program, Refuse
from asgi_routes.regular.surroundings import Seen, Surroundings

_MOST_FOR_ONE = 500_000
"""What may be done for one question: some seconds' worth. It bounds the memory, too."""
_MOST_IN_ALL = 5_000_000
"""What may be done for all questions. GitHub's 813 paths take the fortieth part of it."""

State: TypeAlias = int
Arcs: TypeAlias = list[tuple[int, State]]
"""Symbols, and the state that they lead to; what no arc has leads to no match."""

NOT_YET, REFUSED, ALL = -2, -1, 0
"""Instead of a state of the next program: no way has matched; one has, but what is left does not
match, or what it took has no value; or one has, and there is no next program."""

_NOTHING, _FORGOTTEN, _WITHOUT_VALUE = range(3)
"""What happens before a way takes a symbol: nothing, a number ends, or what was taken is refused."""


class Ways(NamedTuple):
    """What a state stands for.

    Attributes:
        positions: where in the program the ways stand, the preferred first.
        digits: how many digits each has taken for a number; -1 once there were too many, or what
            was taken has no value. Empty where the program has no numbers and refuses nothing.
        before: the symbol before, as far as it matters.
        rest: the state of the next program, or one of the numbers above.
    """

    positions: tuple[int, ...]
    digits: tuple[int, ...]
    before: int
    rest: State


_BEFORE_SLASH = Ways((), (), -1, NOT_YET)
_BEHIND_SLASH = Ways((), (), -2, NOT_YET)
_AT_SLASH = Ways((), (), -3, NOT_YET)
"""Before the first symbol, for a program that begins behind a slash: nothing follows, or a slash and
something more; something more has to follow; a slash may follow. See `Entry`."""


class TooLargeError(Exception):
    """There is too much to look at to answer a question."""


class Effort:
    """How much has been looked at, for one question and in all.

    It is counted and never timed, so that the answers are the same on every machine.
    """

    def __init__(self) -> None:
        self._spent = 0
        self._most = _MOST_FOR_ONE

    def spend(self, count: int) -> None:
        """Count some small things that were done."""
        self._spent += count

    def begin(self) -> None:
        """Begin another question."""
        self._most = min(self._spent + _MOST_FOR_ONE, _MOST_IN_ALL)

    def check(self) -> None:
        """Raise `TooLargeError` if too much was done."""
        if self._spent > self._most:
            raise TooLargeError


class Automaton:
    """One program, and those that go on with what it has left.

    Args:
        program: the program.
        alphabet: what the symbols mean.
        rest: the automaton of the next program, if there is one.
        effort: counts what making states takes.
        most_digits: how many digits a number may have; 0 for any number of them.

    Attributes:
        has_numbers: whether digits are counted, here or in a later program.
    """

    def __init__(
        self,
        program: Program,
        alphabet: Alphabet,
        rest: "Automaton | None",
        effort: Effort,
        *,
        most_digits: int,
    ) -> None:
        self._codes = program.codes
        self._entry = program.entry
        self._alphabet = alphabet
        self._effort = effort
        self.rest = rest
        self.most_digits = most_digits
        self._is_counting = (program.has_numbers and most_digits > 0) or program.refuses
        self.has_numbers: bool = self._is_counting or (rest is not None and rest.has_numbers)
        self._is_ordered = rest is not None or self._is_counting
        self._surroundings = Surroundings(program, alphabet)
        self._masks = [
            alphabet.find_mask(code.chars) if isinstance(code, Char) else 0
            for code in program.codes
        ]
        self._leaves: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
        self._states: dict[Ways, State] = {}
        self._ways: list[Ways] = []
        self._arcs: list[Arcs | None] = []
        self._accepts: list[bool | None] = []
        digits = (0,) if self._is_counting else ()
        before = int(self._surroundings.before & Seen.NOTHING)
        self.start = self.add_state(Ways((program.start,), digits, before, NOT_YET))

    def add_state(self, ways: Ways) -> State:
        """Return the number of a state."""
        found = self._states.get(ways)
        if found is None:
            found = self._states[ways] = len(self._ways)
            self._ways.append(ways)
            self._arcs.append(None)
            self._accepts.append(None)
        return found

    def get_ways(self, state: State) -> Ways:
        """Return what a state stands for."""
        return self._ways[state]

    def find_arcs(self, state: State) -> Arcs:
        """Return where the symbols lead from a state."""
        found = self._arcs[state]
        if found is None:
            found = self._arcs[state] = self._make_arcs(self._ways[state])
        return found

    def accepts(self, state: State) -> bool:
        """Tell whether a text that leads to a state is matched."""
        found = self._accepts[state]
        if found is None:
            found = self._accepts[state] = self._decide_acceptance(self._ways[state])
        return found

    def takes_all(self, state: State) -> bool:
        """Tell whether a text that leads to a state is matched however it goes on."""
        ways = self._ways[state]
        if ways.positions or ways.rest < ALL:
            return False
        return self.rest is None or self.rest.takes_all(ways.rest)

    def enter(self, entry: Entry) -> State:
        """Return where this program begins behind one that has not taken a slash last."""
        if entry is Entry.HERE:
            return self.start
        return self.add_state(_BEFORE_SLASH if entry is Entry.SEGMENT else _AT_SLASH)

    def _decide_acceptance(self, ways: Ways) -> bool:
        if ways == _BEHIND_SLASH:
            return False
        if ways in (_BEFORE_SLASH, _AT_SLASH):
            return self.accepts(self.start)
        _, rest = self._find_alive(ways, Seen.NOTHING)
        return rest >= ALL and (self.rest is None or self.rest.accepts(rest))

    def _make_arcs(self, ways: Ways) -> Arcs:
        slash = self._alphabet.slash
        if ways == _BEFORE_SLASH:
            return [(slash, self.add_state(_BEHIND_SLASH))]
        if ways == _BEHIND_SLASH:
            return self.find_arcs(self.start)
        if ways == _AT_SLASH:
            plain = [(mask & ~slash, state) for mask, state in self.find_arcs(self.start)]
            return [(slash, self.start), *((mask, state) for mask, state in plain if mask)]
        arcs: dict[Ways, int] = {}
        for mask, seen in self._surroundings.groups:
            alive, rest = self._find_alive(ways, seen)
            before = int(seen & self._surroundings.before)
            for part, taking in self._split(mask, alive):
                positions, digits = self._take(taking)
                for symbols, next_rest in self._follow_rest(part, rest):
                    if not positions and next_rest in (NOT_YET, REFUSED):
                        continue
                    after = Ways(positions, digits, before if positions else 0, next_rest)
                    arcs[after] = arcs.get(after, 0) | symbols
        return [(mask, self.add_state(after)) for after, mask in arcs.items()]

    def _find_alive(self, ways: Ways, seen: Seen) -> tuple[list[tuple[int, int]], State]:
        """Return the ways that can take a symbol, with their digits, and the state of the rest.

        A way that matches here is the best of those behind it, and these are given up.
        """
        alive: dict[int, int] = {}
        counts = ways.digits or (0,) * len(ways.positions)
        for position, count in zip(ways.positions, counts, strict=True):
            leaves = self._find_leaves(position, ways.before, seen)
            self._effort.spend(len(leaves))
            for leaf, effect in leaves:
                kept = 0 if effect == _FORGOTTEN and count > 0 else count
                kept = REFUSED if effect == _WITHOUT_VALUE else kept
                if leaf == ACCEPT:
                    if not self._is_ordered:
                        return [], ALL
                    return [*alive.items()], REFUSED if kept < 0 else self._enter_rest(ways.before)
                alive.setdefault(leaf, kept)
        return [*alive.items()], ways.rest

    def _enter_rest(self, before: int) -> State:
        """Return where the next program begins, if there is one."""
        if self.rest is None:
            return ALL
        is_behind_slash = self._surroundings.is_behind_slash(Seen(before))
        return self.rest.enter(Entry.HERE if is_behind_slash else self._entry)

    def _find_leaves(self, position: int, before: int, seen: Seen) -> list[tuple[int, int]]:
        """Return where the program takes a symbol or ends, and what happens before."""
        key = position, before, int(seen)
        found = self._leaves.get(key)
        if found is None:
            found = self._leaves[key] = []
            self._collect_leaves(position, Seen(before), seen, found)
        return found

    def _collect_leaves(
        self, position: int, before: Seen, seen: Seen, found: list[tuple[int, int]]
    ) -> None:
        visited: set[int] = set()
        todo = [(position, _NOTHING)]
        while todo:
            at, effect = todo.pop()
            if at in visited:
                continue
            visited.add(at)
            match self._codes[at]:
                case Fork(first=first, second=second):
                    todo += [(second, effect), (first, effect)]
                case Forget(then=then):
                    todo.append((then, max(effect, _FORGOTTEN)))
                case Refuse(then=then):
                    todo.append((then, _WITHOUT_VALUE))
                case Look(assertion=asked, then=then):
                    if self._surroundings.holds(asked, before, seen):
                        todo.append((then, effect))
                case _:
                    found.append((at, effect))

    def _split(
        self, mask: int, alive: list[tuple[int, int]]
    ) -> list[tuple[int, list[tuple[int, int]]]]:
        """Split symbols into those that are taken by the same ways."""
        parts: list[tuple[int, list[tuple[int, int]]]] = [(mask, [])]
        for way in alive:
            taken = self._masks[way[0]]
            split = []
            for part, taking in parts:
                if part & taken:
                    split.append((part & taken, [*taking, way]))
                if part & ~taken:
                    split.append((part & ~taken, taking))
            parts = split
        return parts

    def _take(self, taking: list[tuple[int, int]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return where the ways stand after the symbol, and the digits that they have taken."""
        after: dict[int, int] = {}
        for leaf, count in taking:
            code = self._codes[leaf]
            assert isinstance(code, Char)
            if self.most_digits and code.is_counted and count >= 0:
                count = REFUSED if count == self.most_digits else count + 1  # noqa: PLW2901
            after.setdefault(code.then, count)
        if not self._is_ordered:
            return tuple(sorted(after)), ()
        return tuple(after), tuple(after.values()) if self._is_counting else ()

    def _follow_rest(self, mask: int, rest: State) -> list[tuple[int, State]]:
        """Return where symbols lead in the next program."""
        if rest < ALL or self.rest is None:
            return [(mask, rest)]
        arcs = [(mask & symbols, state) for symbols, state in self.rest.find_arcs(rest)]
        left = mask
        for symbols, _ in arcs:
            left &= ~symbols
        return [(symbols, state) for symbols, state in [*arcs, (left, REFUSED)] if symbols]
