r"""What assertions such as ``^``, ``$`` and ``\b`` see on both sides of a position.

Rule: one symbol before the position and one behind it are enough, since the newline at the end of a
text is a symbol of its own.
"""

import re
from enum import IntFlag, auto
from typing import NamedTuple

from asgi_routes.regular.alphabet import Alphabet
from asgi_routes.regular.characters import CharSet, find_set
from asgi_routes.regular.programs import Assertion, Entry, Program


class Seen(IntFlag):
    """What stands on one side of a position, as far as it matters."""

    NOTHING = auto()
    NEWLINE = auto()
    LAST_NEWLINE = auto()
    SLASH = auto()
    WORD = auto()
    ASCII_WORD = auto()


_UNSEEN = Seen(0)

_WANTED = {
    Assertion.START: (Seen.NOTHING, _UNSEEN),
    Assertion.LINE_START: (Seen.NOTHING | Seen.NEWLINE, _UNSEEN),
    Assertion.END: (_UNSEEN, Seen.NOTHING),
    Assertion.LAST_NEWLINE_OR_END: (_UNSEEN, Seen.NOTHING | Seen.LAST_NEWLINE),
    Assertion.LINE_END: (_UNSEEN, Seen.NOTHING | Seen.NEWLINE),
    Assertion.SEGMENT_END: (_UNSEEN, Seen.NOTHING | Seen.SLASH),
}
"""What has to stand before, or behind: one of these is enough."""

_WORDS = {
    Assertion.BOUNDARY: Seen.WORD,
    Assertion.NO_BOUNDARY: Seen.WORD,
    Assertion.ASCII_BOUNDARY: Seen.ASCII_WORD,
    Assertion.NO_ASCII_BOUNDARY: Seen.ASCII_WORD,
}
_BOUNDARIES = {Assertion.BOUNDARY, Assertion.ASCII_BOUNDARY}
_EMPTY_IS_NO_BOUNDARY = re.search(r"\B", "") is not None  # It differs between versions of Python.


class _Group(NamedTuple):
    """Symbols that no assertion tells apart."""

    mask: int
    seen: Seen


def list_sets(program: Program) -> list[CharSet]:
    r"""Return the sets of characters that assertions are about, besides newlines and slashes."""
    return [
        _find_word_set(word)
        for word in {_WORDS[assertion] for assertion in program.assertions & {*_WORDS}}
    ]


def _find_word_set(word: Seen) -> CharSet:
    return find_set(r"\w", 0 if word is Seen.WORD else re.ASCII)


class Surroundings:
    """What the assertions of one program look at.

    Attributes:
        groups: the symbols, in groups that need not be told apart.
        before: what to remember of the symbol before a position; the next program needs it, too.
    """

    def __init__(self, program: Program, alphabet: Alphabet) -> None:
        assertions = program.assertions
        words = {_WORDS[assertion] for assertion in assertions & {*_WORDS}}
        self.before = _UNSEEN if program.entry is Entry.HERE else Seen.NOTHING | Seen.SLASH
        behind = _UNSEEN
        for assertion in assertions:
            before, after = _WANTED.get(
                assertion, (Seen.NOTHING | _WORDS.get(assertion, _UNSEEN),) * 2
            )
            self.before |= before
            behind |= after
        masks = {
            Seen.NEWLINE: alphabet.newline,
            Seen.LAST_NEWLINE: alphabet.final,
            Seen.SLASH: alphabet.slash,
            **{word: alphabet.find_mask(_find_word_set(word)) for word in words},
        }
        self.groups = [_Group(alphabet.every, _UNSEEN)]
        for seen, mask in masks.items():
            if seen & (self.before | behind):
                self.groups = [part for group in self.groups for part in _split(group, mask, seen)]

    def is_behind_slash(self, before: Seen) -> bool:
        """Tell whether a position is behind a slash, or at the start."""
        return bool(before & (Seen.NOTHING | Seen.SLASH))

    def holds(self, assertion: Assertion, before: Seen, behind: Seen) -> bool:
        """Tell whether an assertion holds."""
        if assertion in _WANTED:
            wanted_before, wanted_behind = _WANTED[assertion]
            return bool(before & wanted_before or behind & wanted_behind)
        word = _WORDS[assertion]
        if before & behind & Seen.NOTHING and assertion not in _BOUNDARIES:
            return _EMPTY_IS_NO_BOUNDARY
        return bool((before ^ behind) & word) is (assertion in _BOUNDARIES)


def _split(group: _Group, mask: int, seen: Seen) -> list[_Group]:
    parts = [_Group(group.mask & mask, group.seen | seen), _Group(group.mask & ~mask, group.seen)]
    return [part for part in parts if part.mask]
