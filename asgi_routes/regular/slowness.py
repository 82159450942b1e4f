r"""Regular expressions that a client can keep busy, each with a text that does it.

Python's ``re`` goes back and tries again. What it tries are the threads of the regex, so it is kept
busy by a word on which they multiply, behind a text that leads there, and before one with which
none of those that are tried first matches.

Rule: a finding is never wrong. The steps that ``re`` takes are counted for texts of several lengths
before anything is said. That there is nothing is said only where everything was looked at.
"""

import functools
import itertools
import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from asgi_routes.regular.alphabet import list_bits
from asgi_routes.regular.ambiguity import Ambiguity, Word
from asgi_routes.regular.attempts import Attempt, write_attempt
from asgi_routes.regular.automata import Effort, TooLargeError
from asgi_routes.regular.counting import Counter, TooManyStepsError
from asgi_routes.regular.parsing import UnreadableError, read_items
from asgi_routes.regular.plain import is_plain
from asgi_routes.regular.programs import Assertion
from asgi_routes.regular.threads import Thread, Threads

_MOST_STEPS = 20_000
_MOST_TRIED = 30
_MOST_PLACES = 500
_MOST_ENDS = 200
_MOST_ENDS_OF_LOOKS = 8
_MOST_ROUNDS = 40
_LONG = 96
"""Characters of a text for which a regex that only looks endless has to take for ever."""
_MULTIPLIES = 1.2
_SQUARE = 1.7
_FOR_EVER = 10**9
"""Steps that are taken in no less than ten seconds."""


@dataclass(frozen=True, slots=True)
class Slowness:
    """How a text keeps a regex busy.

    Attributes:
        power: of the length, with which the time grows; None where it doubles with each word.
        parts: the text: pieces, and whether each is written as often as one likes.
    """

    power: int | None
    parts: tuple[tuple[str, bool], ...]

    def make_text(self, times: int) -> str:
        """Return the text with its words so many times."""
        return "".join(text * times if is_word else text for text, is_word in self.parts)

    def shorten_words(self) -> "Slowness":
        """Return the same with each word as short as it can be: ``a`` for ``aa``.

        The steps may grow in jumps then: a word that is taken by twos is no worse for one more.
        """
        parts = ((_find_root(text) if is_word else text, is_word) for text, is_word in self.parts)
        return replace(self, parts=tuple(_shorten(parts)))

    def __str__(self) -> str:
        written = [f"{text!r} * n" if is_word else repr(text) for text, is_word in self.parts]
        return " + ".join(written)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Whether a regex can be kept busy cannot be told; ``reason`` says why."""

    reason: str


class _Route(NamedTuple):
    """A way to keep a regex busy, behind the text that leads to its first thread."""

    first: Thread
    second: Thread
    words: tuple[tuple[Word, bool], ...]
    power: int | None


@functools.lru_cache(maxsize=1024)
def find_slowness(
    regex: str, flags: int = 0, *, is_searched: bool = True, end: Assertion | None = None
) -> Slowness | Unknown | None:
    r"""Return how a text keeps a regex busy, or None where none does.

    Args:
        regex: the regex.
        flags: the flags that it is compiled with.
        is_searched: whether it may match anywhere, not only at the start.
        end: what has to hold where it ends, if anything.

    >>> print(find_slowness(r"^(\w+/)*$"))
    None
    >>> print(find_slowness(r"^(\w+)*$"))
    'x' * n + '-'
    >>> find_slowness(r"(\d+)/$").power
    2
    >>> find_slowness(r"^(\w+)-\1$")
    Unknown(reason='a back-reference')
    """
    try:
        items, flags = read_items(regex, flags)
        if is_plain(items, flags, is_searched=is_searched):
            return None
        exact = write_attempt(items, flags, is_searched=is_searched, end=end, is_loose=False)
        found = _find_growing(exact)
        if found is not None:
            return found
        loose = write_attempt(items, flags, is_searched=is_searched, end=end, is_loose=True)
        if len(loose.program.codes) < len(exact.program.codes):
            found = _find_endless(loose, exact)
    except UnreadableError as error:
        return Unknown(str(error))
    except (TooLargeError, RecursionError):
        return Unknown("it is too large")
    if found is None and exact.doubt:
        return Unknown(exact.doubt)
    return found


def _find_growing(attempt: Attempt) -> Slowness | None:
    """Return how a text keeps a regex busy, if the steps for it really grow as they should."""
    counter = Counter(attempt, _MOST_STEPS)
    for found in itertools.islice(_Search(attempt).find(), _MOST_TRIED):
        power = _measure_power(found, counter)
        if found.power is None and power > _MULTIPLIES:
            short = found.shorten_words()
            return short if _measure_power(short, counter) > _MULTIPLIES else found
        if found.power is not None and power > _SQUARE:
            is_exact = not (attempt.doubt or attempt.is_looking)
            short = found.shorten_words()
            return short if is_exact else replace(short, power=min(found.power, round(power)))
    return None


def _find_endless(loose: Attempt, exact: Attempt) -> Slowness | None:
    """Return how a text keeps a regex busy whose repeats end, but so late that it is no use."""
    threads = Threads(exact, Effort())
    for long in itertools.islice(_Search(loose, is_loose=True).find(), _MOST_TRIED):
        for found in (long.shorten_words(), long):
            times = _LONG // sum(len(text) for text, is_word in found.parts if is_word)
            if threads.count_ways(exact.alphabet.translate(found.make_text(times))) > _FOR_EVER:
                return found
    return None


def _measure_power(found: Slowness, counter: Counter) -> float:
    """Return how the steps for the two longest texts compare that can be counted.

    Where they shall double with each word: by how much each word multiplies them; else with which
    power of the length they grow.
    """
    lengths = range(1, 64) if found.power is None else [4 << number for number in range(8)]
    counts: list[int] = []
    for length in lengths:
        try:
            counts.append(counter.count(found.make_text(length)).steps)
        except TooManyStepsError:
            break
    if len(counts) < 2:  # noqa: PLR2004 - two of them
        return 0.0
    ratio = counts[-1] / counts[-2]
    return ratio if found.power is None else math.log2(ratio)


class _Search:
    """Looks for a text.

    Args:
        attempt: the program whose threads are looked at.
        is_loose: whether it is read loosely, so that only what doubles is of interest.
    """

    def __init__(self, attempt: Attempt, *, is_loose: bool = False) -> None:
        self._effort = Effort()
        self._attempt = attempt
        self._is_loose = is_loose
        self._threads = Threads(attempt, self._effort)
        self._ambiguity = Ambiguity(self._threads, self._effort)
        self._symbols = [1 << bit for bit in list_bits(self._threads.symbols)]

    def find(self) -> Iterator[Slowness]:
        """Yield what may keep the regex busy, the worst first."""
        routes = sorted(self._list_routes(), key=_rank)
        if self._is_loose:
            routes = [route for route in routes if route.power is None]
        places = [*self._list_places()] if routes else []
        for route in routes:
            for way, threads in places:
                if route.first in threads:
                    tried_first = threads[: threads.index(route.first) + 1]
                    yield from self._list_texts(way, tried_first, route)

    def _list_routes(self) -> Iterator[_Route]:
        for doubling in self._ambiguity.doublings:
            yield _Route(doubling.thread, doubling.thread, ((doubling.word, True),), None)
        for chain in self._ambiguity.chains:
            words: list[tuple[Word, bool]] = []
            at = chain[0].first
            for pair in chain:
                words.append((self._ambiguity.find_word(at, pair.first) or (), False))
                words.append((pair.word, True))
                at = pair.second
            yield _Route(chain[0].first, chain[0].second, tuple(words[1:]), len(chain) + 1)

    def _list_places(self) -> Iterator[tuple[Word, tuple[Thread, ...]]]:
        """Yield each text that leads to other threads, and these, the preferred first."""
        todo: deque[tuple[Word, tuple[Thread, ...]]] = deque([((), (0,))])
        known: set[tuple[Thread, ...]] = {(0,)}
        while todo:
            word, threads = todo.popleft()
            yield word, threads
            for symbol in self._symbols:
                after, _ = self._threads.advance(threads, symbol)
                if after and after not in known:
                    known.add(after)
                    todo.append(((*word, symbol), after))
            self._effort.check()
            if len(known) > _MOST_PLACES:
                raise TooLargeError

    def _list_texts(
        self, way: Word, threads: tuple[Thread, ...], route: _Route
    ) -> Iterator[Slowness]:
        """Yield the texts that go this way, and on which nothing that is tried first matches."""
        (first, _), *words = route.words
        branched = self._branch(threads, route.first, route.second, first)
        for after in (self._repeat(threads, first), branched):
            last = after and self._follow_all(after, words)
            for end in self._list_ends(last, route.words[-1][0][-1]) if last else ():
                whole = [(way, False), *route.words, (end, False)]
                spelled = [(self._spell(word), is_word) for word, is_word in whole]
                yield Slowness(route.power, tuple(_shorten(spelled)))

    def _follow_all(
        self, threads: tuple[Thread, ...], words: list[tuple[Word, bool]]
    ) -> tuple[Thread, ...] | None:
        """Return the threads behind some words; None where one matches on the way."""
        after: tuple[Thread, ...] | None = threads
        for word, is_repeated in words:
            if after is not None:
                after = self._repeat(after, word) if is_repeated else self._follow(after, word)
        return after

    def _branch(
        self, threads: tuple[Thread, ...], first: Thread, second: Thread, word: Word
    ) -> tuple[Thread, ...] | None:
        """Return what is tried before the first loop goes on, if the second loop is among it.

        So it is where a search goes on to the next position: it may well match there in the end.
        """
        others = threads[:-1]
        known: set[tuple[Thread, ...]] = set()
        at = first
        while others not in known and len(known) < _MOST_ROUNDS:
            known.add(others)
            for number, symbol in enumerate(word, 1):
                after, has_matched = self._threads.advance(others, symbol)
                branches, _ = self._threads.advance((at,), symbol)
                ahead = [one for one in branches if self._threads.leads(one, word[number:], first)]
                if has_matched or not ahead:
                    return None
                at = ahead[0]
                others = tuple(dict.fromkeys((*after, *branches[: branches.index(at)])))
        return others if second in others else None

    def _follow(self, threads: tuple[Thread, ...], word: Word) -> tuple[Thread, ...] | None:
        """Return the threads behind a word; None where one matches on the way."""
        for symbol in word:
            threads, has_matched = self._threads.advance(threads, symbol)
            if has_matched:
                return None
        return threads

    def _repeat(self, threads: tuple[Thread, ...], word: Word) -> tuple[Thread, ...] | None:
        """Return the threads behind a word that was taken until nothing changes any more."""
        known: set[tuple[Thread, ...]] = set()
        after: tuple[Thread, ...] | None = threads
        while after is not None and after not in known and len(known) < _MOST_ROUNDS:
            known.add(after)
            after = self._follow(after, word)
        return after

    def _list_ends(self, threads: tuple[Thread, ...], last: int) -> Iterator[Word]:
        """Yield a text with which no thread matches, if there is one; the shortest.

        What looks ahead may want another end than the whole does: then there are some more.
        """
        newline = self._threads.newline
        left = _MOST_ENDS_OF_LOOKS if self._attempt.is_looking else 1
        todo: deque[tuple[Word, tuple[Thread, ...], int]] = deque([((), threads, last)])
        known = {(frozenset(threads), 0)}
        while todo and left:
            word, alive, last = todo.popleft()
            if last != newline and not any(map(self._threads.is_done, alive)):
                yield word
                left -= 1
            for symbol in self._symbols:
                after, has_matched = self._threads.advance(alive, symbol)
                kept = symbol if self._attempt.is_looking and not word else symbol & newline
                key = frozenset(after), kept
                if not has_matched and key not in known:
                    known.add(key)
                    todo.append(((*word, symbol), after, symbol))
            if len(known) > _MOST_ENDS:
                return

    def _spell(self, word: Word) -> str:
        return "".join(self._attempt.alphabet.find_best(symbol)[1] for symbol in word)


def _rank(route: _Route) -> tuple[float, int]:
    """Return the place of a route: the worst first, and the shortest among those."""
    power = math.inf if route.power is None else route.power
    return -power, sum(len(word) for word, _ in route.words)


def _shorten(parts: Iterable[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Return the parts of a text without what is the same as more or fewer of its words."""
    short: list[tuple[str, bool]] = []
    for text, is_word in parts:
        before, was_word = short[-1] if short else ("", False)
        if is_word and not was_word:
            while before and before.endswith(text):
                before = before.removesuffix(text)
            short[-1:] = [(before, False)] if before else []
        if text and (text, is_word) != (short[-1] if short and is_word else None):
            short.append((text, is_word))
    return short


def _find_root(text: str) -> str:
    """Return the shortest text of which a text is a repetition.

    >>> _find_root("abab"), _find_root("aba")
    ('ab', 'aba')
    """
    return text[: (text + text).find(text, 1)]
