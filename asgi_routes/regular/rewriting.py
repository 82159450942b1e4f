r"""What to write instead of a regular expression that can be kept busy.

It is changed a little at one place, and again at another: a repeat in a repeat becomes one, what is
said twice is said once.

Rule: what is suggested matches the very same texts, and cannot be kept busy; both are decided by the
automata, whatever the change was meant to be.
"""

import functools
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from asgi_routes.regular.alphabet import Alphabet
from asgi_routes.regular.automata import Automaton, Effort, TooLargeError
from asgi_routes.regular.parsing import UnreadableError, read_items
from asgi_routes.regular.programs import ACCEPT, Assertion, Entry, Look, Program, ProgramWriter
from asgi_routes.regular.slowness import find_slowness
from asgi_routes.regular.spelling import ENDLESS, Items, simplify_items, spell_items
from asgi_routes.regular.surroundings import list_sets
from asgi_routes.regular.witness import WitnessSearch

_MOST_COMPARED = 60
_MOST_CHANGES = 3
_MOST_EFFORT = 3_000
_MOST_CHARACTERS = 300
_MOST_SAMPLES = 100
_MOST_FOR_SAMPLES = 2_000
_CHARACTERS = ("LITERAL", "NOT_LITERAL", "ANY", "IN")


class Faster(NamedTuple):
    """A regex that cannot be kept busy, instead of one that can.

    Attributes:
        regex: it matches the same whole texts.
        has_same_groups: whether its groups hold the same, as far as a hundred short texts tell.
    """

    regex: str
    has_same_groups: bool


@functools.lru_cache(maxsize=256)
def find_faster(regex: str, flags: int = 0) -> Faster | None:
    r"""Return a regex that matches the same whole texts and cannot be kept busy, or None.

    >>> find_faster(r"^(a+)+$").regex, find_faster(r"^(?:a|a)*$").regex
    ('^(a+)$', '^a*$')
    >>> find_faster(r"^(\w+\s?)*$")
    Faster(regex='^(\\w\\s?)*$', has_same_groups=False)
    >>> print(find_faster(r"^(\w+)-\1$"))
    None
    """
    if len(regex) > _MOST_CHARACTERS:
        return None
    try:
        return _Search(regex, flags).find()
    except (UnreadableError, TooLargeError, RecursionError):
        return None


class _Search:
    """Looks for a regex that is as good as another one, and not slow."""

    def __init__(self, regex: str, flags: int) -> None:
        items, known = read_items(regex, flags)
        if known & ~(flags | re.UNICODE):
            raise UnreadableError("flags in the text of the regex")
        self._flags = flags
        self._names = {number: name for name, number in items.state.groupdict.items()}
        self._start = simplify_items(items)
        self._compiled = re.compile(regex, flags)
        self._program = self._write(regex)
        self._left = _MOST_COMPARED
        self._effort = _Little()
        self._alphabets: dict[tuple[frozenset[Any], bool], Alphabet] = {}

    def find(self) -> Faster | None:
        """Return the best of those that take the fewest changes."""
        level: list[Items] = [self._start]
        known = {self._spell(self._start)}
        for _ in range(_MOST_CHANGES):
            equal: dict[str, Items] = {}
            for changed in itertools.chain.from_iterable(map(_change, level)):
                text = self._spell(changed)
                if text not in known:
                    known.add(text)
                    if self._is_equal(text):
                        equal[text] = changed
            if found := self._choose(sorted(equal, key=lambda text: (len(text), text))):
                return found
            level = [*equal.values()]
        return None

    def _spell(self, items: Items) -> str:
        return spell_items(items, self._names)

    def _choose(self, texts: Iterable[str]) -> Faster | None:
        """Return the first of these that is fast and has the same in its groups; else one that is."""
        found: Faster | None = None
        for text in texts:
            if find_slowness(text, self._flags, is_searched=False, end=Assertion.END) is None:
                if self._has_same_groups(text):
                    return Faster(text, has_same_groups=True)
                found = found or Faster(text, has_same_groups=False)
        return found

    def _has_same_groups(self, text: str) -> bool:
        other = re.compile(text, self._flags)
        for sample in self._samples:
            mine, others = self._compiled.match(sample), other.match(sample)
            if (mine and mine.groups()) != (others and others.groups()):
                return False
        return True

    @functools.cached_property
    def _samples(self) -> list[str]:
        """Short texts that the regex matches; none where it has no groups."""
        return [*self._list_samples()] if self._compiled.groups else []

    def _list_samples(self) -> Iterator[str]:
        alphabet = self._make_alphabet(self._program)
        automaton = self._make_automaton(self._program, alphabet)
        todo = deque([("", automaton.start)])
        found = 0
        for _ in range(_MOST_FOR_SAMPLES):
            if not todo or found == _MOST_SAMPLES:
                return
            text, state = todo.popleft()
            if automaton.accepts(state):
                found += 1
                yield text
            for mask, after in automaton.find_arcs(state):
                todo.append((text + alphabet.find_best(mask)[1], after))

    def _is_equal(self, text: str) -> bool:
        """Tell whether a regex has the same groups and matches the same whole texts."""
        if self._left == 0:
            return False
        self._left -= 1
        try:
            if re.compile(text, self._flags).groups != self._compiled.groups:
                return False
            return self._has_same_language(self._write(text))
        except (re.error, UnreadableError, TooLargeError):
            return False

    def _write(self, text: str) -> Program:
        writer = ProgramWriter()
        end = writer.add(Look(Assertion.END, ACCEPT))
        return writer.finish(writer.write_regex(*read_items(text, self._flags), end), Entry.HERE)

    def _make_alphabet(self, *programs: Program) -> Alphabet:
        sets = (one for program in programs for one in (*program.sets, *list_sets(program)))
        has_final = any(Assertion.LAST_NEWLINE_OR_END in one.assertions for one in programs)
        key = frozenset(sets), has_final
        if key not in self._alphabets:  # Most of what is compared has the same sets.
            self._alphabets[key] = Alphabet(key[0], has_final=has_final)
        return self._alphabets[key]

    def _make_automaton(self, program: Program, alphabet: Alphabet) -> Automaton:
        return Automaton(program, alphabet, None, self._effort, most_digits=0)

    def _has_same_language(self, other: Program) -> bool:
        alphabet = self._make_alphabet(self._program, other)
        mine, others = (self._make_automaton(one, alphabet) for one in (self._program, other))
        for wanted, unwanted in ((mine, others), (others, mine)):
            search = WitnessSearch(alphabet, [wanted], [unwanted], effort=self._effort)
            if search.find() is not None:
                return False
        return True


class _Little(Effort):
    """What may be done for one question while a table is made: some milliseconds' worth."""

    def begin(self) -> None:
        self._most = self._spent + _MOST_EFFORT


def _change(items: Items) -> Iterator[Items]:
    """Yield the items with one change in them, here or inside."""
    for at, (kind, argument) in enumerate(items):
        before, behind = items[:at], items[at + 1 :]
        for changed in _change_item(kind, argument):
            yield (*before, *changed, *behind)
        if behind:
            for merged in _merge(items[at], items[at + 1]):
                yield (*before, merged, *behind[1:])


def _change_item(kind: str, argument: Any) -> Iterator[Items]:
    if kind == "SUBPATTERN":
        for inner in filter(None, _change(argument[-1])):
            yield ((kind, (*argument[:-1], inner)),)
    elif kind == "BRANCH":
        yield from _change_choices(argument[1])
    elif kind.endswith("_REPEAT"):
        least, most, inner = argument
        yield from _change_repeat(kind, least, most, inner)
        for changed in filter(None, _change(inner)):
            yield ((kind, (least, most, changed)),)


def _change_choices(choices: Sequence[Items]) -> Iterator[Items]:
    """Yield choices of which one is left out, is changed, or that are one class of characters."""
    for at, choice in enumerate(choices):
        before, behind = (*choices[:at],), (*choices[at + 1 :],)
        left = (*before, *behind)
        yield left[0] if len(left) == 1 else (("BRANCH", (None, left)),)
        for changed in _change(choice):
            yield (("BRANCH", (None, (*before, changed, *behind))),)


def _change_repeat(kind: str, least: int, most: int, inner: Items) -> Iterator[Items]:
    """Yield what a repeat may be written as."""
    if most != least:
        yield ((kind, (least, least, inner)),) if least > 1 else inner * least
    group, body = _open(inner)
    if len(body) == 1 and body[0][0].endswith("_REPEAT"):
        _, (least_inside, most_inside, once) = body[0]
        for fewest in dict.fromkeys((least * least_inside, least, least_inside, 0)):
            for largest in dict.fromkeys((ENDLESS, most, most_inside)):
                yield _close(group, ((kind, (fewest, largest, once)),))
    if len(body) == 1 and body[0][0] in _CHARACTERS:
        return
    for chars in _list_characters(body):
        for fewest in dict.fromkeys((least, 1, 0)):
            yield _close(group, ((kind, (fewest, ENDLESS, (chars,))),))


def _open(items: Items) -> tuple[Any, Items]:
    """Return the group that items are one of, and what is in it; None, and these, if they are not."""
    if len(items) == 1 and items[0][0] == "SUBPATTERN":
        return items[0][1][:-1], items[0][1][-1]
    return None, items


def _close(group: Any, items: Items) -> Items:
    return items if group is None else (("SUBPATTERN", (*group, items)),)


def _list_characters(items: Items) -> Iterator[tuple[str, Any]]:
    """Yield all characters of some items as one class, and the largest of their classes."""
    found = [*dict.fromkeys(_walk_characters(items))]
    members: list[tuple[str, Any]] = []
    for kind, argument in found:
        if kind == "LITERAL":
            members.append((kind, argument))
        elif kind == "IN" and argument[0][0] != "NEGATE":
            members += argument
        else:
            yield kind, argument
    if members:
        yield "IN", tuple(dict.fromkeys(members))
    for kind, argument in found:
        if kind == "IN" and argument[0][0] != "NEGATE":
            yield kind, argument


def _walk_characters(items: Items) -> Iterator[tuple[str, Any]]:
    for kind, argument in items:
        if kind in _CHARACTERS:
            yield kind, argument
        elif kind == "BRANCH":
            for choice in argument[1]:
                yield from _walk_characters(choice)
        elif kind != "AT":
            yield from _walk_characters(argument[-1])


def _merge(one: tuple[str, Any], other: tuple[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield one repeat for two of the same that follow each other."""
    kind = one[0] if one[0].endswith("_REPEAT") else other[0]
    if not kind.endswith("_REPEAT"):
        return
    (least, most, inner), (more, most_behind, inner_behind) = map(_as_repeat, (one, other))
    if inner == inner_behind:
        is_endless = ENDLESS in (most, most_behind)
        yield kind, (least + more, ENDLESS if is_endless else most + most_behind, inner)


def _as_repeat(item: tuple[str, Any]) -> tuple[int, int, Items]:
    if item[0].endswith("_REPEAT"):
        least, most, inner = item[1]
        return least, most, inner
    return 1, 1, (item,)
