"""Threads: every way in which a program can take a text, as a graph.

A thread stands behind a character. It has an arc for each character that the program can take next,
and the arc says whether there is more than one way to take it.

Rule: what only a backtracking engine knows is left out, so there may be more threads than it has,
but never fewer.
"""

from typing import NamedTuple, TypeAlias

from asgi_routes.regular.attempts import Again, Attempt, Begin, Choose, Inside, Refer, Save, Stop
from asgi_routes.regular.automata import Effort
from asgi_routes.regular.programs import ACCEPT, Char, Code, Fork, Look
from asgi_routes.regular.surroundings import Seen

Thread: TypeAlias = int


class Arc(NamedTuple):
    """A step of a thread.

    Attributes:
        to: where it leads.
        mask: the symbols that it takes.
        double: those among them for which there are two ways at least.
    """

    to: Thread
    mask: int
    double: int


class Threads:
    """The threads of a program.

    Args:
        attempt: the program.
        effort: counts what making them takes.

    Attributes:
        arcs: of each thread. The first thread stands before the text.
        symbols: what texts are made of, one bit each; the newline at the end is none of them.
        newline: any other newline, which must not end a text; 0 where they are the same.
    """

    def __init__(self, attempt: Attempt, effort: Effort) -> None:
        self._codes = attempt.program.codes
        self._surroundings = attempt.surroundings
        self._effort = effort
        alphabet = attempt.alphabet
        self.newline = alphabet.newline & ~alphabet.final if alphabet.final else 0
        self.symbols = attempt.known & ~alphabet.final
        self._masks = [
            alphabet.find_mask(code.chars) & attempt.known if isinstance(code, Char) else 0
            for code in self._codes
        ]
        self._leaves: dict[tuple[Thread, Seen], list[int]] = {}
        self._places: list[tuple[int, int]] = []
        self._numbers: dict[tuple[int, int], Thread] = {}
        self._find_thread(attempt.program.start, int(self._surroundings.before & Seen.NOTHING))
        self.arcs: list[list[Arc]] = []
        while len(self.arcs) < len(self._places):
            self.arcs.append(self._make_arcs(len(self.arcs)))
            effort.check()

    def is_done(self, thread: Thread) -> bool:
        """Tell whether the program can end with the text behind a thread."""
        return ACCEPT in self._list_leaves(thread, Seen.NOTHING)

    def advance(self, threads: tuple[Thread, ...], symbol: int) -> tuple[tuple[Thread, ...], bool]:
        """Return the threads behind a symbol, the preferred first, and whether one has matched.

        Those behind one that has matched before the symbol are given up.
        """
        seen = self._see(symbol)
        before = int(seen & self._surroundings.before)
        after: dict[Thread, None] = {}
        for thread in threads:
            for leaf in self._list_leaves(thread, seen):
                if leaf == ACCEPT:
                    return tuple(after), True
                if self._masks[leaf] & symbol:
                    code = self._codes[leaf]
                    assert isinstance(code, Char)
                    after[self._find_thread(code.then, before)] = None
        self._effort.spend(len(threads) + len(after))
        return tuple(after), False

    def leads(self, thread: Thread, word: tuple[int, ...], goal: Thread) -> bool:
        """Tell whether a word leads from one thread to another."""
        after: tuple[Thread, ...] = (thread,)
        for symbol in word:
            after = tuple({arc.to for one in after for arc in self.arcs[one] if arc.mask & symbol})
        return goal in after

    def count_ways(self, symbols: list[int]) -> int:
        """Return how many steps it takes to try every way to take a text, one by one."""
        ways = {0: 1}
        total = 0
        for symbol in symbols:
            seen = self._see(symbol)
            before = int(seen & self._surroundings.before)
            after: dict[Thread, int] = {}
            for thread, count in ways.items():
                for leaf in self._list_leaves(thread, seen):
                    code = self._codes[leaf]
                    if isinstance(code, Char) and self._masks[leaf] & symbol:
                        to = self._find_thread(code.then, before)
                        after[to] = after.get(to, 0) + count
            ways = after
            total += sum(ways.values())
        return total

    def _find_thread(self, position: int, before: int) -> Thread:
        key = position, before
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._places)
            self._places.append(key)
        return found

    def _see(self, symbol: int) -> Seen:
        return next(one.seen for one in self._surroundings.groups if one.mask & symbol)

    def _make_arcs(self, thread: Thread) -> list[Arc]:
        arcs: dict[Thread, tuple[int, int]] = {}
        for group in self._surroundings.groups:
            before = int(group.seen & self._surroundings.before)
            for leaf in self._list_leaves(thread, group.seen):
                taken = self._masks[leaf] & group.mask & self.symbols
                if not taken:
                    continue
                code = self._codes[leaf]
                assert isinstance(code, Char)
                to = self._find_thread(code.then, before)
                mask, double = arcs.get(to, (0, 0))
                arcs[to] = mask | taken, double | mask & taken
        self._effort.spend(len(arcs))
        return [Arc(to, *masks) for to, masks in arcs.items()]

    def _list_leaves(self, thread: Thread, seen: Seen) -> list[int]:
        """Return where the program takes a symbol or ends, once for each way, the preferred first."""
        found = self._leaves.get((thread, seen))
        if found is None:
            position, before = self._places[thread]
            found = self._leaves[thread, seen] = []
            self._collect_leaves(position, Seen(before), seen, found)
        return found

    def _collect_leaves(self, start: int, before: Seen, seen: Seen, found: list[int]) -> None:
        todo: list[tuple[int, frozenset[int]]] = [(start, frozenset())]
        while todo:
            self._effort.spend(1)
            self._effort.check()
            at, begun = todo.pop()
            code = self._codes[at]
            if isinstance(code, Char) or at == ACCEPT:
                found.append(at)
            elif isinstance(code, Begin):
                todo.append((code.then, begun | {code.slot}))
            elif not (isinstance(code, Look) and not self._holds(code, before, seen)):
                # A round that has taken nothing is the last.
                todo += [(one, begun) for one in reversed(_list_next(code, begun))]

    def _holds(self, code: Look, before: Seen, seen: Seen) -> bool:
        return self._surroundings.holds(code.assertion, before, seen)


def _list_next(code: Code, begun: frozenset[int]) -> list[int]:
    """Return where a program goes on that takes nothing here, the preferred first."""
    found: list[int] = []
    match code:
        case Fork(first=first, second=second):
            found = [first, second]
        case Again(slot=slot, more=more, then=then, is_greedy=is_greedy):
            found = [more, then] if is_greedy else [then, more]
            if slot in begun:
                found = [then]
        case Inside(start=start, then=then, is_look=is_look, back=back):
            # What is behind has an end, so it does not matter here.
            found = [*([] if back else [start]), *([then] if is_look else [])]
        case Stop(then=int(then)) | Look(then=then) | Save(then=then):
            found = [then]
        case Refer(like=like, then=then):
            found = [*dict.fromkeys((like, then))]
        case Choose(yes=yes, no=no):
            found = [yes, no]
    return found
