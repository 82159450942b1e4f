r"""Ambiguity: in how many ways the threads of a program can take one text.

There are two ways for it to grow with the text, and no others (Weber and Seidl, 1991):

- A loop has two ways round for one word. Then each further word doubles their number.
- A word leads round a loop, from there to another loop, and round that one. Then their number grows
  as the length, and with each further such pair of loops as its next power.

Rule: all pairs of loops are looked at, or `TooLargeError` is raised.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias, TypeVar

from asgi_routes.regular.alphabet import list_bits
from asgi_routes.regular.automata import Effort
from asgi_routes.regular.threads import Thread, Threads

Word: TypeAlias = tuple[int, ...]
"""One symbol after the other."""

_SOME = 4
"""How many words are listed that do the same: one may match where another does not."""
_Node = TypeVar("_Node")


class Doubling(NamedTuple):
    """A loop with two ways round.

    Attributes:
        thread: where it begins and ends.
        word: what it takes.
    """

    thread: Thread
    word: Word


class Pair(NamedTuple):
    """Two loops in a row on one word.

    Attributes:
        first: where the first loop begins and ends.
        second: where the second does.
        word: what leads round the first, from there to the second, and round that.
    """

    first: Thread
    second: Thread
    word: Word


class Ambiguity:
    """What the threads of a program have of both.

    Attributes:
        doublings: loops with two ways round.
        chains: pairs of loops, one behind the other; the longest chains first. A chain of one pair
            makes the number grow with the length.
    """

    def __init__(self, threads: Threads, effort: Effort) -> None:
        self._arcs = threads.arcs
        self._effort = effort
        self._reached = self._find_reached()
        self._loops = [one for one in range(len(self._arcs)) if self._reached[one] >> one & 1]
        self.doublings = [*self._find_doublings()]
        pairs = [*self._find_pairs()]
        self.chains = sorted(self._chain(pairs), key=len, reverse=True)

    def find_word(self, start: Thread, goal: Thread) -> Word | None:
        """Return the shortest word from one thread to another; None where there is none."""
        if start == goal:
            return ()

        def follow(thread: Thread) -> Iterator[tuple[int, Thread]]:
            return ((_lowest(arc.mask), arc.to) for arc in self._arcs[thread])

        found = next(self._search(start, follow, lambda thread: thread == goal), None)
        return found and found[1]

    def _find_reached(self) -> list[int]:
        """Return for each thread those that it leads to, as bits."""
        reached = [0] * len(self._arcs)
        is_changing = True
        while is_changing:
            is_changing = False
            for thread in reversed(range(len(self._arcs))):
                before = found = reached[thread]
                for arc in self._arcs[thread]:
                    found |= 1 << arc.to | reached[arc.to]
                reached[thread] = found
                is_changing = is_changing or found != before
            self._effort.spend(len(self._arcs))
            self._effort.check()
        return reached

    def _is_round(self, thread: Thread, other: Thread) -> bool:
        """Tell whether two threads are of one loop."""
        return bool(self._reached[thread] >> other & 1 and self._reached[other] >> thread & 1)

    def _find_doublings(self) -> Iterator[Doubling]:
        for thread in self._loops:
            around = [arc for arc in self._arcs[thread] if self._is_round(thread, arc.to)]
            for number, arc in enumerate(around):
                if arc.double:
                    back = self.find_word(arc.to, thread)
                    if back is not None:
                        for symbol in _list_some(arc.double):
                            yield Doubling(thread, (symbol, *back))
                for other in around[number + 1 :]:
                    if arc.mask & other.mask:
                        yield from self._find_meeting(
                            thread, arc.mask & other.mask, arc.to, other.to
                        )

    def _find_meeting(
        self, thread: Thread, mask: int, first: Thread, second: Thread
    ) -> Iterator[Doubling]:
        """Yield the way round if two threads that part meet again."""

        def follow(pair: tuple[Thread, Thread]) -> Iterator[tuple[int, tuple[Thread, Thread]]]:
            for one in self._arcs[pair[0]]:
                for other in self._arcs[pair[1]]:
                    if (
                        one.mask & other.mask
                        and self._is_round(thread, one.to)
                        and self._is_round(thread, other.to)
                    ):
                        yield _lowest(one.mask & other.mask), (one.to, other.to)

        meetings = self._search((first, second), follow, lambda pair: pair[0] == pair[1])
        found = next(meetings, None)
        if found is not None:
            back = self.find_word(found[0][0], thread)
            if back is not None:
                for symbol in _list_some(mask):
                    yield Doubling(thread, (symbol, *found[1], *back))

    def _find_pairs(self) -> Iterator[Pair]:
        for first in self._loops:
            for second in self._loops:
                if self._reached[first] >> second & 1 and not self._is_round(first, second):
                    for word in self._find_shared(first, second):
                        yield Pair(first, second, word)

    def _find_shared(self, first: Thread, second: Thread) -> Iterator[Word]:
        """Yield some words round the first loop, from it to the second, and round that one."""

        def follow(
            three: tuple[Thread, Thread, Thread],
        ) -> Iterator[tuple[int, tuple[Thread, Thread, Thread]]]:
            for one in self._arcs[three[0]]:
                if not self._is_round(first, one.to):
                    continue
                for last in self._arcs[three[2]]:
                    both = one.mask & last.mask
                    if not both or not self._is_round(second, last.to):
                        continue
                    for middle in self._arcs[three[1]]:
                        is_near = middle.to == second or self._reached[middle.to] >> second & 1
                        if middle.mask & both and is_near:
                            for symbol in _list_some(middle.mask & both):
                                yield symbol, (one.to, middle.to, last.to)

        goal = first, second, second
        found = self._search((first, first, second), follow, lambda three: three == goal)
        yield from (word for _, word in itertools.islice(found, _SOME))

    def _search(
        self,
        start: _Node,
        follow: Callable[[_Node], Iterator[tuple[int, _Node]]],
        is_goal: Callable[[_Node], bool],
    ) -> Iterator[tuple[_Node, Word]]:
        """Yield goals, each with a word that leads there, the shortest first."""
        todo: deque[tuple[_Node, Word]] = deque([(start, ())])
        known = {start}
        while todo:
            node, word = todo.popleft()
            for symbol, after in follow(node):
                self._effort.spend(1)
                if is_goal(after):
                    yield after, (*word, symbol)
                elif after not in known:
                    known.add(after)
                    todo.append((after, (*word, symbol)))
            self._effort.check()

    def _chain(self, pairs: list[Pair]) -> Iterator[tuple[Pair, ...]]:
        """Yield the longest chain that begins with each pair, and the pair by itself.

        What follows may only be there for words that match, and what is before it for others.
        """
        longest: dict[Pair, tuple[Pair, ...]] = {}

        def find(pair: Pair) -> tuple[Pair, ...]:
            if pair not in longest:
                behind = [
                    find(other)
                    for other in pairs
                    if pair.second == other.first or self._reached[pair.second] >> other.first & 1
                ]
                longest[pair] = (pair, *max(behind, key=len, default=()))
            return longest[pair]

        yield from dict.fromkeys((*map(find, pairs), *((pair,) for pair in pairs)))


def _list_some(mask: int) -> Iterator[int]:
    return (1 << bit for bit in itertools.islice(list_bits(mask), _SOME))


def _lowest(mask: int) -> int:
    return mask & -mask
